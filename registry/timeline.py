"""When datasets, benchmarks and models came out, and who wrote the data, year by year."""

from collections.abc import Iterable
from typing import Any

from registry.cards import Benchmark, Card, Dataset, Model
from registry.cards.vocabulary import ANNOTATORS
from registry.index import Registry

WRITERS = ("human", "model", "mixed", "program", "unknown")
"""Who wrote a dataset: people, models, both, a program alone, or nobody says."""


STEPS = {"year": 4, "quarter": 7, "month": 7}
"""The steps of a timeline, and how much of a date each has to know."""


def timeline(registry: Registry, *, by: str = "year") -> list[dict[str, Any]]:
    """Return a line for each year (or `by` quarter or month) with what came out in it.

    The date is the earliest that a source gives; where none does, the year of the card's first
    paper that has one (which no month can be told from). `datasets` are split by their writers,
    with the largest number of instances that a source gives for each, summed.
    """
    lines: dict[str, dict[str, Any]] = {}
    for card in registry:
        if not isinstance(card, Dataset | Benchmark | Model):
            continue
        line = lines.setdefault(period(released(card, registry), by), _empty())
        if isinstance(card, Dataset):
            who = writer(card)
            line["datasets"][who] += 1
            line["instances"][who] += instances(card)
        else:
            line["benchmarks" if isinstance(card, Benchmark) else "models"] += 1
    return [{by: when, **lines[when]} for when in sorted(lines)]


def period(when: str | None, by: str) -> str:
    """Return the year, quarter or month of a date; `unknown` where the date is too vague.

    >>> period("2023-04-12", "quarter"), period("2023", "month")
    ('2023-Q2', 'unknown')
    """
    if when is None or len(when) < STEPS[by]:
        return "unknown"
    if by == "quarter":
        return f"{when[:4]}-Q{(int(when[5:7]) + 2) // 3}"
    return when[: STEPS[by]]


def released(card: Card, registry: Registry) -> str | None:
    """Return the earliest date of a card, or the year of its first paper that has one."""
    said = [claim.value for claim in getattr(card, "released", ()) if claim.value]
    if said:
        return str(min(said))
    papers = (registry.papers.get(id) for id in getattr(card, "papers", ()))
    years = [paper.year for paper in papers if paper and paper.year]
    return str(years[0]) if years else None


def writer(card: Dataset) -> str:
    """Return who wrote a dataset, by all sources together."""
    return written_by({who for claim in card.annotator for who in claim.value or ()})


def written_by(who: Iterable[str]) -> str:
    """Return which of `WRITERS` annotators are together; an id of a model card is a model."""
    found = {one if one in ANNOTATORS else "model" for one in who}
    if {"human", "model"} <= found:
        return "mixed"
    return next((one for one in ("human", "model", "program") if one in found), "unknown")


def instances(card: Dataset) -> int:
    """Return the largest number of instances that a source gives for the whole; 0 if none does."""
    said = [
        claim.value
        for claim in card.scale
        if claim.unit == "instances" and claim.value and not (claim.subset or claim.split)
    ]
    return max(said, default=0)


def _empty() -> dict[str, Any]:
    zeros = dict.fromkeys(WRITERS, 0)
    return {"datasets": dict(zeros), "instances": dict(zeros), "benchmarks": 0, "models": 0}
