"""From native files to the canonical table: streaming, whole or not at all, twice the same bytes.

Rows that no example can be made of are kept in `quarantine.jsonl`, each with its reason.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path
from shutil import rmtree
from typing import IO

from registry import workers
from registry.archives import choose, is_archive, members, open_members, sound
from registry.canonical import Written
from registry.cards.kinds import Benchmark, Convert, Dataset, Source
from registry.errors import RegistryError, near
from registry.files import pass_on, whole_folder
from registry.formats import FORMATS, Format
from registry.formats.blocks import blocks, can_be_cut
from registry.hashing import RowDigest
from registry.measures import Measures
from registry.portions import Counted, Portion, Rows, Work, of_block, of_file
from registry.progress import bar
from registry.reports import Measurement
from registry.rowgroups import GroupWriter
from registry.tally import ordered

QUARANTINE = "quarantine.jsonl"

Engine = Callable[[Iterable[tuple[Work, Path]], str, Path], Iterator[Portion]]
"""Converts files of a format elsewhere, with a folder for shards; `clusters.portions` is one."""

LARGE = 1 << 25
"""Bytes from which a file is converted by several processes; below, starting them takes longer."""

_SPLIT = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What was written, and all that was counted on the way.

    There is a table for each split. Of `records` native rows, `usable` ones gave at least one row;
    `quarantined` counts what no row could be made of, by reason too.
    `digest` is of the rows of all tables together. `left_out` says what was not measured, and why.
    """

    records: int
    usable: int
    digest: str
    tables: tuple[Written, ...]
    quarantine: Path
    quarantined: int
    reasons: Mapping[str, int]
    measured: Mapping[str, tuple[Measurement, ...]]
    left_out: tuple[str, ...] = ()


def convert(
    card: Dataset | Benchmark,
    native: Path,
    out: Path,
    *,
    formats: Mapping[str, Format] = FORMATS,
    processes: int = 1,
    engine: Engine | None = None,
    progress: bool = False,
    skip: Collection[str] = (),
) -> Conversion:
    """Convert the files of a card, found in the folder `native`, to tables in the folder `out`.

    `out` is replaced as a whole, or left as it was. `processes` share large files of formats whose
    rows stand alone; the tables are the same for any number. An `engine` converts elsewhere.
    `progress` shows a bar on stderr. `skip` names facts that are not worth their time, of
    `registry.measures.LIBRARIES`.
    """
    source, settings = _settings(card, formats)
    author = _author(card)
    total = Counted(Measures(skip=skip))
    jobs = (
        (Work(card.id, file, name, author, settings.limit, True, tuple(skip)), path, stream)
        for file, name, path, stream in _streams(card.id, source, settings, native)
    )
    if engine:
        made = _elsewhere(engine, jobs, settings.format, out)
    else:
        made = _here(jobs, settings.format, formats, processes, total, out)
    return write(card.id, _watched(made, card.id, progress), out, total)


def convert_files(
    format: str,
    paths: Sequence[Path],
    out: Path,
    *,
    processes: int = 1,
    engine: Engine | None = None,
    progress: bool = False,
) -> Conversion:
    """Convert files from anywhere, without a card; the format's name stands for the dataset's."""
    if format not in FORMATS:
        hint = near(format, FORMATS) or f"; known are {', '.join(FORMATS)}"
        raise RegistryError(f"no format '{format}'{hint}")
    jobs, total = _opened(format, paths), Counted()
    if engine:
        made = _elsewhere(engine, jobs, format, out)
    else:
        made = _here(jobs, format, FORMATS, processes, total, out)
    return write(format, _watched(made, format, progress), out, total, empty=True)


def write(
    dataset: str, portions: Iterable[Portion], out: Path, counted: Counted, *, empty: bool = False
) -> Conversion:
    """Write portions, in their order, as a folder of tables; whole or not at all.

    What they count is added to `counted`. That there is no row at all is an error, unless it may be
    `empty`.
    """
    with whole_folder(out) as folder:
        tables = _write(dataset, portions, folder, counted)
        if not tables and not empty:
            raise RegistryError(f"{dataset}: {_nothing(counted.reasons)}; check the format")
    total = RowDigest()
    for table in tables.values():
        total.merge(table)
    return Conversion(
        records=counted.records,
        usable=counted.usable,
        digest=total.value(),
        tables=tuple(
            Written(out / f"{split}.parquet", table.rows, table.value())
            for split, table in tables.items()
        ),
        quarantine=out / QUARANTINE,
        quarantined=counted.reasons.total(),
        reasons=ordered(counted.reasons),
        measured=counted.measured(),
        left_out=counted.facts.left_out if counted.facts else (),
    )


Job = tuple[Work, Path, IO[bytes]]
"""What to convert: its file, or the archive that it is in, and an open stream."""


def _opened(dataset: str, paths: Sequence[Path]) -> Iterator[Job]:
    for path, name in _named(paths):
        if is_archive(path):
            with sound(path):
                for member, stream in open_members(path, set(members(path))):
                    yield Work(dataset, f"{name}!{member}", member), path, stream
            continue
        try:
            stream = path.open("rb")
        except OSError as error:
            raise RegistryError(f"{path}: cannot be read: {error.strerror}") from error
        with stream:
            yield Work(dataset, name, name), path, stream


