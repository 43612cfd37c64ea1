from pathlib import Path

import pytest

from registry.index import load
from registry.overview import as_text, overview
from registry.reports import Measurement, Report


def scores(id: str, value: float) -> Report:
    def one(**narrower: str) -> Measurement:
        return Measurement(
            benchmark="new-songs", metric="exact_match", value=value, stderr=0.01, n=9, **narrower
        )

    measured = {"results": (one(), one(unit="tasks"), one(subset="sing"))}
    return Report(stage="evaluate", id=id, measured=measured)


@pytest.fixture
def reports() -> list[Report]:
    converted = {
        "scale": (Measurement(unit="instances", value=3), Measurement(unit="tasks", value=1)),
        "quarantined": (
            Measurement(unit="instances", value=2),
            Measurement(unit="instances", subset="the output is empty", value=2),
        ),
    }
    tuned = {
        "scale": (Measurement(unit="tokens", value=1234),),
        "steps": (Measurement(value=2),),
        "tokens_per_second": (Measurement(value=98.7),),
        "loss": (Measurement(part="first", value=4.0), Measurement(part="last", value=1.5)),
    }
    return [
        Report(stage="convert", id="songs", measured=converted),
        Report(stage="tune", id="singer", measured=tuned, environment={"device": "cpu"}),
        scores("nightingale", 0.25),
        scores("singer", 0.5),
    ]


def test_quarantined_rows_are_counted_once(root: Path, reports: list[Report]) -> None:
    assert overview(load(root), reports)["converted"] == [
        {"dataset": "songs", "instances": 3, "tasks": 1, "quarantined": 2}
    ]


def test_a_metric_has_one_line_with_the_base_model_before(
    root: Path, reports: list[Report]
) -> None:
    (line,) = overview(load(root), reports)["scores"]
    assert line["before"] == {"value": 0.25, "stderr": 0.01}
    assert line["after"] == {"value": 0.5, "stderr": 0.01}


def test_the_text_has_scores_in_percent_with_their_change(
    root: Path, reports: list[Report]
) -> None:
    text = as_text(overview(load(root), reports))
    assert "25.0 ± 1.0" in text
    assert "50.0 ± 1.0" in text
    assert "+25.0" in text
    assert "make catalog" in text


def test_a_model_whose_base_was_not_evaluated_has_no_change(
    root: Path, reports: list[Report]
) -> None:
    without = [one for one in reports if one.id != "nightingale"]
    (line,) = overview(load(root), without)["scores"]
    assert line["before"] is None
    assert "+" not in as_text(overview(load(root), without))


def test_only_the_main_job_s_models_are_told_and_the_others_counted(
    root: Path, reports: list[Report]
) -> None:
    cards = load(root)
    assert overview(cards, reports, {"singer"})["others"] == 0
    # Where none of the main job has run, all that has run is told.
    assert [one["model"] for one in overview(cards, reports, {"dancer"})["tuned"]] == ["singer"]
    assert "more" not in as_text(overview(cards, reports, {"singer"}))
    assert "with 2 models more" in as_text(overview(cards, reports) | {"others": 2})
