"""What scaling does, from cited results of checkpoints that were tuned on so many tasks.

The survey's Figure 4 draws each score as a part of the largest one of its panel (in per cent), and
the numbers of tasks at equal distances.
"""

from collections.abc import Iterator
from typing import Any

from registry.cards import Claim, Model
from registry.index import Registry


def panels(registry: Registry) -> list[dict[str, Any]]:
    """Return a panel for each benchmark that has such results, its series from small to large.

    A benchmark that a result names and that has no card has no panel.

    A series is a model: `points` has tasks, value and `normalised` (per cent of the panel's
    largest value), and how each is known.
    """
    found: dict[str, list[tuple[Model, list[Claim[float]]]]] = {}
    for model in registry.models.values():
        by_benchmark: dict[str, list[Claim[float]]] = {}
        for claim in model.results:
            if claim.tuned_tasks is not None and claim.value is not None:
                by_benchmark.setdefault(str(claim.benchmark), []).append(claim)
        for benchmark, claims in by_benchmark.items():
            found.setdefault(benchmark, []).append((model, claims))
    there = sorted(found.keys() & registry.benchmarks.keys())
    return [_panel(registry, id, found[id]) for id in there]


def _panel(
    registry: Registry, id: str, many: list[tuple[Model, list[Claim[float]]]]
) -> dict[str, Any]:
    largest = max(float(claim.value or 0) for _, claims in many for claim in claims)
    series = [
        {
            "model": model.id,
            "label": _label(model),
            "parameters": _parameters(model),
            "points": list(_points(claims, largest)),
        }
        for model, claims in many
    ]
    return {
        "benchmark": id,
        "title": registry.benchmarks[id].title,
        "largest": largest,
        "tasks": sorted({claim.tuned_tasks for _, claims in many for claim in claims}),
        "series": sorted(series, key=lambda one: (one["parameters"] or 0, one["model"])),
    }


def _points(claims: list[Claim[float]], largest: float) -> Iterator[dict[str, Any]]:
    for claim in sorted(claims, key=lambda one: one.tuned_tasks or 0):
        value = float(claim.value or 0)
        normalised = round(value / largest * 100, 2) if largest else 0.0
        yield {
            "tasks": claim.tuned_tasks,
            "value": value,
            "normalised": normalised,
            "status": claim.status,
        }


def _size(model: Model) -> Claim[int] | None:
    sizes = [one for one in model.scale if one.unit == "parameters" and one.value is not None]
    return sizes[0] if sizes else None


def _parameters(model: Model) -> int | None:
    size = _size(model)
    return size.value if size else None


def _label(model: Model) -> str:
    size = _size(model)
    return (size.printed if size else None) or model.title
