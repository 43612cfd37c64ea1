"""Leaderboards: a benchmark's scores, measured and cited apart, by what the models learnt from."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from catalog import scores
from catalog.answer import Unclear
from catalog.shelf import Shelf
from registry import baselines
from registry.cards import Benchmark
from registry.errors import near
from registry.index import name_of
from registry.query import Entry, facet_values

SLICES = ("annotator", "multilinguality", "licence", "type", "modality", "year")
"""Facets of the training data that scores can be told apart by."""

HOPS = 6


def boards(shelf: Shelf) -> dict[str, Any]:
    """Return every benchmark with how many models have a score on it, the most first."""
    models = shelf.index.scored()
    titles = shelf.index.titles(f"benchmarks/{id}" for id in models)
    found = [
        {"id": id, "title": titles[f"benchmarks/{id}"], "models": count}
        for id, count in models.items()
        if f"benchmarks/{id}" in titles
    ]
    return {"boards": sorted(found, key=lambda one: (-one["models"], one["title"].casefold()))}


def board(shelf: Shelf, card: Benchmark, params: QueryParams) -> dict[str, Any]:
    """Return one benchmark's scores by one metric, narrowed by facets of the training data."""
    everything = scores.of_benchmark(shelf, card)
    metrics = _metrics(everything)
    metric, by = params.get("metric", ""), params.get("by", "annotator")
    if metric and metric not in metrics:
        raise Unclear(f"metric={metric}: no score here is by it{near(metric, metrics)}")
    if by not in SLICES:
        raise Unclear(f"by={by}: is none of {', '.join(SLICES)}")
    chosen = {name: tuple(dict.fromkeys(params.getlist(name))) for name in SLICES}
    chosen = {name: values for name, values in chosen.items() if values}
    metric = metric or next(iter(metrics), "")
    learnt = _learnt(shelf, {one["model"] for one in everything})
    rows = [{**one, **learnt[one["model"]]} for one in everything if one["metric"] == metric]
    kept = [one for one in rows if _meets(one, chosen)]
    ask = {"metric": metric, "by": by, "chosen": chosen, "place": f"/leaderboards/{card.id}"}
    return {
        "benchmark": {"name": name_of(card), "id": card.id, "title": card.title},
        "metric": metric,
        "by": by,
        "metrics": [
            {"name": one, "count": count, "href": _address({**ask, "metric": one})}
            for one, count in metrics.items()
        ],
        "slices": [{"name": one, "href": _address({**ask, "by": one})} for one in SLICES],
        "facets": list(_facets(rows, ask)),
        "groups": _groups(kept, by),
        "scores": _scaled(kept),
        "guess": baselines.guesses(shelf.reports, card).get(metric),
        "clear": _address({**ask, "chosen": {}}),
    }


