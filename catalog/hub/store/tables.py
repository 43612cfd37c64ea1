"""The database: its tables, and how to be alone in it.

SQLite has one writer at a time, so that a transaction that will write begins by asking for that
place; in PostgreSQL writers meet at the row of the repo that they write to.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from catalog.hub.store.errors import StoreError

VERSION = "1"

tables = MetaData()

setting = Table(
    "hub_setting",
    tables,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)


def _repo(**more: Any) -> Column[int]:
    return Column("repo", Integer, ForeignKey("hub_repo.key", ondelete="CASCADE"), **more)


repo = Table(
    "hub_repo",
    tables,
    Column("key", Integer, primary_key=True, autoincrement=True),
    Column("type", String(16), nullable=False),
    Column("namespace", String(96), nullable=False),
    Column("name", String(96), nullable=False),
    Column("folded", String(200), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("risky", Boolean, nullable=False),
    Column("gated", Boolean, nullable=False),
    Column("author", String(200), nullable=False),
    Column("created", Float, nullable=False),
    Column("changed", Float, nullable=False),
    Column("head", String(40), nullable=False),
    Column("pulls", Integer, nullable=False, default=0),
    Index("hub_repo_folded", "type", "folded", unique=True),
    Index("hub_repo_changed", "type", "changed"),
    sqlite_autoincrement=True,
)

ref = Table(
    "hub_ref",
    tables,
    _repo(primary_key=True),
    Column("name", String(300), primary_key=True),
    Column("commit", String(40), nullable=False),
    Column("message", Text, nullable=False, default=""),
)

commit = Table(
    "hub_commit",
    tables,
    _repo(primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("parent", String(40)),
    Column("tree", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("author", String(200), nullable=False),
    Column("time", Float, nullable=False),
    Column("salt", String(32), nullable=False),
)

tree = Table(
    "hub_tree",
    tables,
    _repo(primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

blob = Table(
    "hub_blob",
    tables,
    Column("sha256", String(64), primary_key=True),
    Column("oid", String(40)),
    Column("size", BigInteger, nullable=False),
    Column("placed", Boolean, nullable=False),
    Column("touched", Float, nullable=False),
    Column("doomed", Float),
)
"""`touched` is when somebody last meant to use it; `doomed` is when `gc` first found it unused."""

usage = Table(
    "hub_usage",
    tables,
    _repo(primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Index("hub_usage_sha256", "sha256"),
)

possession = Table(
    "hub_possession",
    tables,
    Column("user", String(200), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("until", Float, nullable=False),
    Index("hub_possession_sha256", "sha256"),
)

facts = Table(
    "hub_facts",
    tables,
    _repo(primary_key=True),
    Column("commit", String(40), nullable=False),
    Column("card", Text, nullable=False),
    Column("problem", Text),
    Column("words", Text, nullable=False),
)
"""What the README of a head says; derived, so that an old row is only slow and never wrong."""

tag = Table(
    "hub_tag",
    tables,
    _repo(primary_key=True),
    Column("tag", String(300), primary_key=True),
    Index("hub_tag_tag", "tag"),
)

discussion = Table(
    "hub_discussion",
    tables,
    _repo(primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("author", String(200), nullable=False),
    Column("created", Float, nullable=False),
    Column("status", String(16), nullable=False),
    Column("pull", Boolean, nullable=False),
    Column("base", String(40)),
    Column("merged", String(40)),
)

happening = Table(
    "hub_event",
    tables,
    _repo(primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("author", String(200), nullable=False),
    Column("time", Float, nullable=False),
    Column("text", Text, nullable=False),
)

token = Table(
    "hub_token",
    tables,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(8), nullable=False),
    Column("namespaces", Text, nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Float),
    Index("hub_token_prefix", "prefix"),
)


def connect(url: str) -> Engine:
    """Return the database at `url` with its tables, which are made when they are not there."""
    try:
        return _opened(make_url(url))
    except (ArgumentError, ImportError) as error:
        raise StoreError(
            "the store's database: its URL is none that can be opened; it begins with "
            "postgresql:// and needs tunedeck[postgres]"
        ) from error


def _opened(address: URL) -> Engine:
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, pool_size=16, max_overflow=64, pool_timeout=60)
        event.listen(engine, "connect", _tune)
        event.listen(engine, "begin", _begin)
    else:
        engine = create_engine(address, pool_size=8, max_overflow=32, pool_pre_ping=True)
    try:
        tables.create_all(engine)
    except (OperationalError, ProgrammingError) as error:
        engine.dispose()
        shown = address.render_as_string(hide_password=True)
        said = str(error.orig).strip().splitlines()[0]
        raise StoreError(f"{shown}: cannot be opened, {said}; is the database there?") from error
    return engine


def _tune(connection: Any, _record: Any) -> None:
    """Let SQLAlchemy's `begin` event begin transactions, and readers go on beside the writer."""
    connection.isolation_level = None
    for pragma in (
        "busy_timeout=60000",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    how = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {how}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one moment of the database."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, *, durable: bool = True) -> Iterator[Connection]:
    """Give a connection whose writes all happen, or none.

    SQLite's log is flushed to disk at the end of a `durable` one, with all that stands before it
    in the log. What is not durable survives a killed process, not a power cut.
    """
    with engine.connect().execution_options(writes=True) as connection:
        if engine.dialect.name == "sqlite":
            level = "FULL" if durable else "NORMAL"
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute(f"PRAGMA synchronous={level}")
        with connection.begin():
            yield connection


def lock(connection: Connection, key: int) -> Any:
    """Return a repo's row, held until the transaction ends, or None."""
    return connection.execute(
        repo.select().where(repo.c.key == key).with_for_update()
    ).one_or_none()


def add_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that are not there by their primary key."""
    if rows:
        ordered = sorted(rows, key=lambda row: [row[one.name] for one in table.primary_key])
        connection.execute(insert(connection, table).on_conflict_do_nothing(), ordered)


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, replacing what is there under their primary keys in the columns they have.

    They go in by order of their keys, so that two writers of the same rows wait for each other.
    """
    if not rows:
        return
    keys = [one.name for one in table.primary_key]
    statement = insert(connection, table)
    new = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    ordered = sorted(rows, key=lambda row: [row[one] for one in keys])
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), ordered)


def insert(connection: Connection, table: Table) -> Any:
    """Return the insert of this database, which can say what to do when a row is there."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
