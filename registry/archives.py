"""Native files, and the members of wheels, zip files and tar files, as open streams.

A member is addressed as `archive.whl!member/in/it`.
"""

import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from pathlib import Path
from typing import IO

from registry.errors import RegistryError, near

_ZIPS = (".whl", ".zip")
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_LONGEST = 200
_WORDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, BadGzipFile, lzma.LZMAError, zlib.error, EOFError)


def inside(folder: Path, path: str) -> Path:
    """Return where `path` lies in `folder`; refuse what lies, or leads, outside of it.

    >>> inside(Path("data"), "../secret")
    Traceback (most recent call last):
    registry.errors.RegistryError: '../secret': is no place in data; write a relative path with '/'
    """
    parts = path.split("/")
    if (
        not path.isprintable()
        or {"", ".", ".."} & set(parts)
        or set(path) & set("\\:")
        or max(len(part.encode()) for part in parts) > _LONGEST
    ):
        raise RegistryError(f"{path!r}: is no place in {folder}; write a relative path with '/'")
    found = folder / path
    if not found.resolve().is_relative_to(folder.resolve()):
        raise RegistryError(f"{path!r}: leads out of {folder} through a link; remove the link")
    return found


def is_archive(path: Path) -> bool:
    """Tell by its name whether a file is an archive that can be read here."""
    return path.name.endswith((*_ZIPS, *_TARS))


def members(path: Path) -> list[str]:
    """Return the names of the files in an archive, in its own order."""
    with sound(path):
        if path.name.endswith(_ZIPS):
            with zipfile.ZipFile(path) as archive:
                return [one.filename for one in archive.infolist() if not one.is_dir()]
        with tarfile.open(path) as tar:
            return [one.name for one in tar if one.isfile()]


def open_members(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield each wanted member with an open stream, in the archive's own order."""
    if path.name.endswith(_ZIPS):
        with zipfile.ZipFile(path) as archive:
            for found in archive.infolist():
                if found.filename in wanted and not found.is_dir():
                    with archive.open(found) as stream:
                        yield found.filename, stream
    else:
        with tarfile.open(path) as tar:
            for one in tar:
                if one.name in wanted and one.isfile() and (inner := tar.extractfile(one)):
                    yield one.name, inner


@contextmanager
def open_member(folder: Path, address: str) -> Iterator[IO[bytes]]:
    """Open `file` or `archive.whl!member` in `folder` for reading, without unpacking it to disk."""
    name, bang, member = address.partition("!")
    path = inside(folder, name)
    if not path.is_file():
        raise RegistryError(f"{path}: is not there; fetch it first")
    with sound(path):
        if not bang:
            with path.open("rb") as file:
                yield file
            return
        if not is_archive(path):
            known = ", ".join((*_ZIPS, *_TARS))
            raise RegistryError(f"{path}: is no archive; only {known} have members")
        for _, stream in open_members(path, {member}):
            yield stream
            return
        hint = near(member, members(path)) or "; compare it with the names in the archive"
        raise RegistryError(f"{path}: has no member '{member}'{hint}")


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """Turn what a damaged archive raises, whenever it is read, into one plain error."""
    try:
        yield
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RegistryError(
            f"{path}: is damaged as an archive ({reason}); delete it and fetch it again"
        ) from error


def choose(globs: Iterable[str], names: Collection[str], where: str) -> set[str]:
    """Return the names that any of these globs matches; each glob has to match something.

    `*` stays inside a folder, `**` does not.

    >>> sorted(choose(["a/*.json"], ["a/b.json", "a/c/d.json"], "x"))
    ['a/b.json']
    """
    chosen: set[str] = set()
    wrong = []
    for glob in globs:
        found = set(filter(_regex(glob).fullmatch, names))
        chosen |= found
        if not found:
            hint = near(glob, names) or "; compare it with the names in the files"
            wrong.append(f"{where}: nothing is called '{glob}'{hint}")
    if wrong:
        raise RegistryError("\n".join(wrong))
    return chosen


def _regex(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(_WORDS.get(part, re.escape(part)) for part in parts), re.DOTALL)
