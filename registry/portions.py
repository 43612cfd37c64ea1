"""A part of a native file to a part of the table: what one process does, and what it hands on.

Portions are counted and digested where they are made, and merged in any order; only their rows
have an order, which is that of the native files.
"""

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from registry import rowgroups
from registry.canonical import PARQUET, Example, Origin, batch_of
from registry.collecting import uncollected
from registry.formats import FORMATS, Unusable
from registry.formats.blocks import Block, read_block, values
from registry.formats.native import EMPTY_OUTPUT
from registry.formats.native import Rows as Single
from registry.hashing import RowDigest
from registry.measures import Measures, key_of
from registry.reports import Measurement
from registry.rowgroups import RowGroup, row_group
from registry.tally import Tally, ordered

ROWS = 4096
"""Rows of a portion, where a file is not cut into blocks."""

Numbered = tuple[int, Example | Unusable]


@dataclass(frozen=True, slots=True)
class Work:
    """What every portion of one file has in common; small, and fit to be sent anywhere.

    `facts` asks for what has to be found out by looking into texts, less what `skip` names. Rows
    are only noted for that and looked at `later`, where no portion knows of the others.
    """

    dataset: str
    file: str
    name: str
    author: str | None = None
    limit: int | None = None
    facts: bool = False
    skip: tuple[str, ...] = ()
    later: bool = False


