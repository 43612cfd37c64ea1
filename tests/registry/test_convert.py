import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.canonical import Example, Message, Row, digest_table, read_rows
from registry.cards import Claim, Dataset, Declared
from registry.cards.kinds import Convert, NativeFile, Source
from registry.convert import Conversion, convert, convert_files
from registry.errors import RegistryError
from registry.formats import FORMATS, Unusable
from registry.formats.blocks import blocks
from registry.reports import Measurement

SONGS = [
    {"instruction": "Sing.", "input": "A scale.", "output": "La la."},
    {"instruction": "Hum.", "input": "", "output": "Mm."},
    {"instruction": "Be silent.", "input": "", "output": ""},
    {"instruction": "Hum.", "input": "", "output": "Mm."},
]
texts = st.text(st.characters(codec="utf-8"), max_size=8)
rows = st.fixed_dictionaries({"instruction": texts, "input": texts, "output": texts})


def card(*files: str, format: str = "alpaca", **settings: Any) -> Dataset:
    native = [
        NativeFile(path=file, origin=f"file:{file}", sha256="0" * 64, bytes=1) for file in files
    ]
    return Dataset(
        kind="dataset",
        id="songs",
        title="Songs",
        summary="Songs.",
        source=Source(files=tuple(native)),
        convert=Convert(format=format, **settings),
    )


def written(tmp_path: Path, value: object = SONGS, name: str = "songs.json") -> Path:
    native = tmp_path / "native"
    (native / name).parent.mkdir(parents=True, exist_ok=True)
    (native / name).write_text(json.dumps(value), encoding="utf-8")
    return native


def run(tmp_path: Path, value: object = SONGS, **settings: Any) -> Conversion:
    native = written(tmp_path, value)
    return convert(card("songs.json", **settings), native, tmp_path / "out")


def row_id(dataset: str, file: str, row: int, nth: int = 0) -> str:
    """Return an id as docs/data.md defines it."""
    place = f"{file}\n{row}\n{nth}"
    return f"{dataset}:{hashlib.sha256(place.encode()).hexdigest()[:24]}"


