from typing import Any

import pytest

from catalog.hub.store import fsck, pulls, refs, repos, trees
from catalog.hub.store.commits import DeleteFile
from catalog.hub.store.errors import Conflict, NoPull, Refused
from catalog.hub.store.repos import Repo


@pytest.fixture
def repo(people: Any) -> Repo:
    made: Repo = people.repo()
    people.commit(made, people.put("a", b"1"), people.put("d/b", b"1"))
    return repos.find(people.store, "datasets", "team/songs")


def files(people: Any, repo: Repo, revision: str = "main") -> dict[str, str]:
    commit = refs.resolve(people.store, repo, revision)
    found = trees.listing(people.store, repo, commit, recursive=True)
    return {one.path: one.sha256 for one in found if isinstance(one, trees.File)}


def test_a_commit_may_open_a_pull_request_and_leave_main(people: Any, repo: Repo) -> None:
    made = people.commit(repo, people.put("new"), title="New", message="Why", create_pr=True)
    assert made.pull == 1
    one = pulls.get(people.store, repo, 1)
    assert (one.title, one.description, one.status, one.pull) == ("New", "Why", "open", True)
    assert (one.base, one.head) == (repo.head, made.commit.id)
    assert people.now(repo).head == repo.head
    more = people.commit(repo, people.put("more"), to="refs/pr/1").commit
    assert pulls.get(people.store, repo, 1).head == more.id
    assert "more" in files(people, repo, "refs/pr/1")


def test_a_merge_brings_what_changed_and_leaves_the_rest(people: Any, repo: Repo) -> None:
    changed = people.put("d/c", b"2")
    people.commit(repo, changed, DeleteFile("a"), create_pr=True, title="Better")
    people.commit(repo, people.put("beside", b"3"))
    head = people.now(repo).head
    made = pulls.merge(people.store, repo, 1, who=people.ann)
    assert (made.parent, made.title) == (head, "Better (#1)")
    assert people.now(repo).head == made.id
    assert set(files(people, repo)) == {"beside", "d/b", "d/c"}
    one = pulls.get(people.store, repo, 1)
    assert (one.status, one.merged) == ("merged", made.id)
    with pytest.raises(Refused):
        pulls.merge(people.store, repo, 1, who=people.ann)
    assert fsck.check(people.store).clean


def test_what_both_changed_is_a_conflict_that_changes_nothing(people: Any, repo: Repo) -> None:
    ours = [people.put("a", b"ours"), DeleteFile("d/b"), people.put("new/x", b"ours")]
    theirs = [people.put("a", b"theirs"), people.put("d/b", b"theirs"), people.put("new", b"it")]
    people.commit(repo, *theirs, create_pr=True)
    head = people.commit(repo, *ours).commit.id
    with pytest.raises(Conflict) as told:
        pulls.merge(people.store, repo, 1, who=people.ann)
    assert told.value.paths == ("a", "d/b", "new")
    assert people.now(repo).head == head
    assert pulls.get(people.store, repo, 1).status == "open"


def test_what_both_made_the_same_is_no_conflict(people: Any, repo: Repo) -> None:
    same = people.put("a", b"same")
    people.commit(repo, same, people.put("x"), create_pr=True)
    people.commit(repo, same)
    pulls.merge(people.store, repo, 1, who=people.ann)
    assert files(people, repo)["a"] == same.sha256


def test_a_merge_does_not_bring_names_together_that_systems_confuse(
    people: Any, repo: Repo
) -> None:
    people.commit(repo, people.put("X"), create_pr=True)
    people.commit(repo, people.put("x"))
    with pytest.raises(Refused, match="some systems"):
        pulls.merge(people.store, repo, 1, who=people.ann)


def test_a_pull_request_that_changes_nothing_is_not_merged(people: Any, repo: Repo) -> None:
    pulls.open(people.store, repo, title="Empty", author="ann", draft=True)
    assert pulls.get(people.store, repo, 1).status == "draft"
    with pytest.raises(Conflict, match="changes nothing"):
        pulls.merge(people.store, repo, 1, who=people.ann)


def test_a_discussion_has_no_branch_and_shares_the_numbers(people: Any, repo: Repo) -> None:
    one = pulls.open(people.store, repo, title="Why?", author="bob", pull=False)
    two = pulls.open(people.store, repo, title="So", author="ann")
    assert (one.number, one.pull, one.head, one.base) == (1, False, None, None)
    assert (two.number, two.pull, two.head) == (2, True, repo.head)
    with pytest.raises(Refused):
        pulls.merge(people.store, repo, 1, who=people.ann)
    shown = pulls.listed(people.store, repo)
    assert [each.number for each in shown] == [2, 1]
    assert [each.number for each in pulls.listed(people.store, repo, pull=False)] == [1]
    assert [each.number for each in pulls.listed(people.store, repo, author="ann")] == [2]
    assert pulls.listed(people.store, repo, status="closed") == []


def test_what_happens_is_kept_in_order(people: Any, repo: Repo) -> None:
    pulls.open(people.store, repo, title="T", author="ann")
    pulls.comment(people.store, repo, 1, author="bob", text="Good?")
    pulls.status(people.store, repo, 1, "closed", author="ann", text="No.")
    assert pulls.get(people.store, repo, 1).status == "closed"
    with pytest.raises(Refused):
        pulls.merge(people.store, repo, 1, who=people.ann)
    pulls.status(people.store, repo, 1, "open", author="ann")
    assert pulls.retitle(people.store, repo, 1, "New").title == "New"
    found = [(one.kind, one.author, one.text) for one in pulls.events(people.store, repo, 1)]
    assert found == [
        ("comment", "bob", "Good?"),
        ("comment", "ann", "No."),
        ("status", "ann", "closed"),
        ("status", "ann", "open"),
    ]
    status: Any = "merged"
    with pytest.raises(Refused):
        pulls.status(people.store, repo, 1, status, author="ann")


def test_a_number_that_is_not_there_is_told_so(people: Any, repo: Repo) -> None:
    for ask in (pulls.get, pulls.events):
        with pytest.raises(NoPull):
            ask(people.store, repo, 1)
    with pytest.raises(NoPull):
        pulls.comment(people.store, repo, 1, author="ann", text="?")
