"""Bringing the index up to date: only what changed, and what depends on it, is read again."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pyroaring import BitMap

from catalog.index.deriving import DATED_BY, ORIGIN, PUSHED, Derived, derive, entry_to_json
from catalog.index.memory import Change
from catalog.index.scanning import Places, Seen, Stamp
from catalog.index.tables import OF_A_CARD
from registry.cards import Card
from registry.cards.reading import Read, read_file
from registry.cards.vocabulary import FOLDERS
from registry.errors import Problem
from registry.index import Registry, absences, stray, unbuildable
from registry.lineage import Edge
from registry.reports import Report

_OURS = f"sha256 NOT GLOB '{PUSHED} *'"
Row = tuple[Any, ...]
Known = Mapping[tuple[str, str], Report]


@dataclass(slots=True)
class Stamps:
    """What each file was seen to be at the last look."""

    cards: dict[str, Stamp]
    reports: dict[str, Stamp]


@dataclass(slots=True)
class Gathered:
    """What an update did, as memory has to follow it; rows as they were before and are after."""

    read: int = 0
    problems: int = 0
    cards: set[int] = field(default_factory=set)
    facets: tuple[list[Row], list[Row]] = field(default_factory=lambda: ([], []))
    numbers: tuple[list[Row], list[Row]] = field(default_factory=lambda: ([], []))
    roster: tuple[set[Row], set[Row]] = field(default_factory=lambda: (set(), set()))
    ends: set[int] = field(default_factory=set)
    nodes: set[int] = field(default_factory=set)

    def change(self) -> Change:
        """Return it as one value."""
        return Change(
            cards=BitMap(self.cards),
            facets_before=tuple(self.facets[0]),
            facets_after=tuple(self.facets[1]),
            numbers=frozenset(str(row[1]) for row in {*self.numbers[0]} ^ {*self.numbers[1]}),
            ends=BitMap(self.ends),
            things=BitMap(self.cards | self.nodes),
        )


@dataclass(frozen=True, slots=True)
class Filling:
    """An open index and what its cards are derived with."""

    db: sqlite3.Connection
    places: Places
    registry: Registry
    known: Known
    tick: Callable[[int, int], None]


def update(one: Filling, seen: Seen, stamps: Stamps, reported: Collection[str]) -> Gathered:
    """Read the cards whose files changed, and those that depend on them or on a report.

    `stamps` is what was seen the last time and is brought up to date; `reported` are ids of cards
    whose reports changed. All or nothing is written.
    """
    gone = sorted(stamps.cards.keys() - seen.cards.keys())
    moved = [path for path, stamp in seen.cards.items() if stamps.cards.get(path) != stamp]
    moved += sorted(seen.racy - set(moved))
    gathered = Gathered()
    with one.db:
        changed = list(_changed(one, moved, seen, stamps.cards))
        come = [path for path in changed if path not in stamps.cards]
        for path in gone:
            _forget_file(one, path, gathered)
        _write(one, changed, gathered)
        also = _dependent(one, changed, [*gone, *come], reported) - set(changed)
        _write(one, sorted(also), gathered)
        if gathered.roster[0] != gathered.roster[1]:
            _judge_together(one)
        _note_strays(one, seen.strays)
        if seen.reports != stamps.reports:
            _note_reports(one, seen.reports)
    for path in gone:
        del stamps.cards[path]
    stamps.cards.update((path, seen.cards[path]) for path in moved)
    stamps.reports = dict(seen.reports)
    gathered.read = len(changed) + len(also)
    gathered.problems = one.db.execute("SELECT count(*) FROM problem").fetchone()[0]
    return gathered


def stamps_of(db: sqlite3.Connection) -> Stamps:
    """Return what the index knows of each file."""
    cards, reports = (
        {
            path: tuple(json.loads(stamp))
            for path, stamp in db.execute(f"SELECT path, stamp FROM {table}")
        }
        for table in ("file", "report")
    )
    return Stamps(cards, reports)


def _note_reports(one: Filling, reports: Mapping[str, Stamp]) -> None:
    one.db.execute("DELETE FROM report")
    rows = ((path, json.dumps(stamp)) for path, stamp in reports.items())
    one.db.executemany("INSERT INTO report VALUES (?, ?)", rows)


def _changed(
    one: Filling, paths: Iterable[str], seen: Seen, stamps: Mapping[str, Stamp]
) -> Iterator[str]:
    """Yield the files whose bytes are others than before, and note the stamps of all."""
    for path in paths:
        root = one.places.of(path)
        try:
            digest = sha256((root / path).read_bytes()).hexdigest()
        except OSError:
            continue
        digest = digest if root == one.places.root else f"{PUSHED} {digest}"
        stamp = json.dumps(seen.cards[path])
        old = one.db.execute("SELECT sha256 FROM file WHERE path = ?", (path,)).fetchone()
        if path not in stamps or old is None or old[0] != digest:
            yield path
        one.db.execute("REPLACE INTO file VALUES (?, ?, ?)", (path, stamp, digest))


def _dependent(
    one: Filling, changed: Sequence[str], moved: Iterable[str], reported: Collection[str]
) -> set[str]:
    """Return the cards whose rows or problems follow from other cards or reports that changed.

    What a pipeline can run depends on the cards it names; a problem of a name that no card has
    ends when such a card comes.
    """
    found: set[str] = set()
    for path in changed:
        if path.startswith("cards/papers/"):
            # No pipeline reads a paper, but a card may have its year.
            asked = (
                "SELECT 'cards/' || name || '.yaml' FROM facet JOIN thing ON n = card"
                " WHERE facet = ? AND value = ?"
            )
            year_of = (DATED_BY, Path(path).stem)
            found |= {other for (other,) in one.db.execute(asked, year_of)}
            continue
        asked = (
            "SELECT path FROM mention JOIN thing ON name = substr(path, 7, length(path) - 11)"
            " JOIN card USING (n) WHERE target = ? AND executable"
        )
        found |= {other for (other,) in one.db.execute(asked, (_name(path),))}
    for path in moved:
        asked = "SELECT path FROM mention WHERE target = ?"
        found |= {other for (other,) in one.db.execute(asked, (_name(path),))}
    if reported:
        asked = "SELECT folder, id FROM card WHERE executable"
        found |= {f"cards/{folder}/{id}.yaml" for folder, id in one.db.execute(asked)}
        marks = ", ".join("?" * len(reported))
        asked = f"SELECT folder, id FROM card WHERE id IN ({marks})"
        found |= {f"cards/{folder}/{id}.yaml" for folder, id in one.db.execute(asked, [*reported])}
    return found


def _write(one: Filling, paths: Sequence[str], gathered: Gathered) -> None:
    """Read each file and put in its rows in place of those it had."""
    for at, path in enumerate(paths, 1):
        one.tick(at, len(paths))
        root = one.places.of(path)
        try:
            read = read_file(root / path, root=root)
        except OSError:  # gone between the look and the reading; the next look sees that
            continue
        _forget_rows(one, path, gathered)
        ours = root == one.places.root
        targets = {f"{FOLDERS[mention.kind]}/{mention.id}" for mention in read.mentions}
        rows = ((path, target) for target in targets)
        one.db.executemany("INSERT INTO mention VALUES (?, ?)", rows)
        if read.card is not None:
            made = derive(read.card, one.registry, one.known) if ours else _apart(one, read.card)
            _put(one.db, made, gathered)
        if ours:
            _put_problems(one.db, (*read.problems, *_judge(one, read)), several=False)


def _apart(one: Filling, card: Card) -> Derived:
    """Return what is kept of a card that somebody pushed: no stage runs on it, or ever ran.

    It is in the way of no card of the checkout, whatever it is called, and what it says it is
    built from is only said.
    """
    made = derive(card, one.registry, {})
    return replace(
        made,
        sourced=False,
        executable=False,
        squashed=f"{PUSHED} {made.entry.name}",
        facets=(*made.facets, (ORIGIN, PUSHED)),
        edges=tuple(map(_said, made.edges)),
        results=tuple((benchmark, _pushed(score)) for benchmark, score in made.results),
    )


def _said(edge: Edge) -> Edge:
    """Return an edge that nobody here has built or proven."""
    return edge if edge.proof in ("cited", "declared") else replace(edge, proof="declared")


def _pushed(score: str) -> str:
    """Return a score that ranks among those of other pushed cards only."""
    return json.dumps(json.loads(score) | {"status": PUSHED})


def _judge(one: Filling, read: Read) -> Iterator[Problem]:
    """Find what is wrong with a card together with those that it names."""

    def there(kind: str, id: str) -> bool:
        path = f"cards/{FOLDERS[kind]}/{id}.yaml"
        asked = f"SELECT 1 FROM file WHERE path = ? AND {_OURS}"
        return one.db.execute(asked, (path,)).fetchone() is not None

    def ids(kind: str) -> list[str]:
        asked = f"SELECT path FROM file WHERE path GLOB ? AND {_OURS}"
        found = one.db.execute(asked, (f"cards/{FOLDERS[kind]}/*",))
        return [Path(path).stem for (path,) in found]

    yield from absences(read, there, ids)
    if read.card is not None:
        yield from unbuildable(read, one.registry)


def _judge_together(one: Filling) -> None:
    """Find cards that are in each other's way."""
    one.db.execute("DELETE FROM problem WHERE several AND field = 'id'")
    twins = one.db.execute(
        "SELECT folder, group_concat(id, char(10)) FROM"
        " (SELECT folder, squashed, id FROM card ORDER BY folder, id)"
        " GROUP BY folder, squashed HAVING count(*) > 1"
    )
    problems = []
    for folder, ids in twins.fetchall():
        first, *others = ids.split("\n")
        for id in others:
            said = f"'{id}' differs from '{first}' in dots and dashes only; keep one of the two"
            problems.append(Problem(f"cards/{folder}/{id}.yaml", 1, "id", said))
    shared = one.db.execute(
        "SELECT id, group_concat(folder, char(10)) FROM card WHERE sourced"
        " GROUP BY id HAVING count(*) > 1"
    )
    order = list(FOLDERS.values())
    for id, folders in shared.fetchall():
        first, *others = sorted(folders.split("\n"), key=order.index)
        for folder in others:
            said = f"'{id}' is also {first}/{id}, and both have a source; rename one of them"
            problems.append(Problem(f"cards/{folder}/{id}.yaml", 1, "id", said))
    _put_problems(one.db, problems, several=True)


