import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from registry.evaluation.metrics.rouge_l import rouge_l

SCORER = RougeScorer(["rougeL"], use_stemmer=True)
WORDS = ("the", "cat", "cats", "running", "runs", "relational", "a", "7", "naïve", "猫", "end.")
sentences = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)

PAIRS = (
    ("The quick brown fox jumps over the lazy dog", "The quick brown dog jumps on the log."),
    ("", "something"),
    ("something", ""),
    ("same words, other order", "order other words same"),
    ("a a a a b", "b a a"),
    ("Café naïveté", "cafe naivete"),
    ("2 + 2 = 4", "2+2=4"),
    ("北京是中国的首都", "北京是中国的首都"),
    ("It's the nation's capital; nationalities vary.", "its national capitals: nationality varies"),
    ("w" * 70 + " " + "x y z " * 40, "z y x " * 40 + "w"),
)


def reference(answer: str, target: str) -> float:
    return float(SCORER.score(target, answer)["rougeL"].fmeasure)


@pytest.mark.parametrize(("answer", "target"), PAIRS)
def test_a_pair_scores_as_in_rouge_score(answer: str, target: str) -> None:
    assert rouge_l(answer, [target]) == reference(answer, target)


@settings(max_examples=300)
@given(answer=sentences | st.text(), target=sentences | st.text())
def test_any_pair_scores_as_in_rouge_score(answer: str, target: str) -> None:
    assert rouge_l(answer, [target]) == reference(answer, target)


@given(answer=sentences, targets=st.lists(sentences, min_size=1, max_size=4))
def test_the_best_reference_counts(answer: str, targets: list[str]) -> None:
    assert rouge_l(answer, targets) == max(reference(answer, target) for target in targets)


def test_chinese_text_scores_0_even_when_equal() -> None:
    assert rouge_l("你好", ["你好"]) == 0.0


def test_no_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="no reference"):
        rouge_l("a", [])
