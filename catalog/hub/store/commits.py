"""Commits: changes to a repo that all happen, or none."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, literal, select

from catalog.hub.store import blobs, names, refs, tables
from catalog.hub.store.errors import Denied, Moved, NoRevision, Refused
from catalog.hub.store.possession import batches, nameable
from catalog.hub.store.trees import EMPTY, Branch, Draft, Leaf, Look, leaf, missing

if TYPE_CHECKING:
    from catalog.hub.store.repos import Repo
    from catalog.hub.store.store import Store
    from catalog.hub.store.tokens import Who

_TITLE, _MESSAGE = 1000, 100_000
_NUMPY = b"\x93NUMPY"


@dataclass(frozen=True, slots=True)
class Commit:
    """One step of a repo's history; only the first has no parent."""

    id: str
    parent: str | None
    title: str
    message: str
    author: str
    time: float


@dataclass(frozen=True, slots=True)
class Put:
    """Set a file to bytes that the store has; `lfs` is how clients are told of it."""

    path: str
    sha256: str
    lfs: bool = False


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Remove a file."""

    path: str


@dataclass(frozen=True, slots=True)
class DeleteFolder:
    """Remove a folder with all in it."""

    path: str


Operation = Put | DeleteFile | DeleteFolder


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that is there, and the number of the pull request that it opened."""

    commit: Commit
    pull: int | None


def commit(
    store: "Store",
    repo: "Repo",
    revision: str,
    *,
    who: "Who",
    title: str,
    message: str = "",
    operations: Sequence[Operation],
    parent: str | None = None,
    create_pr: bool = False,
) -> Committed:
    """Apply operations in their order to the head of a branch or pull request.

    With `parent` the head has to be that commit; without, it may be any. A new pull request begins
    at `parent`, else at the revision's head. An unchanged tree makes a commit as well.
    """
    said = _said(title, message)
    files = _checked(store, repo, who, operations)
    with store.writing() as connection:
        row = refs.locked(connection, repo)
        _check_risky(store, bool(row.risky), files)
        ref, head = (
            (None, _start(connection, repo, revision, parent))
            if create_pr
            else _head(connection, repo, revision, parent)
        )
        leaves = _leaves(connection, files, store.clock())
        made = _written(store, connection, repo, head, operations, leaves, (*said, who.user))
        if ref is not None:
            move(connection, repo, ref, head, made)
            return Committed(made, None)
        number = new_pull(connection, repo, made, base=head)
    return Committed(made, number)


def _said(title: str, message: str) -> tuple[str, str]:
    for text, most in ((title, _TITLE), (message, _MESSAGE)):
        if len(text) > most or not names.storable(text):
            raise Refused(
                f"{text[:60]!r}: a commit's title has up to {_TITLE} characters, its message "
                f"{_MESSAGE}, and neither a NUL"
            )
    return title.strip() or "Update", message


def _checked(
    store: "Store", repo: "Repo", who: "Who", operations: Sequence[Operation]
) -> list[Put]:
    """Return the files to set, after every check that needs no lock."""
    for one in operations:
        names.path(one.path)
    files = [one for one in operations if isinstance(one, Put)]
    known = nameable(store, who, (names.sha256(one.sha256) for one in files))
    for one in files:
        if one.sha256 not in known:
            raise Denied(
                f"{one.path!r}: {one.sha256} is no file that you uploaded or can read; upload it"
            )
    _name_for_git(store, [one.sha256 for one in files if not one.lfs])
    return files


def _name_for_git(store: "Store", sha256s: Iterable[str]) -> None:
    """Compute git's ids of files that came without one."""
    table = tables.blob
    for some in batches(sha256s):
        with store.reading() as connection:
            nameless = table.c.sha256.in_(some) & table.c.oid.is_(None)
            rows = connection.execute(table.select().where(nameless)).all()
        for row in rows:
            oid = blobs.git_sha1_of(store.blobs.open(row.sha256), row.size)
            with store.writing(durable=False) as connection:
                mine = table.update().where(table.c.sha256 == row.sha256)
                connection.execute(mine.values(oid=oid))


def _check_risky(store: "Store", allowed: bool, files: list[Put]) -> None:
    """Refuse what runs code when it is opened, in a repo that did not ask for such files."""
    if allowed:
        return
    for one in files:
        if names.risky(one.path) or (
            one.path.casefold().endswith(".npy") and _holds_objects(store, one.sha256)
        ):
            raise Refused(
                f"{one.path!r}: such files can run code when they are opened, and this repo does "
                "not allow them; save weights as safetensors, or allow risky files in its settings"
            )


