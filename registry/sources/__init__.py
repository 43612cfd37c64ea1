"""Fetch the native files of a card, each proven by sha256 and size before it gets its name.

A mirror is looked at first. Every file of the card is tried, and all failures are told at once;
what could be fetched stays.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from urllib.parse import urlsplit

from registry.archives import inside
from registry.cards.kinds import NativeFile, Source
from registry.errors import HashMismatch, Offline, RegistryError
from registry.files import PARTIAL, partial, settle
from registry.hashing import hash_file
from registry.sources import git, hub, local, pypi, url
from registry.sources.wanted import Wanted, told

__all__ = ["SCHEMES", "Fetched", "fetch"]

SCHEMES: Mapping[str, Callable[[Wanted], Path]] = {
    "pypi": pypi.bring,
    "hub": hub.bring,
    "git": git.bring,
    "url": url.bring,
    "file": local.bring,
}
THERE, MIRROR = "already there", "mirror"
MOVED = "update the card if the source moved"
_SCRATCH = ".fetching-"
_LEFT = (PARTIAL, url.note(Path(PARTIAL)).name)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A native file that is proven; `how` is a scheme, "mirror" or "already there"."""

    path: str
    bytes: int
    sha256: str
    md5: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """What the files of one call share; `silent` are the places that could not be reached."""

    card: str
    folder: Path
    scratch: Path
    mirror: Path | None
    root: Path
    progress: bool
    silent: dict[str, str] = field(default_factory=dict)


def fetch(
    card_id: str,
    source: Source,
    folder: Path,
    *,
    mirror: Path | None = None,
    root: Path = Path(),
    progress: bool = False,
    say: Callable[[str], None],
) -> tuple[Fetched, ...]:
    """Fetch every file of a card into `folder`; a file that is there is proven, not fetched.

    `mirror` holds copies as `<mirror>/<card id>/<path>`; `file:` paths are relative to `root`.
    """
    if mirror and not mirror.is_dir():
        say(f"{card_id}: there is no mirror at {mirror}; going on without")
    folder.mkdir(parents=True, exist_ok=True)
    found, failures = list[Fetched](), list[RegistryError]()
    with _alone(card_id, folder, say), _scratch(folder) as scratch:
        errand = _Errand(
            card=card_id,
            folder=folder,
            scratch=scratch,
            mirror=mirror,
            root=root,
            progress=progress,
        )
        for file in _apart(card_id, source.files):
            try:
                found.append(_one(file, errand))
            except RegistryError as error:
                failures.append(error)
                continue
            if found[-1].how != THERE:
                say(f"{card_id}: {file.path}: {file.bytes:,} bytes, {found[-1].how}")
    if failures:
        raise _together(failures)
    return tuple(found)


def _one(file: NativeFile, errand: _Errand) -> Fetched:
    where = f"{errand.card}: {file.path}"
    try:
        path = inside(errand.folder, file.path)
    except RegistryError as error:
        raise RegistryError(f"{errand.card}: {error}") from error
    try:
        return _there(path, file, errand) if path.exists() else _new(path, file, errand)
    except HashMismatch:
        _forget(path)
        raise
    except OSError as error:
        raise RegistryError(f"{where}: cannot be read or written ({error}); fetch again") from error


def _there(path: Path, file: NativeFile, errand: _Errand) -> Fetched:
    remedy = f"delete it and fetch again, or {MOVED}"
    return _proven(path, file, THERE, f"{errand.card}: {path}", remedy)


