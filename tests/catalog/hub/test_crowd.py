"""Many upload at once: what anybody was told is there, in one order for all."""

import io
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from time import monotonic
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from catalog.hub.store import Store, commits, fsck, repos, tokens, trees
from tests.catalog.hub.forks import faults, free_port, served

UPLOADS, REPOS = 200, 50

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""The client's way of sending by LFS."""


@dataclass(frozen=True)
class Crowd:
    """A Hub in a process of its own, and a client of it."""

    root: Path
    api: HfApi


@dataclass(frozen=True)
class Upload:
    """A commit that a client was told of: from when to when it was under way."""

    repo: str
    path: str
    commit: str
    begun: float
    ended: float


@pytest.fixture
def crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    """Serve an empty Hub; at its end it has had no fault and is whole."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    (tmp_path / "cards").mkdir()
    with Store.open(tmp_path / "hub") as store:
        token = tokens.create(store, "ann", role="write", namespaces=("team",))[1]
    port, log = free_port(), tmp_path / "log"
    with served(tmp_path, port, log):
        yield Crowd(tmp_path, HfApi(endpoint=f"http://127.0.0.1:{port}", token=token))
    assert faults(log) == []
    with Store.open(tmp_path / "hub") as store:
        assert fsck.check(store).clean


def at_once(count: int, work: Callable[[int], Upload]) -> list[Upload]:
    """Call `work` from so many threads that begin at the same moment."""
    ready = Barrier(count)

    def begun(number: int) -> Upload:
        ready.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(begun, range(count)))


def check(crowd: Crowd, uploads: list[Upload], *also: str) -> None:
    """Hold each repo's history against what clients were told, and against the time they took."""
    told: dict[str, dict[str, Upload]] = defaultdict(dict)
    for one in uploads:
        told[one.repo][one.commit] = one
    with Store.open(crowd.root / "hub") as store:
        for id, wanted in told.items():
            repo = repos.find(store, "datasets", id)
            line = commits.history(store, repo, repo.head, limit=10_000)
            assert [one.parent for one in line] == [*(one.id for one in line[1:]), None]
            order = [one.id for one in reversed(line[:-1])]
            assert len(order) == len(wanted)
            row = [wanted[one] for one in order]
            for earlier, later in itertools.combinations(row, 2):
                assert later.ended > earlier.begun
            found = trees.listing(store, repo, repo.head, recursive=True)
            files = {one.path for one in found if isinstance(one, trees.File)}
            assert files == {*also, *(one.path for one in row)}


def test_200_uploads_to_50_repos_at_once_lose_nothing(crowd: Crowd) -> None:
    for number in range(REPOS):
        crowd.api.create_repo(f"team/r{number}", repo_type="dataset")

    def upload(number: int) -> Upload:
        repo, begun = f"team/r{number % REPOS}", monotonic()
        is_large = number % 4 == 0
        path = f"{number}.bin0" if is_large else f"{number}.txt"
        content = b"\0" * (number + 1) if is_large else b"%d" % number
        done = crowd.api.upload_file(
            path_or_fileobj=io.BytesIO(content),
            path_in_repo=path,
            repo_id=repo,
            repo_type="dataset",
        )
        return Upload(repo, path, done.oid, begun, monotonic())

    check(crowd, at_once(UPLOADS, upload))


def test_who_builds_on_a_head_that_moved_is_told_and_builds_again(crowd: Crowd) -> None:
    id, told = crowd.api.create_repo("team/count", repo_type="dataset").repo_id, []

    def count(number: int) -> Upload:
        """Add one to the number in a file, as often as somebody else was faster."""
        for _ in range(100):
            begun, head = monotonic(), crowd.api.dataset_info(id).sha
            known = crowd.api.get_paths_info(id, "count", repo_type="dataset", revision=head)
            before = known[0].size if known else 0
            adds = [CommitOperationAdd("count", b"x" * (before + 1))]
            adds.append(CommitOperationAdd(f"{number}.txt", b"%d" % number))
            options: dict[str, Any] = {"repo_type": "dataset", "parent_commit": head}
            try:
                done = crowd.api.create_commit(id, adds, commit_message="count", **options)
            except HfHubHTTPError as error:
                if error.response.status_code != 412:
                    raise
                told.append(number)
                continue
            return Upload(id, f"{number}.txt", done.oid, begun, monotonic())
        raise AssertionError(f"{number}: never had its turn")

    uploads = at_once(16, count)
    assert told
    check(crowd, uploads, "count")
    (counted,) = crowd.api.get_paths_info(id, "count", repo_type="dataset")
    assert counted.size == len(uploads)
