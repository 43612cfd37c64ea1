from typing import Any

import numpy
import pytest

from catalog.hub.store import Store, blobs, commits, fsck, refs, repos, trees
from catalog.hub.store.commits import DeleteFile, DeleteFolder, Put
from catalog.hub.store.errors import Denied, Moved, NoEntry, NoRepo, NoRevision, Refused
from catalog.hub.store.repos import Repo
from catalog.hub.store.trees import File


@pytest.fixture
def repo(people: Any) -> Repo:
    made: Repo = people.repo()
    return made


def paths(store: Store, repo: Repo, revision: str = "main") -> list[str]:
    commit = refs.resolve(store, repo, revision)
    found = trees.listing(store, repo, commit, recursive=True)
    return [one.path for one in found if isinstance(one, File)]


def test_a_commit_moves_the_branch_and_stands_on_what_was_there(people: Any, repo: Repo) -> None:
    one = people.commit(repo, people.put("a/b.txt"), title="One", message="More").commit
    two = people.commit(repo, people.put("c.txt"), title="Two").commit
    now = people.now(repo)
    assert now.head == two.id == refs.resolve(people.store, repo, "main")
    assert two.parent == one.id
    assert one.parent == repo.head
    assert commits.get(people.store, repo, one.id) == one
    assert (one.title, one.message, one.author) == ("One", "More", "ann")
    assert paths(people.store, repo) == ["a/b.txt", "c.txt"]
    assert paths(people.store, repo, one.id) == ["a/b.txt"]


def test_a_commit_with_one_bad_operation_changes_nothing(people: Any, repo: Repo) -> None:
    good = people.put("good.txt")
    for bad, error in (
        (Put("../up", good.sha256), Refused),
        (Put("missing.txt", "0" * 64), Denied),
        (DeleteFile("absent"), NoEntry),
        (DeleteFolder("absent"), NoEntry),
        (Put("good.txt/below", good.sha256), Refused),
        (Put("GOOD.txt", good.sha256), Refused),
        (Put("model.pkl", good.sha256), Refused),
    ):
        with pytest.raises(error):
            people.commit(repo, good, bad)
    assert people.now(repo).head == repo.head
    assert commits.history(people.store, repo, repo.head) == [
        commits.get(people.store, repo, repo.head)
    ]


def test_a_parent_that_is_not_the_head_is_told_so(people: Any, repo: Repo) -> None:
    head = people.commit(repo, people.put("a")).commit.id
    with pytest.raises(Moved) as told:
        people.commit(repo, people.put("b"), parent=repo.head)
    assert told.value.head == head
    people.commit(repo, people.put("b"), parent=head[:12])
    assert paths(people.store, repo) == ["a", "b"]


def test_the_last_operation_on_a_path_wins(people: Any, repo: Repo) -> None:
    people.commit(repo, people.put("d/x", b"1"), people.put("e"))
    people.commit(
        repo,
        people.put("d/y", b"2"),
        DeleteFolder("d"),
        people.put("d/z", b"3"),
        people.put("e", b"4"),
        DeleteFile("e"),
    )
    assert paths(people.store, repo) == ["d/z"]


def test_a_path_may_be_set_twice(people: Any, repo: Repo) -> None:
    head = people.commit(repo, people.put("a", b"1"), people.put("a", b"22")).commit.id
    found = trees.entry(people.store, repo, head, "a")
    assert isinstance(found, File)
    assert found.size == 2


def test_a_folder_that_is_empty_is_gone(people: Any, repo: Repo) -> None:
    people.commit(repo, people.put("d/e/x"), people.put("y"))
    head = people.commit(repo, DeleteFile("d/e/x")).commit.id
    assert [one.path for one in trees.listing(people.store, repo, head)] == ["y"]
    people.commit(repo, DeleteFile("y"))
    assert paths(people.store, repo) == []


def test_a_file_may_take_the_place_of_a_folder_that_goes(people: Any, repo: Repo) -> None:
    people.commit(repo, people.put("d/x"))
    with pytest.raises(Refused, match="is a folder"):
        people.commit(repo, people.put("d"))
    with pytest.raises(NoEntry):
        people.commit(repo, DeleteFile("d"))
    with pytest.raises(NoEntry):
        people.commit(repo, DeleteFolder("d/x"))
    people.commit(repo, DeleteFile("d/x"), people.put("d"))
    assert paths(people.store, repo) == ["d"]
    people.commit(repo, DeleteFile("d"), people.put("d/y"))
    assert paths(people.store, repo) == ["d/y"]


