"""The canonical row: one shape for every instruction dataset, and its Parquet table.

A row's `messages` end with the user's turn; `references` are the acceptable answers, of which
the first is what a model is trained on. Columns map one to one on the prompt, completion,
messages, chosen and rejected that trainers expect.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from registry.files import whole
from registry.hashing import RowDigest

ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn; `role` is one of `ROLES`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Demonstration:
    """An example inside an instruction, good or bad, with the reason if one is given."""

    input: str
    output: str
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A verifiable instruction: its id and its arguments as JSON text."""

    id: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row came from: `archive!member` or file name, and the row in it, from 0."""

    file: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a native row says, in our words; a format yields it, `convert` makes it a `Row`."""

    messages: tuple[Message, ...]
    references: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    task: str = ""
    split: str = "train"
    definition: str = ""
    positives: tuple[Demonstration, ...] = ()
    negatives: tuple[Demonstration, ...] = ()
    options: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    kind: str | None = None
    language: str | None = None
    annotator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One canonical row. `id` is stable: `<dataset>:<24 hex digits of its origin's hash>`."""

    id: str
    dataset: str
    task: str
    split: str
    messages: tuple[Message, ...]
    references: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    definition: str = ""
    positives: tuple[Demonstration, ...] = ()
    negatives: tuple[Demonstration, ...] = ()
    options: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    kind: str | None = None
    language: str | None = None
    annotator: str | None = None
    origin: Origin = field(default_factory=lambda: Origin("", 0))


_TEXTS = pa.list_(pa.string())
_DEMONSTRATIONS = pa.list_(
    pa.struct([("input", pa.string()), ("output", pa.string()), ("explanation", pa.string())])
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("dataset", pa.string()),
        ("task", pa.string()),
        ("split", pa.string()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("references", _TEXTS),
        ("rejected", _TEXTS),
        ("definition", pa.string()),
        ("positives", _DEMONSTRATIONS),
        ("negatives", _DEMONSTRATIONS),
        ("options", _TEXTS),
        ("constraints", pa.list_(pa.struct([("id", pa.string()), ("arguments", pa.string())]))),
        ("kind", pa.string()),
        ("language", pa.string()),
        ("annotator", pa.string()),
        ("origin", pa.struct([("file", pa.string()), ("row", pa.int64())])),
    ]
)
_NAMES = tuple(SCHEMA.names)


@dataclass(frozen=True, slots=True)
class Table:
    """What was written: the number of rows and the order-free digest of them."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Written:
    """A table and the Parquet file that it was written to."""

    path: Path
    rows: int
    digest: str


def to_dict(row: Row) -> dict[str, Any]:
    """Return a row as plain values, in the schema's order."""
    return {name: _plain(getattr(row, name)) for name in _NAMES}


def _plain(value: Any) -> Any:
    # dataclasses.asdict does the same in four times the time, half of that of a conversion.
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Message | Demonstration | Constraint | Origin):
        return {name: getattr(value, name) for name in value.__slots__}
    return value


def from_dict(values: Mapping[str, Any]) -> Row:
    """Return the row that `to_dict` made these values from."""
    made = {name.name: values[name.name] for name in fields(Row)}
    made["messages"] = tuple(Message(**m) for m in values["messages"])
    made["positives"] = tuple(Demonstration(**d) for d in values["positives"])
    made["negatives"] = tuple(Demonstration(**d) for d in values["negatives"])
    made["constraints"] = tuple(Constraint(**c) for c in values["constraints"])
    made["origin"] = Origin(**values["origin"])
    for name in ("references", "rejected", "options"):
        made[name] = tuple(values[name])
    return Row(**made)


class RowWriter:
    """A Parquet file (zstd) that takes rows one at a time, as plain values, a batch in memory."""

    def __init__(self, path: Path, *, batch: int = 4096) -> None:
        self._out = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._batch = batch
        self._waiting: list[Mapping[str, Any]] = []
        self._total = RowDigest()

    def __enter__(self) -> "RowWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def add(self, values: Mapping[str, Any]) -> None:
        """Write one row, given in the form of `to_dict`."""
        self._total.add(values)
        self._waiting.append(values)
        if len(self._waiting) == self._batch:
            self._flush()

    def finish(self) -> Table:
        """Write what waits; say what the table holds."""
        if self._waiting:
            self._flush()
        return Table(self._total.rows, self._total.value())

    def _flush(self) -> None:
        self._out.write_batch(pa.RecordBatch.from_pylist(self._waiting, SCHEMA))
        self._waiting = []


def write_rows(path: Path, rows: Iterable[Row], *, batch: int = 4096) -> Table:
    """Write rows as one Parquet file (zstd), streaming, whole or not at all.

    The same rows in the same order give the same bytes.
    """
    with whole(path) as temporary, RowWriter(temporary, batch=batch) as out:
        for row in rows:
            out.add(to_dict(row))
        return out.finish()


def read_rows(path: Path, *, batch: int = 4096) -> Iterator[Row]:
    """Yield a table's rows in file order, a batch in memory at a time."""
    with pq.ParquetFile(path) as table:
        for part in table.iter_batches(batch_size=batch):
            yield from map(from_dict, part.to_pylist())


def digest_table(path: Path) -> Table:
    """Count and digest a table again, as `verify` does."""
    total = RowDigest()
    for row in read_rows(path):
        total.add(to_dict(row))
    return Table(total.rows, total.value())
