"""Pages about a model that was evaluated on a benchmark which its card does not name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from registry import reports
from registry.files import write_text
from registry.reports import Measurement, Report

CLAIMS = """\
results:
  - {benchmark: ifeval, metric: prompt_strict, measured: evaluate}
  - {benchmark: ifeval, metric: prompt_strict, unit: percent, value: 25.5, declared: the owner}
"""


@pytest.fixture
def root(tmp_path: Path, sample: ModuleType) -> Path:
    sample.make(tmp_path)
    card = tmp_path / "cards" / "models" / "smollm2-135m.yaml"
    text = card.read_text(encoding="utf-8")
    assert "\nresults:\n" in text
    write_text(card, text.replace("results:\n", CLAIMS, 1))
    return tmp_path


def apart(root: Path, id: str, value: float) -> Report:
    """Write the report of an evaluation on IFEval alone."""
    one = Measurement(benchmark="ifeval", metric="prompt_strict", value=value, stderr=0.02, n=541)
    own = reports.read(root, "evaluate", id)
    assert own is not None
    made = replace(own, part="ifeval", measured={"results": (one,)})
    reports.write(root, made)
    return made


def test_the_model_s_page_shows_the_score_and_its_report(
    root: Path, fresh: Callable[[Path], TestClient], parse: Any
) -> None:
    apart(root, "smollm2-135m", 0.225)
    client = fresh(root)
    page = parse(client.get("/models/smollm2-135m").text)
    assert "22.5 ± 2.0" in page.text
    assert "reports/evaluate/smollm2-135m+ifeval.json" in page.text
    assert {"report-evaluate", "report-evaluate-ifeval"} <= set(page.values("id"))
    assert "#report-evaluate-ifeval" in page.values("href", "a")
    found = client.get("/models/smollm2-135m.json").json()
    ours, theirs = found["card"]["claims"]["results"][:2]
    assert (ours["value"], theirs["value"]) == (0.225, 25.5)


def test_before_it_is_run_the_page_says_how(
    root: Path, fresh: Callable[[Path], TestClient], parse: Any
) -> None:
    page = parse(fresh(root).get("/models/smollm2-135m").text)
    assert "registry evaluate models/smollm2-135m ifeval" in page.text


def test_the_benchmark_s_page_has_measured_and_published_scores(
    root: Path, fresh: Callable[[Path], TestClient]
) -> None:
    apart(root, "smollm2-135m", 0.225)
    found = fresh(root).get("/benchmarks/ifeval.json").json()
    scores = [one for one in found["scores"] if one["model"] == "smollm2-135m"]
    assert [(one["status"], one["value"]) for one in scores] == [
        ("measured", 0.225),
        ("cited", 29.9),
        ("declared", 25.5),
    ]


def test_a_tuned_model_is_held_beside_its_base(
    root: Path, fresh: Callable[[Path], TestClient]
) -> None:
    apart(root, "smollm2-135m", 0.25)
    apart(root, "smollm2-short", 0.5)
    found = fresh(root).get("/models/smollm2-short.json").json()
    (line,) = [one for one in found["scores"]["lines"] if one["benchmark"] == "ifeval"]
    assert (line["before"]["value"], line["change"]["value"]) == (0.25, 0.25)


def test_a_report_that_comes_while_the_catalog_runs_is_seen(
    root: Path, fresh: Callable[[Path], TestClient]
) -> None:
    client = fresh(root)
    before = client.get("/benchmarks/ifeval.json").json()["scores"]
    apart(root, "smollm2-135m", 0.225)
    after = client.get("/benchmarks/ifeval.json").json()["scores"]
    assert len(after) == len(before) + 1
