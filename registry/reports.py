"""The small JSON file that each stage leaves: what went in, what came out, what it measured.

A measured claim on a card holds no number; the number is here, under `measured`, in an entry with
the same qualifiers. A report's `key` is the hash of its stage, settings, inputs and outputs: the
same work with the same result has the same key, wherever and whenever it ran.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from registry.cards.claim import QUALIFIERS
from registry.errors import RegistryError
from registry.files import write_json
from registry.hashing import digest, hash_file

SCHEMA = 1
WEIGHTS = "model.safetensors"
TENSORS = ".safetensors"
"""How every file ends that a model computes with: weights, virtual tokens, a hypernetwork."""

_PLUS = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file that a stage read or wrote.

    `digest` says what it holds: of a table, its rows (order-free); of another file, its bytes.
    `rows` is None where a file is no table.
    """

    path: str
    sha256: str
    bytes: int
    digest: str
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A number (or a small mapping of numbers) that a stage counted, and of what.

    `stderr` is the standard error of a mean over `n` scores; None where there is none.
    """

    value: Any
    unit: str | None = None
    part: str | None = None
    split: str | None = None
    subset: str | None = None
    revision: str | None = None
    benchmark: str | None = None
    metric: str | None = None
    stderr: float | None = None
    n: int | None = None

    @property
    def qualifiers(self) -> dict[str, Any]:
        """What narrows it down, in the words of a claim's qualifiers."""
        given = {name: getattr(self, name, None) for name in QUALIFIERS}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One stage's account of one card.

    `settings` is the part of the card that the stage obeyed; `environment` (device, versions,
    seconds) may differ between two runs with the same key. `part` is set where a stage did a part
    of its own: an evaluation on a benchmark that the card does not name.
    """

    stage: str
    id: str
    part: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Artefact, ...] = ()
    outputs: tuple[Artefact, ...] = ()
    measured: Mapping[str, tuple[Measurement, ...]] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The stage's hash: 36 characters, `md5:` and 32 hex digits."""
        about = (self.stage, self.id) if self.part is None else (self.stage, self.id, self.part)
        said = (*about, _without_none(self.settings))
        seen = [(one.path, one.digest) for one in (*self.inputs, *self.outputs)]
        return digest([*said, *seen])

    @property
    def stem(self) -> str:
        """The name of its file, without ending: the card's id, and after a plus the part."""
        return stem(self.id, self.part)

    @property
    def file(self) -> str:
        """Where it lies, relative to the root."""
        return f"reports/{self.stage}/{self.stem}.json"

    def find(self, name: str, qualifiers: Mapping[str, Any]) -> Measurement | None:
        """Return the measurement of field `name` with exactly these qualifiers."""
        for one in self.measured.get(name, ()):
            if one.qualifiers == dict(qualifiers):
                return one
        return None


Known = Mapping[tuple[str, str], Report]
"""Reports by stage and stem."""


def stem(id: str, part: str | None = None) -> str:
    """Return what a report's file is called; no id has a plus."""
    return id if part is None else f"{id}{_PLUS}{part}"


def card_of(stem: str) -> str:
    """Return the id of the card that a report of this name is about.

    >>> card_of("tiny+ifeval"), card_of("tiny")
    ('tiny', 'tiny')
    """
    return stem.partition(_PLUS)[0]


def evaluations(known: Known, id: str) -> list[Report]:
    """Return a model's evaluations: of the benchmarks that its card names, then each other one.

    A benchmark that the former scores is left out of the latter.
    """
    own = known.get(("evaluate", id))
    found = [own] if own else []
    done = _scored(own) if own else set()
    beside = f"{id}{_PLUS}"
    others = [key for key in known if key[0] == "evaluate" and key[1].startswith(beside)]
    return found + [known[key] for key in sorted(others) if known[key].part not in done]


def results(known: Known, id: str) -> Iterator[Measurement]:
    """Yield all that a model's evaluations scored."""
    for report in evaluations(known, id):
        yield from report.measured.get("results", ())


def scored(known: Known, id: str, qualifiers: Mapping[str, Any]) -> Measurement | None:
    """Return a model's score with exactly these qualifiers."""
    return measured_by(known, "evaluate", id, "results", qualifiers)[1]


