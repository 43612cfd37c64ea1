import zlib
from typing import Any

import pytest

from catalog.hub.store import Store, fsck, tables
from catalog.hub.store.commits import Put
from catalog.hub.store.repos import Repo


@pytest.fixture
def repo(people: Any) -> Repo:
    made: Repo = people.repo()
    people.commit(made, people.put("a", b"one"), people.put("d/b", b"two", lfs=True))
    found: Repo = people.now(made)
    return found


def found(store: Store, **more: Any) -> set[str]:
    done = fsck.check(store, **more)
    assert not done.clean
    return {one.kind for one in done.problems}


def change(store: Store, table: Any, **new: Any) -> None:
    with store.writing() as connection:
        connection.execute(table.update().values(new))


def test_a_whole_store_is_clean_and_counted(people: Any, repo: Repo) -> None:
    done = fsck.check(people.store)
    assert (done.clean, done.problems) == (True, [])
    assert (done.repos, done.commits, done.trees, done.blobs, done.bytes) == (1, 2, 2, 2, 6)


@pytest.mark.usefixtures("repo")
def test_a_changed_byte_is_found_by_its_hash(people: Any) -> None:
    store = people.store
    sha256 = people.upload(b"one")
    file = store.scratch / "bad"
    file.write_bytes(b"eno")
    store.blobs.place(sha256, file)
    (problem,) = fsck.check(store).problems
    assert (problem.kind, problem.where.endswith("/a")) == ("damaged", True)
    assert fsck.check(store, hashes=False).clean
    people.upload(b"one")
    assert "folder" not in type(store.blobs).__name__.lower() or fsck.check(store).clean


@pytest.mark.usefixtures("repo")
def test_a_lost_or_cut_file_is_found_without_hashing(people: Any) -> None:
    store, sha256 = people.store, people.upload(b"one")
    file = store.scratch / "cut"
    file.write_bytes(b"on")
    store.blobs.place(sha256, file)
    assert found(store, hashes=False) == {"damaged"}
    store.blobs.remove(sha256)
    assert found(store, hashes=False) == {"missing"}


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("table", "new", "kinds"),
    [
        (tables.ref, {"commit": "0" * 40}, {"missing", "damaged"}),
        (tables.repo, {"head": "0" * 40}, {"damaged"}),
        (tables.commit, {"title": "other"}, {"damaged"}),
        (tables.commit, {"tree": "0" * 64}, {"damaged", "missing"}),
        (tables.tree, {"body": b"rubbish"}, {"damaged"}),
        (tables.tree, {"body": zlib.compress(b'[["../up","0",1,"0",false]]')}, {"damaged"}),
        (tables.blob, {"placed": False}, {"missing", "orphan"}),
        (tables.blob, {"size": 9}, {"damaged"}),
        (tables.blob, {"oid": "0" * 40}, {"damaged"}),
    ],
)
def test_a_changed_row_is_found(people: Any, table: Any, new: Any, kinds: set[str]) -> None:
    change(people.store, table, **new)
    assert found(people.store) == kinds


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("table", [tables.tree, tables.commit, tables.blob, tables.usage])
def test_a_lost_row_is_found(people: Any, table: Any) -> None:
    with people.store.writing() as connection:
        connection.execute(table.delete())
    assert found(people.store) & {"missing", "damaged"}


def test_a_git_id_that_was_never_asked_for_is_no_fault(people: Any, repo: Repo) -> None:
    sha256 = people.upload(b"large", git=False)
    people.commit(repo, Put("l", sha256, lfs=True))
    assert fsck.check(people.store).problems == []
