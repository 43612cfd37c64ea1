"""Downloads from a web server on this machine that behaves, or misbehaves, as it is told."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import registry
from registry.cards.kinds import NativeFile
from registry.errors import HashMismatch, Offline, RegistryError
from registry.sources import Fetched, url

Described = Callable[..., NativeFile]
Fetch = Callable[..., tuple[Fetched, ...]]

BODY = bytes(range(256)) * 400
CUT = 30_000


@dataclass
class Site:
    """What the server serves, how it breaks, and what it was asked."""

    address: str = ""
    body: bytes = BODY
    etag: str = '"one"'
    ranges: bool = True
    if_range: bool = True
    shift: int = 0
    length: int | None = len(BODY)
    statuses: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    pause: float = 0.0
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append({name.lower(): value for name, value in request.headers.items()})
        if self.statuses:
            request.send_response(self.statuses.pop(0))
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        start = self._start()
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start + self.shift}-{len(self.body)}/*")
        if self.etag:
            request.send_header("ETag", self.etag)
        if self.length is not None:
            request.send_header("Content-Length", str(self.length - start))
        request.end_headers()
        end = self.cuts.pop(0) if self.cuts else len(self.body)
        for at in range(start, end, 10_000):
            request.wfile.write(self.body[at : min(at + 10_000, end)])
            time.sleep(self.pause)

    def _start(self) -> int:
        asked = self.asked[-1]
        fresh = not self.if_range or asked.get("if-range", self.etag) == self.etag
        wanted = asked.get("range", "bytes=0-") if self.ranges and fresh else "bytes=0-"
        return int(wanted.removeprefix("bytes=").removesuffix("-"))


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Clients that hang up are part of these tests."""

    with Server(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        site.address = f"http://127.0.0.1:{server.server_port}/songs.json"
        yield site
        server.shutdown()


@pytest.fixture
def songs(site: Site, described: Described) -> NativeFile:
    return described(f"url:{site.address}", BODY)


def break_off(fetch: Fetch, site: Site, file: NativeFile) -> None:
    """Leave the first bytes of a download, as a lost connection does."""
    site.cuts = [CUT] * 4
    with pytest.raises(RegistryError, match="broke off"):
        fetch(file)
    site.cuts, site.asked = [], []


def test_a_file_is_downloaded(fetch: Fetch, songs: NativeFile, folder: Path) -> None:
    (fetched,) = fetch(songs)
    assert fetched.how == "url"
    assert [path.name for path in folder.iterdir()] == ["songs.json"]


def test_a_download_that_breaks_off_goes_on_from_there(
    fetch: Fetch, site: Site, songs: NativeFile
) -> None:
    site.cuts = [CUT, CUT + 20_000]
    fetch(songs)
    assert [asked.get("range") for asked in site.asked] == [
        None,
        f"bytes={CUT}-",
        f"bytes={CUT + 20_000}-",
    ]
    assert site.asked[1]["if-range"] == '"one"'


def test_a_connection_that_breaks_off_often_is_no_matter_while_bytes_come(
    fetch: Fetch, site: Site, songs: NativeFile
) -> None:
    site.cuts = list(range(10_000, 80_000, 10_000))
    fetch(songs)
    assert len(site.asked) == 8


def test_a_later_call_goes_on_from_where_an_earlier_one_broke_off(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path
) -> None:
    break_off(fetch, site, songs)
    assert (folder / "songs.json.partial").stat().st_size == CUT
    fetch(songs)
    assert [asked["range"] for asked in site.asked] == [f"bytes={CUT}-"]
    assert [path.name for path in folder.iterdir()] == ["songs.json"]


def test_a_connection_that_breaks_off_for_ever_is_told(
    fetch: Fetch, site: Site, songs: NativeFile
) -> None:
    site.cuts = [CUT] * 9
    with pytest.raises(RegistryError, match=r"broke off after 30,000 of 102,400 bytes; fetch"):
        fetch(songs)
    assert len(site.asked) == 4


def test_a_server_without_ranges_is_asked_for_all_of_it(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path
) -> None:
    site.ranges, site.cuts = False, [CUT]
    fetch(songs)
    assert (folder / "songs.json").read_bytes() == BODY
    assert len(site.asked) == 2


def test_a_file_that_changed_meanwhile_is_downloaded_from_the_start(
    fetch: Fetch, site: Site, described: Described, folder: Path
) -> None:
    new = b"new" * 30_000
    break_off(fetch, site, described(f"url:{site.address}", BODY))
    site.body, site.etag, site.length = new, '"two"', len(new)
    fetch(described(f"url:{site.address}", new))
    assert (folder / "songs.json").read_bytes() == new
    assert len(site.asked) == 1


def test_two_halves_that_do_not_fit_are_downloaded_again_once(
    fetch: Fetch, site: Site, described: Described, folder: Path
) -> None:
    new = BODY[::-1]
    break_off(fetch, site, described(f"url:{site.address}", BODY))
    site.body, site.etag, site.if_range = new, "", False
    fetch(described(f"url:{site.address}", new))
    assert (folder / "songs.json").read_bytes() == new
    assert [asked.get("range") for asked in site.asked] == [f"bytes={CUT}-", None]


def test_wrong_bytes_are_refused_even_when_put_together_of_two_halves(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path
) -> None:
    site.body, site.cuts = BODY[::-1], [CUT, len(BODY), CUT]
    with pytest.raises(HashMismatch, match=songs.sha256):
        fetch(songs)
    assert list(folder.glob("songs.json*")) == []
    assert len(site.asked) == 4


@pytest.mark.parametrize("trouble", [{"statuses": [416]}, {"shift": 1}])
def test_a_server_that_cannot_go_on_is_asked_for_all_of_it(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path, trouble: dict[str, Any]
) -> None:
    break_off(fetch, site, songs)
    vars(site).update(trouble)
    fetch(songs)
    assert [asked.get("range") for asked in site.asked] == [f"bytes={CUT}-", None]
    assert (folder / "songs.json").read_bytes() == BODY


def test_what_another_address_left_is_not_gone_on_from(
    fetch: Fetch, site: Site, songs: NativeFile, described: Described
) -> None:
    break_off(fetch, site, songs)
    fetch(described(f"url:{site.address}?other", BODY))
    assert "range" not in site.asked[0]


def test_a_partial_file_that_is_whole_is_proven_and_not_asked_for(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path
) -> None:
    break_off(fetch, site, songs)
    (folder / "songs.json.partial").write_bytes(BODY)
    fetch(songs)
    assert site.asked == []


def test_a_partial_file_full_of_other_bytes_is_downloaded_again(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path
) -> None:
    break_off(fetch, site, songs)
    (folder / "songs.json.partial").write_bytes(bytes(len(BODY)))
    fetch(songs)
    assert len(site.asked) == 1
    assert (folder / "songs.json").read_bytes() == BODY


@pytest.mark.parametrize("off", [-1, 1])
def test_another_length_is_refused_before_the_body_is_read(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path, off: int
) -> None:
    site.length = len(BODY) + off
    with pytest.raises(HashMismatch, match=f"has {len(BODY) + off:,} bytes, the card says 102,400"):
        fetch(songs)
    assert list(folder.glob("songs.json")) == []


def test_more_bytes_than_the_card_says_are_not_read(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path
) -> None:
    site.body, site.length, site.pause = BODY * 1000, None, 0.001
    before = time.monotonic()
    with pytest.raises(HashMismatch, match="has more than 102,400 bytes, the card says 102,400"):
        fetch(songs)
    assert time.monotonic() - before < 5
    assert list(folder.glob("songs.json")) == []


def test_a_server_that_is_busy_is_asked_again(fetch: Fetch, site: Site, songs: NativeFile) -> None:
    site.statuses = [503, 429, 500]
    fetch(songs)
    assert len(site.asked) == 4


def test_a_server_that_stays_busy_is_told(fetch: Fetch, site: Site, songs: NativeFile) -> None:
    site.statuses = [503] * 9
    with pytest.raises(RegistryError, match="answers 503 Service Unavailable; try again later"):
        fetch(songs)


def test_a_missing_file_is_told_at_once(fetch: Fetch, site: Site, songs: NativeFile) -> None:
    site.statuses = [404]
    with pytest.raises(RegistryError, match=f"{site.address}: answers 404 Not Found; check"):
        fetch(songs)
    assert len(site.asked) == 1


def test_a_server_that_cannot_be_reached_is_not_tried_again_for_the_next_file(
    fetch: Fetch, described: Described, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url, "PAUSES", (0.5, 0.5))
    before = time.monotonic()
    with pytest.raises(Offline):
        fetch(*(described("url:http://127.0.0.1:9/x", BODY, f"{n}") for n in range(10)))
    assert time.monotonic() - before < 5  # ten times both pauses are ten seconds


def test_a_host_without_a_name_is_offline(fetch: Fetch, described: Described) -> None:
    with pytest.raises(Offline, match=r"^songs: songs.json: url:http://host.invalid/x: cannot be"):
        fetch(described("url:http://host.invalid/x", BODY))


def test_a_password_in_an_address_is_refused_and_not_told(
    fetch: Fetch, described: Described
) -> None:
    with pytest.raises(RegistryError, match="has a user name in it") as caught:
        fetch(described("url:http://me:secret@127.0.0.1:9/x", BODY))
    assert "secret" not in str(caught.value)


def test_a_download_takes_no_more_memory_than_a_few_chunks(
    fetch: Fetch, site: Site, described: Described
) -> None:
    site.body = bytes(24 << 20)
    site.length = len(site.body)
    file = described(f"url:{site.address}", site.body)
    tracemalloc.start()
    fetch(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_the_bar_counts_bytes_on_stderr(
    fetch: Fetch, songs: NativeFile, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(songs, progress=True)
    shown = capsys.readouterr()
    assert "songs.json" in shown.err
    assert "B/s" in shown.err
    assert shown.out == ""


def test_nothing_is_shown_unasked(
    fetch: Fetch, songs: NativeFile, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(songs)
    assert capsys.readouterr().err == ""


KILLED = """
import json, sys
from pathlib import Path
from registry import sources
from registry.cards.kinds import NativeFile, Source
file, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
sources.fetch("songs", Source(files=(NativeFile(**file),)), folder, say=print)
"""


def test_a_killed_download_goes_on_in_the_next_call(
    fetch: Fetch, site: Site, songs: NativeFile, folder: Path
) -> None:
    site.pause = 0.1
    said = {name: getattr(songs, name) for name in ("path", "origin", "sha256", "bytes")}
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, json.dumps(said), str(folder)],
        cwd=Path(registry.__file__).parents[1],
    )
    partial = folder / "songs.json.partial"
    while not (partial.exists() and partial.stat().st_size):
        assert killed.poll() is None
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (folder / "songs.json").exists()
    left = partial.stat().st_size
    site.pause = 0
    fetch(songs)
    assert site.asked[-1]["range"] == f"bytes={left}-"
    assert (folder / "songs.json").read_bytes() == BODY
    assert [path.name for path in folder.iterdir()] == ["songs.json"]