def _new(path: Path, file: NativeFile, errand: _Errand) -> Fetched:
    errand.scratch.mkdir(exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = Wanted(
        file=file,
        address=file.origin.partition(":")[2],
        partial=partial(path),
        scratch=errand.scratch,
        root=errand.root,
        progress=errand.progress,
    )
    copy = errand.mirror and errand.mirror / errand.card / file.path
    if copy and copy.exists():
        came, proof = _from_mirror(copy, wanted, errand)
    else:
        came, proof = _from_source(wanted, errand)
    settle(came, path)
    _forget(path)
    return proof


def _from_mirror(copy: Path, wanted: Wanted, errand: _Errand) -> tuple[Path, Fetched]:
    where = f"{errand.card}: {wanted.file.path}: {copy}"
    try:
        came = local.copy(copy, wanted)
    except HashMismatch as error:
        raise HashMismatch(f"{where}: {error}") from error
    return came, _proven(came, wanted.file, MIRROR, where, f"replace it, or {MOVED}")


def _from_source(wanted: Wanted, errand: _Errand) -> tuple[Path, Fetched]:
    origin = wanted.file.origin
    where = f"{errand.card}: {wanted.file.path}: {told(origin)}"
    scheme, place = origin.partition(":")[0], _place(origin)
    if scheme not in SCHEMES:
        raise RegistryError(f"{where}: is no source; begin it with {', '.join(SCHEMES)}")
    try:
        if place in errand.silent:
            raise Offline(errand.silent[place])
        came = SCHEMES[scheme](wanted)
    except Offline as error:
        errand.silent[place] = str(error)
        otherwise = _other_way(wanted.file, errand)
        raise Offline(f"{where}: cannot be reached ({error}); {otherwise}") from error
    except RegistryError as error:
        raise type(error)(f"{where}: {error}") from error
    return came, _proven(came, wanted.file, scheme, where, MOVED)


def _proven(path: Path, file: NativeFile, how: str, where: str, remedy: str) -> Fetched:
    got = hash_file(path)
    if (got.sha256, got.bytes) != (file.sha256, file.bytes):
        raise HashMismatch(
            f"{where}: has sha256 {got.sha256} and {got.bytes:,} bytes, the card says"
            f" {file.sha256} and {file.bytes:,}; {remedy}"
        )
    return Fetched(path=file.path, bytes=got.bytes, sha256=got.sha256, md5=got.md5, how=how)


def _forget(path: Path) -> None:
    """Remove what an interrupted download left beside a file."""
    for left in (partial(path), url.note(partial(path))):
        left.unlink(missing_ok=True)


def _place(origin: str) -> str:
    """Return what an origin shares with others that cannot be reached when it cannot."""
    scheme, _, address = origin.partition(":")
    if scheme == "git":
        return origin.rpartition("@")[0]
    return urlsplit(address).netloc if scheme == "url" else scheme


def _other_way(file: NativeFile, errand: _Errand) -> str:
    if errand.mirror:
        return f"put the file into the mirror as {errand.mirror / errand.card / file.path}"
    return f"set TUNEDECK_MIRROR to a folder that has it as {errand.card}/{file.path}"


def _apart(card_id: str, files: tuple[NativeFile, ...]) -> tuple[NativeFile, ...]:
    """Refuse files that would overwrite each other."""
    seen = set[str]()
    for file in files:
        if file.path in seen:
            raise RegistryError(f"{card_id}: {file.path}: is named twice; keep one of them")
        if Path(file.path).name.endswith(_LEFT):
            raise RegistryError(
                f"{card_id}: {file.path}: is named like a download under way; rename it"
            )
        seen.add(file.path)
    return files


@contextmanager
def _alone(card_id: str, folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Let one process at a time work in a folder; the lock goes with it, however it ends."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks lock no folders
            try:
                flock(handle, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                say(f"{card_id}: is being fetched by another process; waiting for it")
                flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Name a folder for what is not proven yet; those of killed processes go as well."""
    try:
        yield folder / f"{_SCRATCH}{os.getpid()}"
    finally:
        for left in folder.glob(f"{_SCRATCH}*"):
            rmtree(left, ignore_errors=True)


def _together(failures: list[RegistryError]) -> RegistryError:
    """Return one error that says all; it keeps its kind if all are of one kind."""
    kinds = {type(failure) for failure in failures}
    kind = kinds.pop() if len(kinds) == 1 else RegistryError
    return kind("\n".join(map(str, failures)))
