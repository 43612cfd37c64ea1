"""Which rows a mixture takes: what has to be known of all rows, and the choice among them.

Rows are ranked by a hash of the seed and their id, so that another dataset, or a larger size, does
not change which rows of a task come first. All that is kept of a row is some 50 bytes.
"""

import struct
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from registry.canonical import SCHEMA, encode, exchange_hash, from_dict
from registry.cards.kinds import Mixture
from registry.cards.mixing import HoldOut
from registry.cards.wordings import folded
from registry.errors import RegistryError, near
from registry.labels import Answers, Group, Labels, unlabelled
from registry.progress import watched
from registry.shares import apportion, examples_proportional
from registry.templates import Renderer, denied, input_of

_NEEDED = ["id", "task", "messages", "references"]
_BATCH = 4096
_SHOWN = 5

PARTS = ("train", "held_out_tasks", "held_out_instances")

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Counts = Mapping[str, Mapping[str, int]]
Renderers = Mapping[str, Renderer]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the choice needs to know of all rows, in the order of the card and of the files.

    `groups` are the dataset and task that a number in `group` means. `input` and `denied` are of
    rows that a template renders, else 0: a hash of the input alone, and whether a bad demonstration
    gives the row's answer. `labels` are the answers of classification tasks, where a switch of the
    card asks for them.
    """

    groups: tuple[Group, ...]
    group: Ints
    rank: Hashes
    order: Hashes
    exchange: Hashes
    prompt: Hashes
    input: Hashes
    denied: Flags
    labels: Labels

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
    denied: int
    short: Mapping[str, int]
    few: Counts
    unlabelled: Mapping[str, int]


def scan(
    card: Mixture, files: Mapping[str, Sequence[Path]], renderers: Renderers, progress: bool
) -> Rows:
    """Read ids, tasks and hashes of all rows; see that those of templates can be rendered."""
    numbers: dict[Group, int] = {}
    group, hashes, wrong = array("q"), array("Q"), array("b")
    key = str(card.mix.seed).encode()
    problems = _Problems(card, renderers)
    answers = Answers(card)
    for dataset, row in watched(_rows(files, renderers), card.id, " rows", shown=progress):
        group.append(numbers.setdefault((dataset, row["task"]), len(numbers)))
        hashes.extend(struct.unpack("<2Q", hash_of(row["id"].encode(), key, 16)))
        hashes.append(exchange_hash(encode(row["messages"]), encode(row["references"][:1])))
        hashes.append(_prompt_hash(row["messages"]))
        answers.meet((dataset, row["task"]), row["references"])
        said, against = problems.look(dataset, row) if dataset in renderers else (0, False)
        hashes.append(said)
        wrong.append(against)
    _check(card, numbers)
    problems.tell()
    columns = np.frombuffer(hashes, np.uint64).reshape(-1, 5).T.copy()
    return Rows(
        groups=tuple(numbers),
        group=np.frombuffer(group, np.int64),
        rank=columns[0],
        order=columns[1],
        exchange=columns[2],
        prompt=columns[3],
        input=columns[4],
        denied=np.frombuffer(wrong, np.bool_),
        labels=answers.labels(),
    )


class _Problems:
    """Looks at the rows that templates render; of each dataset the first few problems are told."""

    def __init__(self, card: Mixture, renderers: Renderers) -> None:
        self._id = card.id
        self._renderers = renderers
        self._only = {one.dataset: one.tasks for one in card.mix.datasets}
        self._held = (card.mix.hold_out or HoldOut()).tasks
        self._first: dict[str, dict[str, str]] = {dataset: {} for dataset in renderers}
        self._more: Counter[str] = Counter()

    def look(self, dataset: str, values: Mapping[str, Any]) -> tuple[int, bool]:
        """Return a hash of a row's input, and whether a bad demonstration gives its answer."""
        only = self._only[dataset]
        if only and values["task"] not in only and values["task"] not in self._held:
            return 0, False
        row, found = from_dict(values), self._first[dataset]
        said = [one for one in self._renderers[dataset].problems(row) if one not in found]
        for one in said:
            if len(found) < _SHOWN:
                found[one] = f"{row.origin.file}: row {row.origin.row}"
            else:
                self._more[dataset] += 1
        if not row.messages:
            return 0, False
        return int.from_bytes(hash_of(folded(input_of(row)).encode()), "little"), denied(row)

    def tell(self) -> None:
        """Raise what was found."""
        lines = []
        for dataset, found in self._first.items():
            where = f"mixture {self._id}: mix.datasets: {dataset}: template"
            lines += [f"{where}: {place}: {said}" for said, place in found.items()]
            if more := self._more[dataset]:
                lines.append(f"{where}: {more} more like these; list only `tasks` that fit")
        if lines:
            raise RegistryError("\n".join(lines))


