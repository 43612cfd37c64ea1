"""A few rows of a table to look at, each beside the native row that it was made of.

Which rows these are follows from the table alone: those with the smallest hashes of their ids, of
as many tasks as there are. They are sought where reading is short: in some row groups, early in
their files. What would take long to read is not read, and said to be left out.
"""

import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from registry.errors import RegistryError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

ROWS = 4
CELL = 1_500
"""Of a row, so many characters on either side."""

GROUPS = 32
"""At most so many row groups are looked into, spread over the table."""

EARLY = 512
"""A native row before this one counts as early in its file, and is chosen before others."""

BYTES = 1 << 23
"""Bytes of a native file that are read to find a row."""

GROUP_BYTES = 1 << 26
"""Bytes of a row group that may be read."""

HEAD = 256
"""Rows of a row group from which some are chosen."""

FAR = 200_000
"""Rows of a table among which one is sought by its id."""

_TURNS = 6
_TAR = 1 << 25  # a tar has no list of its members: it is read up to the one that is wanted


@dataclass(frozen=True, slots=True)
class Text:
    """A text as far as it is shown, and how many more characters it has."""

    text: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a row by its name: a turn by its role, an `answer`, `options` and so on."""

    name: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A canonical row. `native` is None where nobody asks for it, or where `why` says why."""

    id: str
    dataset: str
    task: str
    file: str
    row: int
    parts: tuple[Part, ...]
    native: Text | None = None
    why: str | None = None


Find = Callable[[IO[bytes], str], Iterator[tuple[int, Any]]]


def table_of(folder: Path) -> Path | None:
    """Return the table that a folder's samples are of: `train`, or the first by name."""
    found = sorted(folder.glob("*.parquet"))
    return next((one for one in found if one.stem == "train"), found[0] if found else None)


def rows_of(table: Path, number: int = ROWS) -> tuple[Sample, ...]:
    """Return a few rows of a table, without their native ones."""
    with _opened(table) as opened:
        places = _choose(_candidates(opened), number)
        return tuple(_sample(_row(opened, group, at)) for group, at in places)


def rows_by_id(table: Path, ids: Collection[str]) -> dict[str, Sample]:
    """Return the rows with these ids, of those that stand in the first `FAR` rows of a table."""
    found: dict[str, Sample] = {}
    with _opened(table) as opened:
        passed = 0
        for group in range(opened.num_row_groups):
            about = opened.metadata.row_group(group)
            passed += about.num_rows
            if len(found) == len(ids) or passed > FAR or about.total_byte_size > GROUP_BYTES:
                break
            names = opened.read_row_group(group, columns=["id"])["id"].to_pylist()
            places = [at for at, id in enumerate(names) if id in ids]
            found |= {names[at]: _sample(_row(opened, group, at)) for at in places}
    return found


def with_native(found: Iterable[Sample], format: str, native: Path) -> tuple[Sample, ...]:
    """Put beside each row the native row it is made of, from the folder of fetched files."""
    return tuple(_joined(one, format, native) for one in found)


def native_row(folder: Path, format: str, address: str, row: int) -> Text:
    """Return a native row as text: JSON with one key on each line, or a line as it stands.

    Refuses what lies too far into its file.
    """
    from registry.archives import open_member

    _refuse_long_way(folder, address)
    name = address.partition("!")[2] or address
    with open_member(folder, address) as stream, _Bounded(stream, address) as raw:
        for at, value in _finder(format)(io.BufferedReader(raw), name):
            if at >= row:
                if at == row:
                    return cut(_shown(value), CELL)
                break
    raise RegistryError(f"{address}: has no row {row}; it is not the file that was converted")


def cut(text: str, most: int) -> Text:
    """Return the beginning of a text.

    >>> cut("la la la", 5)
    Text(text='la la', more=3)
    """
    return Text(text[:most], max(0, len(text) - most))


