"""From several canonical tables to one training table and what is held out of it.

A first pass reads what the choice needs; a second takes the rows chosen. Rows are chosen and held
out before templates render them: all that is made of a row goes where the row goes.
"""

import struct
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from registry.canonical import SCHEMA, TEMPLATED, RowWriter, Table, Written, from_dict, to_dict
from registry.cards.kinds import Mixture
from registry.choices import (
    PARTS,
    Choice,
    Counts,
    Group,
    Hashes,
    Ints,
    Renderers,
    Rows,
    choose,
    hash_of,
    nested,
    scan,
)
from registry.errors import RegistryError
from registry.files import whole_folder
from registry.reports import Measurement
from registry.tally import ordered
from registry.templates import Renderer

_BATCH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """What was written, and what had to be left out.

    `counts` are rows by part, dataset and task, `wordings` those that a template rendered by part,
    dataset and wording. `short` says how many rows a dataset lacks of its share; `few` how many
    instances could be held out where a task has too few, by dataset and task.
    """

    tables: tuple[Written, ...]
    counts: Mapping[str, Counts]
    wordings: Mapping[str, Counts]
    duplicates: int
    contaminated: int
    denied: int
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
        if self.denied:
            lines.append(f"{self.denied} rows left out: a bad demonstration gives their answer")
        return lines


@dataclass(frozen=True, slots=True)
class Renderings:
    """What is made of each taken row: those from `first` of its place up to that of the next.

    `taken` and `order` are of each of them: the place of its row, and its rank in training.
    """

    first: Ints
    taken: Ints
    order: Hashes

    def of(self, places: Ints) -> Ints:
        """Return all that is made of the rows at these places, in order."""
        many = self.first[places + 1] - self.first[places]
        before = np.cumsum(many) - many
        spread: Ints = np.repeat(self.first[places] - before, many)
        spread += np.arange(len(spread))
        return spread


@dataclass(frozen=True, slots=True)
class Output:
    """The tables of all parts, and their rows by group and by wording."""

    tables: Mapping[str, Table]
    sizes: Mapping[str, Mapping[Group, int]]
    wordings: Mapping[str, Counts]


def mix(card: Mixture, tables: Mapping[str, Path], out: Path, *, progress: bool = False) -> Mixed:
    """Mix the canonical tables in the folders `tables`, by dataset id, into the folder `out`.

    Of a dataset only the split `train` is used, if it has one. `out` is replaced as a whole, or
    left as it was. `progress` shows a bar on stderr.
    """
    files = _files(card, tables)
    renderers = {
        one.dataset: Renderer(one.template, card.mix.seed)
        for one in card.mix.datasets
        if one.template
    }
    rows = scan(card, files, renderers, progress)
    choice = choose(card, rows)
    with whole_folder(out) as folder:
        written = _write(card, rows, choice.parts, files, renderers, folder)
    counts = {
        part: nested({group: size for group, size in sizes.items() if size})
        for part, sizes in written.sizes.items()
    }
    return Mixed(
        tables=tuple(
            Written(out / f"{part}.parquet", table.rows, table.digest)
            for part, table in written.tables.items()
        ),
        counts=counts,
        wordings=written.wordings,
        duplicates=choice.duplicates,
        contaminated=choice.contaminated,
        denied=choice.denied,
        short=choice.short,
        few=choice.few,
        measured=_measured(counts, choice) | _rendered(rows, choice, renderers, written),
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


def _write(
    card: Mixture,
    rows: Rows,
    parts: Mapping[str, Ints],
    files: Mapping[str, Sequence[Path]],
    renderers: Renderers,
    folder: Path,
) -> Output:
    wanted = np.unique(np.concatenate(list(parts.values())))
    held = _take(list(chain(*files.values())), wanted)
    made = _renderings(card, rows, wanted, held, renderers)
    tables, sizes = {}, {}
    wordings: dict[str, dict[str, Counter[str]]] = {}
    for part, chosen in parts.items():
        spread = made.of(np.searchsorted(wanted, chosen))
        if part == "train":
            spread = spread[np.argsort(made.order[spread], kind="stable")]
        sizes[part] = rows.sizes(wanted[made.taken[spread]])
        used = wordings.setdefault(part, {})
        schema = TEMPLATED if renderers else SCHEMA
        with RowWriter(folder / f"{part}.parquet", schema=schema) as out:
            for start in range(0, len(spread), _BATCH):
                some = spread[start : start + _BATCH]
                taken = made.taken[some]
                nths = (some - made.first[taken]).tolist()
                groups = rows.group[wanted[taken]].tolist()
                values = held.take(pa.array(taken)).to_pylist()
                for row, group, nth in zip(values, groups, nths, strict=True):
                    dataset = rows.groups[group][0]
                    if renderer := renderers.get(dataset):
                        one = to_dict(renderer.render(from_dict(row), nth))
                        used.setdefault(dataset, Counter())[one["template"]] += 1
                        out.add(one)
                    else:
                        out.add(row)
            tables[part] = out.finish()
    return Output(tables, sizes, wordings)


def _renderings(
    card: Mixture, rows: Rows, wanted: Ints, held: Any, renderers: Renderers
) -> Renderings:
    """Count what is made of each wanted row; the first of it has the row's place in training."""
    many, later = np.ones(len(wanted), np.int64), array("Q")
    key = str(card.mix.seed).encode()
    spreading = {group for group in rows.groups if group[0] in renderers}
    places = np.flatnonzero(rows.of(spreading)[wanted])
    for start in range(0, len(places), _BATCH):
        some = places[start : start + _BATCH]
        datasets = [rows.groups[group][0] for group in rows.group[wanted[some]].tolist()]
        values = held.take(pa.array(some)).to_pylist()
        for place, dataset, row in zip(some.tolist(), datasets, values, strict=True):
            many[place] = renderers[dataset].many(from_dict(row))
            for nth in range(1, many[place]):
                later.extend(struct.unpack("<Q", hash_of(f"{row['id']}/{nth}".encode(), key)))
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(many)])
    order = np.zeros(first[-1], np.uint64)
    of_row = np.zeros(first[-1], np.bool_)
    of_row[first[:-1]] = True
    order[of_row] = rows.order[wanted]
    order[~of_row] = np.frombuffer(later, np.uint64)
    return Renderings(first, np.repeat(np.arange(len(wanted)), many), order)


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


def _rendered(
    rows: Rows, choice: Choice, renderers: Renderers, written: Output
) -> dict[str, tuple[Measurement, ...]]:
    """Return what templates add to the counts: rows drawn, wordings used, answers denied."""
    if not renderers:
        return {}
    drawn: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
    for part, chosen in choice.parts.items():
        for (dataset, _), size in rows.sizes(chosen).items():
            drawn[part][dataset] += size
    return {
        "drawn": tuple(
            Measurement(value=drawn[part][dataset], unit="instances", split=part, subset=dataset)
            for part in PARTS
            for dataset in renderers
        ),
        "wordings": tuple(
            Measurement(value=ordered(used), unit="instances", split=part, subset=dataset)
            for part in PARTS
            for dataset, used in written.wordings[part].items()
        ),
        "denied": (Measurement(value=choice.denied, unit="instances"),),
    }
