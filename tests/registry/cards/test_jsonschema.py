"""The JSON Schema that editors use agrees with the reader."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from registry.cards.jsonschema import schema
from registry.cards.nodes import parse
from registry.index import card_files

TOP = Path(__file__).parents[3]
VALIDATOR = Draft202012Validator(schema())
DATASET = "kind: dataset\nid: songs\ntitle: Songs\nsummary: About songs.\n"


def plain(text: str) -> Any:
    node = parse(text, lambda *problem: pytest.fail(str(problem)))
    assert node is not None
    return node.plain()


def test_it_is_a_valid_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_committed_file_is_what_the_code_makes() -> None:
    committed = (TOP / "cards" / "schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == schema(), "run: registry schema > cards/schema.json"


@pytest.mark.parametrize(
    "path", card_files(TOP), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_shipped_card_fits(path: Path) -> None:
    VALIDATOR.validate(plain(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "more",
    [
        "license: MIT",
        "papers: survey-2023",
        "licence: MIT",
        "licence: {value: MIT}",
        "licence: {value: MIT, cited: p}",
        "licence: {value: MIT, cited: p, at: x, declared: y}",
        "licence: {value: Mit, declared: y}",
        "licence: {declared: y}",
        "licence: {measured: convert}",
        "scale: {unit: tasks, measured: evaluate}",
        "scale: {value: 5, unit: tasks, measured: convert}",
        "scale: {unit: tasks, measured: convert, printed: 5k}",
        "scale: {value: 5, declared: y}",
        "scale: {value: 5, unit: examples, declared: y}",
        "scale: {value: 5k, unit: tasks, declared: y}",
        "scale: {value: 5, unit: tasks, hedge: maybe, declared: y}",
        "annotator: {value: [], declared: y}",
        "released: {value: 2023, declared: y}",
        "languages: {value: [en], declared: y}",
        "source: {files: []}",
        "title: ' '",
    ],
)
def test_a_mistake_is_refused(more: str) -> None:
    text = DATASET.replace("title: Songs\n", "") if more.startswith("title") else DATASET
    assert not VALIDATOR.is_valid(plain(f"{text}{more}\n"))


@pytest.mark.parametrize(
    "more",
    [
        "scale: {value: null, unit: tasks, declared: y}",
        "scale: {unit: tasks, measured: convert, note: Of the subset.}",
        "scale: []",
        "unavailable: null",
        "licence: {value: 'terms: OpenAI', declared: y}",
        "annotator: {value: [human, gpt-4], part: output, declared: y}",
    ],
)
def test_what_the_reader_takes_is_taken(more: str) -> None:
    VALIDATOR.validate(plain(f"{DATASET}{more}\n"))


def test_every_field_carries_the_sentence_that_people_read() -> None:
    properties = schema()["$defs"]["dataset"]["properties"]
    assert properties["title"]["description"] == "What people call it."
    assert schema()["$defs"]["dataset"]["description"].startswith("An instruction dataset")
