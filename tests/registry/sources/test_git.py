"""Files out of real repositories on this disk."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.cards.kinds import NativeFile
from registry.errors import HashMismatch, Offline, RegistryError
from registry.sources import Fetched

Described = Callable[..., NativeFile]
Fetch = Callable[..., tuple[Fetched, ...]]

OLD, NEW = b'["la"]\n', b'["lala"]\n'
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, **files: bytes) -> str:
    for name, body in files.items():
        path = folder / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Sing")
    return git(folder, "rev-parse", "HEAD")


def configure(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", name)
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", value)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    return folder


def test_a_file_is_taken_from_its_commit_and_not_from_a_newer_one(
    fetch: Fetch, described: Described, repository: Path, folder: Path
) -> None:
    old = commit(repository, songs=OLD)
    commit(repository, songs=NEW)
    (fetched,) = fetch(described(f"git:file://{repository}@{old}:data/songs", OLD))
    assert fetched.how == "git"
    assert [path.name for path in folder.iterdir()] == ["songs.json"]
    assert (folder / "songs.json").read_bytes() == OLD


def test_files_of_one_commit_share_one_fetch(
    fetch: Fetch,
    described: Described,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = f"git:{repository}@{commit(repository, a=OLD, b=NEW)}"
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    fetch(described(f"{at}:data/a", OLD, "a"), described(f"{at}:data/b", NEW, "b"))
    trace = (tmp_path / "trace").read_text()
    assert trace.count("built-in: git fetch") == 1
    assert "--depth=1" in trace


def test_a_server_that_gives_no_single_commits_gives_its_branches(
    fetch: Fetch, described: Described, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = commit(repository, songs=OLD)
    commit(repository, songs=NEW)
    # Over the older protocol a server refuses commits that no branch or tag names.
    configure(monkeypatch, "protocol.version", "0")
    (fetched,) = fetch(described(f"git:file://{repository}@{old}:data/songs", OLD))
    assert fetched.bytes == len(OLD)
    with pytest.raises(RegistryError, match="no branch or tag has the commit"):
        fetch(described(f"git:file://{repository}@{'0' * 40}:data/songs", OLD, "absent"))


def test_the_checkout_that_git_started_us_from_is_left_alone(
    fetch: Fetch,
    described: Described,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    head = commit(repository, songs=OLD)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "enclosing"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "enclosing"))
    fetch(described(f"git:{repository}@{head}:data/songs", OLD))
    assert not (tmp_path / "enclosing").exists()


def test_wrong_bytes_are_refused(fetch: Fetch, described: Described, repository: Path) -> None:
    at = f"git:{repository}@{commit(repository, songs=OLD)}"
    with pytest.raises(HashMismatch, match=described("", OLD).sha256):
        fetch(described(f"{at}:data/songs", b"?" * len(OLD)))
    with pytest.raises(HashMismatch, match="has more than 1 bytes, the card says 1 "):
        fetch(described(f"{at}:data/songs", b"?"))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("absent", "path 'absent' does not exist in '[0-9a-f]{40}'; check the path"),
        ("data", "bad file; check the path"),
        ("data/pointer", "is a Git LFS pointer, not the file; use url: for the file itself"),
    ],
)
def test_what_is_no_file_in_a_commit_is_told(
    fetch: Fetch, described: Described, repository: Path, path: str, says: str
) -> None:
    at = commit(repository, songs=OLD, pointer=POINTER)
    with pytest.raises(RegistryError, match=rf"^songs: songs.json: git:\S+: .*{says}"):
        fetch(described(f"git:{repository}@{at}:{path}", b"?" * 1000))


def test_a_commit_that_is_not_there_is_told(
    fetch: Fetch, described: Described, repository: Path
) -> None:
    commit(repository, songs=OLD)
    with pytest.raises(RegistryError, match=f"no branch or tag has the commit {'0' * 39}1;"):
        fetch(described(f"git:{repository}@{'0' * 39}1:data/songs", OLD))


def test_a_folder_that_is_no_repository_is_told(
    fetch: Fetch, described: Described, tmp_path: Path
) -> None:
    with pytest.raises(RegistryError, match="does not appear to be a git repository"):
        fetch(described(f"git:{tmp_path}@{'a' * 40}:songs", OLD))


def test_a_server_that_cannot_be_reached_is_offline_and_no_password_is_told(
    fetch: Fetch, described: Described
) -> None:
    with pytest.raises(Offline, match=r"cannot be reached .*; set TUNEDECK_MIRROR") as caught:
        fetch(described(f"git:http://me:secret@127.0.0.1:9/x@{'a' * 40}:songs", OLD))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["--upload-pack=touch\tx@{0}:x", "--upload-pack=x@{0}:x", "/x@{0}:-x", "/x"]
)
def test_an_address_that_is_an_option_is_refused(
    fetch: Fetch, described: Described, address: str
) -> None:
    with pytest.raises(RegistryError, match="is no address in a git repository"):
        fetch(described("git:" + address.format("a" * 40), OLD))


def test_a_transport_that_runs_commands_is_refused(
    fetch: Fetch, described: Described, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, "protocol.ext.allow", "always")
    with pytest.raises(RegistryError, match="transport 'ext' not allowed"):
        fetch(described(f"git:ext::touch%20{tmp_path}/made@{'a' * 40}:songs", OLD))
    assert not (tmp_path / "made").exists()
