"""A server that lies: about names, sizes, hashes, commits and headers."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.errors import RegistryError
from registry.hub import names, remote

Run = Callable[..., Any]
PAGE = b"---\nlicense: mit\n---\n# Birds\n"
BAD = (
    "../evil.parquet",
    "data/../../evil.parquet",
    "/etc/evil.parquet",
    "data\\..\\evil.parquet",
    "data/evil\x00.parquet",
    "data//evil.parquet",
    "data/./evil.parquet",
    "data/con.parquet",
    "data/evil.parquet.",
    "data/\u202evil.parquet",
    ".git/config",
    "C:evil.parquet",
    "a" * 256,
    "",
)


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", BAD)
def test_no_bad_name_is_a_path(name: str) -> None:
    with pytest.raises(names.Refused):
        names.path(name)


@pytest.mark.parametrize(
    "many", [("a", "A"), ("e\u0301", "\u00e9"), ("a", "a/b"), ("x/A/1", "x/a/2")]
)
def test_two_names_that_some_disk_cannot_hold_apart_are_refused(many: tuple[str, ...]) -> None:
    with pytest.raises(names.Refused):
        names.paths(many)
    assert names.paths(["a/b", "a/c", "b"]) == ["a/b", "a/c", "b"]


@pytest.mark.parametrize(
    "id", ["team", "team/", "../x", "team/..", "te am/x", "a/b/c", "team/x.git"]
)
def test_no_bad_name_is_a_repo(id: str) -> None:
    with pytest.raises(RegistryError):
        names.repo(id)


@pytest.mark.parametrize(
    "etag", ["../../../../../../evil", "/tmp/evil-by-etag", "..\\..\\evil", "a" * 5000]
)
def test_what_a_server_sends_in_headers_names_no_file(
    hub: Any, run: Run, root: Path, tmp_path: Path, etag: str
) -> None:
    hub.put("datasets/owl/birds", README__md=PAGE)
    outside = everything(tmp_path.parent) - everything(tmp_path)
    headers = {"ETag": f'"{etag}"', "X_Repo_Commit": "../../evil", "X_Linked_Etag": etag}
    headers["Content_Disposition"] = 'attachment; filename="../../evil"'
    hub.lies["headers"] = headers
    run("pull", "owl/birds")
    assert not Path("/tmp/evil-by-etag").exists()
    assert {one for one in everything(root) if "evil" in one} == set()
    mine = {one for one in everything(tmp_path.parent) if not one.startswith(tmp_path.name)}
    assert {one for one in mine - outside if "evil" in one} == set()


@pytest.mark.parametrize("sha", ["../../evil", "main", "a" * 39, "A" * 40, None, 7])
def test_a_commit_is_forty_digits_or_nothing(hub: Any, run: Run, sha: Any) -> None:
    hub.put("datasets/owl/birds", README__md=PAGE)
    hub.lies["sha"] = sha
    done = run("pull", "owl/birds", code=1)
    assert "Traceback" not in done.output


@pytest.mark.parametrize("path", [one for one in BAD if one.endswith(".parquet")])
def test_a_listing_with_bad_names_writes_nothing_outside(
    hub: Any, run: Run, root: Path, path: str
) -> None:
    hub.put("datasets/owl/birds", README__md=PAGE)
    entries = [
        {"type": "file", "path": "README.md", "size": len(PAGE), "oid": "0" * 40},
        {"type": "file", "path": path, "size": 3, "oid": "0" * 40},
    ]
    hub.lies["tree"] = entries
    before = everything(root.parent)
    run("pull", "owl/birds", "--with-data", code=None)
    fresh = everything(root.parent) - before
    assert not [one for one in fresh if "evil" in one or "con.parquet" in one]


@pytest.mark.parametrize(
    "tree",
    [
        {"error": "no"},
        [{"type": "file"}],
        [{"type": "file", "path": 7, "size": "many", "oid": None}],
        [7],
        "<html>",
    ],
)
def test_an_answer_that_no_hub_would_give_is_said_plainly(hub: Any, run: Run, tree: Any) -> None:
    hub.put("datasets/owl/birds", README__md=PAGE)
    hub.lies["tree"] = tree
    done = run("pull", "owl/birds", code=1)
    assert "Traceback" not in done.output


def test_a_page_without_end_is_not_taken(
    hub: Any, run: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MAX_PAGE", 1000)
    hub.put("datasets/owl/birds", README__md=PAGE + b"x" * 5000)
    done = run("pull", "owl/birds", code=1)
    assert "larger than 1,000 bytes" in done.output
    assert not [one for one in everything(root) if one.endswith(("README.md", ".partial"))]


def test_a_table_that_is_not_what_the_hub_lists_is_not_taken(
    hub: Any, run: Run, root: Path
) -> None:
    table = b"PAR1"
    hub.put("datasets/owl/birds", README__md=PAGE)
    hub.put("datasets/owl/birds", **{"data/train__parquet": table})
    oid = hashlib.sha1(b"blob 4\0PAR1").hexdigest()
    lfs = {"oid": "0" * 64, "size": 4, "pointerSize": 100}
    hub.lies["tree"] = [
        {"type": "file", "path": "README.md", "size": len(PAGE), "oid": "0" * 40},
        {"type": "file", "path": "data/train.parquet", "size": 4, "oid": oid, "lfs": lfs},
    ]
    done = run("pull", "owl/birds", "--with-data", code=1)
    assert "not the one that the hub lists" in done.output
    assert not (root / "data/canonical/birds/train.parquet").exists()


def test_a_hostile_card_is_refused_as_a_card_of_ours_would_be(
    hub: Any, run: Run, root: Path
) -> None:
    before = set(everything(root.parent))  # other tests leave things there
    for text in (
        b"kind: dataset\nid: ../../evil\ntitle: E\nsummary: E\n",
        b"kind: dataset\nid: x\nid: y\n",
        b"kind: dataset\nid: &a evil\ntitle: *a\nsummary: E\n",
        b"\xff\xfe",
        b"[" * 10_000,
        b"",
    ):
        hub.repos.clear()
        hub.put("datasets/owl/birds", README__md=PAGE, card__yaml=text)
        done = run("pull", "owl/birds", code=1)
        assert "Traceback" not in done.output
    assert not [one for one in set(everything(root.parent)) - before if "evil" in one]


def test_a_card_that_names_cards_that_are_not_here_is_taken_only_by_force(
    hub: Any, run: Run, root: Path
) -> None:
    text = b"kind: dataset\nid: odd\ntitle: Odd\nsummary: S\npapers: [nowhere]\n"
    hub.put("datasets/owl/odd", README__md=PAGE, card__yaml=text)
    assert "no paper card 'nowhere'" in run("pull", "owl/odd", code=1).output
    assert not (root / "cards/datasets/odd.yaml").exists()


def test_pickles_and_programs_are_left_where_they_are(hub: Any, run: Run, root: Path) -> None:
    hub.put("models/owl/net", README__md=b"---\npipeline_tag: text-generation\n---\n# Net\n")
    risky = {"pytorch_model__bin": b"\x80", "modeling__py": b"import os", "x__pkl": b"\x80"}
    hub.put("models/owl/net", config__json=b"{}", model__safetensors=b"12345678", **risky)
    done = run("pull", "owl/net", "--with-weights")
    folder = root / "models/net"
    assert sorted(one.name for one in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert "pytorch_model.bin: left out" in done.stderr


def test_an_index_of_weights_that_points_elsewhere_is_refused(
    hub: Any, run: Run, root: Path
) -> None:
    hub.put("models/owl/net", README__md=b"---\npipeline_tag: text-generation\n---\n# Net\n")
    index = b'{"weight_map": {"a": "../../../secret.safetensors"}}'
    hub.put("models/owl/net", **{"config__json": b"{}", "model__safetensors__index__json": index})
    done = run("pull", "owl/net", "--with-weights", code=1)
    assert "Refused" not in done.output
    assert not (root / "models/net").exists()


@pytest.mark.parametrize(
    "said", ["ftp://x", "https://", "https://user:pass@x", "https://x y", "javascript:1", "x"]
)
def test_what_is_no_address_of_a_hub_is_refused(said: str) -> None:
    with pytest.raises(RegistryError):
        remote.endpoint(said, {})


def test_tokens_follow_the_endpoint_and_nothing_else() -> None:
    environ = {"HF_TOKEN": "t", "TUNEDECK_TOKEN_HUB_EXAMPLE_ORG": "own"}
    assert remote.connect("hub", environ).token == "t"
    assert remote.connect("https://hub.example.org/", environ).token == "own"
    assert remote.connect("https://hub.example.org:8443", environ).token is None
    moved = environ | {"HF_ENDPOINT": "https://mirror.example.org"}
    assert remote.connect("https://huggingface.co", moved).token is None
    assert not remote.connect("https://huggingface.co", moved).logged_in
    assert remote.connect("hub", moved).token == "t"
    assert "own" not in repr(remote.connect("https://hub.example.org", environ))
