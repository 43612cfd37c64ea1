"""Branches, tags and pull requests' heads, and what a revision means."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from catalog.hub.store import names, tables
from catalog.hub.store.errors import NoRepo, NoRevision, RefExists, Refused

if TYPE_CHECKING:
    from catalog.hub.store.repos import Repo
    from catalog.hub.store.store import Store

_HEADS, _TAGS, _PULLS = "refs/heads/", "refs/tags/", "refs/pr/"
_SHORT = 7


@dataclass(frozen=True, slots=True)
class Ref:
    """A name for a commit: `name` as people say it, `ref` in full; a tag may have a message."""

    name: str
    ref: str
    commit: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Refs:
    """All refs of a repo, each kind in order of names, pull requests by number."""

    branches: tuple[Ref, ...]
    tags: tuple[Ref, ...]
    pulls: tuple[Ref, ...]


def resolve(store: "Store", repo: "Repo", revision: str) -> str:
    """Return the commit that a revision means.

    A branch goes before a tag, a tag before a commit; of a commit's id seven digits do when no
    other begins so.
    """
    with store.reading() as connection:
        return find(connection, repo, revision)


def find(connection: Connection, repo: "Repo", revision: str) -> str:
    """Return the commit that a revision means, in a transaction."""
    wanted = [revision] if revision.startswith("refs/") else [_HEADS + revision, _TAGS + revision]
    table = tables.ref
    query = table.select().where(table.c.repo == repo.key, table.c.name.in_(wanted))
    known = names.storable(revision)
    found = {row.name: row.commit for row in connection.execute(query)} if known else {}
    for name in wanted:
        if name in found:
            return str(found[name])
    some = _commits(connection, repo.key, revision)
    if len(some) == 1:
        return some[0]
    many = "begins more than one commit" if some else "is no branch, tag or commit"
    raise NoRevision(f"{repo.id}: {revision[:100]!r} {many}; list its refs, or take a whole id")


def _commits(connection: Connection, repo: int, revision: str) -> list[str]:
    """Return two commits at most whose ids begin so."""
    digits = revision.lower()
    if not _SHORT <= len(digits) <= 40 or not set(digits) <= set("0123456789abcdef"):
        return []
    table = tables.commit
    begins = (table.c.id >= digits) & (table.c.id <= digits.ljust(40, "f"))
    query = select(table.c.id).where(table.c.repo == repo, begins).limit(2)
    return list(connection.scalars(query))


def listed(store: "Store", repo: "Repo") -> Refs:
    """Return all refs."""
    table = tables.ref
    query = table.select().where(table.c.repo == repo.key).order_by(table.c.name)
    with store.reading() as connection:
        rows = connection.execute(query).all()
    return Refs(
        tuple(_ref(row, _HEADS) for row in rows if row.name.startswith(_HEADS)),
        tuple(_ref(row, _TAGS) for row in rows if row.name.startswith(_TAGS)),
        tuple(
            sorted(
                (_ref(row, "refs/") for row in rows if row.name.startswith(_PULLS)),
                key=lambda one: int(one.name.removeprefix("pr/")),
            )
        ),
    )


def _ref(row: Any, prefix: str) -> Ref:
    return Ref(row.name.removeprefix(prefix), row.name, row.commit, row.message)


def branch(store: "Store", repo: "Repo", name: str, *, at: str = "main") -> Ref:
    """Make a branch at a revision."""
    return _make(store, repo, _HEADS + names.ref(name), at, "")


def tag(store: "Store", repo: "Repo", name: str, *, at: str = "main", message: str = "") -> Ref:
    """Make a tag at a revision."""
    return _make(store, repo, _TAGS + names.ref(name), at, message)


def _make(store: "Store", repo: "Repo", name: str, at: str, message: str) -> Ref:
    kind = name.split("/")[1]
    with store.writing() as connection:
        locked(connection, repo)
        commit = find(connection, repo, at)
        table = tables.ref
        there = select(table.c.name).where(
            table.c.repo == repo.key, table.c.name.startswith(f"refs/{kind}/")
        )
        taken = set(connection.scalars(there))
        if name in taken:
            raise RefExists(f"{repo.id}: {name!r} is there already; choose another name")
        inside = [one for one in taken if one.startswith(f"{name}/") or name.startswith(f"{one}/")]
        clash = inside or [one for one in taken if names.fold(one) == names.fold(name)]
        if clash:
            raise Refused(f"{name!r}: git cannot keep it beside {clash[0]!r}; name it otherwise")
        row = {"repo": repo.key, "name": name, "commit": commit, "message": message}
        connection.execute(table.insert().values(row))
    return Ref(name.split("/", 2)[2], name, commit, message)


def delete_branch(store: "Store", repo: "Repo", name: str) -> None:
    """Delete a branch; its commits stay until `gc` finds them unused."""
    if name == "main":
        raise Refused(
            f"{repo.id}: the branch 'main' stays; delete the repo if nothing is to be left"
        )
    _delete(store, repo, _HEADS + name)


def delete_tag(store: "Store", repo: "Repo", name: str) -> None:
    """Delete a tag."""
    _delete(store, repo, _TAGS + name)


def _delete(store: "Store", repo: "Repo", name: str) -> None:
    table = tables.ref
    with store.writing() as connection:
        locked(connection, repo)
        gone = table.delete().where(table.c.repo == repo.key, table.c.name == name)
        if connection.execute(gone).rowcount == 0:
            raise NoRevision(f"{repo.id}: has no {name!r}; list its refs")


def locked(connection: Connection, repo: "Repo") -> Any:
    """Return the repo's row, held until the transaction ends."""
    row = tables.lock(connection, repo.key)
    if row is None:
        raise NoRepo(f"{repo.id}: there is no such repo")
    return row


def advance(connection: Connection, repo: int, name: str, old: str, new: str) -> bool:
    """Set a ref to `new` if it still is `old`."""
    table = tables.ref
    mine = (table.c.repo == repo) & (table.c.name == name) & (table.c.commit == old)
    return connection.execute(table.update().where(mine).values(commit=new)).rowcount == 1
