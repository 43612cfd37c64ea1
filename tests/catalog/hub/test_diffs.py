"""Differences between texts: true whatever the texts, and never slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.hub.web import diffs
from catalog.hub.web.diffs import Hunk, unified

TEXTS = st.one_of(
    st.lists(st.sampled_from("abc"), max_size=40).map("\n".join),
    st.integers(0, 20).map(lambda count: "same\n" * count),
    st.text(alphabet="ab\n\r\u2028", max_size=30),
)


def lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [text.split("\n")[-1]] * (
        not text.endswith("\n") and bool(text)
    )


def patched(before: str, hunks: list[Hunk]) -> str:
    """Apply a difference as `patch` does: by the numbers in its heads."""
    old, made, at = lines(before), "", 0
    for hunk in hunks:
        start, count = map(int, hunk.head.split()[1][1:].split(","))
        start -= bool(count)
        made += "".join(old[at:start])
        assert old[start : start + count] == [
            line.text + "\n" * line.ends for line in hunk.lines if line.sign in " -"
        ]
        made += "".join(line.text + "\n" * line.ends for line in hunk.lines if line.sign in " +")
        at = start + count
    return made + "".join(old[at:])


@given(TEXTS, TEXTS)
def test_a_text_with_its_difference_applied_is_the_other(before: str, after: str) -> None:
    assert patched(before, unified(before, after)) == after


@given(TEXTS, TEXTS)
def test_so_it_is_where_all_of_the_middle_counts_as_replaced(before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffs, "MOST_PAIRS", 0)
        assert patched(before, unified(before, after)) == after


@given(TEXTS)
def test_equal_texts_do_not_differ(text: str) -> None:
    assert unified(text, text) == []


def test_a_change_within_a_long_text_is_shown_with_three_lines_around_it() -> None:
    before = "".join(f"{n}\n" for n in range(50_000))
    (hunk,) = unified(before, before.replace("\n777\n", "\nx\n"))
    assert hunk.head == "@@ -775,7 +775,7 @@"
    assert [line.sign for line in hunk.lines] == [*"   -+   "]


def test_a_missing_line_break_at_the_end_is_a_difference() -> None:
    (hunk,) = unified("a", "a\n")
    assert [(line.sign, line.text, line.ends) for line in hunk.lines] == [
        ("-", "a", False),
        ("+", "a", True),
    ]


def test_an_added_file_has_no_lines_before() -> None:
    (hunk,) = unified("", "a\nb\n")
    assert hunk.head == "@@ -0,0 +1,2 @@"


def test_large_texts_that_differ_everywhere_are_not_compared_line_by_line() -> None:
    before = "".join(f"{n % 50}\n" for n in range(40_000))
    after = "".join(f"{n % 49}\n" for n in range(40_000))
    (hunk,) = unified(before, after)
    signs = "".join(line.sign for line in hunk.lines)
    assert signs.lstrip() == "-" * (40_000 - 49) + "+" * (40_000 - 49)