def _named(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield files, those of folders too, with names that start where the paths part.

    Some formats find a task or a split in the folders' names.
    """
    inside = {
        path: sorted(filter(Path.is_file, path.rglob("*"))) for path in paths if path.is_dir()
    }
    parents = [path if path in inside else path.parent for path in paths]
    top = Path(commonpath([one.absolute() for one in parents]))
    for path in paths:
        for one in inside.get(path, [path]):
            yield one, one.absolute().relative_to(top).as_posix()


@contextmanager
def _shards(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` for what other processes make."""
    folder = out.with_name(f"{out.name}.shards")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def _elsewhere(engine: Engine, jobs: Iterable[Job], format: str, out: Path) -> Iterator[Portion]:
    with _shards(out) as shards:
        yield from engine([(work, path) for work, path, _ in jobs], format, shards)


def _here(
    jobs: Iterable[Job],
    name: str,
    formats: Mapping[str, Format],
    processes: int,
    total: Counted,
    out: Path,
) -> Iterator[Portion]:
    """Convert job after job, by several processes where it pays.

    `total` is what the portions are added to as they are taken; it knows which rows need not be
    looked into any more.
    """
    read = formats[name]

    def last() -> int | None:
        return total.facts.last if total.facts else None

    for work, path, stream in jobs:
        large = processes > 1 and not is_archive(path) and path.stat().st_size >= LARGE
        if not can_be_cut(read) or work.limit is not None:
            yield from of_file(work, read(stream, work.name), last)
        elif large and formats is FORMATS:
            found = blocks(stream, work.name, read, keep=False)
            with _shards(out) as folder:
                yield from workers.portions(work, path, found, name, folder, processes, last)
        else:
            for block in blocks(stream, work.name, read):
                yield of_block(work, block, read, last())


def _settings(card: Dataset | Benchmark, formats: Mapping[str, Format]) -> tuple[Source, Convert]:
    if card.source is None or card.convert is None:
        said = card.unavailable or "it names no source or no way to convert it"
        raise RegistryError(f"{card.kind} {card.id}: has nothing to convert; {said}")
    if card.convert.format not in formats:
        hint = near(card.convert.format, formats) or f"; known are {', '.join(formats)}"
        raise RegistryError(f"{card.id}: convert.format: no format '{card.convert.format}'{hint}")
    return card.source, card.convert


def _streams(
    id: str, source: Source, settings: Convert, native: Path
) -> Iterator[tuple[str, str, Path, IO[bytes]]]:
    """Yield each wanted file or member: its address, own name, file, and an open stream."""
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
                    yield f"{file}!{name}", name, native / file, stream
            elif file in wanted:
                with (native / file).open("rb") as stream:
                    yield file, file, native / file, stream


class _Table:
    """The table of one split in the making."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._writer = GroupWriter(stream)
        self._held = 0
        self.digest = RowDigest()

    def add(self, rows: Rows) -> None:
        self._writer.add(rows.group)
        self.digest.merge(rows.digest)
        self._held += rows.group.length
        if self._held > LARGE:
            pass_on(self._stream)
            self._held = 0

    def finish(self) -> None:
        self._writer.finish()


def _write(
    dataset: str, portions: Iterable[Portion], folder: Path, counted: Counted
) -> dict[str, RowDigest]:
    """Write tables and the quarantine; return what each split's table holds."""
    tables: dict[str, _Table] = {}
    with (
        ExitStack() as files,
        (folder / QUARANTINE).open("w", encoding="utf-8", newline="\n") as quarantine,
    ):
        for one in portions:
            counted.merge(one.counted)
            quarantine.write(one.quarantine)
            for split, rows in one.rows.items():
                if split not in tables:
                    path = folder / f"{_checked(split, dataset)}.parquet"
                    tables[split] = _Table(files.enter_context(path.open("wb")))
                tables[split].add(rows)
        for table in tables.values():
            table.finish()
    return {split: tables[split].digest for split in sorted(tables)}


def _author(card: Dataset | Benchmark) -> str | None:
    """Return who wrote all of it, if the card makes one claim and it names one annotator."""
    if len(card.annotator) != 1:
        return None
    (claim,) = card.annotator
    named = claim.value or ()
    return named[0] if len(named) == 1 and not claim.qualifiers else None


def _checked(split: str, dataset: str) -> str:
    """Return a split's name if a file can be called by it."""
    if not _SPLIT.fullmatch(split):
        raise RegistryError(f"{dataset}: no split can be called '{split}'")
    return split


def _nothing(reasons: Counter[str]) -> str:
    if not reasons:
        return "its files hold no rows"
    (reason, count), *_ = reasons.most_common(1)
    return f"no row can be used; {count} of {reasons.total()}: '{reason}'"


def _watched(found: Iterator[Portion], title: str, progress: bool) -> Iterator[Portion]:
    """Show a bar on stderr as rows pass."""
    with bar(title, None, " rows", shown=progress, scaled=True) as counted:
        for portion in found:
            counted.add(portion.counted.records)
            yield portion
