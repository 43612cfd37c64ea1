"""What the store's tests share: a store of each make, and people who work with it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.hub.store import Store, blobs, commits, repos
from catalog.hub.store.commits import Committed, Operation, Put
from catalog.hub.store.repos import Repo
from catalog.hub.store.tokens import Who


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class People:
    """A store, and what people do to it in as few words as possible."""

    ann = Who("ann", "write", ("team",))
    bob = Who("bob", "write", ("other",))

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def repo(self, id: str = "team/songs", type: str = "datasets", **more: Any) -> Repo:
        return repos.create(self.store, type, id, **more)

    def now(self, repo: Repo) -> Repo:
        return repos.find(self.store, repo.type, repo.id)

    def upload(self, content: bytes, who: Who | None = None, *, git: bool = True) -> str:
        with blobs.receiving(self.store, (who or self.ann).user) as batch:
            return batch.add(content, git=git).sha256

    def put(self, path: str, content: bytes = b"words", *, lfs: bool = False) -> Put:
        return Put(path, self.upload(content), lfs)

    def commit(
        self, repo: Repo, *operations: Operation, to: str = "main", **more: Any
    ) -> Committed:
        said: dict[str, Any] = {"who": self.ann, "title": "Change"} | more
        return commits.commit(self.store, repo, to, operations=operations, **said)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def buckets() -> Iterator[Callable[[], str]]:
    """Return what makes a bucket in a server that speaks S3's protocol."""
    boto3 = pytest.importorskip("boto3")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdout=quiet, stderr=quiet)
    said = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    former = {key: os.environ.get(key) for key in said}
    os.environ.update(said)
    made = 0

    def make() -> str:
        nonlocal made
        made += 1
        client = boto3.client("s3")
        client.create_bucket(Bucket=f"made-{made}")
        client.close()
        return f"s3://made-{made}/hub"

    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.1)
        yield make
    finally:
        process.terminate()
        process.wait(timeout=30)
        for key, value in former.items():
            os.environ.pop(key)
            if value is not None:
                os.environ[key] = value


MAKES = (
    "folder",
    pytest.param("postgres", marks=pytest.mark.slow),
    pytest.param("s3", marks=pytest.mark.slow),
)


@pytest.fixture(params=MAKES)
def where(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return where a store keeps its tables and files: SQLite and a folder, or other servers."""
    if request.param == "postgres":
        return {"database": request.getfixturevalue("databases")()}
    return {"blobs": request.getfixturevalue("buckets")()} if request.param == "s3" else {}


@pytest.fixture
def store(tmp_path: Path, where: dict[str, str], clock: Clock) -> Iterator[Store]:
    with Store.open(tmp_path / "hub", clock=clock, **where) as one:
        yield one


@pytest.fixture
def people(store: Store, clock: Clock) -> People:
    return People(store, clock)
