import json
import subprocess
import sys
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from tests.registry.checkout import BASE, MODEL, TOP, Checkout, tuned_checkout

SEEDS = str(TOP / "benchmarks" / "seeds.py")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Checkout:
    return tuned_checkout(tmp_path_factory.mktemp("checkout"), tiny_folder)


def run(checkout: Checkout, *words: str) -> subprocess.CompletedProcess[str]:
    return checkout.run(sys.executable, SEEDS, *words, fine=False)


@pytest.mark.slow
def test_a_model_without_scores_or_without_a_recipe_is_refused(made: Checkout) -> None:
    done = run(made, MODEL, "--seeds", "2")
    assert done.returncode == 1
    assert f"has no scores here; run `registry evaluate {MODEL}` first" in done.stderr
    assert "is not tuned here" in run(made, BASE, "--seeds", "2").stderr


@pytest.mark.slow
def test_other_seeds_stand_beside_that_of_the_card_and_run_once(
    made: Checkout, tmp_path: Path
) -> None:
    for model in (BASE, MODEL):
        made.run("registry", "evaluate", model)
    words = (MODEL, "--seeds", "1", "2", "--work", str(tmp_path / "work"), "--json")
    first = run(made, *words)
    assert first.returncode == 0, first.stderr
    assert f"seed 2: registry tune {MODEL}" in first.stderr
    assert "seed 1:" not in first.stderr  # the card's: its reports are here
    found: list[dict[str, Any]] = json.loads(first.stdout)["scores"]
    assert {one["benchmark"] for one in found} == {"evals-new-instances", "evals-new-tasks"}
    for one in found:
        values = list(one["seeds"].values())
        assert list(one["seeds"]) == ["1", "2"]
        assert one["before"] is not None
        assert (one["mean"], one["deviation"]) == (fmean(values), stdev(values))
    clone = Checkout(tmp_path / "work" / f"{MODEL}-2")
    other, own = clone.report("tune", MODEL), made.report("tune", MODEL)
    assert (other["settings"]["tune"]["seed"], own["settings"]["tune"]["seed"]) == (2, 1)
    assert other["outputs"][0]["sha256"] != own["outputs"][0]["sha256"]
    again = run(made, *words)
    assert (again.stdout, again.stderr) == (first.stdout, "")
