"""The Hub's words for what the store keeps: times, files, folders, commits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from catalog.hub.store.commits import Commit
from catalog.hub.store.trees import File, Folder


def moment(seconds: float) -> str:
    """Return a time as the clients parse it.

    >>> moment(0)
    '1970-01-01T00:00:00.000Z'
    """
    made = datetime.fromtimestamp(seconds, UTC)
    return f"{made:%Y-%m-%dT%H:%M:%S}.{made.microsecond // 1000:03}Z"


def file_entry(entry: File | Folder, last: Commit | None = None) -> dict[str, Any]:
    """Return a line of a listing."""
    made: dict[str, Any]
    if isinstance(entry, File):
        made = {"type": "file", "oid": entry.oid, "size": entry.size, "path": entry.path}
        if entry.lfs:
            made["lfs"] = {
                "oid": entry.sha256,
                "size": entry.size,
                "pointerSize": entry.pointer_size,
            }
    else:
        made = {"type": "directory", "oid": entry.oid, "size": 0, "path": entry.path}
    if last:
        made["lastCommit"] = {"id": last.id, "title": last.title, "date": moment(last.time)}
    return made


def sibling(entry: File, *, with_blob: bool) -> dict[str, Any]:
    """Return a file as `siblings` has it; its size and hashes come only when asked for."""
    made: dict[str, Any] = {"rfilename": entry.path}
    if with_blob:
        made |= {"size": entry.size, "blobId": entry.oid}
        if entry.lfs:
            made["lfs"] = {
                "sha256": entry.sha256,
                "size": entry.size,
                "pointerSize": entry.pointer_size,
            }
    return made


def commit_entry(commit: Commit) -> dict[str, Any]:
    """Return a line of the history."""
    return {
        "id": commit.id,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author}],
        "date": moment(commit.time),
    }


def card_data(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the front matter in a form on which the clients' own parser does not stumble.

    They raise at `eval_results` and `ignore_metadata_errors` as literal keys, and at names that are
    no arguments of theirs only where Python forbids them.
    """
    bad = ("eval_results", "ignore_metadata_errors", "self", "metadata")
    return {name: value for name, value in card.items() if name not in bad}
