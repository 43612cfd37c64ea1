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
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from pyroaring import BitMap

from catalog.index.deriving import NUMBERS

CHUNK = 450
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
    names: list[str]
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
    rows = db.execute("SELECT facet, value, card FROM facet ORDER BY facet, value")
    facets: Facets = {}
    for (facet, value), group in groupby(rows, key=itemgetter(0, 1)):
        facets.setdefault(facet, {})[value] = BitMap([card for _, _, card in group])
    here = _present(db)
    return Memory(
        generation=generation,
        cards=BitMap([n for (n,) in db.execute("SELECT n FROM card")]),
        present=here,
        facets=facets,
        up=_links(db.execute("SELECT target, source FROM edge ORDER BY target"), here),
        down=_links(db.execute("SELECT source, target FROM edge ORDER BY source"), here),
        numbers=numbers(db),
        names=_more_names([], db),
    )


def numbers(db: sqlite3.Connection, names: Iterable[str] = NUMBERS) -> dict[str, Numbers]:
    """Read columns that can be narrowed to a range."""
    asked = "SELECT value, card FROM number WHERE name = ? ORDER BY value, card"
    return {name: Numbers(db.execute(asked, (name,))) for name in names}


PRESENT = "SELECT n FROM card WHERE n AND folder != 'papers' UNION SELECT n FROM node WHERE n"
"""Which of some things lineage can show: cards but papers, native files, scores."""


def _present(db: sqlite3.Connection) -> BitMap:
    return BitMap([n for (n,) in db.execute(PRESENT.replace("WHERE n", "WHERE 1"))])


def _links(pairs: Iterable[tuple[int, int]], here: BitMap) -> Links:
    """Return who is next to whom, among the things that are there."""
    found = {}
    for one, group in groupby(pairs, key=itemgetter(0)):
        if one in here:
            others = tuple(dict.fromkeys(other for _, other in group if other in here))
            if others:
                found[one] = others
    return found


def parts(many: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut something long into lists that one statement of SQLite can be given twice."""
    rest = iter(many)
    while part := list(islice(rest, CHUNK)):
        yield part


Facet = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What an update took away from the index and what it put in.

    `numbers` are the columns in which a number changed, `ends` the things at either end of an edge
    that came, went or stayed, `things` those that may have come or gone.
    """

    cards: BitMap
    facets_before: tuple[tuple[Any, ...], ...]
    facets_after: tuple[tuple[Any, ...], ...]
    numbers: frozenset[str]
    ends: BitMap
    things: BitMap


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
    here = before.present - change.things | _there(db, change.things, PRESENT)
    up, down = dict(before.up), dict(before.down)
    # An edge is walked only where both ends are there, so those beside a newcomer count as well.
    ends = change.ends | _beside(db, here ^ before.present)
    for n in ends:
        _relink(up, n, here, db, "SELECT DISTINCT source FROM edge WHERE target = ?")
        _relink(down, n, here, db, "SELECT DISTINCT target FROM edge WHERE source = ?")
    return Memory(
        generation=before.generation + 1,
        cards=before.cards - change.cards | _there(db, change.cards, "SELECT n FROM card WHERE n"),
        present=here,
        facets=facets,
        up=up,
        down=down,
        numbers={**before.numbers, **numbers(db, change.numbers)},
        names=_more_names(before.names, db),
    )


def _there(db: sqlite3.Connection, things: BitMap, asked: str) -> BitMap:
    """Return those of some things that a query finds."""
    found = BitMap()
    for part in parts(things):
        marks = ", ".join("?" * len(part))
        statement = asked.replace("WHERE n", f"WHERE n IN ({marks})")
        found |= BitMap([n for (n,) in db.execute(statement, part * asked.count("WHERE n"))])
    return found


def _beside(db: sqlite3.Connection, things: BitMap) -> BitMap:
    """Return the things that an edge joins to one of some."""
    found = BitMap(things)
    asked = (
        "SELECT source FROM edge WHERE target = ? UNION SELECT target FROM edge WHERE source = ?"
    )
    for n in things:
        found |= BitMap([other for (other,) in db.execute(asked, (n, n))])
    return found


def _more_names(known: list[str], db: sqlite3.Connection) -> list[str]:
    """Add the names of new things; numbers are never given anew, so older moments stay right."""
    asked = "SELECT n, name FROM thing WHERE n >= ? ORDER BY n"
    for n, name in db.execute(asked, (len(known),)):
        known.extend([""] * (n - len(known)))
        known.append(name)
    return known


def _moves(change: Change) -> Iterator[tuple[tuple[int, str, str], bool]]:
    yield from ((row, False) for row in change.facets_before)
    yield from ((row, True) for row in change.facets_after)


def _relink(links: Links, n: int, here: BitMap, db: sqlite3.Connection, asked: str) -> None:
    found = tuple(one for (one,) in db.execute(asked, (n,)) if one in here) if n in here else ()
    if found:
        links[n] = found
    else:
        links.pop(n, None)


def walk(
    links: Links,
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
                if other not in found:
                    found[other] = depth
                    reached.append(other)
        edge = reached
    return found
