"""What queries ask most, held in memory: who has which value, in which order, joined to whom.

A set of cards is a bitmap of their numbers. Nothing here changes once it is made: an update makes a
new one that shares all that stayed the same, so that a page sees one moment only.
"""

import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import itemgetter

from pyroaring import BitMap

from catalog.index.deriving import NUMBERS

Facets = dict[str, dict[str, BitMap]]
Links = dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class Memory:
    """One moment of the index. `up` and `down` lead from a thing to those next to it."""

    generation: int
    cards: BitMap
    present: BitMap
    facets: Facets
    up: Links
    down: Links
    numbers: Mapping[str, "Numbers"]
    orders: dict[str, "array[int]"] = field(default_factory=dict)

    @cached_property
    def frequent(self) -> dict[str, list[tuple[str, BitMap, int]]]:
        """Each facet's values with their cards and how many those are, the most frequent first."""
        return {
            name: sorted(
                ((value, cards, len(cards)) for value, cards in values.items() if cards),
                key=lambda one: (-one[2], one[0]),
            )
            for name, values in self.facets.items()
        }

    def order(self, name: str, db: sqlite3.Connection) -> "array[int]":
        """Return the cards that have a key of this name, from the smallest to the largest."""
        found = self.orders.get(name)
        if found is None:
            asked = "SELECT card FROM rank WHERE name = ? ORDER BY key, card"
            found = array("I", (n for (n,) in db.execute(asked, (name,))))
            self.orders[name] = found
        return found


class Numbers:
    """The values of one column with their cards, in ascending order."""

    def __init__(self, pairs: Iterable[tuple[float, int]]) -> None:
        many = list(pairs)
        self.values = array("d", (value for value, _ in many))
        self.cards = array("I", (card for _, card in many))

    def within(self, low: float | None, high: float | None) -> BitMap:
        """Return the cards with a value from `low` to `high`, both included."""
        first = 0 if low is None else bisect_left(self.values, low)
        last = len(self.values) if high is None else bisect_right(self.values, high)
        return BitMap(self.cards[first:last])

    @property
    def ends(self) -> tuple[float, float] | None:
        """The smallest and the largest value."""
        return (self.values[0], self.values[-1]) if self.values else None


def load(db: sqlite3.Connection, generation: int) -> Memory:
    """Read everything from the index."""
    cards = BitMap(n for (n,) in db.execute("SELECT n FROM card"))
    rows = db.execute("SELECT facet, value, card FROM facet ORDER BY facet, value")
    facets: Facets = {}
    for (facet, value), group in groupby(rows, key=itemgetter(0, 1)):
        facets.setdefault(facet, {})[value] = BitMap([card for _, _, card in group])
    up = _links(db.execute("SELECT target, source FROM edge ORDER BY target"))
    down = _links(db.execute("SELECT source, target FROM edge ORDER BY source"))
    return Memory(generation, cards, present(db), facets, up, down, numbers(db))


def numbers(db: sqlite3.Connection) -> dict[str, Numbers]:
    """Read the columns that can be narrowed to a range."""
    asked = "SELECT value, card FROM number WHERE name = ? ORDER BY value, card"
    return {name: Numbers(db.execute(asked, (name,))) for name in NUMBERS}


def present(db: sqlite3.Connection) -> BitMap:
    """Return the things that lineage can show: cards but papers, native files, scores."""
    found = BitMap(n for (n,) in db.execute("SELECT n FROM card WHERE folder != 'papers'"))
    return found | BitMap(n for (n,) in db.execute("SELECT n FROM node"))


def _links(pairs: Iterable[tuple[int, int]]) -> Links:
    return {
        one: tuple(dict.fromkeys(other for _, other in group))
        for one, group in groupby(pairs, key=itemgetter(0))
    }


Facet = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What an update took away from the index and what it put in, by card."""

    cards: BitMap
    facets_before: tuple[tuple[int, str, str], ...]
    facets_after: tuple[tuple[int, str, str], ...]
    ends: BitMap
    """Things at either end of an edge that came, went or stayed."""


def changed(before: Memory, db: sqlite3.Connection, change: Change) -> Memory:
    """Return the memory after an update, sharing what did not change."""
    facets = {name: dict(values) for name, values in before.facets.items()}
    touched: dict[Facet, BitMap] = {}
    for (card, facet, value), come in _moves(change):
        cards = touched.get((facet, value))
        if cards is None:
            old = facets.setdefault(facet, {}).get(value)
            cards = touched[facet, value] = BitMap(old) if old is not None else BitMap()
            facets[facet][value] = cards
        if come:
            cards.add(card)
        else:
            cards.discard(card)
    up, down = dict(before.up), dict(before.down)
    for n in change.ends:
        _relink(up, n, db, "SELECT DISTINCT source FROM edge WHERE target = ?")
        _relink(down, n, db, "SELECT DISTINCT target FROM edge WHERE source = ?")
    cards = BitMap(n for (n,) in db.execute("SELECT n FROM card"))
    return Memory(before.generation + 1, cards, present(db), facets, up, down, numbers(db))


def _moves(change: Change) -> Iterator[tuple[tuple[int, str, str], bool]]:
    yield from ((row, False) for row in change.facets_before)
    yield from ((row, True) for row in change.facets_after)


def _relink(links: Links, n: int, db: sqlite3.Connection, asked: str) -> None:
    found = tuple(one for (one,) in db.execute(asked, (n,)))
    if found:
        links[n] = found
    else:
        links.pop(n, None)


def walk(
    links: Links,
    present: BitMap,
    start: int,
    hops: int | None = None,
    most: int | None = None,
) -> dict[int, int]:
    """Return each thing that can be reached from one, itself included, and after how many steps.

    With `most` the walk ends when it has found more.
    """
    found = {start: 0}
    edge = [start]
    depth = 0
    while edge and (hops is None or depth < hops) and (most is None or len(found) <= most):
        depth += 1
        reached = []
        for one in edge:
            for other in links.get(one, ()):
                if other not in found and other in present:
                    found[other] = depth
                    reached.append(other)
        edge = reached
    return found