def _holds_objects(store: "Store", sha256: str) -> bool:
    """Say whether an array's file holds a pickle, or is no array's file at all."""
    head = blobs.read(store, sha256, most=4096)
    return not head.startswith(_NUMPY) or b"O" in head[: head.find(b"}") + 1].partition(b"{")[2]


def _head(
    connection: Connection, repo: "Repo", revision: str, parent: str | None
) -> tuple[str, str]:
    """Return the ref to move and the commit that it names."""
    ref = revision if revision.startswith("refs/") else f"refs/heads/{revision}"
    if not names.storable(ref):
        raise NoRevision(f"{repo.id}: has no branch {revision[:100]!r}; make it first")
    if not ref.startswith("refs/heads/") and not names.is_pull(ref):
        raise Refused(f"{repo.id}: {revision[:100]!r} is no branch or pull request to commit to")
    table = tables.ref
    query = select(table.c.commit).where(table.c.repo == repo.key, table.c.name == ref)
    head = connection.execute(query).scalar_one_or_none()
    if head is None:
        raise NoRevision(f"{repo.id}: has no branch {revision[:100]!r}; make it first")
    if parent is not None and not _is(parent, head):
        raise Moved(
            f"{repo.id}: {revision} is at {head[:12]} and not at {parent[:12]}; get what is new "
            "and commit again",
            head,
        )
    return ref, str(head)


def _start(connection: Connection, repo: "Repo", revision: str, parent: str | None) -> str:
    """Return the commit that a new pull request begins at."""
    return refs.find(connection, repo, parent or revision)


def _is(said: str, id: str) -> bool:
    return 5 <= len(said) <= 40 and id.startswith(said.lower())


def _leaves(connection: Connection, files: list[Put], now: float) -> dict[str, Any]:
    """Return the rows of the files' bytes, held and marked as used so that `gc` leaves them."""
    found: dict[str, Any] = {}
    table = tables.blob
    for some in batches(sorted(one.sha256 for one in files)):
        mine = table.c.sha256.in_(some)
        query = table.select().where(mine, table.c.placed).order_by(table.c.sha256)
        found |= {row.sha256: row for row in connection.execute(query.with_for_update())}
        connection.execute(table.update().where(mine).values(touched=now, doomed=None))
    for one in files:
        if one.sha256 not in found:
            raise Denied(f"{one.path!r}: {one.sha256} is not there any more; upload it again")
    return found


def _written(
    store: "Store",
    connection: Connection,
    repo: "Repo",
    head: str,
    operations: Sequence[Operation],
    rows: dict[str, Any],
    said: tuple[str, str, str],
) -> Commit:
    """Write the trees and the commit that follow from operations on `head`."""
    look = Look(store, repo.key, connection)
    draft = Draft(look, look.root(head))
    for one in operations:
        if isinstance(one, Put):
            row = rows[one.sha256]
            draft.put(one.path, leaf(row.sha256, row.size, row.oid, lfs=one.lfs))
        elif not draft.remove(one.path, folder=isinstance(one, DeleteFolder)):
            raise missing(one.path, repo.id, head)
    tables.add_new(connection, tables.usage, [{"repo": repo.key, "sha256": one} for one in rows])
    return write(store, connection, repo.key, draft, head, said)


def write(
    store: "Store",
    connection: Connection,
    repo: int,
    draft: Draft | None,
    parent: str | None,
    said: tuple[str, str, str],
) -> Commit:
    """Write a commit of a changed tree; the first of a repo has no draft and no parent."""
    bodies: dict[str, bytes] = {}
    tree = draft.write(bodies).key if draft else EMPTY
    trees = [{"repo": repo, "key": key, "body": body} for key, body in bodies.items()]
    tables.add_new(connection, tables.tree, trees)
    title, message, author = said
    now = store.clock()
    row = {
        "parent": parent,
        "tree": tree,
        "title": title,
        "message": message,
        "author": author,
        "time": now,
        "salt": token_hex(8),
    }
    id = name(row)
    connection.execute(tables.commit.insert().values(row | {"repo": repo, "id": id}))
    return Commit(id, parent, title, message, author, now)


