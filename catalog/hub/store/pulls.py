"""Discussions; a pull request is one that has a branch of its own, `refs/pr/N`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import Connection, String, cast, func, literal, select

from catalog.hub.store import commits, names, refs, tables
from catalog.hub.store.errors import Conflict, NoPull, Refused
from catalog.hub.store.trees import Draft, Leaf, Look, merged

if TYPE_CHECKING:
    from catalog.hub.store.repos import Repo
    from catalog.hub.store.store import Store
    from catalog.hub.store.tokens import Who

Status = Literal["draft", "open", "closed", "merged"]

_LONG = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A discussion; `base`, `head` and `merged` are commits, and pull requests only have them."""

    number: int
    title: str
    description: str
    author: str
    created: float
    status: Status
    pull: bool
    base: str | None
    head: str | None
    merged: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a discussion; the text is the comment, or the status."""

    kind: Literal["comment", "status"]
    author: str
    time: float
    text: str


def open(
    store: "Store",
    repo: "Repo",
    *,
    title: str,
    description: str = "",
    author: str,
    pull: bool = True,
    draft: bool = False,
) -> Pull:
    """Open a discussion, or a pull request whose branch begins at the head of main."""
    values = {
        "repo": repo.key,
        "title": _text(title, 1),
        "description": _text(description, 0),
        "author": author,
        "created": store.clock(),
        "status": "draft" if draft and pull else "open",
        "pull": pull,
    }
    with store.writing() as connection:
        row = refs.locked(connection, repo)
        number = commits.next_number(connection, repo.key)
        base = row.head if pull else None
        values |= {"number": number, "base": base}
        connection.execute(tables.discussion.insert().values(values))
        if pull:
            ref = {"repo": repo.key, "name": f"refs/pr/{number}", "commit": base, "message": ""}
            connection.execute(tables.ref.insert().values(ref))
        return _get(connection, repo, number)


def get(store: "Store", repo: "Repo", number: int) -> Pull:
    """Return a discussion."""
    with store.reading() as connection:
        return _get(connection, repo, number)


def listed(
    store: "Store",
    repo: "Repo",
    *,
    status: Status | None = None,
    author: str | None = None,
    pull: bool | None = None,
) -> list[Pull]:
    """Return the discussions that meet every condition, newest first."""
    table, query = tables.discussion, _query(repo)
    for column, wanted in (
        (table.c.status, status),
        (table.c.author, author),
        (table.c.pull, pull),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    with store.reading() as connection:
        rows = connection.execute(query.order_by(table.c.number.desc())).all()
    return [_pull(row) for row in rows]


def events(store: "Store", repo: "Repo", number: int) -> list[Event]:
    """Return what happened in a discussion, in order."""
    table = tables.happening
    mine = (table.c.repo == repo.key) & (table.c.number == number)
    with store.reading() as connection:
        _get(connection, repo, number)
        rows = connection.execute(table.select().where(mine).order_by(table.c.place)).all()
    return [Event(row.kind, row.author, row.time, row.text) for row in rows]


def comment(store: "Store", repo: "Repo", number: int, *, author: str, text: str) -> Event:
    """Add a comment."""
    event = Event("comment", author, store.clock(), _text(text, 1))
    with store.writing() as connection:
        refs.locked(connection, repo)
        _get(connection, repo, number)
        _note(connection, repo, number, event)
    return event


def status(
    store: "Store", repo: "Repo", number: int, status: Status, *, author: str, text: str = ""
) -> Pull:
    """Open or close a discussion; what is merged stays so."""
    if status not in get_args(Status) or status == "merged":
        raise Refused(f"{status!r}: is no status to set; there are draft, open and closed")
    with store.writing() as connection:
        refs.locked(connection, repo)
        if _get(connection, repo, number).status == "merged":
            raise Refused(f"{repo.id}#{number}: is merged; open another one")
        if text:
            _note(connection, repo, number, Event("comment", author, store.clock(), _text(text, 1)))
        _set(connection, repo, number, status=status)
        _note(connection, repo, number, Event("status", author, store.clock(), status))
        return _get(connection, repo, number)


def retitle(store: "Store", repo: "Repo", number: int, title: str) -> Pull:
    """Give a discussion another title."""
    with store.writing() as connection:
        refs.locked(connection, repo)
        _get(connection, repo, number)
        _set(connection, repo, number, title=_text(title, 1))
        return _get(connection, repo, number)


def merge(
    store: "Store", repo: "Repo", number: int, *, who: "Who", message: str = ""
) -> commits.Commit:
    """Bring what a pull request changed since its base to main, as one commit."""
    with store.writing() as connection:
        row = refs.locked(connection, repo)
        one = _get(connection, repo, number)
        if not one.pull or one.status not in ("open", "draft") or not one.base or not one.head:
            raise Refused(f"{repo.id}#{number}: is no open pull request")
        draft = _merged(store, connection, repo, one.base, row.head, one.head, number)
        title = f"{one.title} (#{number})"
        said = (title, message or one.description, who.user)
        made = commits.write(store, connection, repo.key, draft, row.head, said)
        commits.move(connection, repo, names.MAIN, row.head, made)
        _set(connection, repo, number, status="merged", merged=made.id)
        _note(connection, repo, number, Event("status", who.user, made.time, "merged"))
    return made


def _merged(
    store: "Store",
    connection: Connection,
    repo: "Repo",
    base: str,
    ours: str,
    theirs: str,
    number: int,
) -> Draft:
    """Return main's tree with what a pull request changed."""
    look = Look(store, repo.key, connection)
    root = look.root(ours)
    wanted = merged(look, look.root(base), root, look.root(theirs))
    if not wanted:
        raise Conflict(f"{repo.id}#{number}: changes nothing; commit to refs/pr/{number} first")
    draft = Draft(look, root)
    for change in wanted:
        if change.before is not None:
            draft.remove(change.path, folder=False)
    for change in wanted:
        if change.after is not None:
            file = change.after
            draft.put(file.path, Leaf(file.oid, file.size, file.sha256, file.lfs))
    return draft


