from typing import Any

import pytest

from catalog.hub.store import refs, tables
from catalog.hub.store.errors import NoRevision, RefExists, Refused
from catalog.hub.store.repos import Repo


@pytest.fixture
def repo(people: Any) -> Repo:
    made: Repo = people.repo()
    return made


def test_a_revision_is_a_branch_a_tag_or_a_commit(people: Any, repo: Repo) -> None:
    one = people.commit(repo, people.put("a")).commit.id
    two = people.commit(repo, people.put("b")).commit.id
    refs.tag(people.store, repo, "v1", at=one, message="First")
    refs.branch(people.store, repo, "side", at="v1")
    known = {
        "main": two,
        "refs/heads/main": two,
        "v1": one,
        "refs/tags/v1": one,
        "side": one,
        one: one,
        one.upper(): one,
        one[:7]: one,
        two[:20]: two,
    }
    for revision, commit in known.items():
        assert refs.resolve(people.store, repo, revision) == commit
    for revision in ("absent", one[:6], "0" * 40, "refs/pr/1", "refs/heads/v1", "", "a" * 41):
        with pytest.raises(NoRevision):
            refs.resolve(people.store, repo, revision)


def test_a_branch_goes_before_a_tag_of_its_name(people: Any, repo: Repo) -> None:
    refs.tag(people.store, repo, "x")
    refs.branch(people.store, repo, "x")
    head = people.commit(repo, people.put("a"), to="x").commit.id
    assert refs.resolve(people.store, repo, "x") == head
    assert refs.resolve(people.store, repo, "refs/tags/x") == repo.head


def test_a_short_id_that_begins_two_commits_is_none(people: Any, repo: Repo) -> None:
    twin = repo.head[:10] + ("0" * 30 if repo.head[10] != "0" else "1" * 30)
    with people.store.writing() as connection:
        mine = tables.commit.c.id == repo.head
        row = connection.execute(tables.commit.select().where(mine)).one()
        connection.execute(tables.commit.insert().values(row._asdict() | {"id": twin}))
    with pytest.raises(NoRevision, match="more than one"):
        refs.resolve(people.store, repo, repo.head[:10])
    for one in (repo.head, twin):
        assert refs.resolve(people.store, repo, one[:11]) == one


def test_a_commit_of_another_repo_is_none_of_this(people: Any, repo: Repo) -> None:
    other = people.repo("team/other")
    for revision in (other.head, other.head[:10]):
        with pytest.raises(NoRevision):
            refs.resolve(people.store, repo, revision)


def test_a_name_is_taken_once(people: Any, repo: Repo) -> None:
    refs.branch(people.store, repo, "side/x")
    refs.tag(people.store, repo, "v1")
    for make, name, error in (
        (refs.branch, "main", RefExists),
        (refs.branch, "side/x", RefExists),
        (refs.tag, "v1", RefExists),
        (refs.branch, "side", Refused),
        (refs.branch, "side/x/y", Refused),
        (refs.branch, "MAIN", Refused),
        (refs.tag, "refs/heads/x", Refused),
    ):
        with pytest.raises(error):
            make(people.store, repo, name)
    with pytest.raises(NoRevision):
        refs.branch(people.store, repo, "new", at="absent")


def test_what_is_deleted_is_gone_and_main_stays(people: Any, repo: Repo) -> None:
    refs.branch(people.store, repo, "side")
    refs.tag(people.store, repo, "v1")
    refs.delete_branch(people.store, repo, "side")
    refs.delete_tag(people.store, repo, "v1")
    found = refs.listed(people.store, repo)
    assert [one.ref for one in (*found.branches, *found.tags)] == ["refs/heads/main"]
    for delete in (refs.delete_branch, refs.delete_tag):
        with pytest.raises(NoRevision):
            delete(people.store, repo, "side")
    with pytest.raises(Refused):
        refs.delete_branch(people.store, repo, "main")


def test_refs_are_listed_by_their_kinds(people: Any, repo: Repo) -> None:
    refs.tag(people.store, repo, "v1", message="First")
    for number in range(10):
        people.commit(repo, people.put(str(number)), create_pr=True)
    found = refs.listed(people.store, repo)
    assert [(one.name, one.commit) for one in found.branches] == [("main", repo.head)]
    assert [(one.name, one.message) for one in found.tags] == [("v1", "First")]
    assert [one.ref for one in found.pulls] == [f"refs/pr/{number}" for number in range(1, 11)]
