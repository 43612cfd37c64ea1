"""Files put together from xorbs, and stored by their SHA-256."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from catalog.hub.store import Store, blobs, errors
from catalog.hub.xet import shards, xorbs
from catalog.hub.xet.shards import Assembly, Term
from catalog.hub.xet.xorbs import Layout, Malformed
from registry.errors import RegistryError

MOST_FILE = 64 << 30
SPARE = 256 << 20
"""What stays free on the disk, for the database."""
_AT_ONCE = 64


class NoRoom(RegistryError):
    """The disk is too full for what is to be stored."""


def key(user: str, xorb: str) -> str:
    """Return the name that a user's xorb is kept under.

    Nobody can name a xorb of somebody else, nor put other bytes under a hash that somebody else
    will send.
    """
    return sha256(f"{user}\0{xorb}".encode()).hexdigest()


def keep(store: Store, user: str, xorb: str, arrived: Path) -> bool:
    """Check and keep a xorb that was written to a file; False if it was here before.

    It is kept again even then: what was damaged since is whole again when it is sent again.
    """
    with arrived.open("rb") as file:
        xorbs.layout(file.fileno(), f"xorb {xorb}")
    name = key(user, xorb)
    known = store.xorbs.size(name) is not None
    store.xorbs.place(name, arrived)
    return not known


def put_together(store: Store, user: str, shard: bytes) -> int:
    """Store every file of a shard for this user, all or none; return how many.

    What the shard claims is checked as a whole before the first byte is unpacked. A file whose
    SHA-256 is not what the shard says is refused with all others.
    """
    with _Xorbs(store, user) as known:
        _check(store, known, shard)
        count = 0
        with blobs.receiving(store, user) as batch:
            for one in shards.files(shard):
                spool = batch.spool()
                for run in known.unpacked(one):
                    spool.write(run)
                written = spool.done()
                if written.sha256 != one.sha256:
                    raise Malformed(
                        f"shard: a file comes to the SHA-256 {written.sha256}, not {one.sha256}"
                    )
                count += 1
    return count


def _check(store: Store, known: "_Xorbs", shard: bytes) -> None:
    """Hold all claims of a shard against the xorbs and against the disk."""
    free = shutil.disk_usage(store.folder).free - SPARE
    for one in shards.files(shard):
        where = f"shard: file {one.sha256}"
        if one.size > MOST_FILE:
            raise Malformed(f"{where}: has {one.size:,} bytes; a file has at most {MOST_FILE:,}")
        free -= one.size
        if free < 0:
            raise NoRoom(f"{where}: needs more bytes than are free on the server's disk")
        for term in one.terms():
            known.check(term)


class _Xorbs:
    """The xorbs that one shard names: those in use are open, the others are opened again."""

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self._user = user
        self._open: dict[str, tuple[int, Layout]] = {}

    def __enter__(self) -> "_Xorbs":
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            os.close(self._open.popitem()[1][0])

    def check(self, term: Term) -> None:
        """Refuse a term that says something else than its xorb."""
        _, found = self._find(term.xorb)
        if term.end > len(found.sizes):
            raise Malformed(
                f"xorb {term.xorb}: has {len(found.sizes)} chunks; the shard names chunk {term.end}"
            )
        size = found.unpacked(term.first, term.end)
        if size != term.size:
            raise Malformed(
                f"xorb {term.xorb}: its chunks {term.first} to {term.end} hold {size:,} bytes;"
                f" the shard says {term.size:,}"
            )

    def unpacked(self, one: Assembly) -> Iterator[bytes]:
        """Yield the bytes of a file, about a megabyte at a time."""
        for term in one.terms():
            file, found = self._find(term.xorb)
            yield from xorbs.unpack(file, found, term.first, term.end, f"xorb {term.xorb}")

    def _find(self, xorb: str) -> tuple[int, Layout]:
        """Open a xorb, or take it from those that are open; the one longest open goes."""
        if xorb not in self._open:
            if len(self._open) >= _AT_ONCE:
                os.close(self._open.pop(next(iter(self._open)))[0])
            file = _opened(self._store, key(self._user, xorb), xorb)
            try:
                self._open[xorb] = file, xorbs.layout(file, f"xorb {xorb}")
            except BaseException:
                os.close(file)
                raise
        return self._open[xorb]


def _opened(store: Store, name: str, xorb: str) -> int:
    """Open a kept xorb; one that lies elsewhere is fetched into a file without a name."""
    path = store.xorbs.path(name)
    try:
        if path is not None:
            return os.open(path, os.O_RDONLY)
        with tempfile.TemporaryFile(dir=store.scratch, buffering=0) as fetched:
            for run in store.xorbs.open(name):
                fetched.write(run)
            return os.dup(fetched.fileno())
    except (FileNotFoundError, errors.NoBlob):
        raise Malformed(f"xorb {xorb}: is not here; send it before the shard") from None
