"""One index, open: kept up to date from the files, asked by many threads at once."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock, local
from typing import Any

from catalog.index import memory as remembering
from catalog.index.cards import Files, registry_of
from catalog.index.deriving import DATE, DATED, ORIGIN, PUSHED, entry_from_json
from catalog.index.filling import Filling, stamps_of, update
from catalog.index.finding import Ask, Found, find
from catalog.index.memory import parts, walk
from catalog.index.scanning import Places, Seen, Stamp, scan
from catalog.index.tables import open_for_reading, open_index
from registry.cards.cache import FOLDER
from registry.cards.vocabulary import FOLDERS
from registry.collecting import uncollected
from registry.errors import RegistryError
from registry.index import Registry
from registry.lineage import Edge, Graph, Node, order
from registry.query import Entry
from registry.reports import Report, card_of, parse

Tick = Callable[[int, int], None]


def _silent(done: int, whole: int) -> None:
    """Say nothing of how far an update has come."""


_KINDS = {folder: kind for kind, folder in FOLDERS.items()}

MANY = 1000
"""After so many cards memory is read anew, and what was written is put into the file at once."""


class Index:
    """The index of one root. `memory` is replaced as a whole when cards change."""

    def __init__(self, root: Path, *, path: Path | None = None) -> None:
        self.root = root
        self.places = Places(root)
        self.path = path or place(root)
        self._writer = open_index(self.path, _code())
        self._stamps = stamps_of(self._writer)
        self._seen: Seen | None = None
        (self._version,) = self._writer.execute("PRAGMA data_version").fetchone()
        self._lock = Lock()
        self._threads = local()
        self._files = Files(self.places)
        self.registry = registry_of(self._files, self._ids, self._has)
        self._drafts = registry_of(self._files, self._ids_of_files, self._is_card)
        self.reports: dict[tuple[str, str], Report] = {}
        self._unread: dict[str, str] = {}
        self._parsed: set[str] = set()
        self._problems = 0
        self.own = 0
        self.memory = remembering.load(self._writer, 0)

    def close(self) -> None:
        """Let go of the file."""
        self._writer.close()

    def refresh(self, *, tick: Tick = _silent) -> int:
        """Bring the index up to date with the files and return how many cards were read.

        `tick` is called after each card with how many are done and how many there are.
        """
        if not (self.root / "cards").is_dir():
            said = f"{self.root / 'cards'}: there is no such folder; run this where cards/ is"
            raise RegistryError(said)
        with self._lock:
            self._follow_others()
            seen = scan(self.places)
            if seen == self._seen and not seen.racy:
                return 0
            known = self._stamps.reports
            moved = {
                path
                for path in {*seen.reports, *known}
                if seen.reports.get(path) != known.get(path)
            }
            self._read_reports(seen, moved)
            filling = Filling(self._writer, self.places, self._drafts, self.reports, tick)
            with uncollected():
                gathered = update(
                    filling, seen, self._stamps, {card_of(Path(path).stem) for path in moved}
                )
            self.own += self._checkout_changed(seen, gathered.read)
            self._seen = seen
            if gathered.read > MANY:
                self.memory = remembering.load(self._writer, self.memory.generation + 1)
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            elif gathered.cards or moved:
                self.memory = remembering.changed(self.memory, self._writer, gathered.change())
            elif gathered.problems != self._problems:
                self.memory = replace(self.memory, generation=self.memory.generation + 1)
            self._problems = gathered.problems
            return gathered.read

    def _checkout_changed(self, seen: Seen, read: int) -> bool:
        """Tell whether cards or reports of the checkout may differ from those of the last look."""
        if self._seen is None or _of_checkout(seen) != _of_checkout(self._seen):
            return True
        return bool(read and seen.racy - seen.pushed)

    def _follow_others(self) -> None:
        """Read everything again if another process has written to the index."""
        (version,) = self._writer.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self._stamps, self._seen = stamps_of(self._writer), None
            self.memory = remembering.load(self._writer, self.memory.generation + 1)

    def _read_reports(self, seen: Seen, moved: set[str]) -> None:
        reports, unread = dict(self.reports), dict(self._unread)
        for path in moved | (seen.reports.keys() - self._parsed):
            stage, name = path.split("/")[1:]
            key = (stage, name.removesuffix(".json"))
            reports.pop(key, None)
            unread.pop(path, None)
            if path in seen.reports:
                try:
                    reports[key] = parse(self.root / path)
                except RegistryError as error:
                    unread[path] = str(error).removeprefix(f"{self.root}/")
        self.reports, self._unread = reports, unread
        self._parsed = set(seen.reports)

    def find(self, ask: Ask) -> Found:
        """Answer a question to the list."""
        return find(self.reader(), self.memory, ask)

    def entry(self, name: str) -> Entry | None:
        """Return a card as a line of a list."""
        asked = "SELECT entry FROM card JOIN thing USING (n) WHERE name = ?"
        found = self.reader().execute(asked, (name,)).fetchone()
        return entry_from_json(found[0]) if found else None

    def entries(self, folder: str | None = None) -> Iterator[Entry]:
        """Yield every card, or those of one kind, as lines in the order of kind and id."""
        asked = "SELECT folder, entry FROM rank JOIN card ON card = n WHERE name = '' ORDER BY key"
        for kind, text in self.reader().execute(asked):
            if folder in (None, kind):
                yield entry_from_json(text)

    def titles(self, names: Iterable[str]) -> dict[str, str]:
        """Return the titles of those of the cards that are there, by name."""
        found: dict[str, str] = {}
        for part in parts(dict.fromkeys(names)):
            asked = "SELECT name, title FROM thing JOIN card USING (n) WHERE name IN ({})"
            found.update(self.reader().execute(asked.replace("{}", _marks(part)), part).fetchall())
        return found

    def counts(self) -> dict[str, int]:
        """Return how many cards each folder has."""
        return dict(self.reader().execute("SELECT folder, count(*) FROM card GROUP BY folder"))

    def written(self) -> dict[str, int]:
        """Return when each card's file was last changed, in nanoseconds, by the card's name."""
        return {
            path.removeprefix("cards/").removesuffix(".yaml"): stamp[1]
            for path, stamp in self._stamps.cards.items()
        }

    def problems(self) -> list[str]:
        """Return everything that is wrong with the cards, in the order of files."""
        asked = "SELECT path, line, field, message FROM problem ORDER BY path, line, field, message"
        found = [f"{path}:{line}: {field}: {said}" for path, line, field, said in self._rows(asked)]
        return [*found, *sorted(self._unread.values())]

    def citations(self, paper: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield name, title and `{describes, claims}` of each card that names a paper."""
        asked = (
            "SELECT thing.name, title, claims FROM citation JOIN card ON citation.card = n"
            " JOIN thing USING (n) WHERE paper = ?"
            " ORDER BY (SELECT key FROM rank WHERE rank.card = n AND rank.name = '')"
        )
        for name, title, claims in self._rows(asked, (paper,)):
            yield name, title, json.loads(claims)

    def results(self, benchmark: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield id and title of a model and one of its scores on a benchmark."""
        asked = (
            "SELECT id, title, score FROM result JOIN card ON card = n"
            " WHERE benchmark = ? ORDER BY id, result.rowid"
        )
        for id, title, score in self._rows(asked, (benchmark,)):
            yield id, title, json.loads(score)

    def scored(self) -> dict[str, int]:
        """Return each benchmark that has scores with how many models have one; none is pushed."""
        asked = (
            "SELECT benchmark, count(DISTINCT card) FROM result"
            f" WHERE score ->> 'status' != '{PUSHED}' GROUP BY benchmark"
        )
        return dict(self._rows(asked))

    def dated(self) -> list[tuple[str, str, str | None]]:
        """Return name, title and date of the checkout's cards that can come out.

        The date is None where it is not known.
        """
        marks = ", ".join(f"'{FOLDERS[kind]}'" for kind in DATED)
        asked = (
            "SELECT thing.name, title, value FROM card JOIN thing USING (n)"
            " JOIN rank ON rank.card = n AND rank.name = ''"
            f" LEFT JOIN facet ON facet.card = n AND facet = '{DATE}'"
            f" WHERE folder IN ({marks}) AND NOT EXISTS"
            f" (SELECT 1 FROM facet WHERE facet.card = n AND facet = '{ORIGIN}') ORDER BY key"
        )
        return self._rows(asked)

    def scaled(self) -> Registry:
        """Return the registry with those models only that have scores by tasks tuned on."""
        asked = (
            "SELECT DISTINCT id FROM result JOIN card ON card = n"
            " WHERE score ->> 'tuned_tasks' IS NOT NULL"
            f" AND score ->> 'status' != '{PUSHED}' ORDER BY id"
        )
        models = {id: self.registry.models[id] for (id,) in self._rows(asked)}
        return replace(self.registry, models=models)

    def reach(self, name: str, direction: str, hops: int | None = None) -> dict[str, int]:
        """Return the names of all that a thing came from (`up`) or that came from it (`down`).

        With each goes the number of steps; the thing itself is there with none.
        """
        names = self.memory.names
        return {names[n]: steps for n, steps in self._reach(name, direction, hops).items()}

    def is_larger(self, name: str, direction: str, most: int, hops: int | None = None) -> bool:
        """Tell whether `reach` would name more than so many things."""
        return len(self._reach(name, direction, hops, most)) > most

    def graph(self, name: str, direction: str, hops: int | None = None) -> Graph:
        """Return a part of the lineage as the registry's function of the whole graph would."""
        parts = ("up", "down") if direction == "both" else (direction,)
        reached = {one: self._reach(name, one, hops) for one in parts}
        nodes = self._nodes({n for part in reached.values() for n in part})
        edges = {edge for one in parts for edge in self._edges(one, reached[one], nodes)}
        named = sorted(nodes.values(), key=lambda node: node.name)
        return Graph({node.name: node for node in named}, tuple(sorted(edges, key=order)))

    def _reach(
        self, name: str, direction: str, hops: int | None, most: int | None = None
    ) -> dict[int, int]:
        memory = self.memory
        found = self.reader().execute("SELECT n FROM thing WHERE name = ?", (name,)).fetchone()
        if not found or found[0] not in memory.present:
            return {}
        links = memory.up if direction == "up" else memory.down
        return walk(links, found[0], hops, most)

    def _nodes(self, numbers: Iterable[int]) -> dict[int, Node]:
        wanted = sorted(numbers)
        nodes = {}
        asked = (
            "SELECT n, name, folder, title, NULL FROM card JOIN thing USING (n) WHERE n IN ({})"
            " UNION ALL"
            " SELECT n, name, NULL, NULL, node FROM node JOIN thing USING (n) WHERE n IN ({})"
        )
        for part in parts(wanted):
            rows = self.reader().execute(asked.replace("{}", _marks(part)), [*part, *part])
            for n, name, folder, title, said in rows:
                if said is None:
                    nodes[n] = Node(name, _kind(folder), title)
                else:
                    nodes.setdefault(n, Node(name, **json.loads(said)))
        return nodes

    def _edges(
        self, direction: str, reached: dict[int, int], nodes: dict[int, Node]
    ) -> Iterator[Edge]:
        """Yield the edges by which a walk came from one thing to the next."""
        near = "target" if direction == "up" else "source"
        asked = f"SELECT source, target, edge FROM edge WHERE {near} IN ({{}})"
        for source, target, said in self._many(asked, reached):
            if source in reached and target in reached and source in nodes and target in nodes:
                relation, proof, place = json.loads(said)
                yield Edge(nodes[source].name, nodes[target].name, relation, proof, place)

    def _many(self, asked: str, numbers: Iterable[int]) -> Iterator[tuple[Any, ...]]:
        for part in parts(numbers):
            yield from self.reader().execute(asked.replace("{}", _marks(part)), part)

    def _rows(self, asked: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self.reader().execute(asked, values).fetchall()

    def reader(self) -> sqlite3.Connection:
        """Return this thread's own connection."""
        found: sqlite3.Connection | None = getattr(self._threads, "db", None)
        if found is None:
            found = self._threads.db = open_for_reading(self.path)
        return found

    def _ids(self, folder: str) -> Iterator[str]:
        asked = "SELECT id FROM card WHERE folder = ? ORDER BY id"
        return iter([id for (id,) in self._rows(asked, (folder,))])

    def _has(self, name: str) -> bool:
        asked = "SELECT 1 FROM thing JOIN card USING (n) WHERE name = ?"
        return bool(self._rows(asked, (name,)))

    def is_executable(self, name: str) -> bool:
        """Tell whether a stage of the pipeline may run on a card."""
        asked = "SELECT 1 FROM thing JOIN card USING (n) WHERE name = ? AND executable"
        return bool(self._rows(asked, (name,)))

    def _is_card(self, name: str) -> bool:
        return self._files.card(name) is not None

    def _ids_of_files(self, folder: str) -> Iterator[str]:
        """Yield the ids of a folder's files; the rows of its cards are being written meanwhile."""
        roots = (self.places.root, self.places.pushed)
        found = {path.stem for root in roots for path in (root / "cards" / folder).glob("*.yaml")}
        return iter(sorted(found))

    def is_pushed(self, name: str) -> bool:
        """Tell whether a card is not the checkout's but was pushed to a repo of this server."""
        return self._seen is not None and f"cards/{name}.yaml" in self._seen.pushed

    def mark(self, name: str) -> dict[str, bool]:
        """Return what a line about a card adds if it was pushed; nothing for the checkout's."""
        return {"pushed": True} if self.is_pushed(name) else {}


def place(root: Path) -> Path:
    """Return where a root's index lies; of a root that cannot be written to, in a folder apart."""
    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        if os.access(folder, os.W_OK):
            return folder / "catalog.db"
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="catalog-")) / "catalog.db"


@cache
def _code() -> str:
    """Return a hash of the code that decides what the index holds."""
    found = sha256(sqlite3.sqlite_version.encode())
    top = Path(__file__).parent.parent.parent
    for pattern in ("catalog/index/*.py", "registry/*.py", "registry/cards/*.py"):
        for path in sorted(top.glob(pattern)):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def _of_checkout(seen: Seen) -> tuple[dict[str, Stamp], Mapping[str, Stamp]]:
    cards = {path: stamp for path, stamp in seen.cards.items() if path not in seen.pushed}
    return cards, seen.reports


def _marks(part: list[Any]) -> str:
    return ", ".join("?" * len(part))


def _kind(folder: str) -> str:
    return _KINDS[folder]
