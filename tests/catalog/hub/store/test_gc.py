import time
from typing import Any

import pytest

from catalog.hub.store import blobs, commits, fsck, gc, possession, refs, repos, tables
from catalog.hub.store.commits import DeleteFile, Put
from catalog.hub.store.errors import Denied, NoRevision

DAY = 86400.0


def kept(people: Any, sha256: str) -> bool:
    return people.store.blobs.size(sha256) is not None


def run(people: Any, times: int = 1, **more: Any) -> gc.Collected:
    done = gc.Collected()
    for _ in range(times):
        done = gc.collect(people.store, **more)
        people.clock.now += DAY + 1
    return done


def test_an_upload_that_nobody_named_goes_in_two_runs(people: Any) -> None:
    sha256 = people.upload(b"x" * 10)
    assert run(people).doomed == 0
    first = run(people)
    assert (first.doomed, first.blobs, kept(people, sha256)) == (1, 0, True)
    second = run(people)
    assert (second.blobs, second.bytes, kept(people, sha256)) == (1, 10, False)
    with people.store.reading() as connection:
        assert connection.execute(tables.blob.select()).all() == []


def test_what_a_commit_names_stays_whatever_its_branch(people: Any) -> None:
    repo = people.repo()
    refs.branch(people.store, repo, "side")
    wanted = []
    for place in ("main", "side"):
        sha256 = people.upload(place.encode())
        people.commit(repo, Put("x", sha256), to=place)
        wanted.append(sha256)
    sha256 = people.upload(b"pull")
    people.commit(repo, Put("x", sha256), create_pr=True)
    people.commit(repo, DeleteFile("x"))
    run(people, 4)
    assert all(kept(people, one) for one in [*wanted, sha256])
    assert fsck.check(people.store).clean


def test_what_a_deleted_branch_had_goes(people: Any) -> None:
    repo = people.repo()
    refs.branch(people.store, repo, "side")
    mine, shared = people.upload(b"mine"), people.upload(b"shared")
    people.commit(repo, Put("y", shared))
    made = people.commit(repo, Put("x", mine), Put("d/z", shared), to="side").commit
    refs.delete_branch(people.store, repo, "side")
    assert commits.get(people.store, repo, made.id)
    people.clock.now += 2 * DAY
    assert run(people).commits == 1
    with pytest.raises(NoRevision):
        refs.resolve(people.store, repo, made.id)
    run(people, 2)
    assert (kept(people, mine), kept(people, shared)) == (False, True)
    assert fsck.check(people.store).problems == []


def test_what_a_deleted_repo_had_goes_unless_another_has_it(people: Any) -> None:
    one, two = people.repo("team/one"), people.repo("team/two")
    mine, shared = people.upload(b"mine"), people.upload(b"shared")
    people.commit(one, Put("x", mine), Put("y", shared))
    people.commit(two, Put("y", shared))
    repos.delete(people.store, one)
    people.clock.now += 2 * DAY
    run(people, 2)
    assert (kept(people, mine), kept(people, shared)) == (False, True)


def test_what_is_promised_or_uploaded_again_is_saved(people: Any) -> None:
    first, second, third = (people.upload(content) for content in (b"1", b"2", b"3"))
    people.clock.now += 2 * DAY
    assert run(people).doomed == 3
    possession.lend(people.store, "ann", [first])
    assert people.upload(b"2") == second
    people.commit(people.repo(), Put("y", second))
    done = run(people)
    assert (done.blobs, kept(people, third)) == (1, False)
    assert kept(people, first)
    assert fsck.check(people.store).clean


def test_what_was_lent_for_long_stays_for_as_long(people: Any) -> None:
    sha256 = people.upload(b"x")
    possession.lend(people.store, "ann", [sha256], seconds=9.5 * DAY)
    run(people, 9)
    assert kept(people, sha256)
    run(people, 3)
    assert not kept(people, sha256)


