import json
from pathlib import Path

import pytest

from registry import Registry, load
from registry.files import write_text
from registry.tracking.description import describe_model, plain
from tests.registry.tracking.made import (
    chain,
)

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


def test_text_of_a_card_cannot_act_in_the_description(root: Path) -> None:
    card = root / "cards/models/singer.yaml"
    hostile = "<img src=x onerror=y> [click](javascript:z) | `a`"
    text = card.read_text().replace("Nightingale tuned on songs.", json.dumps(hostile))
    write_text(card, text)
    registry = load(root)
    said = describe_model(registry, chain(), registry.models["singer"], None)
    assert said.startswith(plain(hostile))
    assert "<img" not in said
    assert "](javascript" not in said


def test_the_description_has_scores_before_and_after_with_their_errors(registry: Registry) -> None:
    said = describe_model(registry, chain(), registry.models["singer"], "abc-dirty")
    row = "0.2500 ± 0.0500 (n = 80) | 0.5000 ± 0.0500 (n = 80) | +0.2500 ± 0.0707 |"
    assert row in said
    assert "rhyme" not in said
    assert "git checkout abc\n" in said


def test_the_description_names_the_stage_that_tunes(root: Path) -> None:
    write_text(root / "params.yaml", "tuned: {other: {}}\n")
    registry = load(root)
    said = describe_model(registry, chain(), registry.models["singer"], None)
    assert "\ndvc repro recipes/dvc.yaml:tune@singer\n" in said


def test_the_description_says_how_each_claim_is_known(root: Path) -> None:
    card = root / "cards/models/singer.yaml"
    claim = 'licence: {value: MIT, cited: a-paper, at: "Table 2"}\n'
    write_text(card, card.read_text().replace("results:", f"{claim}results:"))
    registry = load(root)
    said = describe_model(registry, [], registry.models["singer"], None)
    assert "| licence | MIT | cited: [a-paper](/papers/a-paper), Table 2 |" in said


def test_a_long_description_ends_with_a_whole_line_and_says_where_the_rest_is(root: Path) -> None:
    card = root / "cards/models/singer.yaml"
    notes = "".join(f"  - {'quirk ' * 20}number {one}\n" for one in range(60))
    write_text(card, card.read_text().replace("results:", f"notes:\n{notes}results:"))
    registry = load(root)
    said = describe_model(registry, chain(), registry.models["singer"], None)
    assert len(said) <= 5000
    *kept, empty, last = said.splitlines()
    assert kept[-1].startswith("- quirk quirk")
    assert kept[-1][-1].isdigit()
    assert (empty, last) == ("", "… the rest is in [the catalog](/models/singer)")
