"""What a card's page shows beyond the card itself, one function for each kind."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from catalog import samples, scores
from catalog.shelf import Shelf
from registry import baselines, query
from registry.cards import Benchmark, Card, Dataset, Mixture, Model, Paper, Recipe, to_plain
from registry.cards.shapes import fields_of
from registry.cards.vocabulary import FOLDERS
from registry.reports import Report, evaluations

MOST_POINTS = 400
_KINDS_OF = {folder: kind for kind, folder in FOLDERS.items()}


def details(shelf: Shelf, card: Card) -> dict[str, Any]:
    """Return what the page of this kind of card shows beyond the card.

    `verdicts` has every claim again, with what it is worth beside the measured one.
    """
    function: Callable[[Shelf, Any], dict[str, Any]] = _KINDS[type(card)]
    return {"verdicts": query.verdicts(card, shelf.reports), **function(shelf, card)}


def dataset(shelf: Shelf, card: Dataset) -> dict[str, Any]:
    """What conversion counted, and some rows of what it made."""
    return {
        "conversion": _conversion(shelf, card),
        "samples": samples.of_dataset(shelf, card),
    }


def benchmark(shelf: Shelf, card: Benchmark) -> dict[str, Any]:
    """What conversion counted, what guessing would score, and who scored what."""
    guesses = baselines.guesses(shelf.reports, card)
    return {
        "conversion": _conversion(shelf, card),
        "guesses": {metric: one for metric, one in guesses.items() if metric in card.metrics},
        "scores": scores.of_benchmark(shelf, card),
    }


def mixture(shelf: Shelf, card: Mixture) -> dict[str, Any]:
    """Each dataset's part of the whole, what mixing counted, and some rows."""
    whole = sum(one.weight for one in card.mix.datasets)
    ingredients = [
        {**to_plain(one), "title": _title(shelf, f"datasets/{one.dataset}")}
        | {"share": one.weight / whole}
        for one in card.mix.datasets
    ]
    return {
        "ingredients": ingredients,
        "mixing": counted(shelf.reports.get(("mix", card.id))),
        "samples": samples.of_mixture(shelf, card),
    }


def recipe(shelf: Shelf, card: Recipe) -> dict[str, Any]:
    """Every switch with the sentence that explains it, those of blocks as `lora.rank`."""
    return {"settings": list(_switches(card.tune))}


def _switches(block: Any, within: str = "") -> Iterator[dict[str, Any]]:
    for one in fields_of(type(block)):
        value = getattr(block, one.name)
        if hasattr(value, "__dataclass_fields__"):
            yield from _switches(value, f"{within}{one.name}.")
        elif value is not None:
            yield {"name": within + one.name, "value": to_plain(value), "says": one.says}


def model(shelf: Shelf, card: Model) -> dict[str, Any]:
    """How it was built, what it scores, how its training went, what it was shown."""
    return {
        "built_from": _built_from(shelf, card),
        "scores": scores.before_and_after(shelf, card),
        "tuning": _tuning(shelf.reports.get(("tune", card.id))),
        "objective": _objective(shelf.reports.get(("tune", card.id))),
        "curve": curve(shelf.registry.root / "reports" / "tune" / f"{card.id}.loss.csv"),
        "samples": samples.of_model(shelf, card),
    }


def paper(shelf: Shelf, card: Paper) -> dict[str, Any]:
    """Every claim that cites it, and the cards that it describes."""
    found = list(shelf.index.citations(card.id))
    named = [
        {
            **{"name": name, "kind": _KINDS_OF[name.partition("/")[0]], "title": title, **said},
            **shelf.index.mark(name),
        }
        for name, title, said in found
    ]
    keys = ("name", "kind", "title", "pushed")
    return {
        "cited_by": [
            {key: one[key] for key in (*keys, "claims") if key in one}
            for one in named
            if one["claims"]
        ],
        "describes": [
            {key: one[key] for key in keys if key in one} for one in named if one["describes"]
        ],
    }


_KINDS: Mapping[type, Callable[[Shelf, Any], dict[str, Any]]] = {
    Dataset: dataset,
    Benchmark: benchmark,
    Mixture: mixture,
    Recipe: recipe,
    Model: model,
    Paper: paper,
}


