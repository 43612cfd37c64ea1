import io
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.archives import choose, inside, is_archive, members, open_member, open_members
from registry.errors import RegistryError

FILES = {"data/songs.json": b'["la"]', "data/deep/more.json": b"[]", "LICENSE": b"Sing freely."}
NAMES = ["a.whl", "a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.xz"]

parts = st.sampled_from(
    ["a", "..", ".", "", "a b", "\0", "C:", "\\", "-", "…", "\ud800", "x" * 300]
)
paths = st.one_of(st.text(), st.lists(parts, max_size=5).map("/".join))


@pytest.fixture(params=NAMES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.mkdir("data")
            for name, body in FILES.items():
                zipped.writestr(name, body)
        return path
    opened: Any = tarfile.open
    packing = {"tar": "", "tgz": "gz"}.get(path.suffix[1:], path.suffix[1:])
    with opened(path, f"w:{packing}") as tar:
        folder = tarfile.TarInfo("data")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "LICENSE"
        tar.addfile(link)
        for name, body in FILES.items():
            one = tarfile.TarInfo(name)
            one.size = len(body)
            tar.addfile(one, io.BytesIO(body))
    return path


def test_members_are_the_files_in_their_order(archive: Path) -> None:
    assert is_archive(archive)
    assert members(archive) == list(FILES)


def test_a_member_is_read_without_unpacking(archive: Path) -> None:
    with open_member(archive.parent, f"{archive.name}!data/songs.json") as stream:
        assert stream.read(3) == b'["l'
        assert stream.read() == b'a"]'
    assert list(archive.parent.iterdir()) == [archive]


def test_wanted_members_come_in_the_order_of_the_archive(archive: Path) -> None:
    wanted = {"LICENSE", "data", "data/", "link", "data/songs.json"}
    found = [(name, stream.read()) for name, stream in open_members(archive, wanted)]
    assert found == [("data/songs.json", b'["la"]'), ("LICENSE", b"Sing freely.")]


def test_a_missing_member_is_told_with_the_nearest(archive: Path) -> None:
    with (
        pytest.raises(
            RegistryError, match=r"no member 'data/song.json'; did you mean 'data/songs.js"
        ),
        open_member(archive.parent, f"{archive.name}!data/song.json"),
    ):
        pass


def test_an_archive_cut_short_is_told(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:60])
    with (
        pytest.raises(RegistryError, match=r"is damaged as an archive .*; delete it and fetch"),
        open_member(archive.parent, f"{archive.name}!data/songs.json") as stream,
    ):
        stream.read()
    with pytest.raises(RegistryError, match="is damaged as an archive"):
        members(archive)


def test_a_byte_flipped_in_a_member_is_told_when_it_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr("songs", b"la" * 100)
    body = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(body.replace(b"lala", b"lola", 1))
    with pytest.raises(RegistryError, match="damaged"), open_member(tmp_path, "a.zip!songs") as one:
        one.read()


def test_a_plain_file_is_opened_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "songs.json").write_bytes(b"[]")
    with open_member(tmp_path, "songs.json") as stream:
        assert stream.read() == b"[]"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("absent.whl!x", r"absent.whl: is not there; fetch it first"),
        ("songs.json!x", r"songs.json: is no archive; only .whl, .zip, .tar"),
        ("../secret", r"'../secret': is no place in"),
        ("link/secret", r"'link/secret': leads out of .* through a link"),
    ],
)
def test_an_address_without_a_file_is_told(tmp_path: Path, address: str, says: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"")
    (folder / "songs.json").write_bytes(b"[]")
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(RegistryError, match=says), open_member(folder, address):
        pass


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "songs.json").write_bytes(b"[]")
    (tmp_path / "link").symlink_to(tmp_path / "songs.json")
    assert inside(tmp_path, "link") == tmp_path / "link"


@given(path=paths)
def test_a_path_is_refused_or_lies_inside_and_can_be_written(path: str) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "folder"
        try:
            found = inside(folder, path)
        except RegistryError as error:
            refused = str(error)
        else:
            assert found.resolve().relative_to(folder.resolve()).as_posix() == path != "."
            found.parent.mkdir(parents=True)
            found.write_bytes(b"")
            return
    assert refused.isprintable()


@given(
    path=st.lists(
        st.from_regex(r"[a-z0-9_][a-z0-9._ -]{0,20}", fullmatch=True), min_size=1, max_size=4
    )
)
def test_plain_names_are_accepted(path: list[str]) -> None:
    assert inside(Path("data"), "/".join(path)) == Path("data", *path)


SONGS = ("a/three.txt", "a/two.json", "b/one.json")


@pytest.mark.parametrize(
    ("glob", "chosen"),
    [
        ("a/*", ["a/three.txt", "a/two.json"]),
        ("*/*.json", ["a/two.json", "b/one.json"]),
        ("**/*.json", ["a/two.json", "b/one.json", "top.json"]),
        ("*.json", ["top.json"]),
        ("**", ["a/three.txt", "a/two.json", "b/one.json", "top.json"]),
        ("a/t?o.json", ["a/two.json"]),
    ],
)
def test_globs(glob: str, chosen: list[str]) -> None:
    assert sorted(choose([glob], [*SONGS, "top.json"], "x")) == chosen


def test_every_glob_that_matches_nothing_is_named_with_what_is_near() -> None:
    with pytest.raises(RegistryError) as caught:
        choose(["a/too.json", "b/one.json", "zzz"], list(SONGS), "songs")
    first, second = str(caught.value).splitlines()
    assert first == "songs: nothing is called 'a/too.json'; did you mean 'a/two.json'?"
    assert second.startswith("songs: nothing is called 'zzz'")
