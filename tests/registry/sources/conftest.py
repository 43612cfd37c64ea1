"""A card of files whose hashes are right, and a folder to fetch them into."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from registry import sources
from registry.cards.kinds import NativeFile, Source
from registry.sources import Fetched, url


@pytest.fixture
def described() -> Callable[..., NativeFile]:
    """Return a function that describes a file as a card does: by where, hash and size."""

    def native(origin: str, body: bytes, path: str = "songs.json") -> NativeFile:
        sha256 = hashlib.sha256(body).hexdigest()
        return NativeFile(path=path, origin=origin, sha256=sha256, bytes=len(body))

    return native


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder for the files of the card `songs`."""
    return tmp_path / "native" / "songs"


@pytest.fixture
def said() -> list[str]:
    """Return what the calls of `fetch` say."""
    return []


@pytest.fixture
def fetch(tmp_path: Path, folder: Path, said: list[str]) -> Callable[..., tuple[Fetched, ...]]:
    """Return a function that fetches files as those of the card `songs`."""

    def of(
        *files: NativeFile, mirror: Path | None = None, progress: bool = False
    ) -> tuple[Fetched, ...]:
        return sources.fetch(
            "songs",
            Source(files=files),
            folder,
            mirror=mirror,
            root=tmp_path,
            progress=progress,
            say=said.append,
        )

    return of


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause, and go round any proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(url, "PAUSES", (0.0, 0.0, 0.0))
