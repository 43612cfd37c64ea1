"""Files of Git repositories: `git:URL@COMMIT:PATH`, with git itself and its configuration."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from registry.errors import RegistryError
from registry.sources.wanted import CHUNK, Wanted, pour, refusal

ADDRESS = re.compile(r"([^-\s]\S*)@([0-9a-f]{40}):([^\s-]\S*)")
_POINTER = b"version https://git-lfs.github.com/spec/"
# What a git that started us says of its own checkout is not about ours.
_ENCLOSING = re.compile("GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|NAMESPACE|.*OBJECT_DIRECTOR.*)")


def bring(wanted: Wanted) -> Path:
    """Take one file out of a commit; the files of one commit share one fetch."""
    found = ADDRESS.fullmatch(wanted.address)
    if not found:
        raise RegistryError("is no address in a git repository; write URL@COMMIT:PATH")
    url, commit, path = found.groups()
    repository = _repository(url, commit, wanted)
    into = wanted.scratch / "blob"
    with _git(repository, "cat-file", "blob", f"{commit}:{path}", wanted=wanted) as git:
        assert git.stdout, git.stderr
        try:
            pour(_chunks(git.stdout), into, wanted)
        except BaseException:
            git.kill()
            raise
        said = git.communicate()[1].decode(errors="replace")
    if git.returncode:
        raise refusal(said, "fatal: ", "check the path")
    _no_pointer(into, wanted)
    return into


def _repository(url: str, commit: str, wanted: Wanted) -> Path:
    name = hashlib.sha256(f"{url}@{commit}".encode()).hexdigest()[:16]
    repository = wanted.scratch / f"{name}.git"
    if repository.exists():
        return repository
    fetching = wanted.scratch / f"{name}.fetching"
    if not fetching.exists():
        _run(fetching, "init", "--quiet", "--bare", wanted=wanted)
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
    try:
        _run(fetching, *fetch, "--depth=1", "--", url, commit, wanted=wanted)
    except RegistryError as error:
        if not re.search("unadvertised|not our ref|allow.*sha1", str(error), re.IGNORECASE):
            raise
        # Servers may hand out whole branches and tags only.
        everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        _run(fetching, *fetch, "--", url, *everything, wanted=wanted)
        if _said(fetching, "cat-file", "-e", f"{commit}^{{commit}}", wanted=wanted):
            raise RegistryError(f"no branch or tag has the commit {commit}; check it") from None
    return fetching.rename(repository)


def _run(repository: Path, *words: str, wanted: Wanted) -> None:
    if said := _said(repository, *words, wanted=wanted):
        raise refusal(said, "fatal: ", "check repository and commit")


def _said(repository: Path, *words: str, wanted: Wanted) -> str:
    """Return what git says if it fails, else nothing."""
    with _git(repository, *words, wanted=wanted) as git:
        said = git.communicate()[1].decode(errors="replace")
    return (said or "it gave no reason") if git.returncode else ""


def _git(repository: Path, *words: str, wanted: Wanted) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not _ENCLOSING.fullmatch(name)}
    asks_nobody = {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": kept.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    }
    stalls = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60")
    try:
        return subprocess.Popen(
            ["git", *stalls, f"--git-dir={repository.resolve()}", *words],
            env=kept | asks_nobody,
            cwd=wanted.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise RegistryError("needs git; install it") from None


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _no_pointer(path: Path, wanted: Wanted) -> None:
    with path.open("rb") as stream:
        if path.stat().st_size != wanted.file.bytes and stream.read(len(_POINTER)) == _POINTER:
            raise RegistryError("is a Git LFS pointer, not the file; use url: for the file itself")
