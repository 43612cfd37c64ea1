"""Wheels through the real pip, from a local folder or an index on this machine."""

import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from registry.cards.kinds import NativeFile
from registry.errors import HashMismatch, Offline, RegistryError
from registry.sources import Fetched

Described = Callable[..., NativeFile]
Fetch = Callable[..., tuple[Fetched, ...]]

NAME = "songs-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: songs\nVersion: 1.0\nRequires-Dist: nothing-like-it\n"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a wheel in a folder that is all pip may look at; pip shows a bar from 512 kB on."""
    path = tmp_path / "wheels" / NAME
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("songs/songs.json", bytes(600_000))
        archive.writestr("songs-1.0.dist-info/METADATA", METADATA)
        archive.writestr("songs-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("songs-1.0.dist-info/RECORD", "")
    path.chmod(0o444)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return path


@pytest.fixture
def index(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a package index that has the wheel."""
    page = tmp_path / "simple" / "songs" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<!DOCTYPE html><a href="/wheels/{NAME}">{NAME}</a>')

    class Answer(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A pip that is stopped hangs up."""

    with Server(("127.0.0.1", 0), partial(Answer, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/simple"
        monkeypatch.setenv("PIP_INDEX_URL", address)
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_FIND_LINKS", "")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        yield address
        server.shutdown()


def test_a_wheel_comes_without_what_it_depends_on(
    fetch: Fetch, described: Described, wheel: Path, folder: Path
) -> None:
    (fetched,) = fetch(described("pypi:songs==1.0", wheel.read_bytes(), NAME))
    assert fetched.how == "pypi"
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert (folder / NAME).stat().st_mode & 0o200


def test_a_wheel_with_a_flipped_byte_is_refused_by_both_hashes(
    fetch: Fetch, described: Described, wheel: Path, folder: Path
) -> None:
    good = wheel.read_bytes()
    bad = good[:1000] + b"!" + good[1001:]
    wheel.chmod(0o644)
    wheel.write_bytes(bad)
    both = f"{described('', bad).sha256} .*{described('', good).sha256}"
    with pytest.raises(HashMismatch, match=both):
        fetch(described("pypi:songs==1.0", good, NAME))
    assert list(folder.iterdir()) == []


def test_another_file_than_the_card_names_is_told(
    fetch: Fetch, described: Described, wheel: Path
) -> None:
    other = described("pypi:songs==1.0", wheel.read_bytes(), "songs-1.0-cp311-none-any.whl")
    absent = described("pypi:songs==2.0", wheel.read_bytes(), "songs-2.0-py3-none-any.whl")
    with pytest.raises(RegistryError) as caught:
        fetch(other, absent)
    first, second = str(caught.value).splitlines()
    assert first.endswith(f"what came is {NAME}; write that as its path")
    assert "Could not find a version that satisfies the requirement songs==2.0" in second
    assert second.endswith("; compare name and version with the index")


def test_what_is_no_wheel_is_refused(fetch: Fetch, described: Described) -> None:
    with pytest.raises(RegistryError, match=r"'songs-1.0.tar.gz' is no wheel; name one, or use ur"):
        fetch(described("pypi:songs==1.0", b"?", "songs-1.0.tar.gz"))


def test_an_index_that_cannot_be_reached_is_offline(
    fetch: Fetch, described: Described, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(Offline, match="pip finds no way to its index") as caught:
        fetch(described("pypi:songs==1.0", wheel.read_bytes(), NAME))
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("index")
def test_the_bar_follows_pip(
    fetch: Fetch, described: Described, wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(described("pypi:songs==1.0", wheel.read_bytes(), NAME), progress=True)
    assert "B/s" in capsys.readouterr().err


@pytest.mark.usefixtures("index")
def test_a_wheel_bigger_than_the_card_says_is_not_downloaded(
    fetch: Fetch, described: Described, wheel: Path
) -> None:
    size = f"{wheel.stat().st_size:,}"
    with pytest.raises(HashMismatch, match=f"has {size} bytes, the card says 1 "):
        fetch(described("pypi:songs==1.0", b"?", NAME))
