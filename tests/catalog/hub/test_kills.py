"""A server that is killed while clients commit: each commit is there whole, or not at all."""

import base64
import hashlib
import http.client
import itertools
import json
import random
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog.hub.store import Store, commits, fsck, gc, repos, tokens, trees
from catalog.hub.store.repos import Repo
from tests.catalog.hub.forks import faults, free_port, served
from tests.catalog.hub.xet import pieces

REPOS = ("models/team/a", "models/team/b", "datasets/team/a", "datasets/team/c")
CLIENTS = 6
DAY = 86400.0
KILLED = (OSError, http.client.HTTPException)
"""What a client sees of a server that is killed; all else is the server's fault."""


@dataclass
class Notes:
    """What clients know of their commits, by title.

    `begun` has repo and seed of each that was asked for, `heard` the id of each that they were told
    is there. `unsure` are seeds of files that may have arrived.
    """

    begun: dict[str, tuple[str, str]] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    unsure: deque[str] = field(default_factory=deque)


@dataclass(frozen=True)
class Client:
    """One who commits to any of the repos, as fast as the server lets."""

    port: int
    token: str
    notes: Notes

    def ask(self, method: str, path: str, body: bytes, token: str | None = None) -> Any:
        """Send one request; return the JSON of its answer, which has to be a success."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {token or self.token}"} if token != "" else {}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            found = response.read()
        finally:
            connection.close()
        assert response.status == 200, (path, response.status, found)
        return json.loads(found or b"{}")

    def lfs(self, page: str, content: bytes) -> None:
        oid, size = hashlib.sha256(content).hexdigest(), len(content)
        asked = {"operation": "upload", "objects": [{"oid": oid, "size": size}]}
        said = self.ask("POST", f"{page}.git/info/lfs/objects/batch", json.dumps(asked).encode())
        (one,) = said["objects"]
        if "actions" not in one:
            return
        for method, action in (("PUT", "upload"), ("POST", "verify")):
            at = urlsplit(one["actions"][action]["href"]).path
            self.ask(method, at, content if method == "PUT" else json.dumps(asked).encode(), "")

    def xet(self, repo: str, content: bytes) -> None:
        said = self.ask("GET", f"/api/{repo}/xet-write-token/main", b"")
        at, token = urlsplit(said["casUrl"]).path, said["accessToken"]
        xorb = hashlib.sha256(b"xorb" + content).hexdigest()
        self.ask("POST", f"{at}/v1/xorbs/default/{xorb}", pieces.xorb([content]), token)
        shard = pieces.shard(pieces.file(content, [(xorb, len(content), 0, 1)]))
        self.ask("POST", f"{at}/v1/shards", shard, token)

    def commit(self, repo: str, title: str, content: bytes) -> str:
        """Commit a small file and a large one as one change."""
        oid = hashlib.sha256(content).hexdigest()
        small = {"content": base64.b64encode(title.encode()).decode(), "encoding": "base64"}
        lines = (
            ("header", {"summary": title}),
            ("file", {"path": f"{title}/small", **small}),
            ("lfsFile", {"path": f"{title}/large", "algo": "sha256", "oid": oid}),
        )
        body = "".join(json.dumps({"key": key, "value": value}) + "\n" for key, value in lines)
        return str(self.ask("POST", f"/api/{repo}/commit/main", body.encode())["commitOid"])

    def work(self, name: str) -> None:
        """Commit until the server is gone; begin with files that were on their way before."""
        for number in itertools.count():
            repo, title = random.choice(REPOS), f"{name}-{number}"
            seed = title
            with suppress(IndexError):
                seed = self.notes.unsure.popleft()
            try:
                if number % 2:
                    self.xet(repo, large(seed))
                else:
                    self.lfs(f"/{repo.removeprefix('models/')}", large(seed))
                self.notes.begun[title] = repo, seed
                self.notes.heard[title] = self.commit(repo, title, large(seed))
            except KILLED:
                self.notes.unsure.append(seed)
                return


def large(seed: str) -> bytes:
    return seed.encode() * 4000


def begin(root: Path) -> str:
    """Make the repos; return a token that may write to them."""
    (root / "cards").mkdir()
    with Store.open(root / "hub") as store:
        for one in REPOS:
            type, _, id = one.partition("/")
            repos.create(store, type, id, private="/c" in id)
        return tokens.create(store, "ann", role="write", namespaces=("team",))[1]


def line(store: Store, repo: Repo) -> list[commits.Commit]:
    """Return a repo's commits but the first, which hang together."""
    found = commits.history(store, repo, repo.head, limit=100_000)
    assert [one.parent for one in found] == [*(one.id for one in found[1:]), None]
    return found[:-1]


