"""The canonical row: one shape for every instruction dataset, and its Parquet table.

A row's `messages` end with the user's turn; `references` are the acceptable answers, of which
the first is what a model is trained on. Columns map one to one on the prompt, completion,
messages, chosen and rejected that trainers expect.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha1
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from registry.columns import column
from registry.files import whole
from registry.hashing import RowDigest

ROLES = ("system", "user", "assistant")

_SHA1 = partial(sha1, usedforsecurity=False)


class Message(msgspec.Struct, frozen=True, gc=False):
    """One turn; `role` is one of `ROLES`."""

    role: str
    content: str


class Demonstration(msgspec.Struct, frozen=True, gc=False):
    """An example inside an instruction, good or bad, with the reason if one is given."""

    input: str
    output: str
    explanation: str = ""


class Constraint(msgspec.Struct, frozen=True, gc=False):
    """A verifiable instruction: its id and its arguments as JSON text."""

    id: str
    arguments: str = "{}"


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a row came from: `archive!member` or file name, and the row in it, from 0."""

    file: str
    row: int


class Example(msgspec.Struct, frozen=True, gc=False, kw_only=True):
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
    """One canonical row. `id` is stable: `<dataset>:<24 hex digits of its origin's hash>`.

    A row that a template made of another has the template's family as `kind` and the id of its
    wording as `template`; where it is one of several, its id ends with `/` and a number.
    """

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
    template: str | None = None


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
TEMPLATED = SCHEMA.append(pa.field("template", pa.string()))
"""The schema of a table that holds rendered rows; only such a table has the last column."""

_NAMES = tuple(SCHEMA.names)


GROUP = 4096
"""Rows in a row group of a table."""

_REPEATED = [
    *("dataset", "task", "split", "kind", "language", "annotator"),
    *("messages.list.element.role", "origin.file", "definition"),
]
PARQUET: dict[str, Any] = {
    "compression": "snappy",
    "use_dictionary": _REPEATED,
    "write_statistics": _REPEATED,
}
"""How tables are written: columns whose values repeat get a dictionary and statistics; others would
not gain."""


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
    """Return a row as plain values, in the schema's order; without a template, without its key.

    So a row has the same digest in a table with the column `template` and in one without.
    """
    values = {name: _plain(getattr(row, name)) for name in _NAMES}
    return values if row.template is None else values | {"template": row.template}


def _plain(value: Any) -> Any:
    # dataclasses.asdict does the same in four times the time, half of that of a conversion.
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Message | Demonstration | Constraint | Origin):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    return value


def from_dict(values: Mapping[str, Any]) -> Row:
    """Return the row that `to_dict` made these values from."""
    made = {name: values[name] for name in _NAMES}
    made["template"] = values.get("template")
    made["messages"] = tuple(Message(**m) for m in values["messages"])
    made["positives"] = tuple(Demonstration(**d) for d in values["positives"])
    made["negatives"] = tuple(Demonstration(**d) for d in values["negatives"])
    made["constraints"] = tuple(Constraint(**c) for c in values["constraints"])
    made["origin"] = Origin(**values["origin"])
    for name in ("references", "rejected", "options"):
        made[name] = tuple(values[name])
    return Row(**made)


class RowWriter:
    """A Parquet file (snappy) that takes rows one at a time, as plain values, a batch in memory."""

    def __init__(self, path: Path, *, schema: pa.Schema = SCHEMA, batch: int = GROUP) -> None:
        self._out = pq.ParquetWriter(path, schema, **PARQUET)
        self._schema = schema
        self._batch = batch
        self._waiting: list[Mapping[str, Any]] = []
        self._total = RowDigest()

    def __enter__(self) -> "RowWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def add(self, values: Mapping[str, Any]) -> None:
        """Write one row, given in the form of `to_dict`."""
        if len(values) > len(self._schema):
            raise ValueError(f"{values['id']}: has a template; write it with schema=TEMPLATED")
        self._total.add_texts([row_text(values)])
        self._waiting.append(values)
        if len(self._waiting) == self._batch:
            self._take()

    def finish(self) -> Table:
        """Write what waits; say what the table holds."""
        if self._waiting:
            self._take()
        return Table(self._total.rows, self._total.value())

    def _take(self) -> None:
        self._out.write_batch(record_batch(self._waiting, self._schema))
        self._waiting = []


