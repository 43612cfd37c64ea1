"""Repos: making, finding, changing and listing them."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import Connection, Select, and_, or_, select
from sqlalchemy.exc import IntegrityError

from catalog.hub.store import cards, commits, names, refs, tables
from catalog.hub.store.errors import NoRepo, Refused, RepoExists
from catalog.hub.store.possession import visible

if TYPE_CHECKING:
    from catalog.hub.store.store import Store
    from catalog.hub.store.tokens import Who

Type = Literal["models", "datasets"]
Sort = Literal["changed", "created", "name"]

_SORTS = {
    "changed": tables.repo.c.changed,
    "created": tables.repo.c.created,
    "name": tables.repo.c.folded,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repo:
    """A repo as it was when it was read; `head` is the commit of its branch main.

    `risky` repos may hold files that run code when they are opened.
    """

    key: int
    type: Type
    namespace: str
    name: str
    private: bool
    risky: bool
    gated: bool
    author: str
    created: float
    changed: float
    head: str

    @property
    def id(self) -> str:
        """The name that people call it by."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A repo with what its README says."""

    repo: Repo
    facts: cards.Facts


@dataclass(frozen=True, slots=True)
class Page:
    """Some repos, and the cursor of those that follow."""

    repos: tuple[Listed, ...]
    next: str | None


def create(
    store: "Store",
    type: str,
    id: str,
    *,
    private: bool = False,
    risky: bool = False,
    author: str = "",
) -> Repo:
    """Make a repo with an empty first commit on main."""
    namespace, name = names.repo(type, id)
    now = store.clock()
    row: dict[str, Any] = {
        "type": type,
        "namespace": namespace,
        "name": name,
        "folded": id.casefold(),
    }
    row |= {"private": private, "risky": risky, "gated": False, "author": author, "head": ""}
    row |= {"created": now, "changed": now}
    try:
        with store.writing() as connection:
            key = connection.execute(tables.repo.insert().values(row)).inserted_primary_key
            return _begin(store, connection, int(key[0]) if key else 0, author)
    except IntegrityError as error:
        raise RepoExists(f"{id}: there is such a repo already; choose another name") from error


def _begin(store: "Store", connection: Connection, key: int, author: str) -> Repo:
    said = ("initial commit", "", author)
    made = commits.write(store, connection, key, None, None, said)
    row = {"repo": key, "name": names.MAIN, "commit": made.id, "message": ""}
    connection.execute(tables.ref.insert().values(row))
    mine = tables.repo.c.key == key
    connection.execute(tables.repo.update().where(mine).values(head=made.id))
    return shown(connection.execute(tables.repo.select().where(mine)).one())


def find(store: "Store", type: str, id: str) -> Repo:
    """Return a repo by its exact name; who may know of it is the caller's to check."""
    table = tables.repo
    namespace, _, name = id.partition("/")
    folded = id.casefold() if names.storable(id) else ""
    mine = and_(table.c.type == type, table.c.folded == folded)
    with store.reading() as connection:
        row = connection.execute(table.select().where(mine)).one_or_none()
    if row is None or (row.namespace, row.name) != (namespace, name):
        raise NoRepo(f"{id[:200]}: there is no such repo among the {type}")
    return shown(row)


def delete(store: "Store", repo: Repo) -> None:
    """Delete a repo with its history; `gc` then finds the bytes that nobody else names."""
    with store.writing() as connection:
        refs.locked(connection, repo)
        connection.execute(tables.repo.delete().where(tables.repo.c.key == repo.key))


def move(store: "Store", repo: Repo, id: str) -> Repo:
    """Give a repo another name, or another namespace."""
    namespace, name = names.repo(repo.type, id)
    new = {"namespace": namespace, "name": name, "folded": id.casefold()}
    try:
        return _change(store, repo, new)
    except IntegrityError as error:
        raise RepoExists(f"{id}: there is such a repo already; choose another name") from error


def settings(
    store: "Store",
    repo: Repo,
    *,
    private: bool | None = None,
    risky: bool | None = None,
    gated: bool | None = None,
) -> Repo:
    """Change those settings that are not None."""
    said = {"private": private, "risky": risky, "gated": gated}
    return _change(store, repo, {key: one for key, one in said.items() if one is not None})


