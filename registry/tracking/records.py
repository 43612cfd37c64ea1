"""A report in MLflow's terms: names it accepts, texts it has room for, numbers it can hold.

Nothing in here talks to MLflow or imports it.
"""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from registry.cards import Benchmark, Card, Model
from registry.index import Registry, name_of
from registry.reports import TENSORS, Artefact, Measurement, Report

STAGES = ("convert", "mix", "tune", "evaluate")
CURVE = "train/"
LONGEST_PARAM = 6000
LONGEST_NAME = 250
LONGEST_SOURCE = 65_535
_PAGES = "?workflowType=machine_learning"
_FORBIDDEN = re.compile(r"[^\w.\- /]")


@dataclass(frozen=True, slots=True)
class Number:
    """One metric; `benchmark` is the card whose rows it was measured on, if any."""

    name: str
    value: float
    benchmark: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a learning curve; `at` is its share of the run's time, 0 to 1."""

    name: str
    value: float
    step: int
    at: float


@dataclass(frozen=True, slots=True)
class Input:
    """A file as MLflow's dataset; `context` says what the run did with it."""

    name: str
    digest: str
    source: str
    profile: str
    context: str


def clean(name: str) -> str:
    """Return the nearest name that MLflow accepts for a metric or a parameter.

    >>> clean("quarantined/no answer; 3 < 4?")
    'quarantined/no answer_ 3 _ 4_'
    >>> clean("../a//b/")
    '_/a/b'
    """
    parts = [part for part in _FORBIDDEN.sub("_", name).split("/") if part]
    kept = "/".join("_" if set(part) == {"."} else part for part in parts)
    return kept[:LONGEST_NAME].rstrip("/") or "_"


def params(settings: Mapping[str, Any], file: str) -> dict[str, str]:
    """Return settings as parameters, `mix.seed` and so on; a list is one text, in JSON.

    What is too long is cut, and says in which report `file` the rest is.
    """
    return {name: _fitting(value, file) for name, value in _flat("", settings)}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), one)
    elif value is not None and prefix:
        said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield clean(prefix), said


def _fitting(text: str, file: str) -> str:
    if len(text) <= LONGEST_PARAM:
        return text
    end = f"… ({len(text):,} characters; in full in {file})"
    return text[: LONGEST_PARAM - len(end)] + end


def numbers(measured: Mapping[str, Iterable[Measurement]]) -> list[Number]:
    """Return every measured number under a name that no other has.

    A field's qualifiers follow it: `scale.instances.train`. The subset follows a slash, by which
    MLflow's pages group: `results.ifeval.accuracy/task`, `results.ifeval.accuracy.stderr/task`.
    NaN and infinity are left out: MLflow would keep a model's NaN as 0.
    """
    found: dict[str, Number] = {}
    for field, many in measured.items():
        for one in many:
            for key, value in _values(one):
                name = _name(field, one, key)
                while name in found:
                    name += "_"
                found[name] = Number(name, value, one.benchmark)
    return list(found.values())


def _name(field: str, one: Measurement, key: str | None) -> str:
    given = (one.benchmark, one.metric, one.unit, one.part, one.split, one.revision, key)
    whole = ".".join([field, *(part.replace("/", "_") for part in given if part)])
    return clean(f"{whole}/{one.subset.replace('/', '.')}" if one.subset else whole)


def _values(one: Measurement) -> Iterator[tuple[str | None, float]]:
    said = one.value if isinstance(one.value, Mapping) else {None: one.value}
    said = {**said, "stderr": one.stderr, "n": one.n}
    for key, value in said.items():
        if isinstance(value, int | float) and math.isfinite(value):
            yield key, float(value)


def curve(path: Path) -> list[Point]:
    """Read a learning curve (a column `step`, any others); an absent file is an empty curve.

    Its names have the prefix `train/`: a measured number may have a column's name.
    """
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        Point(clean(CURVE + name), value, int(row["step"]), place / len(rows))
        for place, row in enumerate(rows, 1)
        for name, text in row.items()
        if name != "step" and (value := _number(text)) is not None
    ]


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def times(report: Report) -> tuple[int, int] | None:
    """Return when the stage started and ended, in milliseconds; None if its report says not."""
    said = report.environment.get("started")
    if not isinstance(said, str):
        return None
    started = datetime.fromisoformat(said)
    ended = started + timedelta(seconds=float(report.environment.get("seconds") or 0))
    return int(started.timestamp() * 1000), int(ended.timestamp() * 1000)


def run_page(experiment: str, run: str) -> str:
    """Return a run's address within MLflow's pages, which would otherwise open as GenAI's."""
    return f"#/experiments/{experiment}/runs/{run}{_PAGES}"


