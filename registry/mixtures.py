"""From several canonical tables to one training table and what is held out of it.

Rows are ranked by a hash of the seed and their id, so that another dataset, or a larger size, does
not change which rows of a task come first. A first pass reads what the choice needs, some 40 bytes
a row; a second takes the rows chosen.
"""

import struct
import sys
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from registry.canonical import SCHEMA, RowWriter, Table, Written
from registry.cards.kinds import HoldOut, Mixture
from registry.errors import RegistryError, near
from registry.files import whole_folder
from registry.reports import Measurement
from registry.shares import apportion, examples_proportional
from registry.tally import exchange_hash, ordered

_NEEDED = ["id", "task", "messages", "references"]
_BATCH = 4096

PARTS = ("train", "held_out_tasks", "held_out_instances")

Group = tuple[str, str]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """What was written, and what had to be left out.

    `counts` are rows by part, dataset and task. `short` says how many rows a dataset lacks of its
    share; `few` how many instances could be held out where a task has too few, by dataset and
    task.
    """

    tables: tuple[Written, ...]
    counts: Mapping[str, Counts]
    duplicates: int
    contaminated: int
    short: Mapping[str, int]
    few: Counts
    measured: Mapping[str, tuple[Measurement, ...]]

    @property
    def notes(self) -> list[str]:
        """Say in sentences what did not come out as the card asks."""
        lines = [
            f"dataset '{dataset}' lacks {rows} rows of its share"
            for dataset, rows in self.short.items()
        ]
        lines += [
            f"task '{task}' of {dataset} is so small that only {rows} instances are held out"
            for dataset, tasks in self.few.items()
            for task, rows in tasks.items()
        ]
        if self.contaminated:
            lines.append(f"{self.contaminated} rows left out: their prompt is held out")
        return lines


@dataclass(frozen=True, slots=True)
class Rows:
    """What the choice needs to know of all rows, in the order of the card and of the files.

    `groups` are the dataset and task that a number in `group` means.
    """

    groups: tuple[Group, ...]
    group: Ints
    rank: Hashes
    order: Hashes
    exchange: Hashes
    prompt: Hashes

    def of(self, wanted: Collection[Group]) -> Flags:
        """Tell of each row whether its dataset and task are among these."""
        numbers = [number for number, group in enumerate(self.groups) if group in wanted]
        return np.isin(self.group, numbers)

    def sizes(self, chosen: Ints) -> dict[Group, int]:
        """Count the chosen rows of each group, those without any too."""
        counts = np.bincount(self.group[chosen], minlength=len(self.groups))
        return dict(zip(self.groups, counts.tolist(), strict=True))

    def first(self, among: Flags, many: Mapping[Group, int]) -> Ints:
        """Return the places of the first rows of each group by rank, so many of each."""
        places = np.flatnonzero(among)
        places = places[np.lexsort((self.rank[places], self.group[places]))]
        ends = np.cumsum([0, *self.sizes(places).values()])
        taken = [
            places[start : min(start + many.get(group, 0), end)]
            for group, start, end in zip(self.groups, ends, ends[1:], strict=False)
        ]
        return np.concatenate(taken)

    def once(self, among: Flags) -> Flags:
        """Drop rows that repeat an earlier one among these, messages and first reference."""
        places = np.flatnonzero(among)
        _, earliest = np.unique(self.exchange[places], return_index=True)
        kept = np.zeros_like(among)
        kept[places[earliest]] = True
        return kept


@dataclass(frozen=True, slots=True)
class Choice:
    """The places of the chosen rows, by part and in the order to write; and what was left out."""

    parts: Mapping[str, Ints]
    duplicates: int
    contaminated: int
    short: Mapping[str, int]
    few: Counts


def mix(card: Mixture, tables: Mapping[str, Path], out: Path, *, progress: bool = False) -> Mixed:
    """Mix the canonical tables in the folders `tables`, by dataset id, into the folder `out`.

    Of a dataset only the split `train` is used, if it has one. `out` is replaced as a whole, or
    left as it was. `progress` shows a bar on stderr.
    """
    files = _files(card, tables)
    rows = _scan(card, files, progress)
    _check(card, rows.groups)
    choice = _choose(card, rows)
    with whole_folder(out) as folder:
        written = _write(list(chain(*files.values())), choice.parts, folder)
    counts = {
        part: _nested({group: size for group, size in rows.sizes(chosen).items() if size})
        for part, chosen in choice.parts.items()
    }
    return Mixed(
        tables=tuple(
            Written(out / f"{part}.parquet", table.rows, table.digest)
            for part, table in written.items()
        ),
        counts=counts,
        duplicates=choice.duplicates,
        contaminated=choice.contaminated,
        short=choice.short,
        few=choice.few,
        measured=_measured(counts, choice),
    )