def choose(card: Mixture, rows: Rows) -> Choice:
    """Hold out what the card says, and draw the training rows from the rest."""
    hold_out = card.mix.hold_out or HoldOut()
    held = {group for group in rows.groups if group[1] in hold_out.tasks}
    only = {one.dataset: one.tasks for one in card.mix.datasets}
    trained = {group for group in rows.groups if not only[group[0]] or group[1] in only[group[0]]}
    without = unlabelled(card, rows.labels, held | trained)
    held, trained = held - without, trained - without
    of_held, of_trained = rows.of(held), rows.of(trained - held)
    held_once, pool = rows.once(of_held), rows.once(of_trained)
    duplicates = np.count_nonzero(of_held | of_trained) - np.count_nonzero(held_once | pool)
    against = np.count_nonzero(pool & rows.denied)
    pool &= ~rows.denied

    of_task = hold_out.of_task or len(rows.group)
    tasks = rows.first(held_once, dict.fromkeys(rows.groups, of_task))
    sizes = {group: size for group, size in rows.sizes(np.flatnonzero(pool)).items() if size}
    # A task keeps at least as many rows for training as it holds out.
    wanted = {group: min(hold_out.instances, size // 2) for group, size in sizes.items()}
    instances = rows.first(pool, wanted)

    pool[instances] = False
    held_out = of_held.copy()
    held_out[instances] = True
    # What a template leaves of two prompts may be the same, so inputs are compared as well.
    inputs = rows.input[held_out & (rows.input != 0)]
    seen = np.isin(rows.prompt, rows.prompt[held_out]) | np.isin(rows.input, inputs)
    seen &= pool
    train, short = _draw(card, rows, pool & ~seen)
    return Choice(
        parts=dict(zip(PARTS, (train, tasks, instances), strict=True)),
        duplicates=int(duplicates),
        contaminated=int(np.count_nonzero(seen)),
        denied=int(against),
        short=short,
        few=nested({group: n for group, n in wanted.items() if n < hold_out.instances}),
        unlabelled=Counter(dataset for dataset, _ in sorted(without)),
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


def _rows(
    files: Mapping[str, Sequence[Path]], renderers: Renderers
) -> Iterator[tuple[str, dict[str, Any]]]:
    for dataset, paths in files.items():
        columns = SCHEMA.names if dataset in renderers else _NEEDED
        for path in paths:
            with pq.ParquetFile(path) as table:
                for batch in table.iter_batches(_BATCH, columns=columns):
                    for row in batch.to_pylist():
                        yield dataset, row


def hash_of(data: bytes, key: bytes = b"", size: int = 8) -> bytes:
    """Return a hash by which rows are ranked or compared."""
    return blake2b(data, key=key, digest_size=size).digest()


def _prompt_hash(messages: Sequence[Mapping[str, str]]) -> int:
    """Hash messages so that those that differ in white space and case only are the same."""
    turns = [f"{one['role']} {' '.join(one['content'].split()).casefold()}" for one in messages]
    return int.from_bytes(hash_of("\n".join(turns).encode()), "little")


def nested(counts: Mapping[Group, int]) -> dict[str, dict[str, int]]:
    """Return counts of groups by dataset, and in it by task."""
    found: dict[str, dict[str, int]] = {}
    for (dataset, task), count in counts.items():
        found.setdefault(dataset, {})[task] = count
    return found
