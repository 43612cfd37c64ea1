import json
import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from registry import load
from registry.cards import Dataset, load_text, to_yaml
from registry.cli import main
from registry.exports import EXPORTS
from registry.files import write_text

TOP = Path(__file__).parents[3]
PAPER = """\
kind: paper
id: hymns
title: Hymns for all
authors: [Ann Lee, Bo Ray]
year: 2022
arxiv: "2201.00001"
bibtex: "@misc{hymns}"
"""
SURVEY = "kind: paper\nid: survey\ntitle: A survey\nauthors: [Cy Doe]\nbibtex: '@misc{survey}'\n"
HYMNS = f"""\
kind: dataset
id: hymns
title: Hymns
summary: "Instructions that say </script> and <b>."
papers: [survey, hymns]
homes: [{{value: "hub:church/hymns", declared: x}}]
released: [{{value: 2022-05, declared: x}}, {{value: "2021", declared: y}}]
languages: [{{value: [multilingual], declared: x}}, {{value: [eng, deu], declared: y}}]
licence: [{{value: MIT, declared: x}}, {{value: "terms: Church terms", declared: y}}]
parents: {{value: songs, relation: seeds, declared: x}}
source:
  files:
    - path: hymns.jsonl
      origin: "hub:datasets/church/hymns@{"a" * 40}:all/hymns#1.jsonl"
      sha256: "{"0" * 64}"
      bytes: 12
convert: {{format: alpaca}}
"""


@pytest.fixture
def made(root: Path) -> dict[str, Any]:
    for text in (PAPER, SURVEY, HYMNS):
        card = load_text(text)
        write_text(root / "cards" / f"{card.kind}s" / f"{card.id}.yaml", to_yaml(card))
    registry = load(root)
    return EXPORTS["croissant"](registry, registry.datasets["hymns"], "https://cards.example.org")


def test_every_value_that_a_source_gives_is_there(made: dict[str, Any]) -> None:
    assert made["license"] == ["https://spdx.org/licenses/MIT.html", "Church terms"]
    assert made["inLanguage"] == ["eng", "deu"]
    assert made["datePublished"] == "2021"


def test_pages_are_named_by_the_catalogs_address(made: dict[str, Any]) -> None:
    assert made["url"] == "https://cards.example.org/datasets/hymns"
    assert made["sameAs"] == "https://huggingface.co/datasets/church/hymns"
    (parent,) = made["isBasedOn"]
    assert (parent["name"], parent["url"]) == ("Songs", "https://cards.example.org/datasets/songs")


def test_creators_are_the_authors_of_the_datasets_own_paper_only(made: dict[str, Any]) -> None:
    assert [one["name"] for one in made["creator"]] == ["Ann Lee", "Bo Ray"]
    assert made["citeAs"] == "@misc{hymns}"
    assert made["citation"] == [
        "Cy Doe. A survey.",
        "Ann Lee, Bo Ray. (2022) Hymns for all. https://arxiv.org/abs/2201.00001",
    ]


def test_a_file_has_its_address_size_and_hash(made: dict[str, Any]) -> None:
    (file,) = made["distribution"]
    where = f"https://huggingface.co/datasets/church/hymns/resolve/{'a' * 40}/all/hymns%231.jsonl"
    assert file["contentUrl"] == where
    assert (file["contentSize"], file["sha256"]) == ("12 B", "0" * 64)
    assert file["encodingFormat"] == "application/jsonlines"


def test_what_no_claim_gives_is_left_out(root: Path) -> None:
    text = "kind: dataset\nid: bare\ntitle: Bare\nsummary: Nothing is known.\n"
    card = load_text(text)
    assert isinstance(card, Dataset)
    made = EXPORTS["croissant"](load(root), card, None)
    left = {"@context", "@type", "conformsTo", "name", "description", "identifier"}
    assert set(made) == left


def validated(document: dict[str, Any], caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what MLCommons' own reader warns of; it raises where a document is wrong."""
    import mlcroissant

    caplog.clear()
    with caplog.at_level(logging.WARNING):
        mlcroissant.Dataset(jsonld=document)
    return [line for one in caplog.messages for line in one.splitlines() if line.startswith("  -")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mlcroissant_takes_a_full_document_and_misses_only_what_nobody_knows(
    made: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    (missed,) = validated(made, caplog)
    assert "schema.org/version" in missed


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mlcroissant_takes_every_dataset_of_the_registry(caplog: pytest.LogCaptureFixture) -> None:
    registry = load(TOP)
    for card in registry.datasets.values():
        for line in validated(EXPORTS["croissant"](registry, card, "http://localhost"), caplog):
            assert "is recommended, but does not exist" in line, card.id


def test_what_was_exported_can_be_imported_again(made: dict[str, Any], tmp_path: Path) -> None:
    from registry.drafts import croissant
    from registry.drafts.draft import Source

    assert croissant.is_croissant(made)
    source = Source(file="hymns.json")
    card = croissant.draft(made, tmp_path / "hymns.json", source, id="again")
    assert isinstance(card, Dataset)
    assert card.licence[0].value == "MIT"


def test_the_command_prints_or_writes_it(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "croissant.json"
    words = ["export", "croissant", "songs", "--root", str(root), "--base", "http://x/"]
    printed = CliRunner().invoke(main, words)
    assert json.loads(printed.stdout)["url"] == "http://x/datasets/songs"
    CliRunner().invoke(main, [*words, "--out", str(out)])
    assert json.loads(out.read_text()) == json.loads(printed.stdout)
    refused = CliRunner().invoke(main, ["export", "croissant", "singer", "--root", str(root)])
    assert refused.exit_code == 1