def _files(card: Mixture, tables: Mapping[str, Path]) -> dict[str, list[Path]]:
    """Return the Parquet files of each ingredient, or say of all that lack them."""
    files: dict[str, list[Path]] = {}
    wrong = []
    for dataset in (one.dataset for one in card.mix.datasets):
        folder = tables.get(dataset)
        found = sorted(folder.glob("*.parquet")) if folder else []
        files[dataset] = [path for path in found if path.stem == "train"] or found
        if not found:
            wrong.append(f"mixture {card.id}: dataset '{dataset}' has no tables; convert it first")
    if len(files) < len(card.mix.datasets):
        wrong.append(f"mixture {card.id}: a dataset is listed twice; give it one weight")
    if wrong:
        raise RegistryError("\n".join(wrong))
    return files


def _scan(card: Mixture, files: Mapping[str, Sequence[Path]], progress: bool) -> Rows:
    """Read ids, tasks and hashes of all rows."""
    numbers: dict[Group, int] = {}
    group, hashes = array("q"), array("Q")
    key = str(card.mix.seed).encode()
    for dataset, row in _watched(_rows(files), card.id, progress):
        group.append(numbers.setdefault((dataset, row["task"]), len(numbers)))
        hashes.extend(struct.unpack("<2Q", _hash(row["id"].encode(), key, 16)))
        hashes.append(exchange_hash(row["messages"], row["references"]))
        hashes.append(_prompt_hash(row["messages"]))
    columns = np.frombuffer(hashes, np.uint64).reshape(-1, 4).T.copy()
    return Rows(tuple(numbers), np.frombuffer(group, np.int64), *columns)


