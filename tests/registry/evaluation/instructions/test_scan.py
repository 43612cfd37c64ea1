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
