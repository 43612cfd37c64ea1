"""What holds for every source: proof, the mirror, and failures told at once."""

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.cards.kinds import NativeFile
from registry.errors import HashMismatch, Offline, RegistryError
from registry.sources import Fetched

Described = Callable[..., NativeFile]
Fetch = Callable[..., tuple[Fetched, ...]]

BODY = b'[{"instruction": "Sing.", "output": "La."}]\n'
OTHER = b"x" + BODY[1:]
CLOSED = "url:http://127.0.0.1:9/songs.json"


@pytest.fixture
def songs(tmp_path: Path, described: Described) -> NativeFile:
    (tmp_path / "songs.json").write_bytes(BODY)
    return described("file:songs.json", BODY)


def test_a_file_is_fetched_with_its_hashes(fetch: Fetch, songs: NativeFile, folder: Path) -> None:
    (fetched,) = fetch(songs)
    assert (folder / "songs.json").read_bytes() == BODY
    assert (fetched.path, fetched.bytes, fetched.how) == ("songs.json", len(BODY), "file")
    assert fetched.sha256 == songs.sha256
    assert fetched.md5 == hashlib.md5(BODY, usedforsecurity=False).hexdigest()


def test_an_absolute_path_is_fetched(fetch: Fetch, described: Described, tmp_path: Path) -> None:
    (tmp_path / "else.json").write_bytes(BODY)
    (fetched,) = fetch(described(f"file:{tmp_path}/else.json", BODY))
    assert fetched.how == "file"


def test_a_file_that_is_there_is_not_fetched_again(
    fetch: Fetch, songs: NativeFile, tmp_path: Path, said: list[str]
) -> None:
    fetch(songs)
    (tmp_path / "songs.json").unlink()
    (fetched,) = fetch(songs)
    assert fetched.how == "already there"
    assert said == [f"songs: songs.json: {len(BODY)} bytes, file"]


def test_a_flipped_byte_in_a_fetched_wheel_is_refused_by_both_hashes(
    fetch: Fetch, described: Described, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "a.whl").write_bytes(BODY)
    wheel = described("file:a.whl", BODY, "a.whl")
    fetch(wheel)
    (folder / "a.whl").write_bytes(OTHER)
    with pytest.raises(HashMismatch) as caught:
        fetch(wheel)
    message = str(caught.value)
    assert described("", OTHER).sha256 in message
    assert wheel.sha256 in message
    assert message.startswith(f"songs: {folder}/a.whl: has sha256 ")
    assert message.endswith("delete it and fetch again, or update the card if the source moved")
    assert (folder / "a.whl").read_bytes() == OTHER


def test_the_wrong_file_is_refused_and_not_kept(
    fetch: Fetch, songs: NativeFile, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "songs.json").write_bytes(OTHER)
    with pytest.raises(HashMismatch, match=songs.sha256):
        fetch(songs)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_shorter_than_the_card_says_is_refused(
    fetch: Fetch, songs: NativeFile, tmp_path: Path
) -> None:
    (tmp_path / "songs.json").write_bytes(BODY[:-1])
    with pytest.raises(HashMismatch, match=rf"{len(BODY) - 1} bytes, the card says .* {len(BODY)}"):
        fetch(songs)


def test_a_file_far_bigger_than_the_card_says_is_not_read(
    fetch: Fetch, songs: NativeFile, tmp_path: Path
) -> None:
    os.truncate(tmp_path / "songs.json", 1 << 20)
    with pytest.raises(HashMismatch, match=f"has 1,048,576 bytes, the card says {len(BODY)}"):
        fetch(songs)


def test_only_the_files_of_the_card_are_left(
    fetch: Fetch, described: Described, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "songs.json").write_bytes(BODY)
    (folder / ".fetching-1").mkdir(parents=True)
    fetch(described("file:songs.json", BODY, "deep/er/songs.json"))
    left = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    assert left == ["deep", "deep/er", "deep/er/songs.json"]


def test_the_mirror_comes_first(
    fetch: Fetch, described: Described, tmp_path: Path, folder: Path
) -> None:
    copy = tmp_path / "mirror" / "songs" / "songs.json"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(BODY)
    (fetched,) = fetch(described(CLOSED, BODY), mirror=tmp_path / "mirror")
    assert fetched.how == "mirror"
    copy.write_bytes(OTHER)
    assert (folder / "songs.json").read_bytes() == BODY
    assert not (folder / "songs.json").is_symlink()


