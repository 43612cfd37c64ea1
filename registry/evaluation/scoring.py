"""Scores from answers: no model, so that they can be computed again whenever metrics change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.evaluation.answers import Answer
from registry.evaluation.metrics import Metric
from registry.evaluation.summary import Summary, macro, summarise, summarise_tasks


@dataclass(frozen=True, slots=True)
class Scored:
    """What one metric says of all answers.

    `of_tasks` is the mean of the tasks' means, in which a task counts once however many answers it
    has; its standard error is that over tasks. It is None where no answer names its task.
    """

    overall: Summary
    tasks: Mapping[str, Summary]
    of_tasks: Summary | None


def score(answers: Sequence[Answer], metrics: Mapping[str, Metric]) -> dict[str, Scored]:
    """Score every answer with every metric and fold the scores, overall and by task."""
    tasks = [one.task for one in answers]
    return {name: fold(tasks, many) for name, many in each(answers, metrics).items()}


def each(answers: Sequence[Answer], metrics: Mapping[str, Metric]) -> dict[str, list[float]]:
    """Return the score of every answer by every metric."""
    return {
        name: [metric(one.answer, one.references) for one in answers]
        for name, metric in metrics.items()
    }


def fold(of: Sequence[str], scores: Sequence[float]) -> Scored:
    """Fold scores, overall and by the tasks that they are `of`."""
    tasks = summarise_tasks(zip(of, scores, strict=True))
    return Scored(summarise(scores), tasks, macro(tasks) if tasks else None)
