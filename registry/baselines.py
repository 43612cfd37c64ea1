"""What a score is held against: the same model before tuning, and what guessing would score."""

from collections.abc import Mapping
from math import hypot
from typing import Any

from registry.cards import Benchmark
from registry.clustered import clustered_error
from registry.index import Registry
from registry.reports import Known, Measurement, results, scored


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
    """Return what guessing would score on the very rows of a score; None where nobody counted."""
    card = registry.benchmarks.get(one.benchmark or "")
    found = guesses(known, card).get(one.metric or "") if card else None
    return found if found and found["n"] == one.n else None


def guesses(known: Known, card: Benchmark) -> dict[str, dict[str, Any]]:
    """Return, by metric, what guessing would score on a benchmark by the `way` that guesses best.

    Known for the parts that a mixture holds out: see `registry.guessing`.
    """
    report = known.get(("mix", card.rows.mixture)) if card.rows else None
    if report is None or card.rows is None:
        return {}
    ways = {
        way: one
        for way in ("constant", "chance")
        for one in report.measured.get(way, ())
        if one.split == card.rows.part
    }
    constant, chance = ways.get("constant"), ways.get("chance")
    found = {}
    if chance:
        found = {metric: _guess("chance", chance) for metric in ("accuracy", "accuracy_norm")}
    if constant:
        found["exact_match"] = _guess("constant", constant)
        # Of rows without options nobody can say what chance would score.
        if chance and chance.n == constant.n and chance.value > constant.value:
            found["exact_match"] = _guess("chance", chance)
    return found


def _guess(way: str, one: Measurement) -> dict[str, Any]:
    return {"value": one.value, "way": way, "n": one.n}


def _tasks(known: Known, id: str, whole: Measurement) -> Mapping[str, Measurement]:
    """Return the score of each task, by task."""
    about = (whole.benchmark, whole.metric)
    return {
        one.subset: one
        for one in results(known, id)
        if one.subset is not None and (one.benchmark, one.metric) == about
    }
