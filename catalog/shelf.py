"""The cards and reports as they are now, read again only when a file has changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from registry import lineage, query, reports
from registry.errors import RegistryError
from registry.index import Registry, check
from registry.lineage import Graph
from registry.query import Entry
from registry.reports import Report

Seen = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that a page may show, read at one moment.

    A faulty card or report is not on the shelf but among the problems: one typing error must not
    take the catalog down.
    """

    registry: Registry
    reports: Mapping[tuple[str, str], Report]
    entries: tuple[Entry, ...]
    lineage: Graph
    problems: tuple[str, ...]


class Watch:
    """Keeps the shelf of one root and looks at each file's time and size before it is used."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = Lock()
        self._seen: Seen | None = None
        self._shelf: Shelf | None = None

    def shelf(self) -> Shelf:
        """Return the shelf, as up to date as the files are."""
        seen = tuple(_files(self.root))
        with self._lock:
            if self._shelf is None or seen != self._seen:
                self._shelf = stock(self.root)
                self._seen = seen
            return self._shelf


def stock(root: Path) -> Shelf:
    """Read all cards and reports under `root`."""
    registry, problems = check(root)
    found, unread = _reports(root)
    return Shelf(
        registry=registry,
        reports=query.by_stage(found),
        entries=tuple(query.entries(registry, found)),
        lineage=lineage.graph(registry, found),
        problems=(*map(str, problems), *unread),
    )


def _reports(root: Path) -> tuple[list[Report], list[str]]:
    found, problems = [], []
    for path in sorted((root / "reports").glob("*/*.json")):
        try:
            found.append(reports.parse(path))
        except RegistryError as error:
            problems.append(str(error).removeprefix(f"{root}/"))
    return found, problems


def _files(root: Path) -> Iterator[tuple[str, int, int]]:
    for pattern in ("cards/*/*", "reports/*/*.json"):
        for path in sorted(root.glob(pattern)):
            status = path.stat()
            yield path.as_posix(), status.st_mtime_ns, status.st_size
