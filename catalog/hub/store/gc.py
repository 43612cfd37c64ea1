"""Removing what nobody names any more, beside a running server.

A file goes in two runs: the first finds that no commit, no recent upload and no recent promise
names it, and dooms it; a later one, when the grace is over and still nobody does, removes it.
Whoever names it between takes the doom away.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, exists, func, not_, select

from catalog.hub.store import refs, tables
from catalog.hub.store.blobs import together
from catalog.hub.store.errors import NoRepo
from catalog.hub.store.possession import batches
from catalog.hub.store.repos import Repo, shown
from catalog.hub.store.trees import EMPTY, Branch, Look

if TYPE_CHECKING:
    from catalog.hub.store.store import Store

GRACE = 86400.0


@dataclass(slots=True)
class Collected:
    """How much was removed, or would be; `doomed` is how many files wait for the next run."""

    commits: int = 0
    trees: int = 0
    blobs: int = 0
    bytes: int = 0
    doomed: int = 0
    scratch: int = 0
    xorbs: int = 0


@dataclass(slots=True)
class _Reached:
    """The trees and files that commits name."""

    trees: set[str] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)


def collect(store: "Store", *, grace: float = GRACE, dry_run: bool = False) -> Collected:
    """Remove what has been unused for `grace` seconds; a dry run only counts."""
    done, now = Collected(), store.clock()
    with store.reading() as connection:
        repos = [shown(row) for row in connection.execute(tables.repo.select())]
    for repo in repos:
        with suppress(NoRepo):
            _history(store, repo, now - grace, done, dry_run)
    if not dry_run:
        _adopt(store, now - grace)
        _doom(store, now, grace)
    _sweep(store, now, grace, done, dry_run)
    _scratch(store, now - grace, done, dry_run)
    _xorbs(store, now - grace, done, dry_run)
    return done


def _history(store: "Store", repo: Repo, before: float, done: Collected, dry_run: bool) -> None:
    """Remove commits that no ref leads to, with the trees that only they have."""
    with store.writing() as connection:
        refs.locked(connection, repo)
        lost = _lost(connection, repo, before)
        if not lost:
            return
        table = tables.commit
        query = select(table.c.id).where(table.c.repo == repo.key)
        living = set(connection.scalars(query)) - lost
        reached = _reach(Look(store, repo.key, connection), living)
        trees = set(
            connection.scalars(select(tables.tree.c.key).where(tables.tree.c.repo == repo.key))
        )
        used = select(tables.usage.c.sha256).where(tables.usage.c.repo == repo.key)
        unused = set(connection.scalars(used)) - reached.blobs
        done.commits += len(lost)
        done.trees += len(trees - reached.trees)
        if not dry_run:
            _delete(connection, repo, table.c.id, lost)
            _delete(connection, repo, tables.tree.c.key, trees - reached.trees)
            _delete(connection, repo, tables.usage.c.sha256, unused)


def _delete(connection: Connection, repo: Repo, column: Any, values: Iterable[str]) -> None:
    for some in batches(values):
        mine = and_(column.table.c.repo == repo.key, column.in_(some))
        connection.execute(column.table.delete().where(mine))


def _lost(connection: Connection, repo: Repo, before: float) -> set[str]:
    """Return the commits that nothing leads to and that are older than a time."""
    table = tables.commit
    rows = connection.execute(table.select().where(table.c.repo == repo.key)).all()
    parents = {row.id: row.parent for row in rows}
    heads = {row.id for row in rows if row.time >= before}
    for one in (tables.ref.c.commit, tables.discussion.c.base, tables.discussion.c.merged):
        heads |= set(connection.scalars(select(one).where(one.table.c.repo == repo.key)))
    for head in heads:
        here = head
        while here in parents:
            here = parents.pop(here)
    return set(parents)


def _reach(look: Look, commits: Iterable[str]) -> _Reached:
    reached = _Reached()
    waiting = [look.root(one) for one in commits]
    while waiting:
        key = waiting.pop()
        if key in reached.trees or key == EMPTY:
            continue
        reached.trees.add(key)
        for here in look.node(key).values():
            if isinstance(here, Branch):
                waiting.append(here.key)
            else:
                reached.blobs.add(here.sha256)
    return reached


def _adopt(store: "Store", before: float) -> None:
    """Write rows for files that have none, so that they go the way of all others."""
    table = tables.blob
    old = (one for one in store.blobs.listed() if one.time < before)
    found = {one.sha256: one for one in old}
    for some in batches(found):
        with store.writing(durable=False) as connection:
            rows = [
                {
                    "sha256": one,
                    "size": found[one].size,
                    "placed": False,
                    "touched": found[one].time,
                }
                for one in some
            ]
            tables.add_new(connection, table, rows)


def _unused(now: float, grace: float) -> Any:
    """Return the condition that nobody names a file."""
    blob, usage, lent = tables.blob, tables.usage, tables.possession
    return and_(
        blob.c.touched <= now - grace,
        not_(exists().where(usage.c.sha256 == blob.c.sha256)),
        not_(exists().where(lent.c.sha256 == blob.c.sha256, lent.c.until > now)),
    )


def _doom(store: "Store", now: float, grace: float) -> None:
    blob, lent = tables.blob, tables.possession
    with store.writing(durable=False) as connection:
        connection.execute(lent.delete().where(lent.c.until <= now))
        fresh = and_(blob.c.doomed.is_(None), _unused(now, grace))
        saved = and_(blob.c.doomed.is_not(None), not_(_unused(now, grace)))
        for which, doomed in ((fresh, now), (saved, None)):
            # Rows that somebody holds are in use; the next run sees to them.
            held = connection.scalars(_held(which, skip=True)).all()
            for some in batches(held):
                mine = blob.update().where(blob.c.sha256.in_(some))
                connection.execute(mine.values(doomed=doomed))


def _sweep(store: "Store", now: float, grace: float, done: Collected, dry_run: bool) -> None:
    blob = tables.blob
    due = and_(blob.c.doomed <= now - grace, _unused(now, grace))
    query = select(blob.c.sha256, blob.c.size)
    with store.reading() as connection:
        found = {row.sha256: row.size for row in connection.execute(query.where(due))}
        waiting = select(func.count()).select_from(blob).where(blob.c.doomed.is_not(None))
        done.doomed = connection.execute(waiting).scalar_one() - len(found)
    for some in batches(found):
        gone = some if dry_run else _remove(store, some, due)
        done.blobs += len(gone)
        done.bytes += sum(found[one] for one in gone)


def _remove(store: "Store", some: list[str], due: Any) -> list[str]:
    """Remove files in two steps: no commit takes one from the first on, then the bytes go.

    Killed between, the rows say that the bytes are not there, and the next run goes on.
    """
    blob = tables.blob
    mine = and_(blob.c.sha256.in_(some), due)
    with store.writing() as connection:
        held = connection.scalars(_held(mine)).all()
        off = blob.update().where(blob.c.sha256.in_(held))
        connection.execute(off.values(placed=False))
    with store.writing() as connection:
        free = and_(blob.c.sha256.in_(held), due)
        gone = list(connection.scalars(_held(free)))
        together(store.blobs.remove, gone)
        connection.execute(blob.delete().where(blob.c.sha256.in_(gone)))
    return gone


def _held(condition: Any, *, skip: bool = False) -> Any:
    """Return the query for files whose rows are held until the transaction ends.

    All who hold several take them in the same order, so that nobody waits in a circle.
    """
    blob = tables.blob
    query = select(blob.c.sha256).where(condition).order_by(blob.c.sha256)
    return query.with_for_update(skip_locked=skip)


def _scratch(store: "Store", before: float, done: Collected, dry_run: bool) -> None:
    """Remove temporary files that nobody writes to any more."""
    for path in store.scratch.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime <= before:
                done.scratch += 1
                if not dry_run:
                    path.unlink()


def _xorbs(store: "Store", before: float, done: Collected, dry_run: bool) -> None:
    """Remove uploaded chunks; files made of them stand on their own.

    Clients remember chunks by the server's instance, which is therefore another one from here on.
    """
    old = [one.sha256 for one in store.xorbs.listed() if one.time <= before]
    done.xorbs = len(old)
    if not old or dry_run:
        return
    with store.writing() as connection:
        row = {"key": "instance", "value": token_hex(8)}
        tables.put(connection, tables.setting, [row])
    for one in old:
        store.xorbs.remove(one)