def made(tmp_path: Path, split: str = "train") -> list[Row]:
    return list(read_rows(tmp_path / "out" / f"{split}.parquet"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def value(conversion: Conversion, name: str, **qualifiers: str) -> object:
    (found,) = [one.value for one in conversion.measured[name] if one.qualifiers == qualifiers]
    return found


def test_rows_know_their_dataset_and_where_they_came_from(tmp_path: Path) -> None:
    run(tmp_path)
    assert [(row.dataset, row.origin.file, row.origin.row) for row in made(tmp_path)] == [
        ("songs", "songs.json", 0),
        ("songs", "songs.json", 1),
        ("songs", "songs.json", 3),
    ]


def test_ids_are_unique_and_do_not_depend_on_the_text(tmp_path: Path) -> None:
    run(tmp_path)
    first = [row.id for row in made(tmp_path)]
    changed = [song | {"instruction": "Whistle."} for song in SONGS]
    run(tmp_path, changed)
    assert [row.id for row in made(tmp_path)] == first
    assert len(set(first)) == 3
    assert all(len(id) == len("songs:") + 24 for id in first)


def test_an_id_follows_from_the_origin_alone(tmp_path: Path) -> None:
    run(tmp_path)
    assert all(row.id == row_id("songs", row.origin.file, row.origin.row) for row in made(tmp_path))


def test_several_examples_of_one_native_row_have_ids_of_their_own(tmp_path: Path) -> None:
    def twice(stream: IO[bytes], name: str) -> Iterator[tuple[int, Example | Unusable]]:
        for _ in range(2):
            yield 7, Example(messages=(Message("user", "Sing."),), references=("La.",))

    native = written(tmp_path)
    convert(card("songs.json", format="twice"), native, tmp_path / "out", formats={"twice": twice})
    one, other = made(tmp_path)
    assert one.id != other.id
    assert one.origin == other.origin


def test_a_table_is_what_the_conversion_says(tmp_path: Path) -> None:
    (table,) = run(tmp_path).tables
    assert table.path == tmp_path / "out" / "train.parquet"
    again = digest_table(table.path)
    assert (table.rows, table.digest) == (again.rows, again.digest) == (3, again.digest)


def test_unusable_rows_are_kept_with_their_reason(tmp_path: Path) -> None:
    conversion = run(tmp_path)
    (line,) = conversion.quarantine.read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "file": "songs.json",
        "row": 2,
        "reason": "the output is empty",
        "native": json.dumps(SONGS[2]),
    }
    assert conversion.quarantined == 1
    assert conversion.reasons == {"the output is empty": 1}


def test_the_quarantine_is_there_even_if_it_is_empty(tmp_path: Path) -> None:
    conversion = run(tmp_path, SONGS[:2])
    assert conversion.quarantine.read_bytes() == b""


def test_everything_a_card_can_claim_is_measured(tmp_path: Path) -> None:
    conversion = run(tmp_path)
    assert value(conversion, "scale", unit="instances") == 3
    assert value(conversion, "scale", unit="instances", split="train") == 3
    assert value(conversion, "scale", unit="tasks") == 1
    assert value(conversion, "scale", unit="messages") == 3
    assert value(conversion, "quarantined", unit="instances") == 1
    assert value(conversion, "quarantined", unit="instances", subset="the output is empty") == 1
    assert value(conversion, "duplicates", unit="instances") == 1
    assert value(conversion, "empty_answers", unit="instances") == 1
    assert value(conversion, "roles", unit="messages") == {"user": 3}
    assert value(conversion, "lengths", part="prompt", unit="characters") == {
        "mean": 7.7,
        "median": 4,
        "p90": 15,
        "max": 15,
    }


def test_what_the_texts_show_is_measured(tmp_path: Path) -> None:
    songs = [*SONGS, {"instruction": "Hum!", "input": "", "output": "I'm sorry, but I can't."}]
    conversion = run(tmp_path, songs)
    (languages,) = conversion.measured["languages"]
    assert sum(languages.value.values()) == languages.n == 4
    assert value(conversion, "near_duplicates", unit="instances") == 1
    assert value(conversion, "refused_answers", unit="instances") == 1
    assert conversion.left_out == ()


def test_what_takes_too_long_is_left_out_and_said(tmp_path: Path) -> None:
    native = written(tmp_path)
    conversion = convert(card("songs.json"), native, tmp_path / "out", skip=["languages"])
    assert "languages" not in conversion.measured
    assert conversion.left_out == ("languages: not asked for",)


def test_languages_are_as_the_rows_say_where_all_do(tmp_path: Path) -> None:
    task = {
        "Definition": "Sing.",
        "Input_language": ["English"],
        "Instances": [{"input": "A", "output": "La"}],
    }
    conversion = run(tmp_path, task, format="natural-instructions")
    assert conversion.measured["languages"] == (Measurement(value={"eng": 1}, unit="instances"),)


def claim(*who: str, part: str | None = None) -> Claim[tuple[str, ...]]:
    return Claim(value=who, evidence=Declared("the owner"), part=part)


@pytest.mark.parametrize(
    ("claims", "annotator"),
    [
        ((claim("human"),), "human"),
        ((), None),
        ((claim("human", "gpt-4"),), None),
        ((claim("human"), claim("gpt-4")), None),
        ((claim("human", part="instruction"),), None),
    ],
)
def test_the_annotator_is_the_cards_if_it_names_just_one(
    tmp_path: Path, claims: tuple[Claim[tuple[str, ...]], ...], annotator: str | None
) -> None:
    native = written(tmp_path)
    conversion = convert(replace(card("songs.json"), annotator=claims), native, tmp_path / "out")
    assert {row.annotator for row in made(tmp_path)} == {annotator}
    assert "annotator" not in conversion.measured


def test_each_split_is_a_table(tmp_path: Path) -> None:
    def halves(stream: IO[bytes], name: str) -> Iterator[tuple[int, Example | Unusable]]:
        for row, split in enumerate(["train", "test", "train"]):
            yield row, Example(messages=(Message("user", "Sing."),), split=split)

    conversion = convert(
        card("songs.json", format="halves"),
        written(tmp_path),
        tmp_path / "out",
        formats={"halves": halves},
    )
    assert {one.path.stem: one.rows for one in conversion.tables} == {"test": 1, "train": 2}
    assert value(conversion, "scale", unit="instances", split="test") == 1


def test_a_split_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    def astray(stream: IO[bytes], name: str) -> Iterator[tuple[int, Example | Unusable]]:
        yield 0, Example(messages=(Message("user", "Sing."),), split="../train")

    with pytest.raises(RegistryError, match=r"no split can be called '\.\./train'"):
        convert(
            card("songs.json", format="astray"),
            written(tmp_path),
            tmp_path / "out",
            formats={"astray": astray},
        )


def test_a_limit_takes_rows_of_each_file_from_the_top(tmp_path: Path) -> None:
    native = written(tmp_path)
    written(tmp_path, SONGS, "more/songs.json")
    both = card("songs.json", "more/songs.json", limit=3)
    conversion = convert(both, native, tmp_path / "out")
    assert [(row.origin.file, row.origin.row) for row in made(tmp_path)] == [
        ("songs.json", 0),
        ("songs.json", 1),
        ("more/songs.json", 0),
        ("more/songs.json", 1),
    ]
    assert conversion.quarantined == 2


def packed(tmp_path: Path) -> Path:
    native = tmp_path / "native"
    native.mkdir()
    with zipfile.ZipFile(native / "songs.whl", "w") as archive:
        for name in ("songs/a.json", "songs/b.json", "notes/c.json"):
            archive.writestr(name, json.dumps(SONGS))
    return native


def test_members_of_an_archive_are_addressed_through_it(tmp_path: Path) -> None:
    convert(card("songs.whl", members=("songs/*.json",)), packed(tmp_path), tmp_path / "out")
    assert {row.origin.file for row in made(tmp_path)} == {
        "songs.whl!songs/a.json",
        "songs.whl!songs/b.json",
    }


def test_members_that_match_nothing_are_all_named(tmp_path: Path) -> None:
    members = ("song/a.json", "notes/*", "x/**")
    with pytest.raises(RegistryError) as caught:
        convert(card("songs.whl", members=members), packed(tmp_path), tmp_path / "out")
    first, second = str(caught.value).splitlines()
    assert first == (
        "songs: convert.members: nothing is called 'song/a.json'; did you mean 'songs/a.json'?"
    )
    assert "'x/**'" in second


def test_a_file_that_was_not_fetched_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"songs\.json: is not there; fetch the files of songs"):
        convert(card("songs.json"), tmp_path / "native", tmp_path / "out")


