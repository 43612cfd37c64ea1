"""Whatever people do in whatever order, the store is what a plain dict would be."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from catalog.hub.store import Store, blobs, commits, fsck, gc, names, refs, repos, trees
from catalog.hub.store.commits import DeleteFile, DeleteFolder, Operation, Put
from catalog.hub.store.errors import NoEntry, Refused
from catalog.hub.store.tokens import Who

PATHS = st.sampled_from(
    ["a", "A", "b", "d", "d/a", "d/b", "d/e/a", "D/x", "e\u0301", "\u00e9", "x.pkl"]
)
CONTENTS = st.sampled_from([b"", b"1", b"22"])
BRANCHES = st.sampled_from(["main", "side", "third"])
WHO = Who("ann", "write")

Files = dict[str, bytes]


def expected(files: Files, operations: list[Any]) -> Files | type[Exception]:
    """Return what a repo's files have to be after operations, or how they are refused."""
    now = dict(files)
    for kind, path, content in operations:
        below = [one for one in now if one.startswith(f"{path}/")]
        if kind == "put":
            above = [one for one in now if path.startswith(f"{one}/")]
            if above or below:
                return Refused
            now[path] = content
        elif kind == "file":
            if path not in now:
                return NoEntry
            del now[path]
        else:
            if not below:
                return NoEntry
            for one in below:
                del now[one]
    return Refused if _collide(now) else now


def _collide(files: Files) -> bool:
    parts = {
        "/".join(one.split("/")[:end]) for one in files for end in range(1, one.count("/") + 2)
    }
    return len({names.fold(one) for one in parts}) < len(parts)


class Stored(RuleBasedStateMachine):
    """A repo beside a dict of branches."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1_700_000_000.0
        self.store = Store.open(Path(self.folder.name) / "hub", clock=lambda: self.now)
        self.repo = repos.create(self.store, "datasets", "team/songs")
        self.branches: dict[str, Files] = {"main": {}}
        self.tags: dict[str, Files] = {}
        self.lines: dict[str, list[str]] = {"main": [self.repo.head]}

    @rule(
        branch=BRANCHES,
        asked=st.lists(
            st.tuples(st.sampled_from(["put", "put", "file", "folder"]), PATHS, CONTENTS)
        ),
        parent=st.booleans(),
    )
    def commit(self, branch: str, asked: list[Any], parent: bool) -> None:
        if branch not in self.branches:
            return
        operations: list[Operation] = []
        with blobs.receiving(self.store, WHO.user) as batch:
            for kind, path, content in asked:
                if kind == "put":
                    operations.append(Put(path, batch.add(content).sha256))
                else:
                    operations.append(DeleteFile(path) if kind == "file" else DeleteFolder(path))
        wanted = expected(self.branches[branch], asked)
        risky = any(kind == "put" and path == "x.pkl" for kind, path, _ in asked)
        said: dict[str, Any] = {"who": WHO, "title": "Change", "operations": operations}
        if parent:
            said["parent"] = self.lines[branch][-1]
        if risky or not isinstance(wanted, dict):
            with pytest.raises((Refused, NoEntry) if risky else wanted):
                commits.commit(self.store, self.repo, branch, **said)
            return
        made = commits.commit(self.store, self.repo, branch, **said).commit
        assert made.parent == self.lines[branch][-1]
        self.branches[branch] = wanted
        self.lines[branch].append(made.id)

    @rule(branch=BRANCHES, at=BRANCHES)
    def fork(self, branch: str, at: str) -> None:
        if branch in self.branches or at not in self.branches:
            return
        refs.branch(self.store, self.repo, branch, at=at)
        self.branches[branch] = dict(self.branches[at])
        self.lines[branch] = list(self.lines[at])

    @rule(branch=BRANCHES)
    def delete(self, branch: str) -> None:
        if branch in self.branches and branch != "main":
            refs.delete_branch(self.store, self.repo, branch)
            del self.branches[branch]

    @rule(name=st.sampled_from(["v1", "v2"]), at=BRANCHES)
    def tag(self, name: str, at: str) -> None:
        if name in self.tags or at not in self.branches:
            return
        refs.tag(self.store, self.repo, name, at=at)
        self.tags[name] = dict(self.branches[at])

    @rule(seconds=st.sampled_from([1.0, 50_000.0, 200_000.0]))
    def collect(self, seconds: float) -> None:
        self.now += seconds
        gc.collect(self.store)

    @invariant()
    def every_revision_is_what_was_committed(self) -> None:
        for revision, files in {**self.tags, **self.branches}.items():
            commit = refs.resolve(self.store, self.repo, revision)
            found = trees.listing(self.store, self.repo, commit, recursive=True)
            here = [one for one in found if isinstance(one, trees.File)]
            assert {one.path: blobs.read(self.store, one.sha256) for one in here} == files

    def teardown(self) -> None:
        if hasattr(self, "store"):
            for branch in self.branches:
                head = refs.resolve(self.store, self.repo, branch)
                line = commits.history(self.store, self.repo, head, limit=1000)
                assert [one.id for one in reversed(line)] == self.lines[branch]
            assert fsck.check(self.store).problems == []
            self.store.close()
            self.folder.cleanup()


TestStored = Stored.TestCase
TestStored.settings = settings(
    max_examples=8,
    stateful_step_count=12,
    suppress_health_check=list(HealthCheck),
)
