"""Checking a store from its refs down to the last byte."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, select

from catalog.hub.store import blobs, commits, names, tables
from catalog.hub.store.errors import Damaged, NoBlob, Refused
from catalog.hub.store.repos import shown
from catalog.hub.store.trees import EMPTY, Branch, Leaf, git_tree, parse

if TYPE_CHECKING:
    from catalog.hub.store.store import Store


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be; an orphan does no harm and `gc` removes it."""

    kind: Literal["missing", "damaged", "orphan"]
    where: str
    message: str


@dataclass(slots=True)
class Checked:
    """What was looked at and what was found."""

    repos: int = 0
    commits: int = 0
    trees: int = 0
    blobs: int = 0
    bytes: int = 0
    problems: list[Fault] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything that was committed is there as it was."""
        return all(one.kind == "orphan" for one in self.problems)


def check(store: "Store", *, hashes: bool = True) -> Checked:
    """Look at everything; `hashes` reads every file again, which takes its time.

    A server may run beside it; `gc` should not.
    """
    done = Checked()
    needed: dict[str, tuple[int, str]] = {}
    with store.reading() as connection:
        rows = connection.execute(tables.repo.select().order_by(tables.repo.c.key)).all()
    for row in rows:
        done.repos += 1
        with store.reading() as connection:
            _repo(connection, row, done, needed)
    _blobs(store, done, needed, hashes)
    return done


def _repo(
    connection: Connection, row: Any, done: Checked, needed: dict[str, tuple[int, str]]
) -> None:
    repo = shown(row)
    where = f"{repo.type}/{repo.id}"
    table = tables.commit
    found = connection.execute(table.select().where(table.c.repo == repo.key)).all()
    known = {one.id: one for one in found}
    done.commits += len(known)
    done.problems += _refs(connection, repo.key, where, known)
    done.problems += _commits(known, where)
    bodies = _trees(connection, repo.key)
    leaves: dict[str, int] = {}
    waiting = [(one.tree, f"{where}@{one.id[:12]}") for one in found]
    seen: set[str] = {EMPTY}
    while waiting:
        key, at = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        node = _tree(key, bodies.get(key), at, done)
        for name, here in node.items():
            if isinstance(here, Branch):
                waiting.append((here.key, f"{at}/{name}"))
            else:
                leaves[here.sha256] = here.size
                needed.setdefault(here.sha256, (here.size, f"{at}/{name}"))
    usage = tables.usage
    used = set(connection.scalars(select(usage.c.sha256).where(usage.c.repo == repo.key)))
    done.problems += [
        Fault("damaged", where, f"{one} is in a commit and not among what the repo uses")
        for one in sorted(leaves.keys() - used)
    ]


def _refs(connection: Connection, repo: int, where: str, known: dict[str, Any]) -> Iterator[Fault]:
    table = tables.ref
    found = connection.execute(table.select().where(table.c.repo == repo)).all()
    for one in found:
        if one.commit not in known:
            yield Fault(
                "missing", where, f"{one.name} names the commit {one.commit}, which is gone"
            )
    head = connection.execute(select(tables.repo.c.head).where(tables.repo.c.key == repo)).scalar()
    main = next((one.commit for one in found if one.name == names.MAIN), None)
    if main != head:
        yield Fault("damaged", where, f"main is at {main}, the repo's row says {head}")


def _commits(known: dict[str, Any], where: str) -> Iterator[Fault]:
    for id, row in known.items():
        if commits.name(row._mapping) != id:
            yield Fault("damaged", where, f"the commit {id} does not say what it said")
        if row.parent is not None and row.parent not in known:
            yield Fault(
                "missing", where, f"the commit {id} has the parent {row.parent}, which is gone"
            )


def _trees(connection: Connection, repo: int) -> dict[str, bytes]:
    table = tables.tree
    rows = connection.execute(table.select().where(table.c.repo == repo))
    return {row.key: bytes(row.body) for row in rows}


def _tree(key: str, body: bytes | None, at: str, done: Checked) -> Any:
    """Return a folder's entries, none where they cannot be had."""
    done.trees += 1
    if body is None:
        done.problems.append(Fault("missing", at, f"the tree {key} is gone"))
        return {}
    try:
        node = parse(key, body)
        if hashlib.sha256(zlib.decompress(body)).hexdigest() != key:
            raise Damaged(f"tree {key}: is not what it was")
        for name in node:
            names.path(name)
        for here in node.values():
            if isinstance(here, Leaf) and here.lfs:
                whole = blobs.git_sha1(blobs.pointer(here.sha256, here.size))
                if whole != here.oid:
                    raise Damaged(f"tree {key}: names a pointer wrongly")
        git_tree(node)
    except (Damaged, Refused, ValueError) as error:
        done.problems.append(Fault("damaged", at, str(error)))
        return {}
    return node


def _blobs(store: "Store", done: Checked, needed: dict[str, tuple[int, str]], hashes: bool) -> None:
    with store.reading() as connection:
        rows = {row.sha256: row for row in connection.execute(tables.blob.select())}
    there = {one.sha256: one.size for one in store.blobs.listed()}
    for sha256, (size, at) in sorted(needed.items()):
        row = rows.get(sha256)
        if row is None or not row.placed:
            done.problems.append(Fault("missing", at, f"the bytes {sha256} have no row"))
        elif row.size != size:
            message = f"{sha256} has {size} bytes in its tree, {row.size} in its row"
            done.problems.append(Fault("damaged", at, message))
    for sha256, row in sorted(rows.items()):
        if row.placed:
            at = needed.get(sha256, (0, "uploads"))[1]
            done.problems += _bytes(store, row, there.get(sha256), at, hashes)
            done.blobs += 1
            done.bytes += row.size
    done.problems += [
        Fault("orphan", "uploads", f"{one} has no row that says it is there")
        for one in sorted(there)
        if one not in rows or not rows[one].placed
    ]


def _bytes(store: "Store", row: Any, size: int | None, at: str, hashes: bool) -> Iterator[Fault]:
    """Check one file against its row."""
    if size is None:
        yield Fault("missing", at, f"the bytes {row.sha256} are gone")
    elif size != row.size:
        yield Fault("damaged", at, f"{row.sha256} has {size} bytes, its row says {row.size}")
    elif hashes:
        sha256 = hashlib.sha256()
        sha1 = hashlib.sha1(f"blob {row.size}\0".encode(), usedforsecurity=False)
        try:
            for chunk in store.blobs.open(row.sha256):
                sha256.update(chunk)
                sha1.update(chunk)
        except (NoBlob, OSError) as error:
            yield Fault("missing", at, f"{row.sha256} cannot be read, {error}")
            return
        if sha256.hexdigest() != row.sha256 or row.oid not in (None, sha1.hexdigest()):
            yield Fault("damaged", at, f"{row.sha256} has other bytes than were put in")