def _change(store: "Store", repo: Repo, new: dict[str, Any]) -> Repo:
    mine = tables.repo.c.key == repo.key
    with store.writing() as connection:
        refs.locked(connection, repo)
        if new:
            connection.execute(tables.repo.update().where(mine).values(new))
            gone = tables.facts.delete().where(tables.facts.c.repo == repo.key)
            connection.execute(gone)
        return shown(connection.execute(tables.repo.select().where(mine)).one())


def shown(row: Any) -> Repo:
    """Return the repo of a row."""
    return Repo(**{one: getattr(row, one) for one in Repo.__slots__})


def page(
    store: "Store",
    type: str,
    *,
    who: "Who | None" = None,
    filters: Iterable[str] = (),
    search: Iterable[str] = (),
    author: str | None = None,
    besides: str | None = None,
    gated: bool | None = None,
    sort: Sort = "changed",
    descending: bool = True,
    limit: int = 1000,
    cursor: str | None = None,
) -> Page:
    """Return repos that somebody may read and that meet every condition.

    A filter is a tag, a search a text that the id, the title or a tag holds, in any case; `besides`
    is a namespace that is left out.
    """
    filters, search = list(filters), list(search)
    for one in (*filters, *search, author or ""):
        if not names.storable(one):
            raise Refused(f"{one[:100]!r}: is no text to look for")
    _refresh(store, type)
    table, facts = tables.repo, tables.facts
    query = select(table).join(facts, facts.c.repo == table.c.key)
    query = query.where(table.c.type == type, visible(who))
    query = _narrowed(query, filters, search, author, gated)
    if besides is not None:
        query = query.where(table.c.namespace != besides)
    column = _SORTS[sort]
    order = [one.desc() if descending else one.asc() for one in (column, table.c.key)]
    if cursor is not None:
        query = query.where(_behind(cursor, sort, descending))
    with store.reading() as connection:
        rows = connection.execute(query.order_by(*order).limit(limit + 1)).all()
        repos = [shown(row) for row in rows[:limit]]
        mine = facts.select().where(facts.c.repo.in_([one.key for one in repos]))
        known = cards.kept(connection, connection.execute(mine).all())
    listed = tuple(Listed(one, known[one.key]) for one in repos if one.key in known)
    return Page(listed, _cursor(rows[limit - 1], sort) if len(rows) > limit else None)


def _refresh(store: "Store", type: str) -> None:
    """Read the READMEs of heads that were not read yet."""
    table, facts = tables.repo, tables.facts
    joined = table.outerjoin(facts, facts.c.repo == table.c.key)
    stale = or_(facts.c.commit.is_(None), facts.c.commit != table.c.head)
    query = select(table).select_from(joined).where(table.c.type == type, stale)
    with store.reading() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        cards.refresh(store, shown(row))


def _narrowed(
    query: Select[Any],
    filters: Iterable[str],
    search: Iterable[str],
    author: str | None,
    gated: bool | None,
) -> Select[Any]:
    table, tag = tables.repo, tables.tag
    for one in filters:
        has = select(tag.c.repo).where(tag.c.repo == table.c.key, tag.c.tag == one)
        query = query.where(has.exists())
    for one in search:
        query = query.where(tables.facts.c.words.contains(one.casefold(), autoescape=True))
    if author is not None:
        query = query.where(table.c.folded.startswith(f"{author.casefold()}/", autoescape=True))
    return query if gated is None else query.where(table.c.gated == gated)


def _cursor(row: Any, sort: Sort) -> str:
    text = json.dumps([sort, getattr(row, _SORTS[sort].name), row.key])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _behind(cursor: str, sort: Sort, descending: bool) -> Any:
    """Return the condition that a repo stands behind the one that a cursor names."""
    try:
        said, value, key = json.loads(base64.urlsafe_b64decode(cursor))
        wanted = str if sort == "name" else float
        if said != sort or not isinstance(value, wanted) or not isinstance(key, int):
            raise ValueError
    except (ValueError, TypeError) as error:
        raise Refused(f"{cursor[:100]!r}: is no cursor of this list; begin anew") from error
    column, id = cast(Any, _SORTS[sort]), tables.repo.c.key
    further = column < value if descending else column > value
    beside = id < key if descending else id > key
    return or_(further, and_(column == value, beside))
