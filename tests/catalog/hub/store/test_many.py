"""Many processes commit at once, and some are killed: nothing that was acknowledged is lost."""

import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from catalog.hub.store import Store, commits, fsck, repos, trees
from tests.catalog.hub.forks import FORKS
from tests.catalog.hub.store.working import work


def acknowledged(acks: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in acks.read_text().splitlines() if acks.exists() else []:
        id, commit = line.split()
        found[id].append(commit)
    return found


def check(store: Store, acks: Path, *, unheard: int = 0) -> int:
    """Hold every repo against what was acknowledged; return how many commits nobody heard of."""
    heard, more = acknowledged(acks), 0
    for listed in repos.page(store, "datasets").repos:
        repo = listed.repo
        line = commits.history(store, repo, repo.head, limit=100_000)
        assert line[-1].parent is None
        ids = [one.id for one in line[:-1]]
        assert [one.parent for one in line[:-1]] == [one.id for one in line[1:]]
        assert set(heard[repo.id]) <= set(ids)
        more += len(set(ids) - set(heard[repo.id]))
        wanted = {f"{one.title[-1]}/{one.title}" for one in line[:-1]}
        found = trees.listing(store, repo, repo.head, recursive=True)
        assert {one.path for one in found if isinstance(one, trees.File)} == wanted
    assert more <= unheard
    done = fsck.check(store)
    assert done.clean, done.problems
    return more


def test_200_commits_to_50_repos_at_once_are_all_there_in_a_row(
    tmp_path: Path, where: dict[str, str]
) -> None:
    acks = tmp_path / "acks"
    with Store.open(tmp_path / "hub", **where) as store:  # type: ignore[arg-type]
        for number in range(50):
            repos.create(store, "datasets", f"team/r{number}")
        workers = [
            FORKS.Process(target=work, args=(tmp_path / "hub", where, acks, name, 100, 8))
            for name in "ab"
        ]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        assert [one.exitcode for one in workers] == [0, 0]
        assert sum(map(len, acknowledged(acks).values())) == 200
        check(store, acks)


def kill(folder: Path, where: dict[str, str], times: int) -> tuple[int, int]:
    """Kill a committing process again and again; return the commits heard and unheard of."""
    acks, unheard = folder / "acks", 0
    with Store.open(folder / "hub", **where) as store:  # type: ignore[arg-type]
        for number in range(3):
            repos.create(store, "datasets", f"team/r{number}")
    for number in range(times):
        args: tuple[Any, ...] = (folder / "hub", where, acks, f"n{number}", 10_000, 3)
        one = FORKS.Process(target=work, args=args, kwargs={"collect": number % 3 == 0})
        before = acks.stat().st_size if acks.exists() else 0
        one.start()
        until = time.monotonic() + 30
        while (acks.stat().st_size if acks.exists() else 0) == before:
            assert time.monotonic() < until
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.06))
        one.kill()
        one.join()
        assert one.exitcode == -9
        with Store.open(folder / "hub", **where) as store:  # type: ignore[arg-type]
            unheard = check(store, acks, unheard=unheard + 3)
    return sum(map(len, acknowledged(acks).values())), unheard


def test_a_killed_process_leaves_each_repo_before_or_after_a_commit(
    tmp_path: Path, where: dict[str, str]
) -> None:
    heard, _ = kill(tmp_path, where, 6)
    assert heard >= 6


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_200_kills_lose_nothing(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        heard, _ = kill(folder, {}, 10)
        assert heard >= 10