def _note_strays(one: Filling, strays: Iterable[str]) -> None:
    one.db.execute("DELETE FROM problem WHERE several AND field = 'file'")
    root = one.places.root
    found = (stray(Path(path), is_file=(root / path).is_file()) for path in strays)
    _put_problems(one.db, [problem for problem in found if problem], several=True)


def _put_problems(db: sqlite3.Connection, problems: Iterable[Problem], *, several: bool) -> None:
    rows = ((one.file, one.line, one.field, one.message, several) for one in problems)
    db.executemany("INSERT INTO problem VALUES (?, ?, ?, ?, ?)", rows)


def _put(db: sqlite3.Connection, made: Derived, gathered: Gathered) -> None:
    entry = made.entry
    folder = FOLDERS[entry.kind]
    n = _number(db, entry.name)
    row = (n, folder, entry.id, entry.title, made.squashed, made.sourced, made.executable)
    db.execute("INSERT INTO card VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, entry_to_json(entry)))
    facets = [(n, *one) for one in made.facets]
    db.executemany("INSERT INTO facet VALUES (?, ?, ?)", facets)
    numbers = [(n, *one) for one in made.numbers]
    db.executemany("INSERT INTO number VALUES (?, ?, ?)", numbers)
    db.executemany("INSERT INTO rank VALUES (?, ?, ?)", [(n, *one) for one in made.ranks])
    db.executemany("INSERT INTO citation VALUES (?, ?, ?)", [(n, *one) for one in made.citations])
    db.executemany("INSERT INTO result VALUES (?, ?, ?)", [(n, *one) for one in made.results])
    db.execute(
        "INSERT INTO words (rowid, title, id, summary, rest) VALUES (?, ?, ?, ?, ?)",
        (n, *made.words),
    )
    for node in made.nodes:
        said = json.dumps({"kind": node.kind, "title": node.title, "sha256": node.sha256})
        held = _number(db, node.name)
        db.execute("INSERT INTO node VALUES (?, ?, ?)", (held, n, said))
        gathered.nodes.add(held)
    for edge in made.edges:
        ends = (_number(db, edge.source), _number(db, edge.target))
        said = json.dumps([edge.relation, edge.proof, edge.place])
        db.execute("INSERT INTO edge VALUES (?, ?, ?, ?)", (n, *ends, said))
        gathered.ends.update(ends)
    gathered.cards.add(n)
    gathered.facets[1].extend(facets)
    gathered.numbers[1].extend(numbers)
    gathered.roster[1].add((folder, entry.id, made.sourced))


def _number(db: sqlite3.Connection, name: str) -> int:
    """Return the number of a thing; a name that is new gets one."""
    found = db.execute("SELECT n FROM thing WHERE name = ?", (name,)).fetchone()
    if found:
        return int(found[0])
    made = db.execute("INSERT INTO thing (name) VALUES (?)", (name,)).lastrowid
    assert made is not None
    return made


def _forget_file(one: Filling, path: str, gathered: Gathered) -> None:
    _forget_rows(one, path, gathered)
    one.db.execute("DELETE FROM file WHERE path = ?", (path,))


def _forget_rows(one: Filling, path: str, gathered: Gathered) -> None:
    db = one.db
    db.execute("DELETE FROM problem WHERE path = ? AND NOT several", (path,))
    db.execute("DELETE FROM mention WHERE path = ?", (path,))
    asked = "SELECT n FROM card JOIN thing USING (n) WHERE name = ?"
    found = db.execute(asked, (_name(path),)).fetchone()
    if not found:
        return
    (n,) = found
    for table, rows in (("facet, value", gathered.facets[0]), ("name, value", gathered.numbers[0])):
        of = "facet" if table.startswith("facet") else "number"
        rows.extend(db.execute(f"SELECT card, {table} FROM {of} WHERE card = ?", (n,)))
    gathered.nodes.update(held for (held,) in db.execute("SELECT n FROM node WHERE card = ?", (n,)))
    asked = "SELECT folder, id, sourced FROM card WHERE n = ?"
    gathered.roster[0].update(
        (folder, id, bool(sourced)) for folder, id, sourced in db.execute(asked, (n,))
    )
    for ends in db.execute("SELECT source, target FROM edge WHERE card = ?", (n,)):
        gathered.ends.update(ends)
    for table in OF_A_CARD:
        db.execute(f"DELETE FROM {table} WHERE card = ?", (n,))
    db.execute("DELETE FROM words WHERE rowid = ?", (n,))
    db.execute("DELETE FROM card WHERE n = ?", (n,))
    gathered.cards.add(n)


def _name(path: str) -> str:
    """Return the name of the card in a file.

    >>> _name("cards/datasets/alpaca.yaml")
    'datasets/alpaca'
    """
    return path.removeprefix("cards/").removesuffix(".yaml")
