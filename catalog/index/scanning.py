"""Which files there are, and which of them may have changed since they were last looked at."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from registry.cards.vocabulary import FOLDERS

RACY = 2_000_000_000
"""Nanoseconds: a file that changed this shortly before it was seen may change again unseen."""

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Places:
    """Where cards lie: in the checkout, and in a folder of cards that others pushed.

    A name means the checkout's card wherever it has one.
    """

    root: Path

    @property
    def pushed(self) -> Path:
        """The folder of what was pushed to this server's Hub; often there is none."""
        return self.root / "hub" / "pushed"

    def of(self, file: str) -> Path:
        """Return the folder that a card's file, such as `cards/datasets/alpaca.yaml`, lies under.

        >>> Places(Path("here")).of("cards/datasets/alpaca.yaml")
        PosixPath('here')
        """
        if (self.root / file).is_file() or not (self.pushed / file).is_file():
            return self.root
        return self.pushed


@dataclass(frozen=True, slots=True)
class Seen:
    """Every card's and report's file with what changes when it does; `strays` are neither.

    `pushed` are those of the cards that are not the checkout's.
    """

    cards: Mapping[str, Stamp]
    reports: Mapping[str, Stamp]
    strays: tuple[str, ...]
    racy: frozenset[str]
    pushed: frozenset[str] = frozenset()


def scan(places: Places) -> Seen:
    """Look at each file's size, times and inode."""
    root = places.root
    cards: dict[str, Stamp] = {}
    reports: dict[str, Stamp] = {}
    strays: list[str] = []
    known = set(FOLDERS.values())
    for inside, entries in _folders(root, "cards"):
        if inside in known:
            for one in entries:
                name = one.name
                if name.endswith(".yaml") and one.is_file():
                    cards[f"cards/{inside}/{name}"] = _stamp(one)
                elif name.lower().endswith((".yaml", ".yml")):
                    strays.append(f"cards/{inside}/{name}")
        else:
            names = (one.name for one in entries)
            found = (name for name in names if name.lower().endswith((".yaml", ".yml")))
            strays += [f"cards/{inside}/{name}" if inside else f"cards/{name}" for name in found]
    others = _pushed(places.pushed)
    pushed = frozenset(others.keys() - cards.keys())
    cards |= {path: others[path] for path in sorted(pushed)}
    for inside, entries in _folders(root, "reports"):
        if inside and "/" not in inside:
            for one in entries:
                if one.name.endswith(".json"):
                    reports[f"reports/{inside}/{one.name}"] = _stamp(one)
    late = time.time_ns() - RACY
    racy = frozenset(path for path, stamp in cards.items() if stamp[1] > late or stamp[2] > late)
    return Seen(cards, reports, tuple(sorted(strays)), racy, pushed)


def _pushed(folder: Path) -> dict[str, Stamp]:
    return {
        f"cards/{inside}/{one.name}": _stamp(one)
        for inside, entries in _folders(folder, "cards")
        for one in entries
        if one.name.endswith(".yaml")
    }


def _folders(root: Path, top: str) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
    """Yield each folder under one, by its path inside, with what in it is no folder."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        files = []
        try:
            with os.scandir(root / top / inside) as found:
                for one in found:
                    if one.is_dir(follow_symlinks=False):
                        waiting.append(f"{inside}/{one.name}" if inside else one.name)
                    else:
                        files.append(one)
        except OSError:
            continue
        yield inside, files


def _stamp(one: os.DirEntry[str]) -> Stamp:
    try:
        status = one.stat()
    except OSError:  # a link that leads nowhere
        return (0, 0, 0, 0)
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