encode = msgspec.json.Encoder(order="sorted").encode
"""Canonical JSON in UTF-8: `hashing.canonical_json`, made faster."""


def row_text(values: Mapping[str, Any]) -> bytes:
    """Return the text of a row in the form of `to_dict`, by which tables are digested."""
    return encode(values)


class _Text(msgspec.Struct, gc=False):
    """A row with its keys in order, which is how its canonical JSON has them."""

    annotator: str | None
    constraints: Any
    dataset: str
    definition: str
    id: str
    kind: str | None
    language: str | None
    messages: msgspec.Raw
    negatives: Any
    options: Any
    origin: Origin
    positives: Any
    references: msgspec.Raw
    rejected: Any
    split: str
    task: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as Arrow columns, the digest of them, and the `exchange_hash` of each."""

    columns: pa.RecordBatch
    digest: RowDigest
    exchanges: "array[int]"


def exchange_hash(messages: bytes, answer: bytes) -> int:
    """Hash what a model would be trained on: the texts of the messages and the first reference.

    Two different rows among a million share a hash of 64 bits with a chance of 1 in 37 million.
    """
    # Most processors have instructions for SHA, and none for BLAKE2.
    return int.from_bytes(_SHA1(messages + answer).digest()[:8])


def batch_of(
    dataset: str,
    author: str | None,
    examples: Sequence[Example],
    ids: Sequence[str],
    origins: Sequence[Origin],
) -> Batch:
    """Return examples as rows of a table: what `Row`, `to_dict` and `record_batch` make of them.

    It is faster, because no row becomes a mapping on its way.
    """
    total, exchanges = RowDigest(), array("Q")
    total.add_texts(_texts(dataset, author, examples, ids, origins, exchanges.append))
    made: dict[str, Any] = {
        "id": ids,
        "dataset": [dataset] * len(ids),
        "annotator": [one.annotator or author for one in examples],
        "origin": origins,
    }
    columns = [
        column(
            made[field.name] if field.name in made else list(map(attrgetter(field.name), examples)),
            field.type,
            attrgetter,
        )
        for field in SCHEMA
    ]
    return Batch(pa.RecordBatch.from_arrays(columns, schema=SCHEMA), total, exchanges)


def _texts(
    dataset: str,
    author: str | None,
    examples: Sequence[Example],
    ids: Sequence[str],
    origins: Sequence[Origin],
    exchange: Callable[[int], None],
) -> Iterator[bytes]:
    """Yield the text of each row; hand on the hash of what is trained on."""
    for one, id, origin in zip(examples, ids, origins, strict=True):
        messages, references = encode(one.messages), encode(one.references)
        first = references if len(one.references) < 2 else encode(one.references[:1])
        exchange(exchange_hash(messages, first))
        yield encode(
            _Text(
                one.annotator or author,
                one.constraints,
                dataset,
                one.definition,
                id,
                one.kind,
                one.language,
                msgspec.Raw(messages),
                one.negatives,
                one.options,
                origin,
                one.positives,
                msgspec.Raw(references),
                one.rejected,
                one.split,
                one.task,
            )
        )


def record_batch(rows: Sequence[Mapping[str, Any]], schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    """Return rows in the form of `to_dict` as a batch of the schema; a missing template is null."""
    columns = [
        column([row.get(field.name) for row in rows], field.type, itemgetter) for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def write_rows(
    path: Path, rows: Iterable[Row], *, schema: pa.Schema = SCHEMA, batch: int = GROUP
) -> Table:
    """Write rows as one Parquet file (snappy), streaming, whole or not at all.

    The same rows in the same order give the same bytes.
    """
    with whole(path) as temporary, RowWriter(temporary, schema=schema, batch=batch) as out:
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
    with pq.ParquetFile(path) as table:
        for part in table.iter_batches(batch_size=GROUP):
            for values in part.to_pylist():
                if values.get("template", "") is None:
                    del values["template"]
                total.add_texts([row_text(values)])
    return Table(total.rows, total.value())
