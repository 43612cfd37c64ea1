"""The cards and reports as they are now, looked at again only when that is due."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from catalog.index import Index
from registry.index import Registry
from registry.reports import Report

SHARE = 20
"""One part in so many of the time goes into looking whether files have changed."""

SLOW = 0.25
"""Seconds: a look that takes longer is done beside the requests, not within one."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that a page may show.

    A faulty card or report is not on the shelf but among the problems: one typing error must not
    take the catalog down. `registry` reads a card's file when the card is asked for. `own` counts
    changes of the checkout's cards and reports, `generation` those of pushed cards as well.
    """

    index: Index
    registry: Registry
    reports: Mapping[tuple[str, str], Report]
    generation: int
    own: int

    @property
    def problems(self) -> list[str]:
        """What is wrong with the files."""
        return self.index.problems()


class Watch:
    """Keeps the shelf of one root. `patience` 0 looks at the files before each use.

    `before` is called before each look with the cards as they were.
    """

    def __init__(self, root: Path, *, patience: float = SHARE) -> None:
        self.root = root
        self.before: Callable[[Registry], None] | None = None
        self._patience = patience
        self._lock = Lock()
        self._index: Index | None = None
        self._shelf: Shelf | None = None
        self._took = 0.0
        self._hurries = 0
        self._due = 0.0

    def shelf(self) -> Shelf:
        """Return the shelf, as up to date as the last look at the files."""
        found = self._shelf
        if found is None:
            with self._lock:
                return self._shelf or self._look()
        if time.monotonic() >= self._due and self._lock.acquire(blocking=False):
            if self._patience and self._took > SLOW:
                Thread(target=self._look_and_release, daemon=True).start()
            else:
                self._look_and_release()
        return self._shelf or found

    def renew(self) -> Shelf:
        """Look at the files now."""
        with self._lock:
            return self._look()

    def hurry(self) -> None:
        """Look at the files before the next use, for something has changed them."""
        self._hurries += 1
        self._due = 0.0

    def _look_and_release(self) -> None:
        try:
            self._look()
        finally:
            self._lock.release()

    def _look(self) -> Shelf:
        begun, hurries = time.monotonic(), self._hurries
        if self._index is None:
            self._index = Index(self.root)
        index = self._index
        if self.before:
            self.before(index.registry)
        index.refresh()
        found = self._shelf
        if found is None or found.generation != index.memory.generation:
            generation = index.memory.generation
            found = Shelf(index, index.registry, index.reports, generation, index.own)
            self._shelf = found
        ended = time.monotonic()
        self._took = ended - begun
        # What changed during the look may have been missed by it.
        self._due = ended + self._patience * self._took if hurries == self._hurries else 0.0
        return found


def stock(root: Path) -> Shelf:
    """Read all cards and reports under `root`."""
    return Watch(root).shelf()