def check(store: Store, notes: Notes) -> int:
    """Hold every repo against what clients know; return how many commits nobody heard of."""
    unheard = 0
    for name in REPOS:
        type, _, id = name.partition("/")
        repo = repos.find(store, type, id)
        there = {one.title: one.id for one in line(store, repo)}
        begun = {title: seed for title, (to, seed) in notes.begun.items() if to == name}
        heard = {title: id for title, id in notes.heard.items() if title in begun}
        assert heard.items() <= there.items()
        silent = there.keys() - heard.keys()
        assert silent <= begun.keys()
        unheard += len(silent)
        listed = trees.listing(store, repo, repo.head, recursive=True)
        files = {one.path: one.sha256 for one in listed if isinstance(one, trees.File)}
        wanted = {f"{title}/small": title.encode() for title in there}
        wanted |= {f"{title}/large": large(begun[title]) for title in there}
        assert files == {path: hashlib.sha256(one).hexdigest() for path, one in wanted.items()}
    return unheard


def clean(root: Path, notes: Notes) -> gc.Collected:
    """Let `gc` take what killed uploads left; nothing but what was committed is there then."""
    with Store.open(root / "hub") as store:
        found = fsck.check(store)
        assert found.clean, found.problems
    for later in (2, 4):
        with Store.open(root / "hub", clock=lambda days=later: time.time() + days * DAY) as store:
            done = gc.collect(store)
    with Store.open(root / "hub") as store:
        assert fsck.check(store).problems == []
        assert not [one for one in store.scratch.rglob("*") if one.is_file()]
        assert list(store.xorbs.listed()) == []
        check(store, notes)
    return done


def wait(notes: Notes, number: int) -> None:
    """Wait for a moment to kill in: mostly when some commits are under way, else whenever."""
    until = time.monotonic() + 30
    some = len(notes.begun) + random.randint(1, 2 * CLIENTS)
    while number % 4 and len(notes.begun) < some:
        assert time.monotonic() < until
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.03 if number % 4 else 0.4))


def kill(root: Path, times: int) -> Notes:
    """Kill a server again and again while clients commit to it; return what they know."""
    token, notes, port, log = begin(root), Notes(), free_port(), root / "log"
    unheard = 0
    for number in range(times):
        client = Client(port, token, notes)
        with served(root, port, log) as server, ThreadPoolExecutor(CLIENTS) as threads:
            working = [threads.submit(client.work, f"n{number}-{one}") for one in range(CLIENTS)]
            wait(notes, number)
            server.kill()
            for one in working:
                one.result(timeout=60)
        assert server.exitcode == -9
        with Store.open(root / "hub") as store:
            now = check(store, notes)
        assert now - unheard <= CLIENTS
        unheard = now
    assert faults(log) == []
    clean(root, notes)
    return notes


@pytest.mark.timeout(120)
def test_a_killed_server_leaves_each_repo_before_or_after_each_commit(tmp_path: Path) -> None:
    notes = kill(tmp_path, 10)
    assert len(notes.heard) >= 10
    assert len(notes.begun) - len(notes.heard) >= 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_200_kills_of_the_server_lose_nothing(tmp_path: Path) -> None:
    heard = begun = 0
    for number in range(10):
        root = tmp_path / str(number)
        root.mkdir()
        notes = kill(root, 20)
        heard, begun = heard + len(notes.heard), begun + len(notes.begun)
    assert heard >= 200
    assert begun - heard >= 200
