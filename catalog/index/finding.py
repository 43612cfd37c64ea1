"""A question to the list: words, filters, ranges and an order; and the answer with its counts."""

import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Any

from pyroaring import BitMap

from catalog.index.deriving import DEFAULT, FACETS, NUMBERS, entry_from_json
from catalog.index.memory import Memory
from registry.query import Entry

RANKED = 3000
"""Up to how many cards with the words are put in the order of how well they match."""

SHOWN = 24
"""How many values of a facet are counted, the most frequent ones; chosen ones always are."""

WEIGHTS = "10.0, 8.0, 4.0, 1.0"
BEGIN, END = "\x02", "\x03"
"""Marks around words that were found; no card's text has them."""

Range = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a list is asked: of each facet any of the values, and everything else at once."""

    text: str = ""
    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    first: int = 0
    most: int | None = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A card of the answer; `snippet` is the place of it with the words, between marks."""

    entry: Entry
    snippet: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer: its cards from `first` on, and what each filter would leave.

    `facets` counts, for each value, the cards that all other filters leave; `more` is how many
    values were not counted. `ends` has the smallest and largest number of each column.
    """

    total: int
    lines: tuple[Line, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    more: Mapping[str, int]
    ends: Mapping[str, tuple[float, float]]


def find(db: sqlite3.Connection, memory: Memory, ask: Ask) -> Found:
    """Answer a question."""
    words = match(ask.text)
    matching = _matching(db, words) if words else memory.cards if not ask.text else BitMap()
    parts = dict(_parts(memory, ask))
    kept = reduce(and_, parts.values(), memory.cards & matching)
    numbers = list(_page(db, memory, ask, kept, words))
    counted = _counted(memory, ask, memory.cards & matching, parts)
    ends = {name: memory.numbers[name].ends for name in NUMBERS}
    return Found(
        total=len(kept),
        lines=tuple(_lines(db, numbers, words)),
        facets={name: values for name, (values, _) in counted.items()},
        more={name: more for name, (_, more) in counted.items() if more},
        ends={name: both for name, both in ends.items() if both},
    )


def match(text: str) -> str:
    """Return a query of FTS5 for cards with every word of a text, each as the start of a word.

    What FTS5's tokenizer parts, such as a name with dashes, has to stand together.

    >>> match("wizard self-inst")
    '"wizard"* "self inst"*'
    """
    found = []
    for word in text.split():
        tokens = " ".join(_tokens(word))
        if tokens:
            found.append(f'"{tokens}"*')
    return " ".join(found)


def _tokens(word: str) -> list[str]:
    plain = unicodedata.normalize("NFC", word)
    return re.findall(r"[^\W_]+", plain, re.UNICODE)


def _matching(db: sqlite3.Connection, words: str) -> BitMap:
    found = db.execute("SELECT rowid FROM words WHERE words MATCH ?", (words,))
    return BitMap([n for (n,) in found])


def _parts(memory: Memory, ask: Ask) -> Iterator[tuple[str, BitMap]]:
    """Yield, for each filter that is set, the cards that it leaves."""
    for name, values in ask.wanted.items():
        known = memory.facets.get(name, {})
        sets = (known[value] for value in values if value in known)
        yield name, reduce(or_, sets, BitMap())
    for name, (low, high) in ask.ranges.items():
        # As `registry list --min-instances … --max-instances …`: each end by any source.
        held = memory.numbers[name]
        yield f"{name} range", held.within(low, None) & held.within(None, high)


def _counted(
    memory: Memory, ask: Ask, matching: BitMap, parts: Mapping[str, BitMap]
) -> dict[str, tuple[tuple[tuple[str, int], ...], int]]:
    whole = reduce(and_, parts.values(), matching)
    counted = {}
    for name in FACETS:
        others = whole
        if name in parts:
            rest = (cards for other, cards in parts.items() if other != name)
            others = reduce(and_, rest, matching)
        counted[name] = _frequent(memory, name, others, ask.wanted.get(name, ()))
    return counted


def _frequent(
    memory: Memory, name: str, cards: BitMap, chosen: tuple[str, ...]
) -> tuple[tuple[tuple[str, int], ...], int]:
    """Return the most frequent values among some cards, and how many others there may be."""
    counts: list[tuple[int, str]] = []
    least = 0
    values = memory.frequent.get(name, [])
    seen = 0
    for value, having, most in values:
        if len(counts) >= SHOWN and most < least:
            break  # no value from here on can be among the most frequent
        seen += 1
        count = having.intersection_cardinality(cards)
        if count or value in chosen:
            counts.append((count, value))
            if len(counts) % SHOWN == 0:
                least = sorted((one for one, _ in counts), reverse=True)[SHOWN - 1]
    counts.sort(key=lambda one: (-one[0], one[1]))
    kept = [*counts[:SHOWN], *(one for one in counts[SHOWN:] if one[1] in chosen)]
    have = {value for _, value in kept}
    kept += [(0, value) for value in chosen if value not in have]
    rest = len(counts) + len(values) - seen - len(counts[:SHOWN])
    return tuple((value, count) for count, value in kept), max(0, rest)


def _page(
    db: sqlite3.Connection, memory: Memory, ask: Ask, kept: BitMap, words: str
) -> Iterator[int]:
    """Yield the numbers of the cards from `first` on, in the order that was asked for."""
    last = None if ask.most is None else ask.first + ask.most
    for at, n in enumerate(_ordered(db, memory, ask, kept, words)):
        if last is not None and at >= last:
            return
        if at >= ask.first:
            yield n


def _ordered(
    db: sqlite3.Connection, memory: Memory, ask: Ask, kept: BitMap, words: str
) -> Iterator[int]:
    if words and not ask.sort and len(kept) <= RANKED:
        asked = (
            f"SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, {WEIGHTS}), rowid"
        )
        yield from (n for (n,) in db.execute(asked, (words,)) if n in kept)
        return
    order = memory.order(ask.sort or DEFAULT, db)
    yield from (n for n in (reversed(order) if ask.descending else order) if n in kept)
    if ask.sort:
        # Cards without a value come last either way.
        missing = kept - BitMap(order)
        yield from (n for n in memory.order(DEFAULT, db) if n in missing)


def _lines(db: sqlite3.Connection, numbers: list[int], words: str) -> Iterator[Line]:
    for n in numbers:
        found = db.execute("SELECT entry FROM card WHERE n = ?", (n,)).fetchone()
        if found is None:  # gone since the question was begun
            continue
        yield Line(entry_from_json(found[0]), _snippet(db, n, words) if words else None)


def _snippet(db: sqlite3.Connection, n: int, words: str) -> str | None:
    asked = "SELECT snippet(words, -1, ?, ?, '…', 24) FROM words WHERE words MATCH ? AND rowid = ?"
    found: Any = db.execute(asked, (BEGIN, END, words, n)).fetchone()
    return found[0] if found else None