@pytest.mark.parametrize(
    ("there", "added"),
    [
        ("a/x", "A/y"),
        ("a/x", "a/X"),
        ("e\u0301", "\u00e9"),
        ("stra\u00dfe/1", "STRASSE/2"),
        ("a", "A/b"),
    ],
)
def test_names_that_some_systems_confuse_do_not_stand_together(
    people: Any, repo: Repo, there: str, added: str
) -> None:
    people.commit(repo, people.put(there))
    with pytest.raises(Refused, match="some systems"):
        people.commit(repo, people.put(added))
    with pytest.raises(Refused, match="some systems"):
        people.commit(repo, DeleteFile(there), people.put(added), people.put(there))
    people.commit(repo, DeleteFile(there), people.put(added))
    assert paths(people.store, repo) == [added]


def test_risky_files_need_a_repo_that_allows_them(people: Any, repo: Repo) -> None:
    for path in ("model.pkl", "a/pytorch_model.bin", "run.PY", "x.h5"):
        with pytest.raises(Refused, match="run code"):
            people.commit(repo, people.put(path))
    repos.settings(people.store, repo, risky=True)
    people.commit(repo, people.put("model.pkl"))
    assert paths(people.store, repo) == ["model.pkl"]


def test_an_array_of_numbers_is_taken_and_one_of_objects_is_not(
    people: Any, repo: Repo, tmp_path: Any
) -> None:
    numbers, objects = tmp_path / "n.npy", tmp_path / "o.npy"
    numpy.save(numbers, numpy.ones((2, 3)))
    numpy.save(objects, numpy.array([{"a": 1}], dtype=object), allow_pickle=True)
    people.commit(repo, people.put("n.npy", numbers.read_bytes()))
    for content in (objects.read_bytes(), b"cos\nsystem\n(S'true'\ntR."):
        with pytest.raises(Refused, match="run code"):
            people.commit(repo, people.put("o.npy", content))


def test_bytes_of_another_cannot_be_named(people: Any, repo: Repo) -> None:
    secret = people.upload(b"secret", people.bob)
    with pytest.raises(Denied) as told:
        people.commit(repo, Put("mine", secret))
    with pytest.raises(Denied) as absent:
        people.commit(repo, Put("mine", "0" * 64))
    assert str(told.value).replace(secret, "") == str(absent.value).replace("0" * 64, "")


def test_bytes_that_can_be_read_can_be_named(people: Any, repo: Repo) -> None:
    other = people.repo("other/open")
    shared = people.upload(b"shared", people.bob)
    people.commit(other, Put("x", shared), who=people.bob)
    people.commit(repo, Put("y", shared, lfs=True))
    repos.settings(people.store, other, private=True)
    third = people.repo("team/third")
    people.commit(third, Put("z", shared))
    assert trees.entry(people.store, third, people.now(third).head, "z").oid


def test_git_ids_are_gits(people: Any, repo: Repo, tmp_path: Any) -> None:
    import subprocess

    files = {"a.txt": b"a", "b/c.txt": b"c" * 5000, "b.txt": b"", "b/d/e": b"e"}
    head = people.commit(repo, *(people.put(*one) for one in files.items())).commit.id
    for path, content in files.items():
        (tmp_path / "g" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "g" / path).write_bytes(content)
    git = ["git", "-C", str(tmp_path / "g")]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    tree = subprocess.run([*git, "write-tree"], check=True, capture_output=True, text=True)
    shown = [*git, "ls-tree", "-r", "-t", tree.stdout.strip()]
    lines = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.splitlines()
    known = {line.split("\t")[1]: line.split()[2] for line in lines}
    found = trees.listing(people.store, repo, head, recursive=True)
    assert {one.path: one.oid for one in found} == known


def test_a_file_in_lfs_is_known_by_its_pointer(people: Any, repo: Repo) -> None:
    sha256 = people.upload(b"large", git=False)
    head = people.commit(repo, Put("x.bin2", sha256, lfs=True), Put("y", sha256)).commit.id
    large, plain = (trees.entry(people.store, repo, head, path) for path in ("x.bin2", "y"))
    assert isinstance(large, File)
    assert isinstance(plain, File)
    assert (large.etag, large.size, large.pointer_size) == (sha256, 5, 126)
    assert plain.etag == plain.oid == blobs.git_sha1(b"large")
    assert large.oid != plain.oid
    assert fsck.check(people.store).clean


