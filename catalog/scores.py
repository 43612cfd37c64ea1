"""Scores as values: a model's beside its base model's, and a benchmark's over all models."""

from collections.abc import Mapping
from typing import Any

from catalog.shelf import Shelf
from registry import baselines
from registry.cards import Benchmark, Model
from registry.reports import Measurement, evaluations, results, scored


def before_and_after(shelf: Shelf, card: Model) -> dict[str, Any] | None:
    """Return a model's measured scores, each with the base model's on the same prompts.

    `lines` are over a whole benchmark's answers, with what guessing would score; `tasks` are the
    same for each task of it, and the mean over tasks.
    """
    after = evaluations(shelf.reports, card.id)
    if not after:
        return None
    base = card.build.base if card.build else None
    before = base if base and evaluations(shelf.reports, base) else None
    lines = [_line(shelf, card.id, one, before) for one in results(shelf.reports, card.id)]
    return {
        "model": card.id,
        "base": before,
        "report": after[0].file,
        "reports": [one.file for one in after],
        "lines": [one for one in lines if not (one["task"] or one["over"])],
        "tasks": [one for one in lines if one["task"] or one["over"]],
    }


def of_benchmark(shelf: Shelf, card: Benchmark) -> list[dict[str, Any]]:
    """Return every score on a benchmark that a stage measured or a card cites.

    Scores of single tasks are left out.
    """
    order = {metric: at for at, metric in enumerate(card.metrics)}

    def place(one: Mapping[str, Any]) -> tuple[int, int, float]:
        # Published numbers come in units of their own, so ours are not ranked among them; what
        # pushed cards say nobody here has checked.
        headline = order.get(one["metric"], len(order))
        return headline, rank(one["status"]), -(one["value"] or 0.0)

    found = (
        {"model": id, "title": title, "split": None, "subset": None, **_EMPTY, **score}
        for id, title, score in shelf.index.results(card.id)
        if score["status"] != "measured" or "subset" not in score
    )
    return sorted(found, key=place)


def rank(status: str) -> int:
    """Return the place of scores by how they are known: ours first, what was pushed last."""
    return {"measured": 0, "pushed": 2}.get(status, 1)


_EMPTY: Mapping[str, Any] = {"metric": "", "unit": None, "stderr": None, "n": None}
"""What a score has not said; templates ask for it all the same."""


def _line(shelf: Shelf, id: str, one: Measurement, base: str | None) -> dict[str, Any]:
    old = scored(shelf.reports, base, one.qualifiers) if base else None
    return {
        "benchmark": one.benchmark,
        "title": _title(shelf, one.benchmark),
        "metric": one.metric,
        "over": one.unit,
        "task": one.subset,
        "n": one.n,
        "before": _plain(old),
        "after": _plain(one),
        "change": baselines.change(shelf.reports, base, id, one) if base else None,
        "guess": None if one.subset or one.unit else _guess(shelf, one),
    }


def _guess(shelf: Shelf, one: Measurement) -> dict[str, Any] | None:
    return baselines.guess(shelf.registry, shelf.reports, one)


def _plain(one: Measurement | None) -> dict[str, Any] | None:
    return {"value": one.value, "stderr": one.stderr} if one else None


def _title(shelf: Shelf, id: str | None) -> str | None:
    return shelf.index.titles([f"benchmarks/{id}"]).get(f"benchmarks/{id}", id)
