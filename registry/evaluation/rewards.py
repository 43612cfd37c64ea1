"""What answers earn in a tuning that learns from rewards: what scorers say of them."""

from collections.abc import Callable, Sequence
from statistics import fmean

from registry.canonical import Row
from registry.evaluation import instructions
from registry.evaluation.following import item_of
from registry.evaluation.metrics import METRICS


def reward(name: str) -> Callable[[Sequence[Row], Sequence[str]], list[float]]:
    """Return the function of a reward: from rows and their answers to numbers between 0 and 1.

    `constraints` is the share of a row's verifiable instructions that the answer follows (strict);
    any other name is a metric, against the row's references.
    """
    if name == "constraints":
        return lambda rows, answers: list(map(_followed, rows, answers))
    metric = METRICS[name]
    return lambda rows, answers: [
        metric(answer, row.references) for row, answer in zip(rows, answers, strict=True)
    ]


def _followed(row: Row, answer: str) -> float:
    return fmean(instructions.check(item_of(row), answer).strict)
