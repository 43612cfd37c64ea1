import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cards import vocabulary
from registry.errors import RegistryError
from registry.evaluation import following
from registry.evaluation.metrics import METRICS, choose


def test_cards_may_name_exactly_the_metrics_there_are() -> None:
    assert (*METRICS, *following.NAMES, *vocabulary.RANKED) == vocabulary.METRICS


def test_metrics_are_chosen_in_the_order_asked_for() -> None:
    assert list(choose(["rouge_l", "exact_match"])) == ["rouge_l", "exact_match"]


def test_an_unknown_metric_names_the_near_one() -> None:
    with pytest.raises(RegistryError, match="'rouge_1' is not known here; did you mean 'rouge_l'"):
        choose(["rouge_1"])


def test_a_metric_from_outside_can_be_chosen() -> None:
    def never(answer: str, references: object) -> float:
        return 0.0

    assert choose(["never"], {**METRICS, "never": never}) == {"never": never}


@pytest.mark.parametrize("name", METRICS)
@given(answer=st.text(), references=st.lists(st.text(), min_size=1))
def test_a_score_lies_between_0_and_1(name: str, answer: str, references: list[str]) -> None:
    assert 0.0 <= METRICS[name](answer, references) <= 1.0


@pytest.mark.parametrize("name", METRICS)
def test_an_answer_equal_to_a_reference_scores_1(name: str) -> None:
    assert METRICS[name]("Rivers run to the sea.", ["No.", "Rivers run to the sea."]) == 1.0
