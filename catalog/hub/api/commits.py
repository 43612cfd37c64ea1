"""Uploading: what is to be sent how, and the commit, whose body is read line by line.

The body is NDJSON: a header, then one operation a line, small files among them in base64. It is
never in memory as a whole: each file goes to disk when its line is complete.
"""

import binascii
import json
from base64 import b64decode
from codecs import getincrementaldecoder
from collections.abc import Mapping
from functools import partial
from typing import Any

from pathspec import GitIgnoreSpec
from starlette.requests import Request
from starlette.responses import Response

from catalog.hub.api import cards, intake, who
from catalog.hub.api.ask import Ask, text
from catalog.hub.api.errors import Refused, said
from catalog.hub.store import blobs, commits, names, pulls, refs, trees
from catalog.hub.store.blobs import Batch
from catalog.hub.store.commits import Committed, DeleteFile, DeleteFolder, Operation, Put
from catalog.hub.store.trees import File
from registry.errors import RegistryError

INLINE = 1 << 20
"""From this size on a file is sent by LFS or Xet instead of within the commit."""
MAX_FILE = 4 << 20
"""The largest file that a commit may carry, whatever preupload said."""
MAX_LINE = MAX_FILE // 3 * 4 + (16 << 10)
MAX_TOTAL = 1 << 30
MAX_OPERATIONS = 25_000
MAX_FILES = 1000
MAX_TITLE = 1000
MAX_IGNORE = 256 << 10
DRAINED = 64 << 20
"""How much of a refused body is still read, so that the client sees the reason and no reset."""


def preupload(ask: Ask) -> Response:
    """Say for each file whether it is sent by LFS, whether .gitignore drops it, and what is there.

    The `oid` of what is there makes an unchanged file a no-op: it has the kind of hash that the
    client compares for the way of sending that is answered.
    """
    _require(ask)
    values = ask.json()
    files = values.get("files", [])
    if not isinstance(files, list) or not all(isinstance(one, dict) for one in files):
        raise Refused(400, "files: is no list of objects")
    if len(files) > MAX_FILES:
        raise Refused(400, f"files: holds more than {MAX_FILES:,}")
    commit = refs.resolve(ask.store, ask.repo, ask.params["rev"])
    paths = [_taken(ask, text(one, "path")) for one in files]
    there = trees.entries(ask.store, ask.repo, commit, paths)
    ignored = _ignored(ask, commit, values.get("gitIgnore"))
    answers = [
        _answer(path, one, there.get(path), ignored) for path, one in zip(paths, files, strict=True)
    ]
    return said({"files": answers, "commitOid": commit}, headers={"x-repo-commit": commit})


def _answer(
    path: str, said_of_it: Mapping[str, Any], there: Any, ignored: GitIgnoreSpec
) -> dict[str, Any]:
    size, sample = said_of_it.get("size"), text(said_of_it, "sample", "")
    if not isinstance(size, int) or size < 0:
        raise Refused(400, f"{path!r}: has no size")
    is_large = size >= INLINE or is_binary(sample)
    answer: dict[str, Any] = {
        "path": path,
        "uploadMode": "lfs" if is_large else "regular",
        "shouldIgnore": ignored.match_file(path),
    }
    if isinstance(there, File):
        regular = None if there.lfs else there.oid
        oid = there.sha256 if is_large else regular
        answer |= {"oid": oid} if oid else {}
    return answer


def is_binary(sample: str) -> bool:
    """Tell by a file's first bytes, in base64, whether it is anything but text.

    Such files go by LFS or Xet however small they are: `Dataset.push_to_hub` deletes each shard
    after it was sent, and counts on no shard being sent within the commit.

    >>> is_binary("UEFSMRUAFQ=="), is_binary("w7g="), is_binary("w7jD")
    (True, False, False)
    """
    try:
        raw = b64decode(sample, validate=True)
        getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return True
    except binascii.Error as error:
        raise Refused(400, "sample: is no base64") from error
    return b"\0" in raw


def _taken(ask: Ask, path: str) -> str:
    """Return a path that the repo takes; a refusal before the upload spares the upload."""
    names.path(path)
    if not ask.repo.risky and names.risky(path):
        raise Refused(
            400,
            f"{path!r}: this kind of file can run code when it is opened, and the repo does not"
            " take any; save as safetensors, or let the repo take them in its settings (risky)",
        )
    return path


def _ignored(ask: Ask, commit: str, said_by_client: Any) -> GitIgnoreSpec:
    """Return the rules of the .gitignore that comes along, or of the one that is there."""
    lines = said_by_client if isinstance(said_by_client, str) else ""
    if not isinstance(said_by_client, str):
        there = trees.entries(ask.store, ask.repo, commit, [".gitignore"]).get(".gitignore")
        if isinstance(there, File) and there.size <= MAX_IGNORE:
            lines = blobs.read(ask.store, there.sha256).decode("utf-8", "replace")
    try:
        return GitIgnoreSpec.from_lines(lines[:MAX_IGNORE].splitlines())
    except ValueError:
        return GitIgnoreSpec([])


