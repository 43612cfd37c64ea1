"""Whole files or none: written under a temporary name, flushed to disk, then renamed."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import IO, Any

PARTIAL = ".partial"
FORMER = ".former"


def partial(path: Path) -> Path:
    """Return the temporary name of `path`: beside it, so that the rename stays on one disk."""
    return path.with_name(path.name + PARTIAL)


def settle(temporary: Path, path: Path) -> None:
    """Flush `temporary` to disk and give it its real name, replacing what was there."""
    with temporary.open("rb+") as stream:
        os.fsync(stream.fileno())
    temporary.replace(path)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes `path` only if the block succeeds.

    On an error the temporary file goes and `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = partial(path)
    try:
        yield temporary
        settle(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def whole_alone(path: Path) -> Iterator[Path]:
    """As `whole`, for a writer that keeps temporary files of its own beside what it writes.

    The temporary path is alone in a folder. What a killed writer left in it goes at the next call;
    `partial(path)` names the folder, for who will not write again.
    """
    room = partial(path)
    rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    try:
        yield room / path.name
        settle(room / path.name, path)
    finally:
        rmtree(room)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to write to; it replaces `path` only if the block succeeds.

    Who may read the folder may read its files: safetensors 0.8 makes files for their owner alone,
    whatever the umask (its issue 782). What a killed run left is removed first. Between the two
    renames there is for a moment no folder at all, never one with old and new files in it.
    """
    temporary, former = partial(path), path.with_name(path.name + FORMER)
    for left in (temporary, former):
        rmtree(left, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        readable = temporary.stat().st_mode & 0o666
        for file in filter(Path.is_file, temporary.rglob("*")):
            file.chmod(file.stat().st_mode | readable)
            settle(file, file)
    except BaseException:
        rmtree(temporary)
        raise
    if path.exists():
        path.replace(former)
    temporary.replace(path)
    rmtree(former, ignore_errors=True)


def pass_on(stream: IO[bytes]) -> None:
    """Let the system write to disk what a file holds so far, and forget it, without waiting.

    Else a large file takes new memory all the time, and pushes out what others read.
    """
    stream.flush()
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file that diffs well: indented, one final newline."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return what `write_json` writes."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
