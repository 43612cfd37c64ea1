"""From native files to the canonical table: streaming, whole or not at all, twice the same bytes.

Rows that no example can be made of are kept in `quarantine.jsonl`, each with its reason.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO

from registry.archives import choose, is_archive, members, open_members, sound
from registry.canonical import Example, Origin, Row, RowWriter, Table, Written, to_dict
from registry.cards.kinds import Benchmark, Convert, Dataset, Source
from registry.errors import RegistryError, near
from registry.files import whole_folder
from registry.formats import FORMATS, Format, Unusable
from registry.formats.native import EMPTY_OUTPUT
from registry.reports import Measurement
from registry.tally import Tally, ordered

QUARANTINE = "quarantine.jsonl"

_SHARED = tuple(one.name for one in fields(Example))
_SPLIT = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a format yielded: from where, as the how-manieth of its native row."""

    origin: Origin
    nth: int
    what: Example | Unusable


@dataclass(frozen=True, slots=True)
class Counted:
    """The running counts of one conversion; languages and annotators only as the rows say."""

    rows: Tally = field(default_factory=Tally)
    reasons: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)

    def measured(self) -> dict[str, tuple[Measurement, ...]]:
        """Return all counts, under the names that claims and reports use."""
        quarantined = [Measurement(value=self.reasons.total(), unit="instances")]
        quarantined += [
            Measurement(value=count, unit="instances", subset=reason)
            for reason, count in ordered(self.reasons).items()
        ]
        empty = Measurement(value=self.reasons[EMPTY_OUTPUT], unit="instances")
        said = {"languages": self.languages, "annotator": self.annotators}
        named = {
            name: (Measurement(value=ordered(counts), unit="instances"),)
            for name, counts in said.items()
            if counts
        }
        return {
            **self.rows.measured(),
            "quarantined": tuple(quarantined),
            "empty_answers": (empty,),
            **named,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What was written, and all that was counted on the way.

    There is a table for each split; `quarantined` rows are counted by reason too.
    """

    tables: tuple[Written, ...]
    quarantine: Path
    quarantined: int
    reasons: Mapping[str, int]
    measured: Mapping[str, tuple[Measurement, ...]]


def convert(
    card: Dataset | Benchmark,
    native: Path,
    out: Path,
    *,
    formats: Mapping[str, Format] = FORMATS,
    progress: bool = False,
) -> Conversion:
    """Convert the files of a card, found in the folder `native`, to tables in the folder `out`.

    `out` is replaced as a whole, or left as it was. `progress` shows a bar on stderr.
    """
    source, settings = _settings(card, formats)
    found = _all_found(card.id, source, settings, native, formats[settings.format])
    with whole_folder(out) as folder:
        tables, counted = _write(card, _watched(found, card.id, progress), folder)
    return Conversion(
        tables=tuple(
            Written(out / f"{split}.parquet", table.rows, table.digest)
            for split, table in tables.items()
        ),
        quarantine=out / QUARANTINE,
        quarantined=counted.reasons.total(),
        reasons=ordered(counted.reasons),
        measured=counted.measured(),
    )


def _settings(card: Dataset | Benchmark, formats: Mapping[str, Format]) -> tuple[Source, Convert]:
    if card.source is None or card.convert is None:
        said = card.unavailable or "it names no source or no way to convert it"
        raise RegistryError(f"{card.kind} {card.id}: has nothing to convert; {said}")
    if card.convert.format not in formats:
        hint = near(card.convert.format, formats) or f"; known are {', '.join(formats)}"
        raise RegistryError(f"{card.id}: convert.format: no format '{card.convert.format}'{hint}")
    return card.source, card.convert


def _all_found(
    id: str, source: Source, settings: Convert, native: Path, read: Format
) -> Iterator[Found]:
    for file, name, stream in _streams(id, source, settings, native):
        previous, nth = -1, 0
        for row, what in _first(read(stream, name), settings.limit):
            nth = nth + 1 if row == previous else 0
            previous = row
            yield Found(Origin(file, row), nth, what)


def _streams(
    id: str, source: Source, settings: Convert, native: Path
) -> Iterator[tuple[str, str, IO[bytes]]]:
    """Yield each wanted file or member: its address, its own name, and an open stream."""
    inside: dict[str, list[str]] = {}
    for path in (native / file.path for file in source.files):
        if not path.is_file():
            raise RegistryError(f"{path}: is not there; fetch the files of {id} first")
        file = path.relative_to(native).as_posix()
        inside[file] = members(path) if is_archive(path) else []
    names = {name for file, many in inside.items() for name in many or [file]}
    globs = settings.members or ("**",)
    wanted = choose(globs, names, f"{id}: convert.members")
    for file, many in inside.items():
        with sound(native / file):
            if many:
                for name, stream in open_members(native / file, wanted):
                    yield f"{file}!{name}", name, stream
            elif file in wanted:
                with (native / file).open("rb") as stream:
                    yield file, file, stream


def _first(
    found: Iterator[tuple[int, Example | Unusable]], limit: int | None
) -> Iterator[tuple[int, Example | Unusable]]:
    """Yield what the first `limit` native rows hold, the unusable ones counted too."""
    rows, previous = 0, None
    for row, what in found:
        if row != previous:
            rows, previous = rows + 1, row
        if limit is not None and rows > limit:
            return
        yield row, what


def _write(
    card: Dataset | Benchmark, found: Iterator[Found], folder: Path
) -> tuple[dict[str, Table], Counted]:
    counted, writers, author = Counted(), dict[str, RowWriter](), _author(card)
    with (
        ExitStack() as tables,
        (folder / QUARANTINE).open("w", encoding="utf-8", newline="\n") as quarantine,
    ):
        for one in found:
            if isinstance(one.what, Unusable):
                counted.reasons[one.what.reason] += 1
                quarantine.write(_quarantined(one.origin, one.what))
                continue
            row = _row(card.id, one.what, author, one.origin, one.nth)
            if row.split not in writers:
                path = folder / f"{_checked(row.split, one.origin)}.parquet"
                writers[row.split] = tables.enter_context(RowWriter(path))
            values = to_dict(row)
            writers[row.split].add(values)
            counted.rows.add(values)
            counted.languages.update(filter(None, [one.what.language]))
            counted.annotators.update(filter(None, [one.what.annotator]))
        if not writers:
            raise RegistryError(f"{card.id}: {_nothing(counted.reasons)}; check convert.format")
        return {split: writers[split].finish() for split in sorted(writers)}, counted


def _row(dataset: str, example: Example, author: str | None, origin: Origin, nth: int) -> Row:
    shared = {name: getattr(example, name) for name in _SHARED}
    shared["annotator"] = example.annotator or author
    return Row(id=row_id(dataset, origin, nth), dataset=dataset, origin=origin, **shared)


def row_id(dataset: str, origin: Origin, nth: int = 0) -> str:
    """Return the id of the `nth` example that a native row holds.

    >>> row_id("dolly", Origin("dolly.jsonl", 7))
    'dolly:7afc1d88e6ef201f5ad0e8f2'
    """
    place = f"{origin.file}\n{origin.row}\n{nth}"
    return f"{dataset}:{hashlib.sha256(place.encode()).hexdigest()[:24]}"


def _author(card: Dataset | Benchmark) -> str | None:
    """Return who wrote all of it, if the card makes one claim and it names one annotator."""
    if len(card.annotator) != 1:
        return None
    (claim,) = card.annotator
    named = claim.value or ()
    return named[0] if len(named) == 1 and not claim.qualifiers else None


def _quarantined(origin: Origin, unusable: Unusable) -> str:
    kept = {
        "file": origin.file,
        "row": origin.row,
        "reason": unusable.reason,
        "native": unusable.native,
    }
    return json.dumps(kept, ensure_ascii=False) + "\n"


def _checked(split: str, origin: Origin) -> str:
    """Return a split's name if a file can be called by it."""
    if not _SPLIT.fullmatch(split):
        raise RegistryError(f"{origin.file}: row {origin.row}: no split can be called '{split}'")
    return split


def _nothing(reasons: Counter[str]) -> str:
    if not reasons:
        return "its files hold no rows"
    (reason, count), *_ = reasons.most_common(1)
    return f"no row can be used; {count} of {reasons.total()}: '{reason}'"


def _watched(found: Iterator[Found], title: str, progress: bool) -> Iterator[Found]:
    """Show a bar on stderr as rows pass, where there is one to show."""
    if not progress:
        return found
    try:
        from tqdm import tqdm
    except ImportError:
        return found
    return iter(tqdm(found, desc=title, unit=" rows", file=sys.stderr))