def measured_by(
    known: Known, stage: str, id: str, name: str, qualifiers: Mapping[str, Any]
) -> tuple[Report | None, Measurement | None]:
    """Return the measurement of field `name` with exactly these qualifiers, and its report.

    Where it is in none, the report is that in which it was to be, if there is one.
    """
    report = known.get((stage, id))
    found = report.find(name, qualifiers) if report else None
    benchmark = qualifiers.get("benchmark")
    if found is None and benchmark and not (report and benchmark in _scored(report)):
        report = known.get((stage, stem(id, benchmark)))
        found = report.find(name, qualifiers) if report else None
    return report, found


def _scored(report: Report) -> set[str | None]:
    return {one.benchmark for one in report.measured.get("results", ())}


def number(report: Report, name: str, **qualifiers: str) -> Any:
    """Return the value of a measurement, or None where there is none with these qualifiers."""
    found = report.find(name, qualifiers)
    return found.value if found else None


def mean_of(one: Measurement | None) -> dict[str, Any] | None:
    """Return a score with its standard error as plain values."""
    return {"value": one.value, "stderr": one.stderr} if one else None


def headline(report: Report) -> dict[str, Any]:
    """Return a report's numbers of the whole, nested by field and qualifiers, as DVC shows metrics.

    Numbers of one task, one reason or one split are left to the report.
    """
    made: dict[str, Any] = {}
    for field_name, many in report.measured.items():
        for one in many:
            if not (one.subset or one.split) and isinstance(one.value, int | float):
                words = [field_name, *one.qualifiers.values()]
                inner = made
                for word in words[:-1]:
                    inner = inner.setdefault(word, {})
                inner[words[-1]] = one.value
    return made


def artefact(
    root: Path, path: Path, *, rows: int | None = None, digest: str | None = None
) -> Artefact:
    """Describe a file under `root`; a table's row count and digest come from who wrote it."""
    found = hash_file(path)
    return Artefact(
        path=path.relative_to(root).as_posix(),
        sha256=found.sha256,
        bytes=found.bytes,
        digest=digest or f"md5:{found.md5}",
        rows=rows,
    )


def place(root: Path, stage: str, id: str, part: str | None = None) -> Path:
    """Return where the report of a stage on a card lies."""
    return root / Report(stage=stage, id=id, part=part).file


def write(root: Path, report: Report) -> Path:
    """Write a report, whole or not at all; absent values are left out of the file."""
    path = root / report.file
    body = {"schema": SCHEMA, "key": report.key, **_without_none(asdict(report))}
    write_json(path, body)
    return path


def write_headline(root: Path, report: Report) -> Path:
    """Write a report's headline numbers where dvc.yaml has them as metrics."""
    path = root / "reports" / "metrics" / report.stage / f"{report.id}.json"
    write_json(path, headline(report))
    return path


def read(root: Path, stage: str, id: str, part: str | None = None) -> Report | None:
    """Read a report back, or return None if the stage has not run on that card."""
    path = place(root, stage, id, part)
    return parse(path) if path.is_file() else None


def parse(path: Path) -> Report:
    """Read the report in a file."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["schema"] != SCHEMA:
            raise ValueError(f"schema {body['schema']}, not {SCHEMA}")
        return Report(
            stage=body["stage"],
            id=body["id"],
            part=body.get("part"),
            settings=body["settings"],
            inputs=tuple(Artefact(**one) for one in body["inputs"]),
            outputs=tuple(Artefact(**one) for one in body["outputs"]),
            measured={
                name: tuple(Measurement(**{"value": None, **one}) for one in many)
                for name, many in body["measured"].items()
            },
            environment=body["environment"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path}: is not a report of this version ({error}); run its stage again"
        ) from error


def all_of(root: Path, stage: str | None = None) -> list[Report]:
    """Read every report, or every report of one stage, in order of stage and id."""
    folder = root / "reports"
    found = sorted(folder.glob(f"{stage or '*'}/*.json"), key=lambda one: (one.parent, one.stem))
    return [parse(path) for path in found]


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_without_none(one) for one in value]
    return value
