from pathlib import Path

import pytest

from registry import drift, reports
from registry.cards import to_plain
from registry.files import write_text
from registry.index import load
from registry.reports import Report, artefact


def tuned(root: Path) -> Report:
    """Write what a tuning of singer and the mixture before it would report."""
    registry = load(root)
    table, weights = root / "data" / "train.parquet", root / "models" / "singer" / "w.safetensors"
    write_text(table, "rows")
    write_text(weights, "weights")
    mixed = Report(
        stage="mix",
        id="songs-only",
        settings=to_plain(registry.mixtures["songs-only"].mix),
        outputs=(artefact(root, table),),
    )
    settings = {
        "build": to_plain(registry.models["singer"].build),
        "tune": to_plain(registry.recipes["tiny"].tune),
    }
    report = Report(
        stage="tune",
        id="singer",
        settings=settings,
        inputs=(artefact(root, table),),
        outputs=(artefact(root, weights),),
    )
    reports.write(root, mixed)
    reports.write(root, report)
    return report


def edit(root: Path, card: str, old: str, new: str) -> None:
    path = root / "cards" / f"{card}.yaml"
    assert old in path.read_text()
    write_text(path, path.read_text().replace(old, new))


def said(root: Path, report: Report) -> list[str]:
    return [str(one) for one in drift.of_cards(root, load(root), report)]


def test_untouched_cards_and_files_have_not_drifted(root: Path) -> None:
    report = tuned(root)
    assert said(root, report) == []
    assert list(drift.of_files(root, report)) == []


def test_a_recipe_that_drifted_is_caught_by_name(root: Path) -> None:
    report = tuned(root)
    edit(root, "recipes/tiny", "steps: 2", "steps: 512")
    assert said(root, report) == ["recipes/tiny: tune.steps: 2 -> 512"]


def test_a_setting_left_out_since_is_unset(root: Path) -> None:
    edit(root, "recipes/tiny", "steps: 2", "steps: 2\n  warmup_steps: 1")
    report = tuned(root)
    edit(root, "recipes/tiny", "  warmup_steps: 1\n", "")
    assert said(root, report) == ["recipes/tiny: tune.warmup_steps: 1 -> unset"]


def test_a_setting_given_since_is_named(root: Path) -> None:
    report = tuned(root)
    edit(root, "recipes/tiny", "steps: 2", "steps: 2\n  warmup_steps: 1")
    assert said(root, report) == ["recipes/tiny: tune.warmup_steps: unset -> 1"]


def test_a_dataset_that_drifted_is_caught_down_to_its_source(root: Path) -> None:
    card = load(root).datasets["songs"]
    for stage, obeyed in (("convert", card.convert), ("fetch", card.source)):
        reports.write(root, Report(stage=stage, id="songs", settings=to_plain(obeyed)))
    report = tuned(root)
    assert said(root, report) == []
    edit(root, "datasets/songs", "format: alpaca", "format: dolly")
    edit(root, "datasets/songs", "bytes: 100", "bytes: 101")
    assert said(root, report) == [
        "datasets/songs: convert.format: alpaca -> dolly",
        "datasets/songs: source.files[0].bytes: 100 -> 101",
    ]


def test_each_item_of_a_list_is_compared() -> None:
    found = drift.fields("mixtures/m", {"mix": [{"weight": 1}, 2]}, {"mix": [{"weight": 3}, 2]})
    assert [str(one) for one in found] == ["mixtures/m: mix[0].weight: 1 -> 3"]


def test_a_mixture_that_drifted_is_caught_by_name(root: Path) -> None:
    report = tuned(root)
    edit(root, "mixtures/songs-only", "size: 2", "size: 1")
    assert said(root, report) == ["mixtures/songs-only: mix.size: 2 -> 1"]


def test_another_recipe_is_named(root: Path) -> None:
    report = tuned(root)
    path = root / "cards" / "recipes" / "tiny.yaml"
    write_text(path.with_name("other.yaml"), path.read_text().replace("id: tiny", "id: other"))
    edit(root, "models/singer", "recipe: tiny", "recipe: other")
    assert said(root, report) == ["models/singer: build.recipe: tiny -> other"]


def test_changed_data_is_named(root: Path) -> None:
    report = tuned(root)
    write_text(root / "data" / "train.parquet", "other rows")
    (found,) = drift.of_files(root, report)
    assert (found.where, found.field, found.was) == (
        "data/train.parquet",
        "sha256",
        report.inputs[0].sha256,
    )


def test_changed_weights_are_named(root: Path) -> None:
    report = tuned(root)
    write_text(root / "models" / "singer" / "w.safetensors", "other weights")
    (found,) = drift.of_files(root, report)
    assert (found.where, found.field) == ("models/singer/w.safetensors", "sha256")


def test_data_made_anew_elsewhere_are_named_by_digest(root: Path) -> None:
    report = tuned(root)
    write_text(root / "data" / "train.parquet", "other rows")
    newer = Report(
        stage="mix",
        id="songs-only",
        outputs=(artefact(root, root / "data" / "train.parquet"),),
    )
    reports.write(root, newer)
    (root / "data" / "train.parquet").unlink()
    (found,) = drift.of_files(root, report)
    assert (found.field, found.now) == ("digest", newer.outputs[0].digest)


def test_other_versions_code_and_machine_are_named() -> None:
    was = {
        "seconds": 1,
        "device": "cpu",
        "versions": {"torch": "2.12"},
        "code": {"revision": "a", "dirty": False},
    }
    now = {
        "seconds": 2,
        "device": "cuda",
        "versions": {"torch": "2.13"},
        "code": {"revision": "b", "dirty": False},
    }
    assert [one.field for one in drift.of_surroundings(was, now)] == [
        "versions.torch",
        "device",
        "code.revision",
    ]


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("python", "3.11.9", "3.12.1"),
        ("precision", "bf16", "fp32"),
        ("hardware", {"threads": 1}, {"threads": 2}),
    ],
)
def test_what_may_change_a_result_is_named(name: str, was: object, now: object) -> None:
    (found,) = drift.of_surroundings({name: was}, {name: now})
    assert found.field.startswith(name)


def test_what_an_older_report_does_not_say_is_no_difference() -> None:
    assert list(drift.of_surroundings({}, {"device": "cpu"})) == []
