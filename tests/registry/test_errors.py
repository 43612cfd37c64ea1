import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidCards, Problem, RegistryError, near, nearest


def test_a_problem_reads_as_file_line_field_message() -> None:
    problem = Problem("cards/datasets/x.yaml", 9, "annotator", "is empty; write it")
    assert str(problem) == "cards/datasets/x.yaml:9: annotator: is empty; write it"


def test_invalid_cards_holds_every_problem_once_in_order_of_file_and_line() -> None:
    later, first = Problem("b", 1, "x", "m"), Problem("a", 10, "x", "m")
    error = InvalidCards([later, first, Problem("a", 2, "x", "m"), first])
    assert [(one.file, one.line) for one in error.problems] == [("a", 2), ("a", 10), ("b", 1)]
    assert str(error).splitlines()[0] == "a:2: x: m"
    assert isinstance(error, RegistryError)


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("humam", ["human", "model"], "; did you mean 'human'?"),
        ("CC BY SA 3.0", ["CC-BY-4.0", "CC-BY-SA-3.0"], "; did you mean 'CC-BY-SA-3.0'?"),
        ("gpt-4", ["GPT-4"], "; did you mean 'GPT-4'?"),
        ("zebra", ["human", "model"], ""),
        ("human", [], ""),
    ],
)
def test_the_near_word_is_offered_as_it_is_spelt_here(
    word: str, known: list[str], said: str
) -> None:
    assert near(word, known) == said


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=5))
def test_the_nearest_word_is_a_known_word(word: str, known: list[str]) -> None:
    found = nearest(word, known)
    assert found is None or found in known


@given(st.text(min_size=1, max_size=8))
def test_a_known_word_is_nearest_to_itself_in_any_case(word: str) -> None:
    assert nearest(word, [word, word + "!"], at_least=0.99) == word
