from pathlib import Path

import pytest

from registry.cards import Dataset, load_text
from registry.files import write_text
from registry.index import load
from registry.timeline import period, timeline, writer

HEAD = "kind: dataset\nid: d\ntitle: D\nsummary: S.\n"


def dataset(text: str) -> Dataset:
    card = load_text(HEAD + text)
    assert isinstance(card, Dataset)
    return card


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("[human]", "human"),
        ("[gpt-4]", "model"),
        ("[model]", "model"),
        ("[human, gpt-4]", "mixed"),
        ("[program]", "program"),
        ("[program, human]", "human"),
        ("null", "unknown"),
    ],
)
def test_who_wrote_a_dataset_is_one_of_five(who: str, said: str) -> None:
    assert writer(dataset(f"annotator: {{value: {who}, declared: x}}\n")) == said


def test_sources_that_name_different_writers_make_it_mixed() -> None:
    text = "annotator:\n- {value: [human], declared: x}\n- {value: [gpt-4], declared: y}\n"
    assert writer(dataset(text)) == "mixed"


def test_the_earliest_date_counts_and_a_paper_where_there_is_none(root: Path) -> None:
    path = root / "cards" / "datasets" / "songs.yaml"
    write_text(path, path.read_text() + "released:\n- {value: 2023-04, declared: x}\n")
    paper = root / "cards" / "papers" / "a-paper.yaml"
    write_text(paper, paper.read_text() + "year: 2021\n")
    write_text(
        root / "cards" / "datasets" / "poems.yaml",
        "kind: dataset\nid: poems\ntitle: P\nsummary: S.\npapers: [a-paper]\n",
    )
    lines = {one["year"]: one for one in timeline(load(root))}
    assert lines["2023"]["datasets"]["human"] == 1
    assert lines["2023"]["instances"]["human"] == 3
    assert lines["2021"]["datasets"]["unknown"] == 1
    assert lines["unknown"]["models"] == 2
    months = {one["month"] for one in timeline(load(root), by="month")}
    assert months == {"2023-04", "unknown"}


def test_every_card_that_came_out_is_counted_once(root: Path) -> None:
    registry = load(root)
    lines = timeline(registry)
    assert sum(sum(one["datasets"].values()) for one in lines) == len(registry.datasets)
    assert sum(one["models"] for one in lines) == len(registry.models)
    assert sum(one["benchmarks"] for one in lines) == len(registry.benchmarks)


@pytest.mark.parametrize(
    ("when", "by", "said"),
    [
        ("2023-01", "quarter", "2023-Q1"),
        ("2023-03-31", "quarter", "2023-Q1"),
        ("2023-04", "quarter", "2023-Q2"),
        ("2023-12", "quarter", "2023-Q4"),
        ("2023", "quarter", "unknown"),
        ("2023-04-12", "month", "2023-04"),
        ("2023-04-12", "year", "2023"),
        (None, "year", "unknown"),
    ],
)
def test_a_date_lies_in_one_period_or_is_too_vague(when: str | None, by: str, said: str) -> None:
    assert period(when, by) == said
