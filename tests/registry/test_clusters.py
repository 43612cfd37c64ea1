"""Conversion over a cluster: a real one, of this machine's processes."""

import json
import os
import pickle
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from registry import clusters
from registry.cards import Dataset, to_yaml
from registry.cards.kinds import Convert, NativeFile, Source
from registry.convert import convert, convert_files
from registry.files import write_text
from registry.formats.blocks import blocks
from registry.measures import Measures, last_of
from registry.portions import Work, of_block
from registry.rowgroups import read

CARD = Dataset(
    kind="dataset",
    id="songs",
    title="Songs",
    summary="Songs.",
    source=Source(
        files=(NativeFile(path="songs.json", origin="file:songs.json", sha256="0" * 64, bytes=1),)
    ),
    convert=Convert(format="alpaca"),
)
ROWS = [{"instruction": f"Sing {n}.", "input": "", "output": "La." * (n % 3)} for n in range(600)]


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    path = tmp_path / "songs.json"
    write_text(path, json.dumps(ROWS))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_piece_is_read_from_its_place_in_the_file(
    songs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(blocks.__kwdefaults__, "size", 4096)
    work = Work("songs", songs.name, songs.name)
    pieces = list(clusters.cut(work, songs, "alpaca"))
    assert len(pieces) > 5
    assert not any(piece.block is None or piece.block.data for piece in pieces)
    with songs.open("rb") as stream:
        wanted = [
            of_block(work, block, "alpaca")
            for block in blocks(stream, songs.name, clusters.FORMATS["alpaca"])
        ]  # type: ignore[arg-type]
    made = [one for piece in pieces for one in clusters._portions(piece)]
    assert [one.counted.records for one in made] == [one.counted.records for one in wanted]
    assert [read(one.rows["train"].group) for one in made] == [
        read(one.rows["train"].group) for one in wanted
    ]


def test_a_shard_is_there_whole_or_not_at_all_and_can_be_made_again(
    songs: Path, tmp_path: Path
) -> None:
    piece, *_ = clusters.cut(Work("songs", songs.name, songs.name), songs, "alpaca")
    folder = tmp_path / "shards" / "000000"
    first = clusters.convert(piece, folder)
    before = contents(folder)
    again = clusters.convert(piece, folder)
    assert contents(folder) == before
    (one,), (other,) = again, first
    assert one.rows["train"].group == other.rows["train"].group
    assert one.rows["train"].group.pages == folder / "0.0"
    assert [path.name for path in folder.parent.iterdir()] == ["000000"]


def test_members_of_an_archive_are_pieces_of_their_own(songs: Path, tmp_path: Path) -> None:
    path = tmp_path / "songs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(songs, "in/songs.json")
    work = Work("songs", "songs.zip!in/songs.json", "in/songs.json")
    (piece,) = clusters.cut(work, path, "alpaca")
    assert piece.block is None
    made = list(clusters._portions(piece))
    assert sum(one.counted.usable for one in made) == 400


def test_shards_hand_on_no_more_rows_than_the_sample_takes(
    songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(blocks.__kwdefaults__, "size", 4096)
    work = Work("songs", songs.name, songs.name, facts=True)
    with songs.open("rb") as stream:
        alone, *rest = [
            of_block(work, block, "alpaca").counted.facts
            for block in blocks(stream, songs.name, clusters.FORMATS["alpaca"])  # type: ignore[arg-type]
        ]
    assert alone
    handed: list[int] = []

    def here(function: Any, given: Any) -> list[Any]:
        returned = [pickle.loads(pickle.dumps(function(*one))) for one in given]
        handed.extend(len(one._sample) for one in returned if isinstance(one, Measures))
        return returned

    monkeypatch.setattr(clusters, "_over_all", here)
    monkeypatch.setitem(last_of.__kwdefaults__, "sample", 30)
    found = Measures()
    for portion in clusters.portions([(work, songs)], "alpaca", tmp_path):
        if portion.counted.facts:
            found.merge(portion.counted.facts)
    assert sum(handed) == len(found._sample) == 30
    for one in rest:
        alone.merge(one)  # type: ignore[arg-type]
    assert sorted(found._sample) == sorted(alone._sample)[:30]


SCRIPT = """
import sys
from pathlib import Path
import ray
from registry import clusters
from registry.convert import convert_files
from registry.formats.blocks import blocks

if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    blocks.__kwdefaults__["size"] = int(sys.argv[3])
    convert_files("alpaca", [Path(sys.argv[1])], Path(sys.argv[2]), engine=clusters.portions)
"""


def same_rows(one: Path, other: Path) -> bool:
    """Tell whether two folders hold the same rows in the same order, and the same quarantine."""
    found = [
        [
            (path.name, pq.read_table(path))
            if path.suffix == ".parquet"
            else (path.name, path.read_bytes())
            for path in sorted(folder.iterdir())
        ]
        for folder in (one, other)
    ]
    return found[0] == found[1]


def over_ray(songs: Path, out: Path, size: int) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(songs), str(out), str(size)],
        cwd=Path(__file__).parents[2],
        env=environment,
    )


@pytest.mark.slow
def test_two_workers_of_ray_make_the_same_folder(songs: Path, tmp_path: Path) -> None:
    alone = convert_files("alpaca", [songs], tmp_path / "alone")
    with over_ray(songs, tmp_path / "shared", 8192) as running:
        assert running.wait(240) == 0
    assert same_rows(tmp_path / "shared", tmp_path / "alone")
    assert not (tmp_path / "shared.shards").exists()
    assert alone.usable == 400


MEASURING = """
import sys
from pathlib import Path
import ray
from registry import clusters
from registry.cards import load_text
from registry.convert import convert
from registry.formats.blocks import blocks

if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    blocks.__kwdefaults__["size"] = 8192
    clusters.last_of.__kwdefaults__["sample"] = 30
    card, native, out = map(Path, sys.argv[1:])
    made = convert(load_text(card.read_text()), native, out, engine=clusters.portions)
    print(made.measured)
"""


@pytest.mark.slow
def test_ray_measures_what_one_process_measures(
    songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "card.yaml").write_text(to_yaml(CARD))
    done = subprocess.run(
        [sys.executable, "-c", MEASURING, "card.yaml", ".", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    monkeypatch.setitem(Measures.__init__.__kwdefaults__, "sample", 30)
    alone = convert(CARD, tmp_path, tmp_path / "alone")
    assert alone.measured["near_duplicates"][0].n == 30
    assert done.stdout.splitlines()[-1] == repr(alone.measured)


@pytest.mark.slow
def test_the_shard_of_a_killed_worker_is_made_again(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"Sing {n}. " + "x" * 400, "input": "", "output": "La."}
        for n in range(60_000)
    ]
    songs = tmp_path / "many.json"
    write_text(songs, json.dumps(rows))
    convert_files("alpaca", [songs], tmp_path / "alone")
    out = tmp_path / "shared"
    with over_ray(songs, out, 1 << 18) as running:
        shards = out.with_name("shared.shards")
        killed = 0
        while running.poll() is None and not killed:
            time.sleep(0.05)
            if not list(shards.glob("[0-9]*")):
                continue
            for process in psutil.Process(running.pid).children(recursive=True):
                if " ".join(process.cmdline()).startswith("ray::Map"):
                    process.kill()
                    killed += 1
        assert killed
        assert running.wait(240) == 0
    assert same_rows(out, tmp_path / "alone")
