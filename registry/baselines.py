"""What a score is held against: the same model before tuning, and what guessing would score."""

from collections.abc import Mapping
from math import hypot
from typing import Any

from registry.clustered import clustered_error
from registry.index import Registry
from registry.reports import Known, Measurement, results, scored

_GUESSED = {
    "exact_match": ("constant", "chance"),
    "accuracy": ("chance",),
    "accuracy_norm": ("chance",),
}
"""By metric, the measurements of a mixture's report that say what guessing would score."""


def change(known: Known, base: str, model: str, after: Measurement) -> dict[str, Any] | None:
    """Return what a model's score is above its base's, with the standard error of that.

    Rows are the same before and after, and rows of one task rise and fall together: the error is
    that of the tasks' differences (`clustered_error`), for which their means are enough. Where
    there are no two tasks the two scores are taken as independent.
    """
    before = scored(known, base, after.qualifiers)
    if before is None:
        return None
    stderr = _clustered(_tasks(known, base, after), _tasks(known, model, after), after)
    if stderr is None:
        stderr = hypot(before.stderr or 0, after.stderr or 0)
    return {"value": after.value - before.value, "stderr": stderr}


def _clustered(
    old: Mapping[str, Measurement], new: Mapping[str, Measurement], of: Measurement
) -> float | None:
    """Return the error by tasks; None where they differ, or are not all that was scored."""
    # In a mean over tasks each counts once.
    many = {task: 1 if of.unit == "tasks" else one.n or 0 for task, one in new.items()}
    same = {task: one.n for task, one in old.items()} == {task: one.n for task, one in new.items()}
    if of.subset is not None or not same or sum(many.values()) != of.n:
        return None
    return clustered_error([(many[task], new[task].value - old[task].value) for task in new])


def guess(registry: Registry, known: Known, one: Measurement) -> dict[str, Any] | None:
    """Return what guessing would score on the rows of a score, by whichever way guesses best.

    Known for the parts that a mixture holds out: see `registry.guessing`.
    """
    card = registry.benchmarks.get(one.benchmark or "")
    report = known.get(("mix", card.rows.mixture)) if card and card.rows else None
    if report is None or card is None or card.rows is None:
        return None
    found = [
        (said.value, way)
        for way in _GUESSED.get(one.metric or "", ())
        for said in report.measured.get(way, ())
        # Of rows without options nobody can say what chance would score.
        if said.split == card.rows.part and said.n == one.n
    ]
    return {"value": max(found)[0], "way": max(found)[1]} if found else None


def _tasks(known: Known, id: str, whole: Measurement) -> Mapping[str, Measurement]:
    """Return the score of each task, by task."""
    about = (whole.benchmark, whole.metric)
    return {
        one.subset: one
        for one in results(known, id)
        if one.subset is not None and (one.benchmark, one.metric) == about
    }