def _metrics(many: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in many:
        found[one["metric"]] = found.get(one["metric"], 0) + 1
    return found


def _learnt(shelf: Shelf, models: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return, for each model, the datasets it was tuned on and what facets they have."""
    entries: dict[str, Entry | None] = {}
    found = {}
    for model in models:
        names = sorted(_data(shelf, model))
        for name in names:
            if name not in entries:
                entries[name] = shelf.index.entry(name)
        held = [entry for name in names if (entry := entries[name])]
        found[model] = {
            "data": [{"name": one.name, "title": one.title} for one in held],
            "facets": {
                facet: sorted({value for one in held for value in facet_values(one, facet)})
                for facet in SLICES
            },
        }
    return found


def _data(shelf: Shelf, model: str) -> Iterator[str]:
    """Yield the datasets that a model, its bases and their mixtures name, not those behind them."""
    graph = shelf.index.graph(f"models/{model}", "up", HOPS)
    parents: dict[str, list[str]] = {}
    for edge in graph.edges:
        parents.setdefault(edge.target, []).append(edge.source)
    waiting, seen = [f"models/{model}"], {f"models/{model}"}
    while waiting:
        for one in parents.get(waiting.pop(), ()):
            if one in seen:
                continue
            seen.add(one)
            if one.startswith("datasets/"):
                yield one
            elif one.startswith(("models/", "mixtures/")):
                waiting.append(one)


def _meets(one: Mapping[str, Any], chosen: Mapping[str, Sequence[str]]) -> bool:
    return all(set(values) & set(one["facets"][name]) for name, values in chosen.items())


def _facets(rows: Sequence[Mapping[str, Any]], ask: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    chosen: Mapping[str, tuple[str, ...]] = ask["chosen"]
    for name in SLICES:
        others = {one: values for one, values in chosen.items() if one != name}
        counts: dict[str, set[str]] = {value: set() for value in chosen.get(name, ())}
        for row in rows:
            if _meets(row, others):
                for value in row["facets"][name]:
                    counts.setdefault(value, set()).add(row["model"])
        values = [
            {
                "value": value,
                "count": len(models),
                "chosen": value in chosen.get(name, ()),
                "href": _address({**ask, "chosen": _toggled(chosen, name, value)}),
            }
            for value, models in sorted(counts.items(), key=lambda one: (-len(one[1]), one[0]))
        ]
        if values:
            yield {"name": name, "values": values}


def _toggled(
    chosen: Mapping[str, tuple[str, ...]], name: str, value: str
) -> dict[str, tuple[str, ...]]:
    before = chosen.get(name, ())
    after = tuple(one for one in before if one != value)
    changed = after if len(after) < len(before) else (*before, value)
    return {one: values for one, values in {**chosen, name: changed}.items() if values}


def _groups(rows: Sequence[Mapping[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return, for each value of a facet, the models' mean score; measured and published apart.

    What pushed cards say counts in none. The spread is the standard error of the mean over models.
    A model whose data has several values counts in each; one whose data nobody names is under None.
    """
    groups: dict[tuple[str | None, bool], list[float]] = {}
    for row in rows:
        for value in row["facets"][by] or [None]:
            if row["value"] is not None and row["status"] != "pushed":
                key = (value, row["status"] == "measured")
                groups.setdefault(key, []).append(float(row["value"]))
    return [
        {
            "value": value,
            "status": "measured" if measured else "published",
            "n": len(many),
            "mean": fmean(many),
            "stderr": stdev(many) / math.sqrt(len(many)) if len(many) > 1 else None,
            "lowest": min(many),
            "highest": max(many),
        }
        for (value, measured), many in sorted(
            groups.items(), key=lambda one: (not one[0][1], -fmean(one[1]))
        )
    ]


def _scaled(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the scores, the best first, each with its bar; measured ones are of their own scale.

    `bar`, `low` and `high` are per cent of the largest score of the same status.
    """
    largest = {
        status: max(
            (one["value"] or 0.0) + (one["stderr"] or 0.0) for one in rows if _is(one, status)
        )
        for status in {one["status"] for one in rows}
    }
    return [{**one, **_bar(one, largest[one["status"]])} for one in sorted(rows, key=_place)]


def _place(one: Mapping[str, Any]) -> tuple[int, float]:
    return scores.rank(one["status"]), -(one["value"] or 0)


def _is(one: Mapping[str, Any], status: str) -> bool:
    return bool(one["status"] == status)


def _bar(one: Mapping[str, Any], largest: float) -> dict[str, Any]:
    value, spread = one["value"], one["stderr"] or 0.0
    if value is None or largest <= 0:
        return {"bar": None, "low": None, "high": None}
    ends = (value - spread, value + spread) if spread else (None, None)
    low, high = (None if end is None else round(100 * max(0.0, end) / largest, 2) for end in ends)
    return {"bar": round(100 * max(0.0, value) / largest, 2), "low": low, "high": high}


def _address(ask: Mapping[str, Any]) -> str:
    pairs = [("metric", ask["metric"]), ("by", ask["by"])]
    pairs += [(name, value) for name, values in ask["chosen"].items() for value in values]
    return f"{ask['place']}?{urlencode(pairs)}"
