import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from registry.errors import RegistryError
from registry.evaluation.metrics.rouge import KINDS, Rouge, rouge
from registry.evaluation.metrics.rouge_l import rouge_l

ALL = (*KINDS, "rouge3", "rouge9")
SCORERS = {stemmed: RougeScorer(list(ALL), use_stemmer=stemmed) for stemmed in (True, False)}
WORDS = ("the", "cat", "cats", "running", "relational", "a", "7", "naïve", "猫", "end.", "\n", "\n")
texts = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join) | st.text(
    "abn \n.", max_size=40
)


def by_package(answer: str, references: list[str], *, stemmed: bool) -> dict[str, Rouge]:
    scores = SCORERS[stemmed].score_multi(references, answer)
    return {kind: Rouge(one.precision, one.recall, one.fmeasure) for kind, one in scores.items()}


@settings(max_examples=300)
@given(answer=texts, references=st.lists(texts, min_size=1, max_size=3), stemmed=st.booleans())
def test_any_text_scores_as_in_rouge_score(
    answer: str, references: list[str], stemmed: bool
) -> None:
    assert rouge(answer, references, ALL, stemmed=stemmed) == by_package(
        answer, references, stemmed=stemmed
    )


@pytest.mark.parametrize(
    "answer",
    [
        "the cat sat\n\n on the mat\nthe cat sat",
        "the mat\nxyz the cat\nabc def the cat",
        "sat cat the\ncat",
        "\n",
        "İstanbul \u212aelvin",
    ],
)
def test_lines_score_as_in_rouge_score(answer: str) -> None:
    references = ["the cat sat on the mat\nthe mat the cat", "a cat the cat sat\nİstanbul"]
    assert rouge(answer, references, ALL) == by_package(answer, references, stemmed=True)


def test_each_kind_takes_its_own_best_reference() -> None:
    found = rouge("a b c d", ["b c", "d c b a x"], ["rouge1", "rouge2"])
    assert found["rouge1"] == Rouge(1.0, 0.8, 2 * 0.8 / 1.8)
    assert found["rouge2"] == Rouge(1 / 3, 1.0, 0.5)


def test_words_of_one_reference_line_count_once() -> None:
    assert rouge("the\nthe\nthe", ["the cat"], ["rougeLsum"])["rougeLsum"].recall == 0.5


def test_without_stemming_plurals_differ() -> None:
    assert rouge("many cats", ["cat"], ["rouge1"], stemmed=False)["rouge1"].f == 0.0
    assert rouge("many cats", ["cat"], ["rouge1"])["rouge1"].f > 0.0


def test_tokens_can_be_cut_otherwise() -> None:
    assert rouge("你好", ["好"], ["rouge1"], tokenise=list)["rouge1"] == Rouge(0.5, 1.0, 2 / 3)


@given(answer=texts, references=st.lists(texts, min_size=1, max_size=3))
def test_the_metric_rouge_l_is_the_f_of_this_one(answer: str, references: list[str]) -> None:
    assert rouge_l(answer, references) == rouge(answer, references, ["rougeL"])["rougeL"].f


@pytest.mark.parametrize("kind", ["rouge0", "rouge10", "rougeW", "rouge"])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    with pytest.raises(RegistryError, match=f"'{kind}' is no kind of ROUGE"):
        rouge("a", ["a"], [kind])


def test_no_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="no reference"):
        rouge("a", [])


def test_a_line_that_stands_twice_in_both_texts_counts_twice() -> None:
    found = rouge("the cat\nthe cat", ["the cat\nthe cat"], ["rougeLsum"])
    assert found["rougeLsum"] == Rouge(1.0, 1.0, 1.0)