def model_page(model: str) -> str:
    """Return the address of a registered model within MLflow's pages."""
    return f"#/models/{quote(model, safe='')}{_PAGES}"


def version_page(model: str, version: str) -> str:
    """Return the address of a registered model's version within MLflow's pages."""
    return f"#/models/{quote(model, safe='')}/versions/{version}{_PAGES}"


def card_of(registry: Registry, report: Report) -> Card | None:
    """Return the card that a report is about, or None if it is gone."""
    if report.stage == "mix":
        return registry.mixtures.get(report.id)
    if report.stage in ("tune", "evaluate"):
        return registry.models.get(report.id)
    kinds = (registry.datasets, registry.benchmarks, registry.models)
    found = [kind[report.id] for kind in kinds if report.id in kind]
    return next((card for card in found if getattr(card, "source", None)), None)


def weights(artefacts: Iterable[Artefact]) -> Artefact | None:
    """Return the artefact that holds a model's weights, if there is one."""
    return next((one for one in artefacts if one.path.endswith(TENSORS)), None)


def table_of(registry: Registry, benchmark: str, read: Iterable[Artefact]) -> Artefact | None:
    """Return the artefact, of those an evaluation read, that holds the rows of a benchmark."""
    card = registry.benchmarks.get(benchmark)
    end = _rows_of(card) if card else None
    for one in read:
        path = PurePosixPath(one.path)
        if end and path.suffix == ".parquet" and path.with_suffix("").match(end):
            return one
    return None


def _rows_of(card: Benchmark) -> str:
    return f"{card.rows.mixture}/{card.rows.part}" if card.rows else f"{card.id}/*"


class Makers:
    """Which report wrote a file, by its path and what it held."""

    def __init__(self, registry: Registry, reports: Iterable[Report]) -> None:
        self.registry = registry
        self._by_file = {
            (one.path, one.digest): report for report in reports for one in report.outputs
        }

    def of(self, one: Artefact) -> Report | None:
        """Return the report that lists this file as its output, or None."""
        return self._by_file.get((one.path, one.digest))


def inputs(makers: Makers, report: Report, card: Card) -> list[Input]:
    """Return a report's files, read and written, as datasets of its run.

    Weights come last: MLflow's list of runs shows the first.
    """
    read = [_input(makers, report, card, one, _context(report, one)) for one in report.inputs]
    wrote = [_input(makers, report, card, one, "output") for one in report.outputs]
    return sorted(read + wrote, key=lambda one: one.name.endswith(TENSORS))


def _context(report: Report, one: Artefact) -> str:
    if weights([one]):
        return "source"
    return {"tune": "training", "evaluate": "evaluation"}.get(report.stage, "source")


def _input(makers: Makers, report: Report, card: Card, one: Artefact, context: str) -> Input:
    maker = report if context == "output" else makers.of(one)
    owner = (card_of(makers.registry, maker) if maker else None) or card
    source = {"uri": one.path, "path": one.path, "sha256": one.sha256, "bytes": one.bytes}
    source |= {"card": name_of(owner), "origin": _origin(owner, one)}
    counts = {number.name: number.value for number in numbers(_scale(maker))}
    profile = {"rows": one.rows, "sha256": one.sha256, **counts}
    return Input(one.path, one.digest, _json(source), _json(profile), context)


def _scale(maker: Report | None) -> dict[str, tuple[Measurement, ...]]:
    return {"scale": tuple(maker.measured.get("scale", ()))} if maker else {}


def _origin(card: Card, one: Artefact) -> str | None:
    """Return where the owner publishes a native file, as the card says."""
    source = getattr(card, "source", None)
    files = source.files if source else ()
    return next((file.origin for file in files if file.sha256 == one.sha256), None)


def _json(value: Mapping[str, Any]) -> str:
    said = {key: one for key, one in value.items() if one is not None}
    return json.dumps(said, ensure_ascii=False)[:LONGEST_SOURCE]


def in_order(registry: Registry, reports: Iterable[Report]) -> list[Report]:
    """Return the reports of the four stages, each after those whose outputs it may read."""
    found = [one for one in reports if one.stage in STAGES]
    return sorted(found, key=lambda one: (STAGES.index(one.stage), _depth(registry, one), one.stem))


def _depth(registry: Registry, report: Report) -> int:
    """Count the tuned models below this one: what is tuned from a tuned model comes later."""
    seen: list[str] = []
    card: Model | None = registry.models.get(report.id) if report.stage == "tune" else None
    while card and card.build and card.id not in seen:
        seen.append(card.id)
        card = registry.models.get(card.build.base)
    return len(seen)
