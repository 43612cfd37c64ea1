"""Data and weights go along whole, proven by their reports, and come back."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry import frontmatter, load, reports
from registry.errors import RegistryError
from registry.files import write_json
from registry.hub import repo
from registry.place import Place
from registry.reports import Report

Run = Callable[..., Any]


@pytest.fixture
def converted(root: Path, make_rows: Any) -> Path:
    """Return the checkout with a table of songs and its report."""
    from registry.canonical import write_rows

    table = root / "data/canonical/songs/train.parquet"
    table.parent.mkdir(parents=True)
    write_rows(table, make_rows(3))
    made = reports.artefact(root, table, rows=3)
    reports.write(root, Report(stage="convert", id="songs", outputs=(made,)))
    return root


def test_tables_go_along_with_configs_and_croissant(
    hub: Any, run: Run, converted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run("push", "songs", "--with-data")
    files = hub.repos["datasets/team/songs"].files
    table = converted / "data/canonical/songs/train.parquet"
    assert files["data/train.parquet"] == table.read_bytes()
    front = frontmatter.load(frontmatter.split(files["README.md"]))
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "data/train.parquet"}]
    made = json.loads(files["croissant.json"])
    assert made["conformsTo"].endswith("croissant/1.1")
    (file,) = [one for one in made["distribution"] if one["@id"] == "data/train.parquet"]
    address = f"{hub.address}/datasets/team/songs"
    assert file["contentUrl"] == f"{address}/resolve/main/data/train.parquet"
    assert made["url"] == address
    assert "nothing to push" in run("push", "songs", "--with-data").stdout
    assert "nothing to push" in run("push", "songs").stdout
    assert "in step" in run("status").stdout


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_repos_croissant_is_valid(
    hub: Any, run: Run, converted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import mlcroissant

    run("push", "songs", "--with-data")
    made = json.loads(hub.repos["datasets/team/songs"].files["croissant.json"])
    with caplog.at_level(logging.WARNING):
        found = mlcroissant.Dataset(jsonld=made)
    assert [one.uuid for one in found.metadata.record_sets] == ["train"]
    assert made["rai:dataAnnotationProtocol"] == ["the text: people (cited: a-paper, Table 1)"]


def test_tables_come_back_with_their_hash(hub: Any, run: Run, converted: Path) -> None:
    run("push", "songs", "--with-data")
    table = converted / "data/canonical/songs/train.parquet"
    data = table.read_bytes()
    table.unlink()
    assert "data/train.parquet" in run("pull", "team/songs", "--with-data").stdout
    assert table.read_bytes() == data
    hub.put("datasets/team/songs", **{"data/train__parquet": data[:-1] + b"?"})
    refused = run("pull", "team/songs", "--with-data", code=1)
    assert "the report here says" in refused.output
    assert table.read_bytes() == data


def test_a_table_that_is_not_its_reports_is_not_pushed(run: Run, converted: Path) -> None:
    table = converted / "data/canonical/songs/train.parquet"
    table.write_bytes(table.read_bytes() + b"x")
    assert "its report says" in run("push", "songs", "--with-data", code=1).output
    table.unlink()
    assert "is not there" in run("push", "songs", "--with-data", code=1).output


def test_data_that_nobody_made_is_not_pushed(run: Run) -> None:
    assert "run `registry convert songs`" in run("push", "songs", "--with-data", code=1).output
    assert "no model is here" in run("push", "singer", "--with-weights", code=1).output


@pytest.fixture
def weighed(root: Path) -> Path:
    """Return the checkout with a model's folder, in which lies more than a model needs."""
    folder = root / "models/singer"
    folder.mkdir(parents=True)
    for name in ("config.json", "generation_config.json", "tokenizer.json", "chat_template.jinja"):
        (folder / name).write_text("{}")
    (folder / "model.safetensors").write_bytes(b"12345678")
    (folder / "pytorch_model.bin").write_bytes(b"\x80")
    (folder / "modeling_singer.py").write_text("raise SystemExit('run')")
    (folder / "link.json").symlink_to("/etc/hostname")
    made = reports.artefact(root, folder / "model.safetensors")
    reports.write(root, Report(stage="tune", id="singer", outputs=(made,)))
    return root


def test_weights_go_along_without_what_may_run(hub: Any, run: Run, weighed: Path) -> None:
    done = run("push", "singer", "--with-weights")
    files = hub.repos["models/team/singer"].files
    assert {"config.json", "model.safetensors", "chat_template.jinja"} <= files.keys()
    assert not {"pytorch_model.bin", "modeling_singer.py", "link.json"} & files.keys()
    assert "modeling_singer.py: left out" in done.stderr
    front = frontmatter.load(frontmatter.split(files["README.md"]))
    assert (front["pipeline_tag"], front["library_name"]) == ("text-generation", "transformers")
    run("push", "singer", "--with-weights", "--risky")
    assert "pytorch_model.bin" in hub.repos["models/team/singer"].files


def test_weights_come_back_whole(hub: Any, run: Run, weighed: Path) -> None:
    run("push", "singer", "--with-weights")
    folder = weighed / "models/singer"
    run("pull", "team/singer", "--with-weights")
    assert sorted(one.name for one in folder.iterdir()) == [
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
    ]


def test_weights_that_are_not_their_reports_are_not_pushed(run: Run, weighed: Path) -> None:
    (weighed / "models/singer/model.safetensors").write_bytes(b"other")
    assert "its report says" in run("push", "singer", "--with-weights", code=1).output


def test_a_file_is_compared_by_the_hash_that_a_hub_lists(tmp_path: Path) -> None:
    from registry.hub.remote import Entry

    path = tmp_path / "x"
    path.write_bytes(b"hello")
    for file in (repo.File("x", b"hello"), repo.File("x", path)):
        assert file.git() == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
        assert not file.differs(Entry(5, file.git()))
        assert not file.differs(Entry(5, "0", file.sha256()))
        assert file.differs(Entry(5, "0"))
        assert file.differs(Entry(6, file.git()))
        assert file.differs(None)


def test_a_path_that_a_card_makes_stays_in_its_folder(root: Path) -> None:
    card = load(root).datasets["songs"]
    assert repo.card_path(root, card) == root / "cards/datasets/songs.yaml"
    with pytest.raises(RegistryError):
        repo.tables(card, Place(root=root), [])
    write_json(root / "x.json", {})
