import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registry import trained
from registry.canonical import Message, Origin, Row, write_rows
from registry.cli import main
from registry.cli.batch import _safe
from registry.trained import Segment, Shown


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["show-batch", *words, "--root", str(root)])


def shown(*parts: Segment) -> Shown:
    return Shown(
        id="songs:kept",
        dataset="songs",
        task="sing",
        file="songs.json",
        row=1,
        step=1,
        tokens=sum(one.tokens for one in parts),
        trained=sum(one.tokens for one in parts if one.trained),
        left_out=sum(one.tokens for one in parts if one.left_out),
        segments=parts,
    )


RECORDED = shown(
    Segment(text="<s>", tokens=1, trained=False, special=True),
    Segment(text="Sing \x1b[2J\u202e", tokens=3, trained=False),
    Segment(text="", tokens=1_500, trained=False, left_out=True),
    Segment(text="la", tokens=1, trained=True),
    Segment(text="</s>", tokens=1, trained=True, special=True),
)


@pytest.fixture
def recorded(root: Path) -> Path:
    """Return a root where tuning left its record, and no data."""
    trained.write(root / "reports" / "tune" / "singer.samples.jsonl", [RECORDED])
    return root


@pytest.fixture
def mixed(recorded: Path, tiny_folder: Path) -> Path:
    """Return a root with a mixture's table and the base model as well."""
    rows = [
        Row(
            id=f"songs:{n}",
            dataset="songs",
            task="sing",
            split="train",
            messages=(Message("user", "Hm?"),),
            references=(answer,),
            origin=Origin("songs.json", n),
        )
        for n, answer in enumerate(["la", "l" * 200])
    ]
    write_rows(recorded / "data" / "mixtures" / "songs-only" / "train.parquet", rows)
    shutil.copytree(tiny_folder, recorded / "models" / "nightingale")
    return recorded


def test_a_batch_is_made_of_the_table_where_it_is_there(mixed: Path) -> None:
    done = run(mixed, "singer", "--no-color")
    assert done.exit_code == 0, done.output
    assert "<|im_start|>user\nHm?<|im_end|>" in done.stdout
    assert "⟦la<|im_end|>⟧" in done.stdout
    assert "begins with <|im_start|>, ends with <|im_end|>, trained on" in done.stdout
    assert "l" * 200 not in done.stdout  # longer than the recipe takes
    assert "made from data/mixtures/songs-only/train.parquet" in done.stderr


def test_a_batch_is_what_tuning_recorded_where_there_is_no_table(recorded: Path) -> None:
    done = run(recorded, "models/singer")
    assert done.exit_code == 0, done.output
    assert "⟦la</s>⟧" in done.stdout
    assert "[… 1,500 tokens are left out …]" in done.stdout
    assert "1,506 tokens, 2 trained on (0.1%)" in done.stdout
    assert "recorded by tuning, in reports/tune/singer.samples.jsonl" in done.stderr


def test_json_has_every_segment_and_where_it_is_from(recorded: Path, mixed: Path) -> None:
    (mixed / "models" / "nightingale" / "config.json").unlink()
    found = json.loads(run(recorded, "singer", "--json").stdout)
    assert found["made"] is False
    assert found["rows"] == [trained.plain(RECORDED)]


def test_colour_tells_trained_from_masked_without_marks(recorded: Path) -> None:
    said = run(recorded, "singer", "--color").stdout
    assert "⟦" not in said
    assert "\x1b[32m\x1b[22m\x1b[4mla\x1b[0m" in said
    assert "\x1b[90m" in said
    assert "\x1b" not in run(recorded, "singer").stdout


def test_what_would_command_a_terminal_is_shown_instead(recorded: Path) -> None:
    for words in ([], ["--color"]):
        said = run(recorded, "singer", *words).stdout
        assert "\x1b[2J" not in said
        assert "\u202e" not in said
        assert "Sing \\x1b[2J\\x202e" in said
    assert _safe("a\n\tb\r\x9b") == "a\n\tb\\x0d\\x9b"


def test_an_end_that_is_not_trained_on_is_told(root: Path) -> None:
    end = Segment(text="</s>", tokens=1, trained=False, special=True)
    bare = Segment(text="la", tokens=1, trained=True)
    trained.write(root / "reports" / "tune" / "singer.samples.jsonl", [shown(bare, end)])
    assert (
        "no special token begins it, ends with </s>, not trained on" in run(root, "singer").stdout
    )
    trained.write(root / "reports" / "tune" / "singer.samples.jsonl", [shown(bare)])
    assert "no special token ends it" in run(root, "singer").stdout


def test_no_more_rows_are_shown_than_are_asked_for(recorded: Path) -> None:
    trained.write(recorded / "reports" / "tune" / "singer.samples.jsonl", [RECORDED] * 3)
    assert run(recorded, "singer", "--rows", "2").stdout.count("songs:kept") == 2
    assert run(recorded, "singer", "--rows", "0").exit_code == 2


def test_a_model_with_neither_is_told_how_to_make_them(root: Path) -> None:
    done = run(root, "singer")
    assert done.exit_code == 1
    assert "run `dvc repro tune@singer`" in done.stderr
    (root / "params.yaml").write_text("tuned: {other: {}}\n")
    assert "run `dvc repro recipes/dvc.yaml:tune@singer`" in run(root, "singer").stderr


def test_of_a_pair_it_is_said_which_answer_is_shown(recorded: Path) -> None:
    worse = replace(RECORDED, answer="worse")
    trained.write(recorded / "reports" / "tune" / "singer.samples.jsonl", [worse])
    assert "sing, the worse of two answers\n" in run(recorded, "singer").stdout


def test_a_model_that_is_not_tuned_here_is_told(root: Path) -> None:
    done = run(root, "nightingale")
    assert done.exit_code == 1
    assert "models/nightingale: is not tuned here: the card has no `build`" in done.stderr
