"""Rows of JSON, JSON lines or CSV files, each with the line where it stands.

A fault in a row is a `Problem` of that line; a reader gathers them all and raises them at once.
"""

import csv
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from registry.errors import InvalidCards, Problem, RegistryError

T = TypeVar("T")
_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


class InvalidRows(InvalidCards):
    """Every fault found in files of verdicts or answers, in order; never only the first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row, and where it starts."""

    file: str
    line: int
    value: Mapping[str, Any]

    def problem(self, field: str, message: str) -> Problem:
        """Return what is wrong with a field of this row."""
        return Problem(self.file, self.line, field, message)


class Unreadable(Exception):
    """A row that cannot be read, for the reason given."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def read_lines(path: Path) -> list[Line]:
    """Read the rows of a file: a JSON array, one JSON object, JSON lines or CSV with a head."""
    text = _text(path)
    if path.suffix.lower() in (".csv", ".tsv"):
        return _csv(path, text)
    start = text.lstrip(_SPACE)[:1]
    rows = _array(path, text) if start == "[" else _objects(path, text)
    faults = [
        Problem(str(path), at, "row", f"{shown(value)} is no object; write one object a row")
        for at, value in rows
        if not isinstance(value, dict)
    ]
    if faults:
        raise InvalidRows(faults)
    if not rows:
        raise RegistryError(f"{path}: holds no rows; name a file with verdicts or answers")
    return [Line(str(path), at, value) for at, value in rows]


def gather(lines: Iterable[Line], read: Callable[[Line], T]) -> list[T]:
    """Read every row; if any is at fault, raise all that are."""
    values, faults = [], []
    for line in lines:
        try:
            values.append(read(line))
        except Unreadable as fault:
            faults.append(fault.problem)
    if faults:
        raise InvalidRows(faults)
    return values


def first_of(line: Line, names: Iterable[str], default: Any = None) -> Any:
    """Return the first field of these names that the row has and that is not null."""
    found = (line.value[name] for name in names if line.value.get(name) is not None)
    return next(found, default)


def text_in(line: Line, *names: str) -> str:
    """Return the text of the first of these fields that is there; refuse a row without any."""
    value = first_of(line, names)
    if not isinstance(value, str):
        said = "is missing" if value is None else f"{shown(value)} is no text"
        raise Unreadable(line.problem("|".join(names), f"{said}; give it as text"))
    return value


def number(value: Any) -> float | None:
    """Return a finite number, also one written as text; None for anything else.

    >>> number("1.5"), number(2), number(True), number("nan"), number(None)
    (1.5, 2.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def key_of(line: Line, *more: str) -> str:
    """Return what identifies a row's item: its id, or the text that was asked."""
    value = first_of(line, (*more, "id", "key", "question_id", "instruction", "prompt", "input"))
    if value is None:
        raise Unreadable(line.problem("id", "is missing; give each item an id or its prompt"))
    return str(value)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RegistryError(f"{path}: no such file; check the name") from None
    except IsADirectoryError:
        raise RegistryError(f"{path}: is a folder; name a file in it") from None
    except UnicodeDecodeError as error:
        raise RegistryError(f"{path}: is not UTF-8 at byte {error.start}; convert it") from None


def _array(path: Path, text: str) -> list[tuple[int, Any]]:
    """Return the elements of an array with the lines where they start."""
    found: list[tuple[int, Any]] = []
    at, line, seen = text.index("[") + 1, 1, 0
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return found
        line, seen = line + text.count("\n", seen, at), at
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise InvalidRows([_broken(path, line, error)]) from None
        found.append((line, value))
        at = _skip(text, at)
        if text[at : at + 1] not in (",", "]"):
            fault = Problem(str(path), line, "row", "the array breaks off after it; get it again")
            raise InvalidRows([fault])
        at += text[at] == ","


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _objects(path: Path, text: str) -> list[tuple[int, Any]]:
    try:
        return [(1, json.loads(text))]
    except (ValueError, RecursionError):
        pass  # more than one value: JSON lines
    found, faults = [], []
    for at, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append((at, json.loads(line)))
            except (ValueError, RecursionError) as error:
                faults.append(_broken(path, at, error))
    if faults:
        raise InvalidRows(faults)
    return found


def _broken(path: Path, line: int, error: Exception) -> Problem:
    said = getattr(error, "msg", "nested too deep")
    return Problem(str(path), line, "row", f"is no JSON ({said}); mend or drop the line")


def _csv(path: Path, text: str) -> list[Line]:
    """Read CSV as spreadsheets save it: the cells stand apart by `,`, `;` or a tab."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    names = [name.strip() for name in next(reader, [])]
    rows, before = [], reader.line_num
    for cells in reader:
        if any(cell.strip() for cell in cells):
            value = dict(zip(names, cells, strict=False))
            rows.append(Line(str(path), before + 1, value))
        before = reader.line_num
    if not rows:
        raise RegistryError(f"{path}: holds no rows below its head; name a file with rows")
    return rows


def shown(value: Any) -> str:
    """Return a value as a message quotes it: as JSON, and not too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
