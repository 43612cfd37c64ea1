"""Row groups of Parquet files, made apart and put together without being read again.

The bytes of a row group are the same wherever it stands in a file; only the footer, at the file's
end, says where. So a footer is kept as its bytes with the numbers cut out that depend on the place.
A file put together so is, byte for byte, the one that a single writer makes.
"""

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from registry.thrift import Piece, cut, list_head, number

_MAGIC = b"PAR1"
_END = 8
"""Bytes after the footer: its length, and the magic word again."""

_PLACE, _ORDINAL, _ROWS, _GROUPS = "place", "ordinal", "rows", "groups"

# Fields of the structs FileMetaData, RowGroup, ColumnChunk and ColumnMetaData, by their numbers in
# parquet-format's parquet.thrift. Indices and Bloom filters have places too, but nobody writes any.
_COLUMN = {9: _PLACE, 10: _PLACE, 11: _PLACE}
_CHUNK = {2: _PLACE, 3: _COLUMN}
_FILE = {3: _ROWS, 4: {0: _GROUPS, 1: _CHUNK, 5: _PLACE, 7: _ORDINAL}}


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group: its pages, or the file that begins with them, and a footer that knows no other.

    The footer is in three parts: what stands before the row group's own, that, and what follows.
    """

    pages: pa.Buffer | Path
    length: int
    rows: int
    footer: tuple[tuple[Piece, ...], ...]


def row_group(batch: pa.RecordBatch, **options: Any) -> RowGroup:
    """Return a batch as a row group; `options` are those of `ParquetWriter`."""
    stream = pa.BufferOutputStream()
    with pq.ParquetWriter(stream, batch.schema, **options) as out:
        out.write_batch(batch)
    made = stream.getvalue()
    length = int.from_bytes(made[-_END:-4].to_pybytes(), "little")
    end = len(made) - _END - length
    pieces = cut(made[end:-_END].to_pybytes(), _FILE)
    first, last = (at for at, piece in enumerate(pieces) if piece[0] == _GROUPS)
    footer = (pieces[:first], pieces[first + 1 : last], pieces[last + 1 :])
    pages = made[len(_MAGIC) : end]
    return RowGroup(pages, len(pages), batch.num_rows, footer)


def put_down(group: RowGroup, path: Path) -> RowGroup:
    """Return a row group whose pages are in the file `path` from now on.

    A file that is there is written over, and what it has more stays: new files take new memory.
    """
    path.touch()
    with path.open("r+b") as out:
        out.write(_pages(group))
    return replace(group, pages=path)


def read(group: RowGroup) -> pa.Table:
    """Return the rows of a row group."""
    whole = BytesIO()
    writer = GroupWriter(whole)
    writer.add(group)
    writer.finish()
    return pq.read_table(pa.BufferReader(whole.getbuffer()))


def _pages(group: RowGroup) -> Any:
    if not isinstance(group.pages, Path):
        return group.pages
    with group.pages.open("rb", buffering=0) as there:
        return there.read(group.length)


class GroupWriter:
    """A Parquet file that takes row groups of one schema as they are."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._at = out.write(_MAGIC)
        self._groups: list[bytes] = []
        self._rows = 0
        self._around: tuple[tuple[Piece, ...], ...] = ()

    def add(self, group: RowGroup) -> None:
        """Append a row group; a file that its pages were put down in is free then."""
        before, own, after = group.footer
        self._groups.append(b"".join(map(self._said, own)))
        self._rows += group.rows
        self._around = (before, after)
        self._at += self._out.write(_pages(group))

    def finish(self) -> None:
        """Write the footer; there has to be a row group."""
        before, after = (b"".join(map(self._said, pieces)) for pieces in self._around)
        footer = b"".join([before, list_head(len(self._groups)), *self._groups, after])
        self._out.write(footer + len(footer).to_bytes(4, "little") + _MAGIC)

    def _said(self, piece: Piece) -> bytes:
        if isinstance(piece, bytes):
            return piece
        meaning, value = piece
        if meaning == _PLACE and value:
            # What a row group alone says of its place is counted from the magic word's end.
            return number(value + self._at - len(_MAGIC))
        return number({_PLACE: 0, _ORDINAL: len(self._groups), _ROWS: self._rows}[meaning])