def _text(text: str, least: int) -> str:
    if not least <= len(text) <= _LONG or not names.storable(text):
        raise Refused(f"{text[:60]!r}: a text has {least} to {_LONG} characters and no NUL")
    return text


def _query(repo: "Repo") -> Any:
    """Return the query for a repo's discussions with the heads of their branches."""
    table, ref = tables.discussion, tables.ref
    head = (
        select(ref.c.commit)
        .where(ref.c.repo == table.c.repo)
        .where(ref.c.name == literal("refs/pr/").concat(cast(table.c.number, String)))
        .scalar_subquery()
        .label("head")
    )
    return select(table, head).where(table.c.repo == repo.key)


def _get(connection: Connection, repo: "Repo", number: int) -> Pull:
    query = _query(repo).where(tables.discussion.c.number == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NoPull(f"{repo.id}: has no discussion {number}")
    return _pull(row)


def _pull(row: Any) -> Pull:
    values = {one: getattr(row, one) for one in Pull.__slots__}
    return Pull(**values)


def _set(connection: Connection, repo: "Repo", number: int, **new: Any) -> None:
    table = tables.discussion
    mine = (table.c.repo == repo.key) & (table.c.number == number)
    connection.execute(table.update().where(mine).values(new))


def _note(connection: Connection, repo: "Repo", number: int, event: Event) -> None:
    table = tables.happening
    mine = (table.c.repo == repo.key) & (table.c.number == number)
    query = select(func.coalesce(func.max(table.c.place), 0)).where(mine)
    place = connection.execute(query).scalar_one() + 1
    values = {one: getattr(event, one) for one in Event.__slots__}
    values |= {"repo": repo.key, "number": number, "place": place}
    connection.execute(table.insert().values(values))
