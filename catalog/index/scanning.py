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
class Seen:
    """Every card's and report's file with what changes when it does; `strays` are neither."""

    cards: Mapping[str, Stamp]
    reports: Mapping[str, Stamp]
    strays: tuple[str, ...]
    racy: frozenset[str]


def scan(root: Path) -> Seen:
    """Look at each file's size, times and inode."""
    cards: dict[str, Stamp] = {}
    reports: dict[str, Stamp] = {}
    strays: list[str] = []
    racy: list[str] = []
    now = time.time_ns()
    known = set(FOLDERS.values())
    for path, name, one in _files(root, "cards"):
        stamp = _stamp(one)
        if path in known and name.endswith(".yaml") and one.is_file():
            place = cards
        elif name.lower().endswith((".yaml", ".yml")):
            strays.append(f"cards/{path}/{name}" if path else f"cards/{name}")
            continue
        else:
            continue
        full = f"cards/{path}/{name}"
        place[full] = stamp
        if now - max(stamp[1], stamp[2]) < RACY:
            racy.append(full)
    for path, name, one in _files(root, "reports"):
        if path and "/" not in path and name.endswith(".json"):
            reports[f"reports/{path}/{name}"] = _stamp(one)
    return Seen(cards, reports, tuple(sorted(strays)), frozenset(racy))


def _files(root: Path, top: str) -> Iterator[tuple[str, str, os.DirEntry[str]]]:
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(root / top / inside) as found:
                entries = sorted(found, key=lambda one: one.name)
        except OSError:
            continue
        for one in entries:
            if one.is_dir(follow_symlinks=False):
                waiting.append(f"{inside}/{one.name}" if inside else one.name)
            else:
                yield inside, one.name, one


def _stamp(one: os.DirEntry[str]) -> Stamp:
    try:
        status = one.stat()
    except OSError:  # a link that leads nowhere
        return (0, 0, 0, 0)
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
