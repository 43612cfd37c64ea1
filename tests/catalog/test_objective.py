"""A tuned model's page says what its objective measured beside the loss."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from starlette.testclient import TestClient

from registry import reports
from registry.reports import Measurement


def test_what_a_policy_earned_stands_beside_its_training(
    tmp_path: Path, sample: ModuleType, fresh: Callable[[Path], TestClient], parse: Any
) -> None:
    own = reports.read(sample.make(tmp_path), "tune", "smollm2-short")
    assert own is not None
    parts = ("reward, first tenth", "reward, last tenth", "kl, first tenth", "kl, last tenth")
    said = (0.0597, 0.2634, 0.0035, 0.0961)
    measures = tuple(
        Measurement(value=value, part=part) for part, value in zip(parts, said, strict=True)
    )
    odd = Measurement(value=1.0, part="of another form")
    reports.write(tmp_path, replace(own, measured={**own.measured, "measures": (*measures, odd)}))
    client = fresh(tmp_path)
    assert client.get("/models/smollm2-short.json").json()["objective"] == [
        {"name": "reward", "first": 0.0597, "last": 0.2634},
        {"name": "kl", "first": 0.0035, "last": 0.0961},
    ]
    page = parse(client.get("/models/smollm2-short").text).text
    assert "Means over the first and the last tenth of its steps" in page
    assert page.index("Reward") < page.index("0.0597") < page.index("0.2634")
    assert "KL(policy || initial), a token" in page


def test_a_model_whose_objective_is_its_loss_has_no_such_table(
    tmp_path: Path, sample: ModuleType, fresh: Callable[[Path], TestClient]
) -> None:
    client = fresh(sample.make(tmp_path))
    assert client.get("/models/smollm2-short.json").json()["objective"] == []
    assert "the last tenth of its steps" not in client.get("/models/smollm2-short").text
    assert client.get("/models/smollm2-135m.json").json()["objective"] == []