def test_an_unknown_format_is_told_with_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no format 'alpacca'; did you mean 'alpaca'"):
        run(tmp_path, format="alpacca")


def test_a_card_without_a_source_says_why(tmp_path: Path) -> None:
    bare = replace(card(), source=None, unavailable="it was never released")
    with pytest.raises(RegistryError, match="has nothing to convert; it was never released"):
        convert(bare, tmp_path, tmp_path / "out")


def test_a_file_of_which_nothing_can_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"no row can be used; 4 of 4: 'has the keys"):
        run(tmp_path, format="dolly")


def test_a_failed_conversion_leaves_what_was_there(tmp_path: Path) -> None:
    run(tmp_path)
    before = contents(tmp_path / "out")
    (tmp_path / "native" / "songs.json").write_text(json.dumps(SONGS)[:-1])
    with pytest.raises(RegistryError, match="is cut off at byte"):
        convert(card("songs.json"), tmp_path / "native", tmp_path / "out")
    assert contents(tmp_path / "out") == before
    assert {path.name for path in tmp_path.iterdir()} == {"native", "out"}


def test_a_new_conversion_replaces_the_whole_folder(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "out" / "test.parquet").write_bytes(b"of an earlier card")
    run(tmp_path)
    assert set(contents(tmp_path / "out")) == {"train.parquet", "quarantine.jsonl"}


