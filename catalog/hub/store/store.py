"""The store: a database and a place for files, opened once by each process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from threading import Lock
from types import TracebackType

from sqlalchemy import Connection, Engine

from catalog.hub.store import tables
from catalog.hub.store.blobs import Blobs, Folder, flush
from catalog.hub.store.errors import StoreError
from catalog.hub.store.trees import Node

DATABASE = "store.db"
_REMEMBERED = 50_000


class Nodes:
    """The folders of trees that were read last, by their keys; they never change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Node] = OrderedDict()
        self._entries = 0
        self._lock = Lock()

    def get(self, key: str) -> Node | None:
        """Return a folder if it was read lately."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: str, node: Node) -> None:
        """Remember a folder, and forget others where it would be too many entries."""
        size = len(node) + 1
        if size > _REMEMBERED:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = node
            self._entries += size
            while self._entries > _REMEMBERED:
                self._entries -= len(self._kept.popitem(last=False)[1]) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What all functions of this package take first; safe to share between threads."""

    folder: Path
    engine: Engine
    blobs: Blobs
    xorbs: Blobs
    secret: bytes
    clock: Callable[[], float] = time.time
    nodes: Nodes = field(default_factory=Nodes)
    _turn: Lock = field(default_factory=Lock)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        database: str | None = None,
        blobs: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> "Store":
        """Open the store in `folder`, making it when it is not there.

        `database` is a PostgreSQL's URL, None for a file in the folder. `blobs` is
        `s3://bucket/prefix`, None for the folder's own files.
        """
        folder = folder.resolve()
        scratch = folder / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        engine = tables.connect(database or f"sqlite:///{folder / DATABASE}")
        try:
            kept, xorbs = rooms(folder, blobs)
            secret = bytes.fromhex(_begin(engine))
        except BaseException:
            engine.dispose()
            raise
        return cls(
            folder=folder, engine=engine, blobs=kept, xorbs=xorbs, secret=secret, clock=clock
        )

    @property
    def scratch(self) -> Path:
        """Where temporary files go; on the same disk as a folder of files."""
        return self.folder / "scratch"

    def instance(self) -> str:
        """Return the id that changes when uploaded chunks were removed."""
        return _setting(self.engine, "instance") or ""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read with."""
        with tables.reading(self.engine) as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """Give a connection whose writes all happen, or none.

        Threads of one process stand in line for SQLite's one place; its own way of waiting is to
        look again after a while, and the unlucky look again for long.
        """
        if self.engine.dialect.name != "sqlite":
            with tables.writing(self.engine, durable=durable) as connection:
                yield connection
            return
        with self._turn, tables.writing(self.engine, durable=durable) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def rooms(folder: Path, url: str | None) -> tuple[Blobs, Blobs]:
    """Return where files lie and where uploaded chunks lie."""
    if url is None:
        for name in ("blobs", "xorbs"):
            (folder / name).mkdir(exist_ok=True)
        flush(folder)
        return Folder(folder / "blobs"), Folder(folder / "xorbs")
    if not url.startswith("s3://"):
        raise StoreError(f"{url!r}: is no place for files; write s3://bucket/prefix")
    from catalog.hub.store import s3

    return s3.bucket(f"{url.rstrip('/')}/blobs"), s3.bucket(f"{url.rstrip('/')}/xorbs")


def _setting(engine: Engine, key: str) -> str | None:
    with tables.reading(engine) as connection:
        table = tables.setting
        found = connection.execute(table.select().where(table.c.key == key)).one_or_none()
    return found.value if found else None


def _begin(engine: Engine) -> str:
    """Return the store's secret, which is made once, whoever is first."""
    new = {"secret": token_hex(32), "instance": token_hex(8), "version": tables.VERSION}
    version = _setting(engine, "version")
    if version is None:
        rows = [{"key": key, "value": value} for key, value in new.items()]
        with tables.writing(engine) as connection:
            tables.add_new(connection, tables.setting, rows)
    elif version != tables.VERSION:
        raise StoreError(
            f"{engine.url.render_as_string(hide_password=True)}: is a store of version {version}, "
            f"this program knows version {tables.VERSION}; take the program that made it"
        )
    return _setting(engine, "secret") or ""
