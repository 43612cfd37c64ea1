import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation.metrics.bbh import (
    Output,
    bbh_exact_match,
    extract,
    outputs,
    question_of,
)


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("3 * 4 = 12. So the answer is 12.", "12"),
        ("A - B = -71. So the answer is -71.", "-71"),
        ('So, we need "]", ")". So the answer is ] ).', "] )"),
        ('"it&t" < "you\'ve". So the answer is it&t you\'ve.', "it&t you've"),
        ("the only humorous edit is (B). So the answer is (B).", "(B)"),
        ("So the answer is (A) 01/02/2003.", "(A)"),
        ("So the answer is\n\n(C).", "(C)"),
        ("One answer is no. Yet, so the answer is yes.\nIndeed.", "yes"),
        ("So the answer is No.\n\nQ: Is it?\nA: So the answer is Yes.", "No"),
        ("True", "True"),
        ("1: [ ; stack: [\n2:", "1: [ ; stack: ["),
        ("So the answer is", ""),
        ("So the answer is why?.", "why?"),
    ],
)
def test_the_answer_of_a_chain_of_thought(output: str, answer: str) -> None:
    assert extract(output, "cot") == answer


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("(B)", "(B)"),
        (" (B) The raven.\n", "(B)"),
        ("( [ ]", "( [ ]"),
        ("(AB)", "(AB)"),
        ("yes.", "yes"),
        ("valid\n\nQ: Next?", "valid"),
        ("The answer is 3", "The answer is 3"),
    ],
)
def test_the_answer_of_a_direct_output(output: str, answer: str) -> None:
    assert extract(output, "direct") == answer


def test_case_counts() -> None:
    assert bbh_exact_match("Yes", "yes", "direct") == 0.0
    assert bbh_exact_match("yes", "yes", "direct") == 1.0


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(RegistryError, match="style 'CoT' is not known"):
        extract("a", "CoT")  # type: ignore[arg-type]


@given(output=st.none() | st.integers() | st.text() | st.lists(st.text()))
def test_any_output_has_a_score(output: object) -> None:
    assert bbh_exact_match(output, "(A)") in (0.0, 1.0)


@given(target=st.sampled_from(["(A)", "True", "no", "-71", "] ) }", "ab cd"]))
def test_an_output_as_prompted_is_right_in_both_styles(target: str) -> None:
    assert bbh_exact_match(f"Thus. So the answer is {target}.", target, "cot") == 1.0
    assert bbh_exact_match(target, target, "direct") == 1.0


PROMPT = "Sort a list.\n\nQ: Sort: b a\nA: a b\n\nQ: Sort: d\n\nc e\nA:"


def test_the_question_of_a_prompt_is_its_last() -> None:
    assert question_of(PROMPT) == "Sort: d\n\nc e"
    assert question_of("Q: not True is\nA: Let's think step by step.") == "not True is"


def test_a_published_file_and_its_lines_read_alike() -> None:
    value = {"input": PROMPT, "prediction": "c d e", "target": "c d e"}
    expected = [Output("Sort: d\n\nc e", "c d e", "c d e")]
    assert list(outputs([{"canary": "GUID", "outputs": [value]}])) == expected
    assert list(outputs([value])) == expected


def test_an_output_without_a_target_is_refused() -> None:
    with pytest.raises(RegistryError, match="has no 'target'"):
        list(outputs([{"input": "a", "prediction": "b"}]))
