"""Trees: what is in a commit, a folder at a time.

A folder is kept under the sha256 of its entries, so that commits share the folders they did not
change. git's own ids (sha1) are computed beside it for clients to compare; nothing is found by
them, because two files may be made to share a sha1.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from catalog.hub.store import names, tables
from catalog.hub.store.blobs import git_sha1, pointer
from catalog.hub.store.errors import Conflict, Damaged, NoEntry, NoRevision, Refused

if TYPE_CHECKING:
    from catalog.hub.store.repos import Repo
    from catalog.hub.store.store import Store


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file as its folder knows it; `oid` is git's id, of the pointer where it is in LFS."""

    oid: str
    size: int
    sha256: str
    lfs: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A folder as the folder above knows it."""

    oid: str
    key: str


Node = Mapping[str, Leaf | Branch]
"""A folder's entries by name, in order."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a commit; `oid` is git's id, of the pointer where it is in LFS."""

    path: str
    oid: str
    size: int
    sha256: str
    lfs: bool

    @property
    def etag(self) -> str:
        """What clients know a version of it by."""
        return self.sha256 if self.lfs else self.oid

    @property
    def pointer_size(self) -> int:
        """The size of the text that stands for it in git."""
        return len(pointer(self.sha256, self.size))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a commit; `oid` is git's id of its tree."""

    path: str
    oid: str


@dataclass(frozen=True, slots=True)
class Change:
    """A file that differs; None is where it is not there."""

    path: str
    before: File | None
    after: File | None


def entry(store: "Store", repo: "Repo", commit: str, path: str) -> File | Folder:
    """Return what lies at `path`."""
    found = entries(store, repo, commit, [path])
    if path not in found:
        raise missing(path, repo.id, commit)
    return found[path]


def entries(
    store: "Store", repo: "Repo", commit: str, paths: Iterable[str]
) -> dict[str, File | Folder]:
    """Return what lies at those paths that there are."""
    found: dict[str, File | Folder] = {}
    with store.reading() as connection:
        look = Look(store, repo.key, connection)
        root = look.root(commit)
        for path in paths:
            here = look.at(root, path)
            if here is not None:
                found[path] = _shown(path, here)
    return found


def listing(
    store: "Store",
    repo: "Repo",
    commit: str,
    path: str = "",
    *,
    recursive: bool = False,
    after: str | None = None,
) -> Iterator[File | Folder]:
    """Return what lies in a folder, each folder before what is in it.

    With `after`, a path of this very listing, what stands behind it.
    """
    look = Look(store, repo.key)
    root = look.root(commit)
    here = look.at(root, path) if path else Branch("", root)
    if not isinstance(here, Branch):
        raise missing(path, repo.id, commit)
    return _walk(look, here.key, f"{path}/" if path else "", recursive, after)


def _walk(
    look: "Look", key: str, prefix: str, recursive: bool, after: str | None
) -> Iterator[File | Folder]:
    behind = after.removeprefix(prefix).split("/") if after is not None else []
    for name, here in look.node(key).items():
        if behind and name < behind[0]:
            continue
        path = prefix + name
        seen = bool(behind) and name == behind[0]
        if not seen:
            yield _shown(path, here)
        if recursive and isinstance(here, Branch):
            inside = after if seen and len(behind) > 1 else None
            yield from _walk(look, here.key, f"{path}/", True, inside)


def changes(store: "Store", repo: "Repo", before: str, after: str) -> list[Change]:
    """Return the files that differ between two commits, in order of their paths."""
    with store.reading() as connection:
        look = Look(store, repo.key, connection)
        return sorted(look.changes(look.root(before), look.root(after)), key=lambda one: one.path)


def missing(path: str, repo: str, commit: str) -> NoEntry:
    """Return the error that says that nothing lies at a path."""
    return NoEntry(f"{repo}: has no {path!r} at {commit[:12]}; list the files of this revision")


def _shown(path: str, here: Leaf | Branch) -> File | Folder:
    if isinstance(here, Branch):
        return Folder(path, here.oid)
    return File(path, here.oid, here.size, here.sha256, here.lfs)


