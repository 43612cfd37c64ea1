"""A list as a file: CSV, JSON lines or Parquet, of every card that answers and not one page."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from catalog.index import Ask
from catalog.shelf import Shelf
from registry.query import Entry, as_row

MEDIA = {
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_NAMES = tuple(one.name for one in fields(Entry))
_NUMBERS = ("tasks", "instances", "parameters")
_BETWEEN = "; "


def download(shelf: Shelf, ask: Ask, kind: str) -> bytes:
    """Return the cards that answer, in the order that was asked for."""
    entries = [one.entry for one in shelf.index.find(ask).lines]
    return _WRITERS[kind](entries)


def as_csv(entries: Iterable[Entry]) -> bytes:
    """Write a line for each card; several values of one cell stand apart by `; `."""
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(_NAMES)
    for one in entries:
        row = as_row(one)
        writer.writerow([_cell(row[name]) for name in _NAMES])
    # With its mark, spreadsheets read the file as UTF-8.
    return ("\ufeff" + made.getvalue()).encode("utf-8", "replace")


def as_jsonl(entries: Iterable[Entry]) -> bytes:
    """Write a JSON object for each card."""
    lines = (json.dumps(as_row(one), ensure_ascii=False) for one in entries)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def as_parquet(entries: Iterable[Entry]) -> bytes:
    """Write a table with lists where a card may have several values."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sample = Entry(name="", kind="", id="", title="", summary="")
    columns = [pa.field(name, _type(pa, name, getattr(sample, name))) for name in _NAMES]
    rows = [_sound(as_row(one)) for one in entries]
    table = pa.Table.from_pylist(rows, schema=pa.schema(columns))
    made = io.BytesIO()
    pq.write_table(table, made, compression="zstd")
    return made.getvalue()


_WRITERS: Mapping[str, Callable[[Iterable[Entry]], bytes]] = {
    "csv": as_csv,
    "jsonl": as_jsonl,
    "parquet": as_parquet,
}


def _type(pa: Any, name: str, empty: Any) -> Any:
    if isinstance(empty, bool):
        return pa.bool_()
    if isinstance(empty, str):
        return pa.string()
    return pa.list_(pa.int64() if name in _NUMBERS else pa.string())


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _BETWEEN.join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    # A spreadsheet would run a cell that begins like a formula.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _sound(row: dict[str, Any]) -> dict[str, Any]:
    """Replace lone surrogates, which Parquet's text cannot hold."""
    return {name: _mended(value) for name, value in row.items()}


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, tuple):
        return [_mended(one) for one in value]
    return value