@given(many=st.lists(rows, max_size=6))
@settings(max_examples=25)
def test_converting_twice_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, many: list[dict[str, str]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("twice")
    run(tmp_path, [*SONGS, *many])
    first = contents(tmp_path / "out")
    run(tmp_path, [*SONGS, *many])
    assert contents(tmp_path / "out") == first


SLOW = """
import sys, time
from pathlib import Path
from registry.canonical import Example, Message
from registry.cards import load_text
from registry.convert import convert

def endless(stream, name):
    for row in range(9000):
        yield row, Example(messages=(Message("user", str(row)),), references=("La.",))
    print("half", flush=True)
    time.sleep(60)

card, native, out = load_text(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), Path(sys.argv[3])
convert(card, native, out, formats={"alpaca": endless})
"""


@pytest.mark.parametrize("before", [False, True])
def test_a_killed_conversion_is_never_taken_for_whole(tmp_path: Path, before: bool) -> None:
    from registry.cards import to_yaml

    native, out = written(tmp_path), tmp_path / "out"
    if before:
        run(tmp_path)
    former = contents(out) if before else {}
    (tmp_path / "card.yaml").write_text(to_yaml(card("songs.json")))
    argv = [sys.executable, "-c", SLOW, str(tmp_path / "card.yaml"), str(native), str(out)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert (contents(out) if out.exists() else {}) == former
    assert (tmp_path / "out.partial").exists()
    run(tmp_path)
    assert not (tmp_path / "out.partial").exists()
    assert [row.origin.row for row in made(tmp_path)] == [0, 1, 3]


def test_progress_goes_to_stderr_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    native = written(tmp_path)
    convert(card("songs.json"), native, tmp_path / "out", progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "songs" in captured.err


@pytest.mark.skipif("TUNEDECK_MIRROR" not in os.environ, reason="no mirror of real records")
def test_the_real_alpaca_sample_has_two_empty_outputs(tmp_path: Path) -> None:
    native = Path(os.environ["TUNEDECK_MIRROR"]) / "alpaca"
    conversion = convert(card("alpaca_data.json"), native, tmp_path / "out", formats=FORMATS)
    assert value(conversion, "scale", unit="instances") == 4998
    assert conversion.reasons == {"the output is empty": 2}
    assert value(conversion, "duplicates", unit="instances") == 0


def test_several_processes_make_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = [
        {"instruction": f"Sing {n}.", "input": "", "output": "La." * (n % 3)} for n in range(900)
    ]
    native = written(tmp_path, songs)
    monkeypatch.setattr("registry.convert.LARGE", 1)
    monkeypatch.setitem(blocks.__kwdefaults__, "size", 4096)
    alone = convert(card("songs.json"), native, tmp_path / "alone")
    shared = convert(card("songs.json"), native, tmp_path / "shared", processes=2)
    assert contents(tmp_path / "shared") == contents(tmp_path / "alone")
    assert (shared.records, shared.usable, shared.quarantined) == (900, 600, 300)
    assert shared.digest == alone.digest
    assert shared.measured == alone.measured


def test_the_size_of_blocks_does_not_show_in_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = [{"instruction": f"Sing {n}.", "input": "", "output": "La."} for n in range(5000)]
    native = written(tmp_path, songs)
    found = []
    for size in (700, 1 << 20):
        monkeypatch.setitem(blocks.__kwdefaults__, "size", size)
        convert(card("songs.json"), native, tmp_path / str(size))
        found.append(list(read_rows(tmp_path / str(size) / "train.parquet")))
    assert found[0] == found[1]
    assert len(found[0]) == 5000


def test_files_are_converted_without_a_card(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / "native" / "songs.json"
    found = convert_files("alpaca", [path], tmp_path / "out")
    assert (found.records, found.usable, found.quarantined) == (4, 3, 1)
    assert made(tmp_path)[0].id == row_id("alpaca", "songs.json", 0)
    with pytest.raises(RegistryError, match=r"no format 'alpacca'; did you mean 'alpaca'\?"):
        convert_files("alpacca", [path], tmp_path / "out")
    with pytest.raises(RegistryError, match="cannot be read: No such file"):
        convert_files("alpaca", [tmp_path / "nothing.json"], tmp_path / "out")
