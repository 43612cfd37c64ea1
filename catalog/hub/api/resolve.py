"""Files of a repo as bytes: whole, or the part that `Range` asks for.

What people upload is never a page of ours: it comes as plain text or as bytes to save, and a
browser that shows it anyway runs nothing of it.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from catalog.hub.api.ask import Ask
from catalog.hub.api.errors import Refused, no_entry, said
from catalog.hub.store import names, refs, trees
from catalog.hub.store.errors import Damaged, NoEntry
from catalog.hub.store.trees import File

TEXT = frozenset(
    (
        *(
            "md",
            "txt",
            "json",
            "jsonl",
            "ndjson",
            "yaml",
            "yml",
            "toml",
            "csv",
            "tsv",
            "cfg",
            "ini",
        ),
        *("jinja", "bib", "cff", "gitattributes", "gitignore", "license"),
    )
)
"""Endings that browsers may show, as plain text; all else is bytes to save."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def head(ask: Ask) -> Response:
    """Answer what a file is, without its bytes."""
    entry, commit = _located(ask)
    headers = _headers(entry, commit)
    headers["content-length"] = str(entry.size)
    return _Headed(headers)


def get(ask: Ask) -> Response:
    """Answer a file, or a range of it."""
    entry, commit = _located(ask)
    headers = _headers(entry, commit)
    if ask.request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    start, length = _span(ask, entry, headers)
    is_part = length != entry.size or "content-range" in headers
    headers["content-length"] = str(length)
    return StreamingResponse(
        _bytes(ask, entry, start, length), 206 if is_part else 200, headers=headers
    )


def safetensors(ask: Ask) -> Response:
    """Answer the header of one safetensors file, which clients ask of shards."""
    import json

    entry, commit = _located(ask, "main")
    if not entry.path.endswith(".safetensors"):
        raise Refused(400, f"{entry.path!r}: is no safetensors file")
    size = int.from_bytes(b"".join(_bytes(ask, entry, 0, min(8, entry.size))), "little")
    if not 0 < size <= min(entry.size, 16 << 20):
        raise Refused(400, f"{entry.path!r}: has no safetensors header")
    try:
        header = json.loads(b"".join(_bytes(ask, entry, 8, size)))
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"{entry.path!r}: has no safetensors header") from error
    return said(header, headers={"x-repo-commit": commit})


class _Headed(Response):
    """An answer to HEAD: its length is the file's, which it does not carry."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(b"", 200, headers)


def _located(ask: Ask, revision: str | None = None) -> tuple[File, str]:
    commit = refs.resolve(ask.store, ask.repo, revision or ask.params["rev"])
    path = names.path(ask.params["path"])
    try:
        entry = trees.entry(ask.store, ask.repo, commit, path)
    except NoEntry as error:
        raise no_entry(path, commit) from error
    if not isinstance(entry, File):
        raise no_entry(path, commit)
    return entry, commit


def _headers(entry: File, commit: str) -> dict[str, str]:
    name = entry.path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower()
    is_text = ending in TEXT and not entry.lfs
    made = {
        "etag": f'"{entry.etag}"',
        "x-repo-commit": commit,
        "accept-ranges": "bytes",
        "content-type": "text/plain; charset=utf-8" if is_text else "application/octet-stream",
        "content-disposition": _disposition(name, is_text),
        "cache-control": "private, no-cache",
        "access-control-expose-headers": "etag, x-repo-commit, x-linked-etag, x-linked-size",
    }
    if entry.lfs:
        made |= {"x-linked-etag": f'"{entry.sha256}"', "x-linked-size": str(entry.size)}
    return made


def _disposition(name: str, is_text: bool) -> str:
    """Return what a browser does with a file, and by which name it saves it.

    >>> _disposition('é".html', False)
    "attachment; filename*=UTF-8''%C3%A9%22.html"
    """
    return f"{'inline' if is_text else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"


def _span(ask: Ask, entry: File, headers: dict[str, str]) -> tuple[int, int]:
    """Return start and length of what is asked for; several ranges at once are answered whole."""
    asked = ask.request.headers.get("range")
    if asked is None or ask.request.headers.get("if-range", headers["etag"]) != headers["etag"]:
        return 0, entry.size
    found = _RANGE.fullmatch(asked.strip().lower())
    if not found or found[1] == found[2] == "":
        return 0, entry.size
    start, end = span(found[1], found[2], entry.size)
    if start >= entry.size or end < start:
        raise Refused(
            416,
            f"range {asked!r}: the file has {entry.size} bytes",
            headers={
                "content-range": f"bytes */{entry.size}",
                "x-repo-commit": headers["x-repo-commit"],
            },
        )
    headers["content-range"] = f"bytes {start}-{end}/{entry.size}"
    return start, end - start + 1


def span(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the first and last byte that a range means, which may lie outside of the file.

    >>> span("0", "99", 10), span("", "3", 10), span("4", "", 10)
    ((0, 9), (7, 9), (4, 9))
    """
    if not first:
        return (max(size - int(last), 0), size - 1) if int(last) else (size, size)
    return int(first), min(int(last), size - 1) if last else size - 1


def _bytes(ask: Ask, entry: File, start: int, length: int) -> Iterator[bytes]:
    """Return the bytes; that they are lost is found out before anything is promised."""
    if ask.store.blobs.size(entry.sha256) != entry.size:
        raise Damaged(f"{entry.path}: its bytes are not in the store; catalog fsck says more")
    return iter(ask.store.blobs.open(entry.sha256, start, length)) if length else iter(())
