from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import lcs_ind

from registry.evaluation.metrics.subsequence import common_subsequence, marked

tokens = st.lists(st.sampled_from("abcd"), max_size=150)
short = st.lists(st.sampled_from(["a", "b", "c", "the"]), max_size=12)


def quadratic(one: list[str], other: list[str]) -> int:
    before = [0] * (len(other) + 1)
    for token in one:
        row = [0]
        for place, against in enumerate(other):
            longest = max(row[-1], before[place + 1])
            row.append(before[place] + 1 if token == against else longest)
        before = row
    return before[-1]


@given(one=tokens, other=tokens)
def test_the_common_subsequence_is_that_of_the_full_table(one: list[str], other: list[str]) -> None:
    assert common_subsequence(one, other) == quadratic(one, other)


@settings(max_examples=400)
@given(reference=short, answer=short)
def test_the_marked_places_are_those_of_rouge_score(
    reference: list[str], answer: list[str]
) -> None:
    assert marked(reference, answer) == set(lcs_ind(reference, answer))


@given(reference=tokens, answer=tokens)
def test_as_many_places_are_marked_as_the_subsequence_is_long(
    reference: list[str], answer: list[str]
) -> None:
    assert len(marked(reference, answer)) == common_subsequence(reference, answer)
