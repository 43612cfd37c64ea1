"""Who may name bytes that are there already.

Who knows a sha256 does not thereby have the file: somebody may name it who uploaded it lately, or
who can read a repo that holds it. Otherwise a commit could bring another's private file into a repo
of one's own.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, false, func, or_, select, true
from sqlalchemy.sql import ColumnElement

from catalog.hub.store import names, tables
from catalog.hub.store.blobs import LENT
from catalog.hub.store.tokens import Who

if TYPE_CHECKING:
    from catalog.hub.store.store import Store

MANY = 500


def may_name(store: "Store", who: Who | None, sha256: str) -> bool:
    """Say whether the bytes are there and somebody may name them."""
    return sha256 in nameable(store, who, [sha256])


def nameable(store: "Store", who: Who | None, sha256s: Iterable[str]) -> dict[str, int]:
    """Return the sizes of those files that are there and that somebody may name."""
    now, found = store.clock(), {}
    blob = tables.blob
    with store.reading() as connection:
        for some in batches(filter(names.is_sha256, sha256s)):
            allowed = {*_read(connection, who, some), *_lent(connection, who, some, now)}
            query = select(blob.c.sha256, blob.c.size)
            rows = connection.execute(query.where(blob.c.sha256.in_(allowed), blob.c.placed))
            found.update({row.sha256: row.size for row in rows})
    return found


def lend(store: "Store", user: str, sha256s: Iterable[str], *, seconds: float = LENT) -> None:
    """Let somebody name files for a while, in which `gc` leaves them alone.

    Lend only what `nameable` said, or what was proven otherwise.
    """
    now, blob = store.clock(), tables.blob
    wanted = list(filter(names.is_sha256, sha256s))
    with store.writing(durable=False) as connection:
        for some in batches(sorted(wanted)):
            there = select(blob.c.sha256).where(blob.c.sha256.in_(some), blob.c.placed)
            held = connection.scalars(there.order_by(blob.c.sha256).with_for_update()).all()
            mine = blob.update().where(blob.c.sha256.in_(held))
            connection.execute(mine.values(touched=now, doomed=None))
        rows = [{"user": user, "sha256": one, "until": now + seconds} for one in set(wanted)]
        tables.put(connection, tables.possession, rows)


def visible(who: Who | None) -> ColumnElement[bool]:
    """Return the condition on a repo's row that somebody may read it."""
    repo = tables.repo
    if who is None:
        return repo.c.private == false()
    if not who.namespaces:
        return true()
    spaces = [one.lower() for one in who.namespaces]
    return or_(repo.c.private == false(), func.lower(repo.c.namespace).in_(spaces))


def batches(values: Iterable[str]) -> Iterator[list[str]]:
    """Return unique values in lists that a statement can hold."""
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), MANY):
        yield unique[start : start + MANY]


def _read(connection: Connection, who: Who | None, some: list[str]) -> set[str]:
    usage, repo = tables.usage, tables.repo
    joined = usage.join(repo, usage.c.repo == repo.c.key)
    query = select(usage.c.sha256).select_from(joined).distinct()
    return set(connection.scalars(query.where(usage.c.sha256.in_(some), visible(who))))


def _lent(connection: Connection, who: Who | None, some: list[str], now: float) -> set[str]:
    if who is None:
        return set()
    table = tables.possession
    mine = and_(table.c.user == who.user, table.c.until > now, table.c.sha256.in_(some))
    return set(connection.scalars(select(table.c.sha256).where(mine)))
