"""Files by the sha256 of their bytes, in a folder or, through the same protocol, elsewhere.

A file is placed in three steps: a row says who is about to bring it, its bytes are put in place,
its row says that they are there. `gc` leaves alone what somebody brought lately, so that no moment
is left in which it could take bytes away that somebody has just been told are kept.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import Connection, bindparam, func

from catalog.hub.store import names, tables
from catalog.hub.store.behind import Behind
from catalog.hub.store.errors import NoBlob

if TYPE_CHECKING:
    from catalog.hub.store.store import Store

T = TypeVar("T")

CHUNK = 1 << 20
LENT = 86400.0
"""For how many seconds who uploaded a file may name it before a commit does."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written; `oid` is git's sha1 of it, None where nobody asked for it."""

    sha256: str
    oid: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is there; `time` is when it was put there."""

    sha256: str
    size: int
    time: float


class Blobs(Protocol):
    """Where files lie by 64 hexadecimal digits; each is there as a whole or not at all."""

    def place(self, sha256: str, file: Path) -> None:
        """Take the file over; it is durably there on return, and `file` is gone."""

    def place_all(self, files: Mapping[str, Path]) -> None:
        """Take many files over, which takes less time than one by one."""

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start`, in chunks; NoBlob before the first when it is absent."""

    def size(self, sha256: str) -> int | None:
        """Return the size, None when it is absent."""

    def path(self, sha256: str) -> Path | None:
        """Return the file if it lies on this machine's disk, for those who can send files."""

    def remove(self, sha256: str) -> None:
        """Remove the file if it is there."""

    def listed(self) -> Iterator[Kept]:
        """Return all that is there, in no order."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Files in a folder, as `ab/cdef…`."""

    root: Path

    def _at(self, sha256: str) -> Path:
        return self.root / names.sha256(sha256)[:2] / sha256[2:]

    def place(self, sha256: str, file: Path) -> None:
        self.place_all({sha256: file})

    def place_all(self, files: Mapping[str, Path]) -> None:
        homes = {self._at(sha256).parent for sha256 in files}
        new = [one for one in homes if not one.exists()]
        for home in new:
            home.mkdir(parents=True, exist_ok=True)
        together(flush, files.values())
        for sha256, file in files.items():
            file.replace(self._at(sha256))
        together(flush, [*homes, *([self.root] if new else [])])

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        try:
            stream = self._at(sha256).open("rb", buffering=0)
        except FileNotFoundError:
            raise absent(sha256) from None
        stream.seek(start)
        return _chunks(stream, length)

    def size(self, sha256: str) -> int | None:
        try:
            return self._at(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def path(self, sha256: str) -> Path | None:
        at = self._at(sha256)
        return at if at.exists() else None

    def remove(self, sha256: str) -> None:
        self._at(sha256).unlink(missing_ok=True)

    def listed(self) -> Iterator[Kept]:
        for at in self.root.glob("[0-9a-f][0-9a-f]/*"):
            try:
                found = at.stat()
            except FileNotFoundError:
                continue
            yield Kept(at.parent.name + at.name, found.st_size, found.st_mtime)


def absent(sha256: str) -> NoBlob:
    """Return the error that says that a file is not there."""
    return NoBlob(f"{sha256}: the store has no such bytes; upload them first")


def together(work: Callable[[T], object], many: Collection[T]) -> None:
    """Do the same to many at once; waiting for disks and networks takes most of the time."""
    if len(many) < 2:
        for one in many:
            work(one)
        return
    with ThreadPoolExecutor(min(len(many), 16)) as pool:
        for done in [pool.submit(work, one) for one in many]:
            done.result()


def flush(path: Path) -> None:
    """Wait until a file or a folder's names are on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _chunks(stream: IO[bytes], length: int | None) -> Iterator[bytes]:
    left = length
    with stream:
        while left is None or left > 0:
            chunk = stream.read(CHUNK if left is None else min(CHUNK, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk


class Spool:
    """A file in the making: bytes go to disk and through the hash as they come.

    git's sha1 begins with the size, which is known at the end only: with `git` the bytes are read
    once more, so that large files should do without.
    """

    def __init__(self, path: Path, *, git: bool) -> None:
        self.path = path
        self.size = 0
        self.written: Written | None = None
        self._git = git
        self._hash = hashlib.sha256()
        self._stream = path.open("xb", buffering=0)
        self._behind = Behind(self._stream.fileno())

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        self._hash.update(chunk)
        view, done = memoryview(chunk).cast("B"), 0
        while done < len(view):
            done += self._stream.write(view[done:])
        self.size += len(view)
        self._behind.wrote(len(view))

    def done(self) -> Written:
        """Say that no more bytes come; the same answer each time."""
        if self.written is None:
            self._stream.close()
            oid = git_oid(self.path) if self._git else None
            self.written = Written(self._hash.hexdigest(), oid, self.size)
        return self.written

    def close(self) -> None:
        """Remove what is left of it."""
        self._stream.close()
        self.path.unlink(missing_ok=True)


class Batch:
    """Files that are kept together at the end of a `with receiving(…)`, or not at all."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.spools: list[Spool] = []
        self.taken: list[tuple[Written, Path]] = []

    def spool(self, *, git: bool = False) -> Spool:
        """Return a file to write to; `done()` says that it is whole, else it is dropped."""
        one = Spool(self._scratch / token_hex(16), git=git)
        self.spools.append(one)
        return one

    def add(self, source: IO[bytes] | bytes, *, git: bool = True) -> Written:
        """Take all bytes of a stream."""
        spool = self.spool(git=git and not isinstance(source, bytes))
        if isinstance(source, bytes):
            spool.write(source)
            whole = spool.done()
            oid = git_sha1(source) if git else None
            spool.written = Written(whole.sha256, oid, whole.size)
            return spool.written
        while chunk := source.read(CHUNK):
            spool.write(chunk)
        return spool.done()

    def take(self, file: Path, *, git: bool = False) -> Written:
        """Hash a file of the scratch folder and take it over."""
        whole, size = hashlib.sha256(), 0
        with file.open("rb", buffering=0) as stream:
            while chunk := stream.read(CHUNK):
                whole.update(chunk)
                size += len(chunk)
        written = Written(whole.hexdigest(), git_oid(file) if git else None, size)
        self.taken.append((written, file))
        return written

    def kept(self) -> dict[str, tuple[Written, Path]]:
        """Return what is whole, by sha256."""
        spooled = [(one.written, one.path) for one in self.spools if one.written]
        found: dict[str, tuple[Written, Path]] = {}
        for written, path in [*spooled, *self.taken]:
            former = found.get(written.sha256)
            if former is None or former[0].oid is None:
                found[written.sha256] = (written, path)
        return found

    def close(self) -> None:
        """Remove every temporary file that is left."""
        for spool in self.spools:
            spool.close()
        for _, path in self.taken:
            path.unlink(missing_ok=True)


@contextmanager
def receiving(store: "Store", user: str) -> Iterator[Batch]:
    """Give a batch to add files to; at the end of the block `user` possesses them."""
    with closing(Batch(store.scratch)) as batch:
        yield batch
        keep(store, user, batch.kept())


def keep(store: "Store", user: str, files: dict[str, tuple[Written, Path]]) -> None:
    """Put files in place; that `user` possesses them is written first, so that `gc` waits."""
    if not files:
        return
    now = store.clock()
    rows = [{"user": user, "sha256": one, "until": now + LENT} for one in files]
    with store.writing(durable=False) as connection:
        touch(connection, [one for one, _ in files.values()], now)
        tables.put(connection, tables.possession, rows)
    store.blobs.place_all({sha256: file for sha256, (_, file) in files.items()})
    with store.writing(durable=False) as connection:
        placed = tables.blob.update().where(tables.blob.c.sha256 == bindparam("one"))
        connection.execute(placed.values(placed=True), [{"one": one} for one in sorted(files)])


def touch(connection: Connection, written: Iterable[Written], now: float) -> None:
    """Write rows for files that are about to be placed; for `gc` they are in use from here on."""
    table = tables.blob
    statement = tables.insert(connection, table)
    statement = statement.on_conflict_do_update(
        index_elements=["sha256"],
        set_={
            "touched": statement.excluded.touched,
            "doomed": None,
            "oid": func.coalesce(table.c.oid, statement.excluded.oid),
        },
    )
    rows = [
        {"sha256": one.sha256, "oid": one.oid, "size": one.size, "placed": False, "touched": now}
        for one in sorted(written, key=lambda one: one.sha256)
    ]
    connection.execute(statement, rows)


def read(store: "Store", sha256: str, *, most: int | None = None) -> bytes:
    """Return a file's bytes, or the first `most` of them."""
    return b"".join(store.blobs.open(sha256, 0, most))


def git_sha1(content: bytes) -> str:
    """Return git's id of a file with these bytes.

    >>> git_sha1(b"")
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    head = f"blob {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def git_oid(file: Path) -> str:
    """Return git's id of a file on disk."""
    with file.open("rb", buffering=0) as stream:
        return git_sha1_of(_chunks(stream, None), file.stat().st_size)


def git_sha1_of(chunks: Iterable[bytes], size: int) -> str:
    """Return git's id of a file that comes in chunks."""
    sha1 = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    for chunk in chunks:
        sha1.update(chunk)
    return sha1.hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """Return the text that stands in git for a file that LFS keeps."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
    )