@dataclass(frozen=True, slots=True)
class Look:
    """Reads the folders of one repo's commits, over its own connections or the one given."""

    store: "Store"
    repo: int
    connection: Connection | None = None

    def _one(self, query: Any) -> Any:
        if self.connection is not None:
            return self.connection.execute(query).scalar_one_or_none()
        with self.store.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def root(self, commit: str) -> str:
        """Return the key of a commit's topmost folder."""
        table = tables.commit
        query = table.select().with_only_columns(table.c.tree)
        mine = query.where(table.c.repo == self.repo, table.c.id == commit)
        found = self._one(mine) if names.is_commit(commit) else None
        if found is None:
            raise NoRevision(f"{commit[:40]!r}: is no commit of this repo")
        return str(found)

    def node(self, key: str) -> Node:
        """Return a folder's entries."""
        if key == EMPTY:
            return {}
        found = self.store.nodes.get(key)
        if found is None:
            found = parse(key, self._body(key))
            self.store.nodes.keep(key, found)
        return found

    def _body(self, key: str) -> bytes:
        table = tables.tree
        query = table.select().with_only_columns(table.c.body)
        found = self._one(query.where(table.c.repo == self.repo, table.c.key == key))
        if found is None:
            raise Damaged(f"tree {key[:12]}: is not in the store; run: catalog fsck")
        return bytes(found)

    def at(self, root: str, path: str) -> Leaf | Branch | None:
        """Return what lies at a path below the folder `root`, None where nothing does."""
        here: Leaf | Branch | None = Branch("", root)
        for part in path.split("/"):
            if not isinstance(here, Branch):
                return None
            here = self.node(here.key).get(part)
        return here

    def changes(self, before: str | None, after: str | None, prefix: str = "") -> Iterator[Change]:
        """Return the files that differ between two folders; what is the same is not read."""
        if before == after:
            return
        old = self.node(before) if before else {}
        new = self.node(after) if after else {}
        for name in sorted({*old, *new}):
            one, two = old.get(name), new.get(name)
            if one == two:
                continue
            path = prefix + name
            files = [
                File(path, here.oid, here.size, here.sha256, here.lfs)
                if isinstance(here, Leaf)
                else None
                for here in (one, two)
            ]
            if any(files):
                yield Change(path, files[0], files[1])
            keys = [here.key if isinstance(here, Branch) else None for here in (one, two)]
            if any(keys):
                yield from self.changes(keys[0], keys[1], f"{path}/")


def parse(key: str, body: bytes) -> Node:
    """Read a folder's entries from what the database keeps."""
    try:
        rows = json.loads(zlib.decompress(body))
        return {
            row[0]: Branch(row[1], row[2])
            if len(row) == 3
            else Leaf(row[1], row[2], row[3], row[4])
            for row in rows
        }
    except (ValueError, zlib.error, TypeError, IndexError) as error:
        raise Damaged(f"tree {key[:12]}: cannot be read, {error}; run: catalog fsck") from error


def packed(node: Node) -> tuple[str, bytes]:
    """Return a folder's key and what the database keeps of it."""
    rows = [
        [name, here.oid, here.key]
        if isinstance(here, Branch)
        else [name, here.oid, here.size, here.sha256, here.lfs]
        for name, here in sorted(node.items())
    ]
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(text).hexdigest(), zlib.compress(text, 1)


EMPTY = packed({})[0]


def git_tree(node: Node) -> str:
    """Return git's id of a folder with these entries."""
    rows = sorted(
        (
            (f"{name}/" if isinstance(here, Branch) else name).encode(),
            ("40000" if isinstance(here, Branch) else "100644").encode(),
            name.encode(),
            bytes.fromhex(here.oid),
        )
        for name, here in node.items()
    )
    body = b"".join(mode + b" " + name + b"\0" + oid for _, mode, name, oid in rows)
    head = f"tree {len(body)}\0".encode()
    return hashlib.sha1(head + body, usedforsecurity=False).hexdigest()


