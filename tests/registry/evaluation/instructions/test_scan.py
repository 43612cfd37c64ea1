import re

from hypothesis import given
from hypothesis import strategies as st

from registry.evaluation.instructions import scan

MARKS = st.text(alphabet="ab *-1.[]<>\n\t¿?「」x", max_size=40)


@given(MARKS)
def test_marked_lines_are_those_of_the_expression(text: str) -> None:
    for mark in (r"\*[^\*]", "-", r"\d+\.\s"):
        found = re.findall(rf"^\s*{mark}.*$", text, re.MULTILINE)
        assert scan.marked_lines(text, re.compile(mark)) == len(found)


@given(MARKS)
def test_brackets_and_quotations_are_those_of_the_expression(text: str) -> None:
    assert scan.bracketed(text, "[", "]") == re.findall(r"\[.*?\]", text)
    assert scan.without(text, "「", "」") == re.sub("「.*?」", "", text)


@given(MARKS)
def test_titles_are_those_of_the_expression(text: str) -> None:
    found = re.findall(r"<<[^\n]+>>", text)
    assert scan.titled(text, "<<", ">>") == any(
        one.lstrip("<").rstrip(">").strip() for one in found
    )


@given(MARKS)
def test_questions_are_those_of_the_expression(text: str) -> None:
    found = re.findall(r"¿[^?]*\?", text)
    assert scan.wrapped(text, "¿", "?") == any(one.lstrip("¿").rstrip("?").strip() for one in found)


@given(MARKS)
def test_items_lose_the_marks_that_the_expression_finds(text: str) -> None:
    expected = re.sub(r"(^\s*[\d]+\.\s*)|(^\s*[-*]\s*)", "", text, flags=re.MULTILINE)
    assert scan.without_items(text) == expected


def test_brackets_that_close_at_once_take_no_square() -> None:
    assert len(scan.bracketed("[]" * 500_000, "[", "]")) == 500_000


@given(st.text("_*- \nS1", max_size=40))
def test_headings_that_open_a_line_are_those_of_the_expression(text: str) -> None:
    plain, ours = (
        re.findall(rf"{opening}S\s?\d+", text, re.MULTILINE)
        for opening in (r"^[\W_]*", scan.OPENING)
    )
    assert len(ours) == len(plain)


def test_lines_of_marks_take_no_square() -> None:
    for marks in ("*\n" * 500_000, "***\n" * 250_000, "_" * 1_000_000, "- \n" * 300_000):
        assert re.search(scan.OPENING + "S1", marks, re.MULTILINE) is None