def name(row: Any) -> str:
    """Return a commit's id: the first 40 digits of the sha256 of what it says.

    Two commits that say the same at the same time differ in their salt.
    """
    fields = ("parent", "tree", "title", "message", "author", "time", "salt")
    text = json.dumps([row[one] for one in fields], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def move(connection: Connection, repo: "Repo", ref: str, old: str, new: Commit) -> None:
    """Set a ref to a new commit, if nobody was faster."""
    if not refs.advance(connection, repo.key, ref, old, new.id):
        raise Moved(f"{repo.id}: {ref} has moved; commit again", old)
    if ref == names.MAIN:
        mine = tables.repo.update().where(tables.repo.c.key == repo.key)
        connection.execute(mine.values(head=new.id, changed=new.time))


def new_pull(connection: Connection, repo: "Repo", made: Commit, *, base: str) -> int:
    """Open the pull request that a commit begins."""
    number = next_number(connection, repo.key)
    connection.execute(
        tables.discussion.insert().values(
            repo=repo.key,
            number=number,
            title=made.title,
            description=made.message,
            author=made.author,
            created=made.time,
            status="open",
            pull=True,
            base=base,
        )
    )
    row = {"repo": repo.key, "name": f"refs/pr/{number}", "commit": made.id, "message": ""}
    connection.execute(tables.ref.insert().values(row))
    return number


def next_number(connection: Connection, repo: int) -> int:
    """Return the number of a repo's next discussion; its row has to be held."""
    mine = tables.repo.c.key == repo
    connection.execute(tables.repo.update().where(mine).values(pulls=tables.repo.c.pulls + 1))
    return int(connection.execute(select(tables.repo.c.pulls).where(mine)).scalar_one())


def get(store: "Store", repo: "Repo", id: str) -> Commit:
    """Return a commit by its whole id."""
    table, row = tables.commit, None
    if names.is_commit(id):
        mine = (table.c.repo == repo.key) & (table.c.id == id)
        with store.reading() as connection:
            row = connection.execute(table.select().where(mine)).one_or_none()
    if row is None:
        raise NoRevision(f"{repo.id}: has no commit {id[:40]!r}")
    return _commit(row)


def history(
    store: "Store", repo: "Repo", commit: str, *, limit: int = 50, after: str | None = None
) -> list[Commit]:
    """Return a commit and those before it, newest first; or those before `after`."""
    start = get(store, repo, after).parent if after else get(store, repo, commit).id
    if start is None:
        return []
    with store.reading() as connection:
        return [_commit(row) for row in connection.execute(_chain(repo.key, start, limit))]


def _chain(repo: int, start: str, limit: int) -> Any:
    """Return the query for a commit and its ancestors."""
    table = tables.commit
    step = select(table, literal(0).label("depth")).where(table.c.repo == repo, table.c.id == start)
    walk = step.cte("walk", recursive=True)
    further = select(table, walk.c.depth + 1).join(walk, table.c.id == walk.c.parent)
    walk = walk.union_all(further.where(table.c.repo == repo, walk.c.depth + 1 < limit))
    return select(walk).order_by(walk.c.depth)


def _commit(row: Any) -> Commit:
    return Commit(row.id, row.parent, row.title, row.message, row.author, row.time)


def last(store: "Store", repo: "Repo", commit: str, paths: Iterable[str]) -> dict[str, Commit]:
    """Return the last commit that changed each path, a folder with what is in it."""
    folders: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, set()).add(name)
    found: dict[str, Commit] = {}
    start: str | None = commit
    with store.reading() as connection:
        look = Look(store, repo.key, connection)
        while start is not None and folders:
            rows = connection.execute(_chain(repo.key, start, 200)).all()
            for row in rows:
                _settle(look, row, folders, found)
            start = rows[-1].parent if rows else None
    return found


def _settle(look: Look, row: Any, folders: dict[str, set[str]], found: dict[str, Commit]) -> None:
    """Write down the paths that differ between a commit and its parent."""
    before = look.root(row.parent) if row.parent else EMPTY
    if before == row.tree:
        return
    for folder in list(folders):
        new, old = (_key(look, root, folder) for root in (row.tree, before))
        if new == old:
            continue
        now, then = look.node(new), look.node(old)
        changed = {one for one in folders[folder] if now.get(one) != then.get(one)}
        there = {one for one in changed if one in now}
        prefix = f"{folder}/" if folder else ""
        found |= {prefix + one: _commit(row) for one in there}
        folders[folder] -= changed
        if not folders[folder]:
            del folders[folder]


def _key(look: Look, root: str, folder: str) -> str:
    here: Leaf | Branch | None = look.at(root, folder) if folder else Branch("", root)
    return here.key if isinstance(here, Branch) else EMPTY
