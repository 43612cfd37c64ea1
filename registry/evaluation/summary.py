"""Fold scores to a mean that carries its standard error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev


@dataclass(frozen=True, slots=True)
class Summary:
    """A mean of `n` scores; `stderr` is None where one score leaves no spread to see."""

    mean: float
    stderr: float | None
    n: int


def summarise(scores: Sequence[float]) -> Summary:
    """Return mean and standard error, the same to the last bit in whatever order scores come."""
    if not scores:
        raise ValueError("nothing to summarise: the evaluation produced no scores")
    stderr = stdev(scores) / sqrt(len(scores)) if len(scores) > 1 else None
    return Summary(fmean(scores), stderr, len(scores))


def summarise_tasks(scores: Iterable[tuple[str, float]]) -> dict[str, Summary]:
    """Return a summary of each task's scores, in order of task; scores without a task are left out.

    >>> summarise_tasks([("b", 1.0), ("a", 0.5), ("", 0.0)])["a"]
    Summary(mean=0.5, stderr=None, n=1)
    """
    of: dict[str, list[float]] = {}
    for task, score in scores:
        if task:
            of.setdefault(task, []).append(score)
    return {task: summarise(of[task]) for task in sorted(of)}


def macro(groups: Mapping[str, Summary]) -> Summary:
    """Return the mean of the groups' means, in which a group counts once however large it is.

    The groups are tasks, or categories of them. The standard error is that over the groups, as if
    they were drawn from many; `intervals.macro_interval` keeps them fixed.
    """
    return summarise([summary.mean for summary in groups.values()])