async def commit(ask: Ask) -> Response:
    """Commit what the body says, as one change that is made whole or not at all."""
    await intake.hop(_require, ask)
    async with intake.receiving(ask.store, _user(ask)) as batch:
        body = _Body(ask, batch)
        await _fed(body, ask.request)
    done = await intake.hop(partial(_committed, ask, body))
    answer = {
        "success": True,
        "commitUrl": f"{ask.page}/commit/{done.commit.id}",
        "commitOid": done.commit.id,
        "hookOutput": "",
    }
    if done.pull is not None:
        answer["pullRequestUrl"] = f"{ask.page}/discussions/{done.pull}"
    return said(answer, headers={"x-repo-commit": done.commit.id})


def _committed(ask: Ask, body: "_Body") -> Committed:
    header = body.header
    if header is None:
        raise Refused(400, "the body has no header line; it is the first")
    assert ask.who
    parent = header.get("parentCommit")
    if not isinstance(parent, str | None):
        raise Refused(400, "parentCommit: is no text")
    cards.require(ask, body.operations)
    return commits.commit(
        ask.store,
        ask.repo,
        ask.params["rev"],
        who=ask.who,
        title=_titled(header),
        message=text(header, "description", ""),
        operations=body.operations,
        parent=parent,
        create_pr=ask.says("create_pr"),
    )


def _titled(header: Mapping[str, Any]) -> str:
    title = text(header, "summary").strip()
    if not title:
        raise Refused(400, "summary: is empty; say what the commit changes")
    return title[:MAX_TITLE]


def _user(ask: Ask) -> str:
    assert ask.who, "the route needs a token"
    return ask.who.user


def _require(ask: Ask) -> None:
    """Refuse a write to what the caller may only propose changes to.

    Whoever reads a repo may open a pull request, and go on with one that they opened.
    """
    if ask.says("create_pr") or who.may_write(ask.who, ask.repo):
        return
    revision = ask.params["rev"]
    if names.is_pull(revision):
        opened = pulls.get(ask.store, ask.repo, int(revision.rpartition("/")[2]))
        if opened.author == _user(ask):
            return
    who.require_writer(ask.store, ask.who, ask.repo.namespace)


async def _fed(body: "_Body", request: Request) -> None:
    """Give the body its lines, in a thread; after a refusal the rest is read and dropped."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_TOTAL:
        raise Refused(413, f"a commit's body has at most {MAX_TOTAL:,} bytes; use LFS")
    rest, total, refused = bytearray(), 0, None
    async for chunk in request.stream():
        total += len(chunk)
        if total > (DRAINED if refused else MAX_TOTAL):
            raise refused or Refused(413, f"a commit's body has at most {MAX_TOTAL:,} bytes")
        if refused:
            continue
        rest += chunk
        end = chunk.rfind(b"\n")
        try:
            if end >= 0:
                whole = len(rest) - len(chunk) + end + 1
                lines, rest = bytes(rest[:whole]), rest[whole:]
                await intake.hop(body.take, lines)
            if len(rest) > MAX_LINE:
                raise Refused(413, f"a file within a commit has at most {MAX_FILE:,} bytes")
        except (Refused, RegistryError) as error:
            refused, rest = error, bytearray()
    if refused:
        raise refused
    await intake.hop(body.take, bytes(rest))


class _Body:
    """The lines of a commit as they come: files go to the batch, the rest is remembered."""

    def __init__(self, ask: Ask, batch: Batch) -> None:
        self.ask = ask
        self.batch = batch
        self.header: Mapping[str, Any] | None = None
        self.operations: list[Operation] = []

    def take(self, lines: bytes) -> None:
        """Take whole lines."""
        for line in lines.splitlines():
            if line.strip():
                self._take(line)

    def _take(self, line: bytes) -> None:
        key, value = _parsed(line)
        if key == "header":
            if self.header is not None or self.operations:
                raise Refused(400, "header: comes once, and first")
            self.header = value
            return
        if len(self.operations) >= MAX_OPERATIONS:
            raise Refused(413, f"a commit has at most {MAX_OPERATIONS:,} operations")
        path = text(value, "path")
        if key == "file":
            content = _content(value)
            self.operations.append(Put(_taken(self.ask, path), self.batch.add(content).sha256))
        elif key == "lfsFile":
            self.operations.append(Put(_taken(self.ask, path), _oid(value), lfs=True))
        elif key == "deletedFile":
            self.operations.append(DeleteFile(names.path(path)))
        elif key == "deletedFolder":
            self.operations.append(DeleteFolder(names.path(path.removesuffix("/"))))
        else:
            raise Refused(400, f"key {key!r}: is no operation of a commit")


def _parsed(line: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "a line of the commit is no JSON") from error
    if not isinstance(values, dict) or not isinstance(value := values.get("value"), dict):
        raise Refused(400, "a line of the commit is no object with key and value")
    return text(values, "key"), value


def _content(value: Mapping[str, Any]) -> bytes:
    content, encoding = text(value, "content"), text(value, "encoding", "utf-8")
    try:
        if encoding == "base64":
            found = b64decode(content, validate=True)
        elif encoding == "utf-8":
            found = content.encode("utf-8")
        else:
            raise Refused(400, f"encoding {encoding!r}: there are base64 and utf-8")
    except (binascii.Error, UnicodeError) as error:
        raise Refused(400, f"content: is no {encoding}") from error
    if len(found) > MAX_FILE:
        raise Refused(413, f"a file within a commit has at most {MAX_FILE:,} bytes; use LFS")
    return found


def _oid(value: Mapping[str, Any]) -> str:
    if text(value, "algo", "sha256") != "sha256":
        raise Refused(400, "algo: only sha256 is known here")
    return names.sha256(text(value, "oid"))
