from pathlib import Path

import pytest

from registry.index import load
from registry.reports import Measurement, Report
from registry.trials import trials


def scores(id: str, value: float) -> Report:
    def one(**narrower: str) -> Measurement:
        return Measurement(
            benchmark="new-songs", metric="exact_match", value=value, stderr=0.03, n=9, **narrower
        )

    return Report(stage="evaluate", id=id, measured={"results": (one(), one(unit="tasks"))})


@pytest.fixture
def tuned() -> Report:
    scale = (
        Measurement(unit="tokens", value=1234),
        Measurement(unit="trained parameters", value=56),
    )
    return Report(stage="tune", id="singer", measured={"scale": scale})


def test_a_recipe_has_a_line_for_each_metric_with_what_it_changed(
    root: Path, tuned: Report
) -> None:
    (line,) = trials(load(root), [tuned, scores("nightingale", 0.25), scores("singer", 0.5)])
    assert (line["method"], line["objective"]) == ("full", "likelihood")
    assert line["trained_parameters"] == 56
    assert line["change"] == {"value": 0.25, "stderr": pytest.approx(0.03 * 2**0.5)}


def test_a_base_that_was_not_evaluated_leaves_the_change_open(root: Path, tuned: Report) -> None:
    (line,) = trials(load(root), [tuned, scores("singer", 0.5)])
    assert line["before"] is line["change"] is None
    assert line["after"] == {"value": 0.5, "stderr": 0.03}


def test_a_model_that_was_not_tuned_has_no_line(root: Path) -> None:
    assert trials(load(root), [scores("singer", 0.5)]) == []