def shares(lengths: Sequence[int], room: int) -> list[int]:
    """Share out room: what short texts leave goes to the long ones.

    >>> shares([10, 500, 90], 200)
    [10, 100, 90]
    """
    given = [0] * len(lengths)
    waiting = sorted(range(len(lengths)), key=lengths.__getitem__)
    for done, at in enumerate(waiting):
        given[at] = min(lengths[at], room // (len(waiting) - done))
        room -= given[at]
    return given


@contextmanager
def _opened(table: Path) -> Iterator["pq.ParquetFile"]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(table) as opened:
            yield opened
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise RegistryError(f"{table.name}: cannot be read; make it again") from error


def _candidates(table: "pq.ParquetFile") -> list[tuple[int, int, Mapping[str, Any]]]:
    """Return place and origin of rows at the beginning of some row groups."""
    count = table.num_row_groups
    groups = range(0, count, max(1, -(-count // GROUPS)))
    short = [one for one in groups if table.metadata.row_group(one).total_byte_size <= GROUP_BYTES]
    if groups and not short:
        raise RegistryError(f"row groups of more than {GROUP_BYTES >> 20} MiB are not looked into")
    found = []
    for group in short:
        rows = table.read_row_group(group, columns=["id", "task", "origin"]).slice(0, HEAD)
        found += [(group, at, row) for at, row in enumerate(rows.to_pylist())]
    return found


def _choose(
    candidates: Iterable[tuple[int, int, Mapping[str, Any]]], number: int
) -> list[tuple[int, int]]:
    """Return the places of rows: early ones before late ones, a second of a task only in need."""
    ordered = sorted(
        candidates, key=lambda one: (one[2]["origin"]["row"] >= EARLY, _hash(one[2]["id"]))
    )
    tasks = set[str]()
    first, again = list[tuple[int, int]](), list[tuple[int, int]]()
    for group, at, row in ordered:
        (again if row["task"] in tasks else first).append((group, at))
        tasks.add(row["task"])
    return [*first, *again][:number]


def _hash(id: str) -> bytes:
    return blake2b(id.encode(), digest_size=8).digest()


def _row(table: "pq.ParquetFile", group: int, at: int) -> dict[str, Any]:
    found: dict[str, Any] = table.read_row_group(group).slice(at, 1).to_pylist()[0]
    return found


def _sample(row: Mapping[str, Any]) -> Sample:
    named = list(_named(row))
    room = shares([len(text) for _, text in named], CELL)
    return Sample(
        id=row["id"],
        dataset=row["dataset"],
        task=row["task"],
        file=row["origin"]["file"],
        row=row["origin"]["row"],
        parts=tuple(
            Part(name, cut(text, most)) for (name, text), most in zip(named, room, strict=True)
        ),
    )


def _named(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the parts of a row that hold something, a conversation's middle left out."""
    turns = [(one["role"], one["content"]) for one in row["messages"]]
    if len(turns) > _TURNS:
        omitted = len(turns) - _TURNS
        turns[2 : 2 - _TURNS] = [("left out", f"{omitted} turn{'s' if omitted > 1 else ''}")]
    yield from turns
    first, *others = row["references"] or [""]
    constraints = [f"{one['id']} {one['arguments']}" for one in row["constraints"]]
    named = {
        "answer": [first],
        "other answers": others,
        "rejected": row["rejected"],
        "options": row["options"],
        "constraints": constraints,
    }
    yield from ((name, "\n".join(texts)) for name, texts in named.items() if any(texts))


def _joined(one: Sample, format: str, native: Path) -> Sample:
    text, why = None, None
    try:
        text = native_row(native, format, one.file, one.row)
    except (RegistryError, OSError) as error:
        why = str(error).replace(f"{native}/", "")
    except RecursionError:
        why = f"{one.file}: row {one.row} nests too deep to be shown"
    return replace(one, native=text, why=why)


def _refuse_long_way(folder: Path, address: str) -> None:
    from registry.archives import inside

    name, bang, _ = address.partition("!")
    path = inside(folder, name)
    if bang and not name.endswith((".whl", ".zip")) and path.is_file():
        size = path.stat().st_size
        if size > _TAR:
            raise RegistryError(f"{name}: is a tar of {size:,} bytes, too long to be looked into")


def _finder(format: str) -> Find:
    """Return what finds the native rows in a file of a format."""
    from registry.formats import FORMATS
    from registry.formats.native import Rows, records

    if format in _WHOLE:
        return _WHOLE[format]
    found = FORMATS.get(format)
    if isinstance(found, Rows):
        return found.find or records
    raise RegistryError(f"format '{format}': has no rows that stand alone in a file")


def _trees(stream: IO[bytes], name: str) -> Iterator[tuple[int, Any]]:
    from registry.formats.native import records

    return records(stream, name)


def _instances(stream: IO[bytes], name: str) -> Iterator[tuple[int, Any]]:
    from registry.formats.native import missing, read_value

    value = read_value(stream, name)
    if wrong := missing(value, "Instances"):
        raise RegistryError(f"{name}: {wrong}")
    if not isinstance(value["Instances"], list):
        raise RegistryError(f"{name}: 'Instances' is not a list")
    return enumerate(value["Instances"])


_WHOLE: Mapping[str, Find] = {"oasst": _trees, "natural-instructions": _instances}
"""Formats of whole files, whose rows are parts of a file nevertheless."""


def _shown(value: Any) -> str:
    from registry.formats.native import Unusable

    if isinstance(value, Unusable):
        return value.native
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\t".join(value)
    return json.dumps(value, indent=1, ensure_ascii=False)


class _Bounded(io.RawIOBase):
    """A stream that refuses to be read beyond `BYTES`."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(min(len(buffer), 1 << 16))
        self._left -= len(data)
        if self._left < 0:
            raise RegistryError(
                f"{self._name}: the row is not among the first {BYTES >> 20} MiB, which are read"
            )
        buffer[: len(data)] = data
        return len(data)