def _rows(files: Mapping[str, Sequence[Path]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for dataset, paths in files.items():
        for path in paths:
            with pq.ParquetFile(path) as table:
                for batch in table.iter_batches(_BATCH, columns=_NEEDED):
                    for row in batch.to_pylist():
                        yield dataset, row


def _hash(data: bytes, key: bytes = b"", size: int = 8) -> bytes:
    return blake2b(data, key=key, digest_size=size).digest()


def _prompt_hash(messages: Sequence[Mapping[str, str]]) -> int:
    """Hash messages so that those that differ in white space and case only are the same."""
    turns = [f"{one['role']} {' '.join(one['content'].split()).casefold()}" for one in messages]
    return int.from_bytes(_hash("\n".join(turns).encode()), "little")


def _check(card: Mixture, groups: Collection[Group]) -> None:
    """See that every task named on the card exists, and that none is wanted and held out."""
    held = (card.mix.hold_out or HoldOut()).tasks
    wrong = [
        f"mix.hold_out.tasks: no task '{task}' in any of its datasets{near(task, known)}"
        for known in [{task for _, task in groups}]
        for task in held
        if task not in known
    ]
    for one in card.mix.datasets:
        known = {task for dataset, task in groups if dataset == one.dataset}
        for task in one.tasks:
            if task not in known:
                wrong.append(f"mix.datasets: {one.dataset}: no task '{task}'{near(task, known)}")
            elif task in held:
                wrong.append(
                    f"mix.datasets: {one.dataset}: task '{task}' is held out too; take it off"
                    " one of the lists"
                )
    if wrong:
        raise RegistryError("\n".join(f"mixture {card.id}: {one}" for one in wrong))


def _choose(card: Mixture, rows: Rows) -> Choice:
    hold_out = card.mix.hold_out or HoldOut()
    held = {group for group in rows.groups if group[1] in hold_out.tasks}
    only = {one.dataset: one.tasks for one in card.mix.datasets}
    trained = {group for group in rows.groups if not only[group[0]] or group[1] in only[group[0]]}
    of_held, of_trained = rows.of(held), rows.of(trained - held)
    held_once, pool = rows.once(of_held), rows.once(of_trained)
    duplicates = np.count_nonzero(of_held | of_trained) - np.count_nonzero(held_once | pool)

    of_task = hold_out.of_task or len(rows.group)
    tasks = rows.first(held_once, dict.fromkeys(rows.groups, of_task))
    sizes = {group: size for group, size in rows.sizes(np.flatnonzero(pool)).items() if size}
    # A task keeps at least as many rows for training as it holds out.
    wanted = {group: min(hold_out.instances, size // 2) for group, size in sizes.items()}
    instances = rows.first(pool, wanted)

    pool[instances] = False
    tested = np.concatenate([rows.prompt[of_held], rows.prompt[instances]])
    seen = pool & np.isin(rows.prompt, tested)
    train, short = _draw(card, rows, pool & ~seen)
    return Choice(
        parts=dict(zip(PARTS, (train, tasks, instances), strict=True)),
        duplicates=int(duplicates),
        contaminated=int(np.count_nonzero(seen)),
        short=short,
        few=_nested({group: n for group, n in wanted.items() if n < hold_out.instances}),
    )


def _draw(card: Mixture, rows: Rows, pool: Flags) -> tuple[Ints, dict[str, int]]:
    """Draw the training rows and put them in order; say which datasets lack how many."""
    mix, sizes = card.mix, rows.sizes(np.flatnonzero(pool))
    shares = apportion(mix.size, [one.weight for one in mix.datasets])
    many: dict[Group, int] = {}
    short: dict[str, int] = {}
    for one, share in zip(mix.datasets, shares, strict=True):
        counts = {group: size for group, size in sizes.items() if group[0] == one.dataset}
        many |= examples_proportional(share, counts, one.cap)
        if (lacking := share - sum(counts.values())) > 0:
            short[one.dataset] = lacking
    train = rows.first(pool, many)
    if not len(train):
        raise RegistryError(f"mixture {card.id}: no row is left to train on; hold out less")
    return train[np.argsort(rows.order[train], kind="stable")], short


def _write(files: Sequence[Path], parts: Mapping[str, Ints], folder: Path) -> dict[str, Table]:
    wanted = np.unique(np.concatenate(list(parts.values())))
    held, written = _take(files, wanted), {}
    for part, chosen in parts.items():
        places = np.searchsorted(wanted, chosen)
        with RowWriter(folder / f"{part}.parquet") as out:
            for start in range(0, len(places), _BATCH):
                for row in held.take(pa.array(places[start : start + _BATCH])).to_pylist():
                    out.add(row)
            written[part] = out.finish()
    return written


def _take(files: Sequence[Path], wanted: Ints) -> Any:
    """Return the rows at these places, counted through all files, as one Arrow table."""
    parts, start = [], 0
    for path in files:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(_BATCH):
                first, last = np.searchsorted(wanted, [start, start + batch.num_rows])
                parts.append(batch.take(pa.array(wanted[first:last] - start)))
                start += batch.num_rows
    return pa.Table.from_batches(parts, SCHEMA).combine_chunks()


def _nested(counts: Mapping[Group, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (dataset, task), count in counts.items():
        found.setdefault(dataset, {})[task] = count
    return found


def _measured(counts: Mapping[str, Counts], choice: Choice) -> dict[str, tuple[Measurement, ...]]:
    sizes = {
        part: {name: sum(of.values()) for name, of in some.items()} for part, some in counts.items()
    }
    return {
        "scale": tuple(
            one
            for part in PARTS
            for one in (
                Measurement(value=sum(sizes[part].values()), unit="instances", split=part),
                Measurement(value=sum(map(len, counts[part].values())), unit="tasks", split=part),
                *(
                    Measurement(value=size, unit="instances", split=part, subset=dataset)
                    for dataset, size in sizes[part].items()
                ),
            )
        ),
        "tasks": tuple(
            Measurement(value=ordered(of), unit="instances", split=part, subset=dataset)
            for part in PARTS
            for dataset, of in counts[part].items()
        ),
        "duplicates": (Measurement(value=choice.duplicates, unit="instances"),),
        "contaminated": (Measurement(value=choice.contaminated, unit="instances"),),
        "short": tuple(
            Measurement(value=rows, unit="instances", subset=dataset)
            for dataset, rows in choice.short.items()
        ),
        "few": tuple(
            Measurement(value=ordered(of), unit="instances", subset=dataset)
            for dataset, of in choice.few.items()
        ),
    }


def _watched(
    rows: Iterator[tuple[str, dict[str, Any]]], title: str, progress: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Show a bar on stderr as rows are read, where there is one to show."""
    if not progress:
        return rows
    try:
        from tqdm import tqdm
    except ImportError:
        return rows
    return iter(tqdm(rows, desc=title, unit=" rows", file=sys.stderr))
