import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import load
from registry.files import write_text
from registry.reports import Measurement, Report
from registry.tracking import records
from tests.registry.tracking.made import (
    score,
)

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


@given(st.text(max_size=400))
def test_a_clean_name_is_one_that_mlflow_accepts(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name, _validate_param_name

    _validate_metric_name(records.clean(name))
    _validate_param_name(records.clean(name))
    assert len(records.clean(name)) <= 250


def test_settings_become_flat_parameters() -> None:
    said = records.params({"mix": {"seed": 1, "hold_out": None}, "members": ["a", "b"]}, "r.json")
    assert said == {"mix.seed": "1", "members": '["a", "b"]'}


def test_a_long_parameter_is_cut_and_says_where_the_rest_is() -> None:
    (said,) = records.params({"members": "x" * 7000}, "reports/convert/songs.json").values()
    assert len(said) == 6000
    assert said.endswith("(7,000 characters; in full in reports/convert/songs.json)")


def test_a_metric_is_named_by_field_and_qualifiers_and_its_task_after_a_slash() -> None:
    said = {
        "results": (score(0.75, "rhyme/half"),),
        "scale": (Measurement(value=3, split="train"),),
    }
    found = {one.name: one.value for one in records.numbers(said)}
    assert found == {
        "results.new-songs.exact_match/rhyme.half": 0.75,
        "results.new-songs.exact_match.stderr/rhyme.half": 0.05,
        "results.new-songs.exact_match.n/rhyme.half": 80,
        "scale.train": 3,
    }


def test_two_measurements_never_share_a_name() -> None:
    many = tuple(Measurement(value=one, subset=name) for one, name in enumerate(["a b?", "a b!"]))
    assert [one.value for one in records.numbers({"quarantined": many})] == [0, 1]
    assert len({one.name for one in records.numbers({"quarantined": many})}) == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, "many", None, ["eng"]])
def test_what_is_no_finite_number_is_no_metric(value: Any) -> None:
    assert records.numbers({"scale": (Measurement(value=value),)}) == []


def test_a_model_tuned_from_a_tuned_model_comes_after_it(root: Path) -> None:
    card = (root / "cards/models/singer.yaml").read_text()
    child = card.replace("id: singer", "id: alto").replace("base: nightingale", "base: singer")
    write_text(root / "cards/models/alto.yaml", child)
    reports = [Report(stage="tune", id=id) for id in ("alto", "singer")]
    ordered = records.in_order(load(root), [*reports, Report(stage="fetch", id="songs")])
    assert [one.id for one in ordered] == ["singer", "alto"]