def counted(report: Report | None) -> dict[str, Any] | None:
    """Return what a stage counted of rows, in the order a page shows it."""
    if report is None:
        return None
    measured = report.measured
    reasons = [one for one in measured.get("quarantined", ()) if one.subset]
    return {
        "report": report.file,
        "scale": [
            {"unit": one.unit, "split": one.split, "subset": one.subset, "value": one.value}
            for one in measured.get("scale", ())
        ],
        "quarantined": [{"reason": one.subset, "value": one.value} for one in reasons],
        "lengths": [
            {"part": one.part, "unit": one.unit, "split": one.split, **one.value}
            for one in measured.get("lengths", ())
            if isinstance(one.value, dict)
        ],
        "numbers": {
            name: measured[name][0].value
            for name in ("duplicates", "near_duplicates", "empty_answers", "refused_answers")
            if measured.get(name)
        },
        "shares": {
            name: measured[name][0].value
            for name in ("languages", "annotator", "roles")
            if measured.get(name) and isinstance(measured[name][0].value, dict)
        },
    }


def _conversion(shelf: Shelf, card: Dataset | Benchmark) -> dict[str, Any] | None:
    return counted(shelf.reports.get(("convert", card.id))) if card.convert else None


def accounts(shelf: Shelf, card: Card) -> list[dict[str, Any]]:
    """Return the reports that are about a card, in the order of the stages."""
    found = [shelf.reports.get((stage, card.id)) for stage in _stages(card)]
    scored = evaluations(shelf.reports, card.id) if isinstance(card, Model) else []
    return [_account(report) for report in (*found, *scored) if report]


def _stages(card: Card) -> list[str]:
    """Return the stages that may have run on a card, but for its evaluations.

    An id may be a dataset's and a model's.
    """
    parts = {
        "fetch": ("source",),
        "convert": ("convert", "weights"),
        "mix": ("mix",),
        "tune": ("build",),
    }
    return [
        stage for stage, names in parts.items() if any(getattr(card, one, None) for one in names)
    ]


def _account(report: Report) -> dict[str, Any]:
    said = report.environment
    return {
        "stage": report.stage,
        **({"part": report.part} if report.part else {}),
        "file": report.file,
        "key": report.key,
        "started": _text(said.get("started")),
        "seconds": said.get("seconds"),
        "device": _text(said.get("device")),
        "inputs": [_artefact(one) for one in report.inputs],
        "outputs": [_artefact(one) for one in report.outputs],
    }


def _artefact(one: Any) -> dict[str, Any]:
    return {"path": one.path, "sha256": one.sha256, "bytes": one.bytes, "rows": one.rows}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _title(shelf: Shelf, name: str) -> str:
    return shelf.index.titles([name]).get(name, name.partition("/")[2])


def _built_from(shelf: Shelf, card: Model) -> list[dict[str, str]]:
    if card.build is None:
        return []
    named = {
        "base": ("models", card.build.base),
        "mixture": ("mixtures", card.build.mixture),
        "recipe": ("recipes", card.build.recipe),
    }
    return [
        {"part": part, "name": f"{kind}/{id}", "title": _title(shelf, f"{kind}/{id}")}
        for part, (kind, id) in named.items()
    ]


def _tuning(report: Report | None) -> list[dict[str, Any]]:
    """Return what a reader asks first about a training, as far as the report says."""
    if report is None:
        return []
    said = report.environment

    def number(name: str, **qualifiers: str) -> Any:
        found = report.find(name, qualifiers)
        return found.value if found else None

    facts = {
        "tokens": number("scale", unit="tokens"),
        "tokens per second": number("tokens_per_second"),
        "steps": number("steps"),
        "first loss": number("loss", part="first"),
        "last loss": number("loss", part="last"),
        "seconds": said.get("seconds"),
        "device": _text(said.get("device")),
        "precision": _text(said.get("precision")),
    }
    return [{"name": name, "value": value} for name, value in facts.items() if value is not None]


def _objective(report: Report | None) -> list[dict[str, Any]]:
    """Return what the objective measured beside the loss, in the first and the last steps."""
    found: dict[str, dict[str, Any]] = {}
    for one in report.measured.get("measures", ()) if report else ():
        name, _, when = (one.part or "").partition(", ")
        found.setdefault(name, {"name": name})[when.removesuffix(" tenth")] = one.value
    return [one for one in found.values() if one.keys() == {"name", "first", "last"}]


def curve(path: Path) -> dict[str, Any] | None:
    """Read a learning curve; of a long one, every k-th point and the last."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as stream:
        points = [
            {name: _number(text) for name, text in row.items() if name}
            for row in csv.DictReader(stream)
        ]
    points = [one for one in points if one.get("step") is not None]
    every = max(1, -(-len(points) // MOST_POINTS))
    kept = [*islice(points, 0, None, every)]
    if points and kept[-1] is not points[-1]:
        kept.append(points[-1])
    return {"every": every, "points": kept} if kept else None


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
