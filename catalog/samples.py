"""Rows to look at: native beside canonical, or as a model was trained on them.

Data may be missing on the machine that serves the pages. Nothing is then shown but the command
that makes it. What was read is kept in memory until a file changes.
"""

from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalog.shelf import Shelf
from registry import samples, trained
from registry.cards import Dataset, Mixture, Model
from registry.errors import RegistryError
from registry.place import Place
from registry.reports import Report
from registry.samples import CELL, Sample, shares
from registry.trained import Shown

KEPT = 64
FILES = 200

Stamp = tuple[int, int] | None
Native = tuple[str, Path, tuple[Stamp, ...]]
"""A format, a folder of fetched files, and what these look like."""

Read = tuple[tuple[Sample, ...], str | None]
"""Rows, or why there are none."""


def of_dataset(shelf: Shelf, card: Dataset) -> dict[str, Any] | None:
    """Return rows of the canonical table, each with its native one; None where none is made."""
    native = _native(Place(root=shelf.registry.root), card)
    if native is None:
        return None
    folder = Place(root=shelf.registry.root).canonical(card.id)
    return _rows(shelf, ("convert", card.id), folder, native)


def of_mixture(shelf: Shelf, card: Mixture) -> dict[str, Any]:
    """Return rows of the table that is trained on."""
    folder = Place(root=shelf.registry.root).mixture(card.id)
    return _rows(shelf, ("mix", card.id), folder, None)


def of_model(shelf: Shelf, card: Model) -> dict[str, Any] | None:
    """Return the sequences that tuning recorded; None where the model is not tuned here."""
    if card.build is None:
        return None
    place = Place(root=shelf.registry.root)
    file, table = place.shown(card.id), place.mixture(card.build.mixture) / "train.parquet"
    found, why = _recorded(file, _stamp(file))
    rows = _by_id(table, _stamp(table), tuple(one.id for one in found))
    joined = {one.id: _beside(shelf, place, one) for one in rows}
    return {
        "rows": [{**_sequence(shelf, one), "made_of": joined.get(one.id)} for one in found],
        "file": _file(shelf, ("tune", card.id), file),
        "why": why,
        "command": f"registry tune {card.id}",
    }


def _native(place: Place, card: Dataset | None) -> Native | None:
    """Return how the native rows of a dataset are found, and what its files look like."""
    if card is None or card.convert is None or card.source is None:
        return None
    folder = place.native(card.id)
    stamps = tuple(_stamp(folder / one.path) for one in card.source.files[:FILES])
    return card.convert.format, folder, stamps


def _beside(shelf: Shelf, place: Place, one: Sample) -> dict[str, Any]:
    native = _native(place, shelf.registry.datasets.get(one.dataset))
    return asdict(_joined(one, native) if native else one)


def _rows(
    shelf: Shelf,
    stage: tuple[str, str],
    folder: Path,
    native: Native | None,
) -> dict[str, Any]:
    table = samples.table_of(folder)
    found, why = _read(table, _stamp(table), native) if table else ((), None)
    return {
        "rows": [_row(shelf, one) for one in found],
        "file": _file(shelf, stage, table) if table else None,
        "why": why,
        "command": f"registry {stage[0]} {stage[1]}",
    }


@lru_cache(maxsize=KEPT)
def _read(table: Path, stamp: Stamp, native: Native | None) -> Read:
    """Read rows; the stamps of files are there to tell one reading from another."""
    try:
        found = samples.rows_of(table)
        if native:
            format, folder, _ = native
            found = samples.with_native(found, format, folder)
    except RegistryError as error:
        return (), str(error)
    except ModuleNotFoundError as error:
        return (), f"{error.name} is not installed here; pip install 'tunedeck[data]'"
    return found, None


@lru_cache(maxsize=KEPT)
def _by_id(table: Path, stamp: Stamp, ids: tuple[str, ...]) -> tuple[Sample, ...]:
    """Return the rows that a sequence was made of; none where they cannot be had."""
    try:
        return tuple(samples.rows_by_id(table, ids).values()) if stamp and ids else ()
    except (RegistryError, ModuleNotFoundError):
        return ()


@lru_cache(maxsize=4 * KEPT)
def _joined(one: Sample, native: Native) -> Sample:
    (found,) = samples.with_native([one], native[0], native[1])
    return found


@lru_cache(maxsize=KEPT)
def _recorded(file: Path, stamp: Stamp) -> tuple[tuple[Shown, ...], str | None]:
    try:
        return trained.read(file), None
    except RegistryError as error:
        return (), str(error).replace(f"{file.parent}/", "")


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _file(shelf: Shelf, stage: tuple[str, str], path: Path) -> dict[str, Any] | None:
    """Return what the stage's report says of a file; `current` if the file has that size."""
    report: Report | None = shelf.reports.get(stage)
    inside = path.relative_to(shelf.registry.root).as_posix()
    stamp = _stamp(path)
    if stamp is None:
        return None
    for one in report.outputs if report else ():
        if one.path == inside:
            return {"path": inside, "sha256": one.sha256, "current": one.bytes == stamp[0]}
    return {"path": inside, "sha256": None, "current": False}


def _row(shelf: Shelf, one: Sample) -> dict[str, Any]:
    return {**asdict(one), **_origin(shelf, one.dataset)}


def _sequence(shelf: Shelf, one: Shown) -> dict[str, Any]:
    """Return a sequence; long segments share the room that a page gives them."""
    values = trained.plain(one)
    room = shares([len(each.text) for each in one.segments], CELL)
    values["segments"] = [
        {**asdict(each), **asdict(samples.cut(each.text, most))}
        for each, most in zip(one.segments, room, strict=True)
    ]
    origin = values.pop("origin")
    return {**values, **origin, **_origin(shelf, one.dataset)}


def _origin(shelf: Shelf, dataset: str) -> dict[str, Any]:
    """Return the dataset that a row is of; without an address where it has no card."""
    card = shelf.registry.datasets.get(dataset)
    return {
        "title": card.title if card else dataset,
        "href": f"/datasets/{dataset}" if card else None,
    }