def leaf(sha256: str, size: int, oid: str | None, *, lfs: bool) -> Leaf:
    """Return a file's entry; `oid` is git's id of its bytes, not needed in LFS."""
    if lfs:
        return Leaf(git_sha1(pointer(sha256, size)), size, sha256, True)
    if oid is None:
        raise ValueError(f"{sha256}: git's id is not known")
    return Leaf(oid, size, sha256, False)


class Draft:
    """A folder being changed: what is below it is read when it is reached."""

    def __init__(self, look: Look, key: str) -> None:
        self._look = look
        self._key = key
        self._node: dict[str, Leaf | Branch] | None = None
        self._below: dict[str, Draft] = {}
        self._new: set[str] = set()

    def put(self, path: str, file: Leaf) -> None:
        """Set a file; a folder in its place is refused, and so is a file above it."""
        here, above = self, ""
        *folders, name = path.split("/")
        for part in folders:
            above += part
            if isinstance(here._entries().get(part), Leaf):
                raise Refused(f"{path!r}: {above!r} is a file; delete it, or name this otherwise")
            here = here._into(part)
            above += "/"
        if here._is_folder(name):
            raise Refused(f"{path!r}: is a folder; delete it first, or name this otherwise")
        here._below.pop(name, None)
        here._entries()[name] = file
        here._new.add(name)

    def remove(self, path: str, *, folder: bool) -> bool:
        """Remove a file or a folder with all in it; False when there is none."""
        here = self
        *folders, name = path.split("/")
        for part in folders:
            if not here._is_folder(part):
                return False
            here = here._into(part)
        there = here._is_folder(name) if folder else isinstance(here._entries().get(name), Leaf)
        if there:
            here._below.pop(name, None)
            here._entries().pop(name, None)
        return there

    def write(self, bodies: dict[str, bytes], prefix: str = "") -> Branch:
        """Return the folder's keys, adding to `bodies` what the database has to keep."""
        if self._node is None:
            return Branch("", self._key)
        node = self._node
        for name, below in self._below.items():
            written = below.write(bodies, f"{prefix}{name}/")
            if written.key == EMPTY:
                node.pop(name, None)
            elif written.oid:
                node[name] = written
        clash = names.collision(sorted(self._new & node.keys()), node) if self._new else None
        if clash is not None:
            raise Refused(
                f"{prefix + clash[0]!r}: some systems take it for {prefix + clash[1]!r}, which is "
                "there; name it otherwise"
            )
        key, body = packed(node)
        if key != EMPTY:
            bodies[key] = body
        return Branch(git_tree(node), key)

    def _entries(self) -> dict[str, Leaf | Branch]:
        if self._node is None:
            self._node = dict(self._look.node(self._key))
        return self._node

    def _into(self, name: str) -> "Draft":
        if name not in self._below:
            here = self._entries().get(name)
            if here is None:
                self._new.add(name)
            key = here.key if isinstance(here, Branch) else EMPTY
            self._below[name] = Draft(self._look, key)
        return self._below[name]

    def _is_folder(self, name: str) -> bool:
        if name in self._below:
            return not self._below[name]._is_empty()
        return isinstance(self._entries().get(name), Branch)

    def _is_empty(self) -> bool:
        names = {*self._entries(), *self._below}
        return all(one in self._below and self._below[one]._is_empty() for one in names)


def merged(look: Look, base: str, ours: str, theirs: str) -> list[Change]:
    """Return what to change in `ours` so that it has what `theirs` changed since `base`.

    A file that both changed is a conflict unless both made it the same.
    """
    wanted = list(look.changes(base, theirs))
    clashes = []
    for change in wanted:
        here = look.at(ours, change.path)
        now = (
            File(change.path, here.oid, here.size, here.sha256, here.lfs)
            if isinstance(here, Leaf)
            else None
        )
        if now not in (change.before, change.after) or isinstance(here, Branch):
            clashes.append(change.path)
    if clashes:
        shown = ", ".join(map(repr, clashes[:5])) + (" and more" if len(clashes) > 5 else "")
        raise Conflict(f"both sides changed {shown}; bring the branch up to date", tuple(clashes))
    return wanted