def test_what_was_touched_lately_is_not_doomed_though_nobody_may_name_it(people: Any) -> None:
    sha256 = people.upload(b"x")
    possession.lend(people.store, "ann", [sha256], seconds=10)
    people.clock.now += 20
    for _ in range(2):
        assert gc.collect(people.store).doomed == 0
    assert gc.collect(people.store, grace=5).doomed == 1
    assert kept(people, sha256)


def test_a_commit_saves_what_is_doomed(people: Any) -> None:
    repo = people.repo()
    sha256 = people.upload(b"x")
    people.clock.now += 2 * DAY
    run(people)
    possession.lend(people.store, "ann", [sha256])
    people.commit(repo, Put("x", sha256))
    run(people, 3)
    assert kept(people, sha256)


def test_what_was_taken_away_cannot_be_named(people: Any) -> None:
    repo, sha256 = people.repo(), people.upload(b"x")
    people.clock.now += 2 * DAY
    run(people, 2)
    with pytest.raises(Denied):
        people.commit(repo, Put("x", sha256))


def test_killed_between_the_two_steps_the_next_run_goes_on(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = people.upload(b"x")
    people.clock.now += 2 * DAY
    run(people)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(people.store.blobs), "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        gc.collect(people.store)
    monkeypatch.undo()
    assert not possession.may_name(people.store, people.ann, sha256)
    assert fsck.check(people.store).clean
    assert run(people).blobs == 1
    assert not kept(people, sha256)


def test_a_file_without_a_row_goes_too(people: Any) -> None:
    file = people.store.scratch / "stray"
    file.write_bytes(b"stray")
    people.store.blobs.place("f" * 64, file)
    assert [one.kind for one in fsck.check(people.store).problems] == ["orphan"]
    people.clock.now = time.time() + 2 * DAY
    run(people, 3)
    assert not kept(people, "f" * 64)
    assert fsck.check(people.store).problems == []


def test_old_temporary_files_and_chunks_go(people: Any) -> None:
    store = people.store
    for name in ("left", "xorb"):
        (store.scratch / name).write_bytes(b"x")
    store.xorbs.place("f" * 64, store.scratch / "xorb")
    instance = store.instance()
    people.clock.now = time.time()
    done = gc.collect(store)
    assert (done.scratch, done.xorbs) == (0, 0)
    assert store.instance() == instance
    people.clock.now += 2 * DAY
    done = gc.collect(store)
    assert (done.scratch, done.xorbs) == (1, 1)
    assert list(store.xorbs.listed()) == []
    assert list(store.scratch.iterdir()) == []
    assert store.instance() != instance


def test_a_dry_run_only_counts(people: Any) -> None:
    repo, sha256 = people.repo(), people.upload(b"x")
    refs.branch(people.store, repo, "side")
    made = people.commit(repo, people.put("y"), to="side").commit
    refs.delete_branch(people.store, repo, "side")
    people.clock.now += 2 * DAY
    for _ in range(3):
        done = gc.collect(people.store, dry_run=True)
        people.clock.now += 2 * DAY
        assert (done.commits, done.blobs) == (1, 0)
    assert commits.get(people.store, repo, made.id)
    assert kept(people, sha256)


def test_an_upload_beside_a_run_is_never_lost(people: Any) -> None:
    """Between any two steps of a run somebody uploads and commits what the run wants to remove."""
    repo = people.repo()
    sha256 = people.upload(b"x")
    people.clock.now += 2 * DAY
    run(people)
    swept = gc._remove

    def between(store: Any, some: list[str], due: Any) -> list[str]:
        people.commit(repo, Put("x", people.upload(b"x")))
        return swept(store, some, due)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "_remove", between)
        people.clock.now += 1
        assert gc.collect(people.store).blobs == 0
    assert kept(people, sha256)
    assert blobs.read(people.store, sha256) == b"x"
    assert fsck.check(people.store).clean
