"""Every recipe side by side: what was trained, and what it changed on which benchmark."""

from collections.abc import Iterable
from typing import Any

from registry import baselines
from registry.cards import Model
from registry.index import Registry
from registry.query import by_stage
from registry.reports import Known, Measurement, Report, mean_of, number, results, scored


def trials(registry: Registry, found: Iterable[Report]) -> list[dict[str, Any]]:
    """Return a line for each tuned model, benchmark and metric, as plain values.

    `change` is after less before (`baselines.change`), `guess` what guessing would score.
    """
    known = by_stage(found)
    tuned = [card for card in registry.models.values() if card.build and ("tune", card.id) in known]
    tuned.sort(key=lambda card: (card.build.base, card.build.recipe) if card.build else ("", ""))
    return [line for card in tuned for line in _lines(registry, known, card)]


def _lines(registry: Registry, known: Known, card: Model) -> list[dict[str, Any]]:
    assert card.build is not None
    recipe = registry.recipes[card.build.recipe].tune
    report = known["tune", card.id]
    said = {
        "recipe": card.build.recipe,
        "model": card.id,
        "base": card.build.base,
        "method": recipe.method,
        "objective": recipe.objective,
        "trained_parameters": number(report, "scale", unit="trained parameters"),
        "tokens": number(report, "scale", unit="tokens"),
        "tokens_per_second": number(report, "tokens_per_second"),
        "peak_memory_bytes": number(report, "peak_memory", unit="bytes"),
    }
    whole = [one for one in results(known, card.id) if one.subset is None and one.unit is None]
    return [said | _scores(registry, known, card, one) for one in whole]


def _scores(registry: Registry, known: Known, card: Model, after: Measurement) -> dict[str, Any]:
    assert card.build is not None
    return {
        "benchmark": after.benchmark,
        "metric": after.metric,
        "n": after.n,
        "guess": baselines.guess(registry, known, after),
        "before": mean_of(scored(known, card.build.base, after.qualifiers)),
        "after": mean_of(after),
        "change": baselines.change(known, card.build.base, card.id, after),
    }
