"""Cards that were read before, so that only what changed is read again.

A cache never decides what is true: a file is taken from it only if its size, its times and its
inode are those seen at the last reading, or, where those cannot tell, if its bytes have the same
hash. The cache as a whole is dropped when the code that reads cards changes. It is JSON, so a cache
that somebody else wrote runs no code.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from registry.cards import claim, kinds, mixing, scalars, tuning
from registry.cards.reading import Read, read_file
from registry.collecting import uncollected
from registry.errors import Problem

FOLDER = ".registry_cache"
RACY = 2_000_000_000
"""Nanoseconds: a file changed this shortly before it was read may change again unseen."""

Stamp = tuple[int, int, int, int]
_Kept = dict[str, tuple[Stamp, bool, str, Read]]


@dataclass(frozen=True, slots=True)
class Cards:
    """Every file that was asked for, and how many of them had to be read."""

    found: list[Read]
    read: int


def read_files(paths: Iterable[Path], *, root: Path, fresh: bool = False) -> Cards:
    """Read cards, those that have not changed from `root`'s cache; `fresh` reads every one.

    A cache that is damaged, of other code or not writable is as good as none.
    """
    with uncollected():
        return _read_files(paths, root, fresh)


def _read_files(paths: Iterable[Path], root: Path, fresh: bool) -> Cards:
    path = root / FOLDER / "cards.json"
    before: _Kept = {} if fresh else _load(path)
    after: _Kept = {}
    read, moved = 0, False
    for one in paths:
        name = one.relative_to(root).as_posix()
        stamp, racy = _stamp(one)
        old = before.get(name)
        if old and old[0] == stamp and not old[1]:
            after[name] = old
            continue
        moved = True
        sha256 = hashlib.sha256(one.read_bytes()).hexdigest()
        if old and old[2] == sha256:
            after[name] = (stamp, racy, sha256, old[3])
            continue
        after[name] = (stamp, racy, sha256, read_file(one, root=root))
        read += 1
    if moved or after.keys() != before.keys():
        _keep(path, after)
    return Cards([kept[3] for kept in after.values()], read)


def _stamp(path: Path) -> tuple[Stamp, bool]:
    """Return what changes when a file does, and whether it changed too lately to tell."""
    status = path.stat()
    stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return stamp, time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < RACY


def _load(path: Path) -> _Kept:
    try:
        code, kept = json.loads(path.read_bytes())
        if code != _code():
            return {}
        return {
            name: (tuple(stamp), racy, sha256, _made(read))
            for name, (stamp, racy, sha256, read) in kept.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return {}


def _keep(path: Path, kept: _Kept) -> None:
    """Write the cache; several processes may do so at once, and the last one wins."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    plain = {
        name: (stamp, racy, sha256, _plain(read))
        for name, (stamp, racy, sha256, read) in kept.items()
    }
    try:
        path.parent.mkdir(exist_ok=True)
        ignore = path.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        temporary.write_text(json.dumps([_code(), plain]), encoding="utf-8")
        temporary.replace(path)
    except OSError:  # a checkout that may not be written to
        with suppress(OSError):
            temporary.unlink()


@cache
def _code() -> str:
    """Return a hash of the code that decides what a card is."""
    found = hashlib.sha256(yaml.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


CLASSES: tuple[type, ...] = (
    Read,
    Problem,
    *(
        found
        for module in (claim, kinds, mixing, tuning, scalars)
        for found in vars(module).values()
        if isinstance(found, type) and is_dataclass(found)
    ),
)
"""What a read card is made of; the cache names a class by its place in here."""

_PLACES = {cls: place for place, cls in enumerate(CLASSES)}
_FIELDS = {cls: tuple(one.name for one in fields(cls)) for cls in CLASSES}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: a dataclass as [place, its fields], a tuple as [-1, items]."""
    if isinstance(value, tuple):
        return [-1, *map(_plain, value)]
    if type(value) in _PLACES:
        # Most fields of a claim are empty, and most of those stand last.
        held = [_plain(getattr(value, name)) for name in _FIELDS[type(value)]]
        while held and held[-1] is None:
            held.pop()
        return [_PLACES[type(value)], *held]
    return value


def _made(value: Any) -> Any:
    """Return what `_plain` made this of; makes dataclasses of cards and nothing else."""
    if not isinstance(value, list):
        return value
    place, *held = value
    items = [_made(one) for one in held]
    if place == -1:
        return tuple(items)
    cls = CLASSES[place]
    made: Any = object.__new__(cls)
    names = _FIELDS[cls]
    if len(items) > len(names):
        raise ValueError(f"{cls.__name__} has {len(names)} fields, not {len(items)}")
    for name, item in zip_longest(names, items):
        object.__setattr__(made, name, item)
    return made