@dataclass(slots=True)
class Counted:
    """The running counts of a conversion; annotators only as the rows say.

    `records` are native rows, of which `usable` ones gave at least one row of the table. `facts`
    are None where nobody asks for them.
    """

    facts: Measures | None = None
    rows: Tally = field(default_factory=Tally)
    records: int = 0
    usable: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)

    def merge(self, other: "Counted") -> None:
        """Count in another part of the conversion."""
        if self.facts and other.facts:
            self.facts.merge(other.facts)
        self.rows.merge(other.rows)
        self.records += other.records
        self.usable += other.usable
        self.reasons.update(other.reasons)
        self.annotators.update(other.annotators)

    def measured(self) -> dict[str, tuple[Measurement, ...]]:
        """Return all counts, under the names that claims and reports use."""
        quarantined = [Measurement(value=self.reasons.total(), unit="instances")]
        quarantined += [
            Measurement(value=count, unit="instances", subset=reason)
            for reason, count in ordered(self.reasons).items()
        ]
        empty = Measurement(value=self.reasons[EMPTY_OUTPUT], unit="instances")
        written = (Measurement(value=ordered(self.annotators), unit="instances"),)
        return {
            **self.rows.measured(),
            **(self.facts.measured() if self.facts else {}),
            "quarantined": tuple(quarantined),
            "empty_answers": (empty,),
            **({"annotator": written} if self.annotators else {}),
        }


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one split as they stand in a table, and the digest of them."""

    group: RowGroup
    digest: RowDigest


@dataclass(slots=True)
class Portion:
    """The rows of each split, the quarantined rows' lines, the counts.

    `noted` are the `key_of` of rows that are to be looked at later.
    """

    rows: dict[str, Rows]
    quarantine: str
    counted: Counted
    noted: "array[int]" = field(default_factory=lambda: array("Q"))


def of_block(work: Work, block: Block, format: str | Single, last: int | None = None) -> Portion:
    """Convert a block of native rows; a format is given by name where it has to travel.

    `last` is that of the measures which this portion's will be merged with.
    """
    rows = FORMATS[format] if isinstance(format, str) else format
    if not isinstance(rows, Single):
        raise TypeError(f"format '{format}' is not one of single rows")
    with uncollected():
        return of_found(work, _found(rows, work, block), last)


def of_place(work: Work, path: Path, block: Block, format: str, last: int | None = None) -> Portion:
    """Convert a block whose text is in a file."""
    with path.open("rb", buffering=0) as stream:
        return of_block(work, read_block(block, stream), format, last)


def put_down(portion: Portion, folder: Path, name: str) -> Portion:
    """Return a portion whose rows are in files of that name in a folder from now on."""
    groups = (
        rowgroups.put_down(one.group, folder / f"{name}.{nth}")
        for nth, one in enumerate(portion.rows.values())
    )
    return _with(portion, groups)


def moved(portion: Portion, folder: Path) -> Portion:
    """Return a portion whose files were moved to another folder."""
    groups = (one.group for one in portion.rows.values())
    return _with(portion, (replace(one, pages=folder / Path(one.pages).name) for one in groups))


def _with(portion: Portion, groups: Iterable[RowGroup]) -> Portion:
    rows = {
        split: Rows(group, one.digest)
        for (split, one), group in zip(portion.rows.items(), groups, strict=True)
    }
    return replace(portion, rows=rows)


def of_file(
    work: Work, found: Iterator[Numbered], last: Callable[[], int | None] = lambda: None
) -> Iterator[Portion]:
    """Convert what a format of whole files yields, some thousand rows at a time."""
    some: list[Numbered] = []
    for row, what in _limited(found, work.limit):
        # Examples of one native row stay in one portion, because their place in it is counted.
        if len(some) >= ROWS and row != some[-1][0]:
            yield of_found(work, some, last())
            some = []
        some.append((row, what))
    if some:
        yield of_found(work, some, last())


def _found(format: Single, work: Work, block: Block) -> Iterator[Numbered]:
    one, name = format.one, work.name
    for row, value in values(block, name):
        made = value if isinstance(value, Unusable) else one(value, name)
        if isinstance(made, Example | Unusable):
            yield row, made
        else:
            for each in made:
                yield row, each


def _limited(found: Iterable[Numbered], limit: int | None) -> Iterator[Numbered]:
    """Yield what the first `limit` native rows hold, the unusable ones counted too."""
    rows, previous = 0, None
    for row, what in found:
        if row != previous:
            rows, previous = rows + 1, row
        if limit is not None and rows > limit:
            return
        yield row, what


@dataclass(slots=True)
class _Part:
    """The rows of one split, as they gather."""

    examples: list[Example] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)


def of_found(work: Work, found: Iterable[Numbered], last: int | None = None) -> Portion:
    """Put examples into rows of the table, and what is unusable into the quarantine."""
    counted = Counted(Measures(skip=work.skip, last=last) if work.facts else None)
    parts, quarantine = _parts(work, found, counted)
    made: dict[str, Rows] = {}
    noted = array("Q")
    for split, part in parts.items():
        batch = batch_of(work.dataset, work.author, part.examples, part.ids, part.origins)
        counted.rows.add(part.examples, batch.exchanges)
        counted.annotators.update(one.annotator for one in part.examples if one.annotator)
        if counted.facts:
            counted.facts.count(part.examples)
            if work.later:
                noted.extend(map(key_of, part.ids))
            else:
                counted.facts.look(part.ids, part.examples)
        made[split] = Rows(row_group(batch.columns, **PARQUET), batch.digest)
    return Portion(made, "".join(quarantine), counted, noted)


def _parts(
    work: Work, found: Iterable[Numbered], counted: Counted
) -> tuple[dict[str, _Part], list[str]]:
    """Part what was found by split, with ids; return the lines of the quarantine as well."""
    parts: dict[str, _Part] = {}
    quarantine: list[str] = []
    place = f"{work.file}\n".encode("utf-8", "surrogatepass")
    file, dataset = work.file, work.dataset
    split, part = None, _Part()
    previous, nth, records, used, usable = -1, 0, 0, -1, 0
    for row, what in found:
        if row == previous:
            nth += 1
        else:
            previous, nth = row, 0
            records += 1
        if isinstance(what, Unusable):
            counted.reasons[what.reason] += 1
            quarantine.append(_quarantined(file, row, what))
            continue
        if row != used:
            used = row
            usable += 1
        if what.split != split:
            split = what.split
            part = parts.setdefault(split, _Part())
        hashed = sha256(b"%b%d\n%d" % (place, row, nth)).hexdigest()
        part.examples.append(what)
        part.ids.append(f"{dataset}:{hashed[:24]}")
        part.origins.append(Origin(file, row))
    counted.records += records
    counted.usable += usable
    return parts, quarantine


def _quarantined(file: str, row: int, unusable: Unusable) -> str:
    kept = {"file": file, "row": row, "reason": unusable.reason, "native": unusable.native}
    return json.dumps(kept, ensure_ascii=False) + "\n"
