"""What is not mentioned keeps its bytes, and what is mentioned says what was asked."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import frontmatter
from registry.errors import RegistryError
from registry.frontmatter import load, split, update

_SPEC = importlib.util.spec_from_file_location(
    "styles", Path(__file__).parent / "hub" / "styles.py"
)
assert _SPEC
assert _SPEC.loader
styles = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(styles)

ALL = styles.GOOD | styles.MODELS
CHANGES: list[dict[str, Any]] = [
    {"license": "apache-2.0"},
    {"license": None},
    {"language": ["no", "en"], "tags": None},
    {"registry": {"schema": 1, "base": {"a": "b"}}, "new key": [{"x": "no"}]},
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=12)
    | st.sampled_from(
        (
            "no",
            "yes",
            "on",
            "1e5",
            "012",
            "1_000",
            "~",
            "null",
            "=",
            "<<",
            "0x1f",
            ".5",
            "12:30",
            "2023-01-01",
            "[]",
            "{}",
            "---",
        )
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(["license", "language", "tags", "no", "1", "a b", "é"]) | st.text(
    st.characters(codec="utf-8"), min_size=1, max_size=5
)


def lines_without(page: frontmatter.Page, keys: set[str]) -> list[str]:
    """Return the lines of the front matter that stand in no block of these keys."""
    text = page.front
    for block in reversed(frontmatter._blocks(text, "x")):
        if block.key in keys:
            text = text[: block.start] + text[block.end :]
    return [line for line in text.splitlines() if line.strip() != "{}"]


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_its_parts(name: str) -> None:
    assert split(ALL[name]).encode() == ALL[name]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("changes", CHANGES, ids=lambda one: "+".join(one))
def test_only_what_is_mentioned_changes(name: str, changes: dict[str, Any]) -> None:
    page = split(ALL[name])
    after = update(page, changes)
    wanted = load(page)
    for key, value in changes.items():
        if value is not None:
            wanted[key] = value
        elif wanted.get(key) is not None:
            del wanted[key]
    assert load(after) == wanted
    assert after.body == page.body
    assert load(split(after.encode())) == wanted
    assert lines_without(after, set(changes)) == lines_without(page, set(changes))


@pytest.mark.parametrize("name", ALL)
def test_saying_the_same_again_changes_nothing(name: str) -> None:
    page = split(ALL[name])
    assert update(page, load(page)) == page
    changed = update(page, CHANGES[3])
    assert update(changed, CHANGES[3]) == changed


@pytest.mark.parametrize("name", styles.BAD)
def test_what_cannot_be_edited_safely_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(RegistryError, match="README"):
        load(split(styles.BAD[name]))
    with pytest.raises(RegistryError):
        update(split(styles.BAD[name]), {"license": "mit"})


def test_braces_are_read_but_not_edited() -> None:
    page = split(styles.BRACES)
    assert load(page) == {"license": "mit", "language": ["en"]}
    assert update(page, {"license": "mit"}) == page
    with pytest.raises(RegistryError, match="braces"):
        update(page, {"license": "apache-2.0"})


def test_norwegian_stays_norwegian_for_readers_of_either_version() -> None:
    page = update(split(b""), {"language": ["no", "en"]})
    assert page.front == 'language:\n- "no"\n- "en"\n'
    assert yaml.safe_load(page.front) == load(page) == {"language": ["no", "en"]}
    assert load(split(b"---\nlanguage: no\n---\n")) == {"language": "no"}


def test_comments_around_a_changed_key_stay() -> None:
    page = split(b"---\n# a\nlicense: mit\n# b\n\ntags:\n- x\n# c\n---\n")
    after = update(page, {"license": "other", "tags": None, "z": 1})
    assert after.front == "# a\nlicense: other\n# b\n\n# c\nz: 1\n"


def test_new_lines_end_as_the_pages_do() -> None:
    after = update(split(b"---\r\na: 1\r\n---\r\nx\r\n"), {"b": ["c"]})
    assert after.encode() == b"---\r\na: 1\r\nb:\r\n- c\r\n---\r\nx\r\n"


def test_a_page_without_front_matter_gets_one_above_its_text() -> None:
    assert update(split(b"# Hi\n"), {"a": "b"}).encode() == b"---\na: b\n---\n# Hi\n"
    assert update(split(b"# Hi\n"), {"a": None}).encode() == b"# Hi\n"
    bom = b"\xef\xbb\xbf# Hi\n"
    assert update(split(bom), {"a": "b"}).encode() == b"\xef\xbb\xbf---\na: b\n---\n# Hi\n"


def test_a_message_names_the_line_in_the_file() -> None:
    with pytest.raises(RegistryError, match=r"README\.md:3: license"):
        load(split(b"---\nlicense: a\nlicense: b\n---\n"))


@settings(max_examples=150)
@given(
    st.dictionaries(KEYS, VALUES.filter(lambda one: one is not None), max_size=4),
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_loading_an_update_gives_the_updated_values(
    before: dict[str, Any], changes: dict[str, Any], newline: str
) -> None:
    page = update(split(f"# Hi{newline}".encode()), before)
    assert load(page) == before
    after = update(page, changes)
    assert load(after) == {k: v for k, v in (before | changes).items() if v is not None}
    assert after.body == page.body
    assert update(after, changes) == after


@settings(max_examples=100)
@given(st.sampled_from(sorted(ALL)), st.dictionaries(KEYS, VALUES, max_size=3))
def test_any_change_to_any_style_leaves_the_rest(name: str, changes: dict[str, Any]) -> None:
    page = split(ALL[name])
    after = update(page, changes)
    assert lines_without(after, set(changes)) == lines_without(page, set(changes))


@settings(max_examples=300)
@given(st.text(st.sampled_from("-: \n\r\t#'\"[]{}&*!|>ab1é\ufeff"), max_size=40))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    page = split(f"---\n{text}\n---\nbody".encode())
    assert page.encode() == f"---\n{text}\n---\nbody".encode()
    try:
        before = load(page)
        after = update(page, {"license": "mit"})
    except RegistryError:
        return
    assert load(after) == before | {"license": "mit"}
    assert after.body == page.body
