"""From several canonical tables to one training table and what is held out of it.

A first pass reads what the choice needs; a second takes the rows chosen. Rows are chosen and held
out before switches and templates recast them: all that is made of a row goes where the row goes.
"""

import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from registry.canonical import SCHEMA, TEMPLATED, Row, RowWriter, Written, from_dict, to_dict
from registry.cards.kinds import Mixture
from registry.choices import Hashes, Ints, Renderers, Rows, choose, hash_of, nested, scan
from registry.errors import RegistryError
from registry.files import whole_folder
from registry.guessing import Guesses
from registry.mixed import Mixed, Notes, Output, measured, rendered, switched
from registry.recasts import Recast, recast
from registry.templates import Renderer

_BATCH = 4096

Recasts = Mapping[str, Recast]


@dataclass(frozen=True, slots=True)
class Renderings:
    """What is made of each taken row: those from `first` of its place up to that of the next.

    `taken` and `order` are of each of them: the place of its row, and its rank in training.
    """

    first: Ints
    taken: Ints
    order: Hashes

    def empty(self, places: Ints) -> Ints:
        """Return those of these places of whose rows nothing is made."""
        none: Ints = places[self.first[places + 1] == self.first[places]]
        return none

    def of(self, places: Ints) -> Ints:
        """Return all that is made of the rows at these places, in order."""
        many = self.first[places + 1] - self.first[places]
        before = np.cumsum(many) - many
        spread: Ints = np.repeat(self.first[places] - before, many)
        spread += np.arange(len(spread))
        return spread


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
        recasts = _recasts(card, rows, renderers)
        written = _write(card, rows, choice.parts, files, recasts, folder)
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
        recast=written.recast,
        unshown=written.unshown,
        unlabelled=choice.unlabelled,
        duplicates=choice.duplicates,
        contaminated=choice.contaminated,
        denied=choice.denied,
        short=choice.short,
        few=choice.few,
        measured=measured(counts, choice)
        | dict(written.guessed)
        | rendered(rows, choice, renderers, written)
        | switched([id for id, one in recasts.items() if one.switches], choice, written),
    )


def _recasts(card: Mixture, rows: Rows, renderers: Renderers) -> dict[str, Recast]:
    """Return what recasts the rows of each dataset that has switches or a template."""
    made = {
        one.dataset: recast(
            one,
            card.mix.seed,
            {task: said for (of, task), said in rows.labels.items() if of == one.dataset},
            renderers.get(one.dataset),
        )
        for one in card.mix.datasets
    }
    return {dataset: one for dataset, one in made.items() if one.switches or one.renderer}


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
    recasts: Recasts,
    folder: Path,
) -> Output:
    wanted = np.unique(np.concatenate(list(parts.values())))
    held = _take(list(chain(*files.values())), wanted)
    places = {part: np.searchsorted(wanted, chosen) for part, chosen in parts.items()}
    made = _renderings(card, rows, wanted, places, held, recasts)
    tables, sizes = {}, {}
    noted, guesses = Notes(), Guesses()
    schema = TEMPLATED if any(one.renderer for one in recasts.values()) else SCHEMA
    for part in parts:
        spread = made.of(places[part])
        if part == "train":
            spread = spread[np.argsort(made.order[spread], kind="stable")]
        sizes[part] = rows.sizes(wanted[made.taken[spread]])
        noted.unshown(part, rows.sizes(wanted[made.empty(places[part])]))
        with RowWriter(folder / f"{part}.parquet", schema=schema) as out:
            for start in range(0, len(spread), _BATCH):
                some = spread[start : start + _BATCH]
                taken = made.taken[some]
                nths = (some - made.first[taken]).tolist()
                groups = rows.group[wanted[taken]].tolist()
                values = held.take(pa.array(taken)).to_pylist()
                for row, group, nth in zip(values, groups, nths, strict=True):
                    dataset = rows.groups[group][0]
                    if dataset in recasts:
                        before = from_dict(row)
                        after = recasts[dataset].one(part, before, nth)
                        noted.made(part, before, after)
                        row = to_dict(after)
                    out.add(row)
                    answers = (row["references"], row["options"], row["rejected"])
                    guesses.meet(part, rows.groups[group], *answers)
            tables[part] = out.finish()
    return Output(tables, sizes, noted.wordings, noted.recast, noted.left, guesses.measured())


def _renderings(
    card: Mixture,
    rows: Rows,
    wanted: Ints,
    places: Mapping[str, Ints],
    held: Any,
    recasts: Recasts,
) -> Renderings:
    """Count what is made of each wanted row; the first of it has the row's place in training."""
    many, later = np.ones(len(wanted), np.int64), dict[int, "array[int]"]()
    key = str(card.mix.seed).encode()
    switching = {dataset: one for dataset, one in recasts.items() if one.switches}
    for part, _, dataset, row in _recastable(rows, wanted, places, held, switching):
        switching[dataset].meet(part, row)
    for part, place, dataset, row in _recastable(rows, wanted, places, held, recasts):
        many[place] = recasts[dataset].many(part, row)
        for nth in range(1, many[place]):
            rank = struct.unpack("<Q", hash_of(f"{row.id}/{nth}".encode(), key))
            later.setdefault(place, array("Q")).extend(rank)
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(many)])
    order = np.zeros(first[-1], np.uint64)
    some = many > 0
    order[first[:-1][some]] = rows.order[wanted][some]
    for place, ranks in later.items():
        order[first[place] + 1 : first[place + 1]] = np.frombuffer(ranks, np.uint64)
    return Renderings(first, np.repeat(np.arange(len(wanted)), many), order)


def _recastable(
    rows: Rows, wanted: Ints, places: Mapping[str, Ints], held: Any, recasts: Recasts
) -> Iterator[tuple[str, int, str, Row]]:
    """Yield the wanted rows that something is made of: part, place, dataset and row."""
    groups = [number for number, group in enumerate(rows.groups) if group[0] in recasts]
    for part, all_of in places.items():
        its = all_of[np.isin(rows.group[wanted[all_of]], groups)]
        for start in range(0, len(its), _BATCH):
            some = its[start : start + _BATCH]
            for place, values in zip(
                some.tolist(), held.take(pa.array(some)).to_pylist(), strict=True
            ):
                dataset = rows.groups[rows.group[wanted[place]]][0]
                yield part, place, dataset, from_dict(values)


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
