import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.hub.store import names
from catalog.hub.store.errors import Refused

HOSTILE = (
    "",
    ".",
    "..",
    "...",
    "/etc/passwd",
    "../up",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "..\\up",
    "C:\\Windows",
    "C:x",
    "file::$DATA",
    "a\0b",
    "a\nb",
    "a\x7fb",
    ".git/config",
    ".GIT/config",
    "a/.Git/hooks",
    ".g\u200cit/config",
    ".git./x",
    "GIT~1/config",
    ".cache/huggingface/x",
    "a/.CACHE/x",
    "CON",
    "con.txt",
    "a/Aux.json",
    "LPT1",
    "com9.tar.gz",
    "COM\u00b9",
    "nul.",
    "name ",
    " name",
    "name.",
    "a?b",
    "a*b",
    'a"b',
    "<a>",
    "a|b",
    "photo\u202egpj.exe",
    "a\u2028b",
    "\ud800",
    "x" * 256,
    "/".join(["x" * 200] * 6),
    "/".join(["x"] * 65),
)


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_some_system_trips_over_is_refused(path: str) -> None:
    with pytest.raises(Refused):
        names.path(path)


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        ".gitattributes",
        ".gitignore",
        "data/train-00000-of-00001.parquet",
        ".eval_results/songs.yaml",
        "gesänge/вода/歌.txt",
        "a b/c d.txt",
        "console.log",
        "com10.txt",
        "a~b@c#d%20e&f=g",
        "..a",
    ],
)
def test_an_ordinary_path_is_kept_as_it_is(path: str) -> None:
    assert names.path(path) == path


@given(st.text(max_size=40))
def test_what_passes_stays_inside_any_folder(text: str) -> None:
    try:
        path = names.path(text)
    except Refused:
        return
    parts = path.split("/")
    assert not {"", ".", "..", ".git", ".cache"} & {part.casefold() for part in parts}
    assert not set(path) & set('\\:\0<>"|?*')


@given(st.text(max_size=20))
def test_folding_is_blind_to_case_and_composition(text: str) -> None:
    folded = names.fold(text)
    assert names.fold(folded) == folded
    for form in ("NFC", "NFD"):
        assert names.fold(unicodedata.normalize(form, text)) == folded


@pytest.mark.parametrize(
    "pair", [("a", "A"), ("stra\u00dfe", "STRASSE"), ("\u00e9", "e\u0301"), ("a\u200db", "ab")]
)
def test_names_that_look_the_same_collide(pair: tuple[str, str]) -> None:
    assert names.collision(pair[:1], pair) == pair


@pytest.mark.parametrize(
    "id",
    [
        "songs",
        "team/songs/more",
        "api/songs",
        "Datasets/songs",
        "team/..",
        "team/.songs",
        "team/songs-",
        "team/so--ngs",
        "team/so..ngs",
        "team/songs.git",
        "team/s\u00f6ngs",
        "team/" + "x" * 97,
        "team/con",
        "te am/songs",
        "team/songs\n",
        "/songs",
    ],
)
def test_a_repo_that_clients_or_addresses_trip_over_is_refused(id: str) -> None:
    with pytest.raises(Refused):
        names.repo("datasets", id)


def test_there_are_models_and_datasets_only() -> None:
    assert names.repo("models", "team/SmolLM2-135M_v1.0") == ("team", "SmolLM2-135M_v1.0")
    with pytest.raises(Refused):
        names.repo("spaces", "team/songs")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "refs/heads/x",
        "a..b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "-a",
        "@",
        "a@{1}",
        "HEAD",
        "0" * 40,
        "a\0",
        "a\\b",
        "a*",
        "x" * 251,
        "a\u202eb",
    ],
)
def test_a_ref_that_git_or_a_reader_trips_over_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        names.ref(name)


@pytest.mark.parametrize("name", ["v1.0", "feature/x", "main", "2023-04", "\u00e4ste", "deadbeef"])
def test_an_ordinary_ref_is_kept_as_it_is(name: str) -> None:
    assert names.ref(name) == name


@pytest.mark.parametrize(
    "path",
    [
        "a.pkl",
        "A.PKL",
        "x/model.bin",
        "m.pt",
        "m.pth",
        "m.ckpt",
        "m.h5",
        "m.joblib",
        "setup.py",
        "a.pkl.gz",
        "a.pickle.zip",
        "m.keras",
        "m.npz",
        "x.so",
        "data.dill",
    ],
)
def test_a_file_that_runs_code_when_opened_is_risky(path: str) -> None:
    assert names.risky(path)


@pytest.mark.parametrize(
    "path",
    [
        "model.safetensors",
        "a.parquet",
        "py",
        "pkl",
        "bin/tokenizer.json",
        "model.bin.index.json",
        "README.md",
        "a.json.gz",
        "vocab.txt",
        ".gitattributes",
    ],
)
def test_a_file_that_is_only_read_is_not_risky(path: str) -> None:
    assert not names.risky(path)


@pytest.mark.parametrize(
    "text", ["", "a" * 63, "A" * 64, "../" + "a" * 61, "g" * 64, "a" * 64 + "\n"]
)
def test_what_is_no_sha256_never_becomes_a_disk_path(text: str) -> None:
    with pytest.raises(Refused):
        names.sha256(text)