def test_only_branches_and_pull_requests_are_committed_to(people: Any, repo: Repo) -> None:
    refs.tag(people.store, repo, "v1")
    for revision, error in (
        ("absent", NoRevision),
        ("v1", NoRevision),
        ("refs/tags/v1", Refused),
        (repo.head, NoRevision),
        ("refs/pr/1", NoRevision),
    ):
        with pytest.raises(error):
            people.commit(repo, people.put("a"), to=revision)
    refs.branch(people.store, repo, "side")
    people.commit(repo, people.put("a"), to="side")
    assert people.now(repo).head == repo.head
    assert paths(people.store, repo, "side") == ["a"]


def test_a_repo_that_was_deleted_takes_no_commit(people: Any, repo: Repo) -> None:
    put = people.put("a")
    repos.delete(people.store, repo)
    with pytest.raises(NoRepo):
        people.commit(repo, put)


def test_history_goes_back_in_pages(people: Any, repo: Repo) -> None:
    ids = [repo.head] + [people.commit(repo, people.put(str(n))).commit.id for n in range(7)]
    ids.reverse()
    found = commits.history(people.store, repo, ids[0], limit=3)
    while more := commits.history(people.store, repo, ids[0], limit=3, after=found[-1].id):
        assert len(more) <= 3
        found += more
    assert [one.id for one in found] == ids


def test_each_path_has_its_last_commit(people: Any, repo: Repo) -> None:
    one = people.commit(repo, people.put("d/x"), people.put("y"), people.put("d/e/z")).commit
    two = people.commit(repo, people.put("d/x", b"new")).commit
    three = people.commit(repo, people.put("w")).commit
    found = commits.last(people.store, repo, three.id, ["d", "d/x", "y", "d/e", "w", "absent"])
    assert found == {"d": two, "d/x": two, "y": one, "d/e": one, "w": three}


def test_an_unchanged_tree_is_still_a_commit(people: Any, repo: Repo) -> None:
    one = people.commit(repo, people.put("a")).commit
    two = people.commit(repo, people.put("a")).commit
    assert two.parent == one.id
    assert not trees.changes(people.store, repo, one.id, two.id)


def test_changes_name_what_differs(people: Any, repo: Repo) -> None:
    one = people.commit(repo, people.put("a"), people.put("d/b"), people.put("d/c")).commit.id
    two = people.commit(repo, people.put("a", b"2"), DeleteFile("d/b"), people.put("e/f")).commit.id
    found = trees.changes(people.store, repo, one, two)
    shown = [(one.path, one.before is not None, one.after is not None) for one in found]
    assert shown == [("a", True, True), ("d/b", True, False), ("e/f", False, True)]


def test_a_listing_goes_on_behind_any_of_its_paths(people: Any, repo: Repo) -> None:
    names = ["a", "a.txt", "b/c/d", "b/c/e", "b/f", "b0", "g/h"]
    head = people.commit(repo, *(people.put(name) for name in names)).commit.id
    whole = [one.path for one in trees.listing(people.store, repo, head, recursive=True)]
    assert sorted(set(whole) - set(names)) == ["b", "b/c", "g"]
    for place, path in enumerate(whole):
        rest = trees.listing(people.store, repo, head, recursive=True, after=path)
        assert [one.path for one in rest] == whole[place + 1 :]
    inside = [one.path for one in trees.listing(people.store, repo, head, "b", recursive=True)]
    assert inside == ["b/c", "b/c/d", "b/c/e", "b/f"]
    rest = trees.listing(people.store, repo, head, "b", recursive=True, after="b/c/d")
    assert [one.path for one in rest] == ["b/c/e", "b/f"]


def test_a_folder_that_is_not_there_has_no_listing(people: Any, repo: Repo) -> None:
    head = people.commit(repo, people.put("d/x")).commit.id
    for path in ("absent", "d/x", "d/x/y", "d/absent"):
        with pytest.raises(NoEntry):
            trees.listing(people.store, repo, head, path)
        if path != "d/x":
            with pytest.raises(NoEntry):
                trees.entry(people.store, repo, head, path)
    found = trees.entries(people.store, repo, head, ["d", "d/x", "absent"])
    assert list(found) == ["d", "d/x"]
