from typing import Any

import pytest

from registry.evaluation.judging import pairwise
from registry.evaluation.judging.rows import InvalidRows, Line


def compared(*rows: dict[str, Any]) -> tuple[pairwise.Compared, list[Any]]:
    return pairwise.compared([Line("v.jsonl", at, one) for at, one in enumerate(rows, 1)])


@pytest.mark.parametrize(
    ("said", "preference"),
    [
        ("1", 1.0), (2, 2.0), ("A", 1.0), ("model_b", 2.0), ("Tie", 1.5), (1.25, 1.25), (0, 1.5),
        (None, None), ("error", None), ("tie (inconsistent)", 1.5), (float("nan"), None),
    ],
)  # fmt: skip
def test_a_verdict_may_be_said_in_many_ways(said: Any, preference: float | None) -> None:
    _, (verdict,) = compared({"id": 1, "verdict": said})
    assert verdict.preference == preference


@pytest.mark.parametrize("said", [3, True, "better", [1], -1])
def test_what_is_no_verdict_is_refused(said: Any) -> None:
    with pytest.raises(InvalidRows, match=r"v\.jsonl:1: winner: .* is no verdict; give 1, 2, tie"):
        compared({"id": 1, "winner": said})


def test_every_verdict_counts_and_pairs_are_won_in_both_orders() -> None:
    made, _ = compared(
        {"id": "a", "verdict": 2, "swapped": False},
        {"id": "a", "verdict": 2, "swapped": True},
        {"id": "b", "verdict": 2, "swapped": False},
        {"id": "b", "verdict": 1, "swapped": True},
        {"id": "c", "verdict": None},
    )
    assert (made.verdicts, made.unparsed, made.rates.win_rate) == (5, 1, 75)
    assert made.both_orders
    assert (made.both_orders.n_wins, made.both_orders.n_draws) == (1, 1)


def test_a_row_of_mt_bench_has_both_orders() -> None:
    made, verdicts = compared(
        {"question_id": 81, "model_1": "x", "model_2": "y", "turn": 1,
         "g1_winner": "model_2", "g2_winner": "model_1"},
        {"question_id": 81, "model_1": "x", "model_2": "z", "turn": 1,
         "g1_winner": "model_2", "g2_winner": "error"},
    )  # fmt: skip
    assert len({one.key for one in verdicts}) == 2
    assert made.positions
    assert (made.positions.pairs, made.positions.second, made.positions.unparsed) == (2, 1, 1)


def test_judges_are_compared_on_the_items_that_all_have_judged() -> None:
    _, one = compared(*[{"id": at, "verdict": v} for at, v in enumerate([1, 2, 2, 1])])
    _, two = compared(*[{"id": at, "verdict": v} for at, v in enumerate([1, 2, 1, None, 2])])
    made = pairwise.between([one, two])
    assert (made.items, made.agreement) == (3, pytest.approx(2 / 3))
    assert made.kappa == pytest.approx(0.4)
    three = pairwise.between([one, two, one])
    assert three.items == 3


def test_judges_without_a_common_item_agree_in_nothing() -> None:
    _, one = compared({"id": 1, "verdict": 1})
    _, two = compared({"id": 2, "verdict": 1})
    made = pairwise.between([one, two])
    assert (made.items, made.agreement, made.kappa) == (0, None, None)


def test_swapped_is_true_or_false() -> None:
    with pytest.raises(InvalidRows, match="neither true nor false"):
        compared({"id": 1, "verdict": 1, "swapped": "maybe"})
    _, (verdict,) = compared({"id": 1, "verdict": "2", "swapped": "True"})
    assert verdict.swapped is True