def test_a_wrong_copy_in_the_mirror_is_refused_by_its_name(
    fetch: Fetch, songs: NativeFile, tmp_path: Path
) -> None:
    copy = tmp_path / "mirror" / "songs" / "songs.json"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(OTHER)
    with pytest.raises(HashMismatch, match=f"{copy}: has sha256 .*{songs.sha256}.*replace it"):
        fetch(songs, mirror=tmp_path / "mirror")
    copy.write_bytes(BODY + BODY)
    with pytest.raises(HashMismatch, match=f"{copy}: has {2 * len(BODY)} bytes"):
        fetch(songs, mirror=tmp_path / "mirror")


def test_what_the_mirror_lacks_comes_from_the_source(
    fetch: Fetch, songs: NativeFile, tmp_path: Path
) -> None:
    (tmp_path / "mirror").mkdir()
    (fetched,) = fetch(songs, mirror=tmp_path / "mirror")
    assert fetched.how == "file"


def test_a_mirror_that_is_not_there_is_told(
    fetch: Fetch, songs: NativeFile, tmp_path: Path, said: list[str]
) -> None:
    fetch(songs, mirror=tmp_path / "nowhere")
    assert said[0] == f"songs: there is no mirror at {tmp_path}/nowhere; going on without"


def test_every_file_is_tried_and_every_failure_told(
    fetch: Fetch, described: Described, songs: NativeFile, folder: Path
) -> None:
    absent = described("file:absent.json", BODY, "absent.json")
    offline = described(CLOSED, BODY, "web.json")
    with pytest.raises(RegistryError) as caught:
        fetch(absent, songs, offline)
    assert type(caught.value) is RegistryError
    first, second = str(caught.value).splitlines()
    assert first.startswith("songs: absent.json: file:absent.json: no file is at ")
    assert second.startswith(f"songs: web.json: {CLOSED}: cannot be reached")
    assert (folder / "songs.json").read_bytes() == BODY


def test_files_that_cannot_be_reached_make_one_offline(
    fetch: Fetch, described: Described, tmp_path: Path
) -> None:
    files = [described(CLOSED, BODY, name) for name in ("a", "b")]
    with pytest.raises(Offline) as caught:
        fetch(*files)
    first, second = str(caught.value).splitlines()
    assert second == first.replace("songs: a:", "songs: b:").replace("songs/a", "songs/b")
    assert first.endswith("; set TUNEDECK_MIRROR to a folder that has it as songs/a")
    (tmp_path / "mirror").mkdir()
    with pytest.raises(Offline, match=f"put the file into the mirror as {tmp_path}/mirror/songs/a"):
        fetch(*files, mirror=tmp_path / "mirror")


@pytest.mark.parametrize("path", ["../songs.json", "/tmp/songs.json", "a/../../b", "", "a//b"])
def test_a_path_out_of_the_folder_is_refused(
    fetch: Fetch, described: Described, tmp_path: Path, path: str
) -> None:
    (tmp_path / "songs.json").write_bytes(BODY)
    with pytest.raises(RegistryError, match="is no place in"):
        fetch(described("file:songs.json", BODY, path))


def test_a_link_out_of_the_folder_is_refused(
    fetch: Fetch, described: Described, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "songs.json").write_bytes(BODY)
    (tmp_path / "secret").mkdir()
    folder.mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(RegistryError, match="leads out of"):
        fetch(described("file:songs.json", BODY, "link/songs.json"))
    assert list((tmp_path / "secret").iterdir()) == []


def test_files_that_would_overwrite_each_other_are_refused(
    fetch: Fetch, described: Described, songs: NativeFile
) -> None:
    with pytest.raises(RegistryError, match=r"songs: songs.json: is named twice"):
        fetch(songs, songs)
    with pytest.raises(RegistryError, match="is named like a download under way"):
        fetch(described("file:songs.json", BODY, "songs.json.partial"))


@pytest.mark.usefixtures("songs")
def test_a_file_where_a_folder_is_needed_is_told(fetch: Fetch, described: Described) -> None:
    with pytest.raises(RegistryError, match=r"songs: a/b: cannot be read or written"):
        fetch(*(described("file:songs.json", BODY, path) for path in ("a", "a/b")))


def test_an_unknown_scheme_is_refused(fetch: Fetch, described: Described) -> None:
    with pytest.raises(RegistryError, match="is no source; begin it with pypi, hub, git"):
        fetch(described("ftp://host/songs.json", BODY))


def test_one_process_at_a_time_works_in_a_folder(
    fetch: Fetch, songs: NativeFile, folder: Path, said: list[str]
) -> None:
    folder.mkdir(parents=True)
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    waiting = threading.Thread(target=fetch, args=(songs,))
    waiting.start()
    waiting.join(0.2)
    assert said == ["songs: is being fetched by another process; waiting for it"]
    assert not (folder / "songs.json").exists()
    os.close(other)
    waiting.join(10)
    assert (folder / "songs.json").read_bytes() == BODY
