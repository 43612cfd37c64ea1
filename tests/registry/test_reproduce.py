import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from registry.errors import RegistryError
from registry.files import write_json, write_text
from registry.hashing import hash_file
from registry.place import Place
from registry.reports import Measurement, Report
from registry.reproduce import of_losses, of_results, read_losses, reproduce
from tests.registry.checkout import MODEL, Checkout, tuned_checkout


def test_equal_losses_are_within_the_band() -> None:
    assert of_losses([2.0, 1.0], [2.0, 1.0]) == ()


def test_a_loss_that_rounding_moves_is_within_the_band() -> None:
    assert of_losses([2.0, 0.2], [2.15, 0.29]) == ()


@pytest.mark.parametrize("flipped", [-1.0, 1.2, 0.8, float("nan")])
def test_a_flipped_loss_is_not_within_the_band_and_its_step_is_named(flipped: float) -> None:
    (found,) = of_losses([2.0, 1.0, 3.0], [2.0, flipped, 3.0])
    assert (found.field, found.was) == ("step 2", 1.0)


def test_a_missing_step_is_named() -> None:
    assert [str(one) for one in of_losses([2.0, 1.0], [2.0])] == ["losses: steps: 2 -> 1"]


def scored(value: float) -> Measurement:
    return Measurement(benchmark="b", metric="m", value=value, stderr=0.03, n=100)


@pytest.mark.parametrize(("now", "outside"), [(0.58, 0), (0.42, 0), (0.59, 1), (0.41, 1)])
def test_results_may_be_two_standard_errors_apart(now: float, outside: int) -> None:
    fresh = Report(stage="evaluate", id="x", measured={"results": (scored(now),)})
    assert len(of_results([scored(0.5)], fresh)) == outside


def test_a_result_that_is_missing_is_not_within_the_band() -> None:
    (found,) = of_results([scored(0.5)], Report(stage="evaluate", id="x"))
    assert (found.where, found.was, found.now) == ("results of b", 0.5, None)


def test_results_of_single_tasks_are_not_compared() -> None:
    one = replace(scored(0.5), subset="a task")
    assert of_results([one], Report(stage="evaluate", id="x")) == ()


def test_a_model_that_was_never_tuned_has_nothing_to_reproduce(root: Path) -> None:
    with pytest.raises(RegistryError, match="run `registry tune singer` first"):
        reproduce(Place(root=root), "singer", say=print)
    with pytest.raises(RegistryError, match="is not tuned here"):
        reproduce(Place(root=root), "nightingale", say=print)


slow = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Checkout:
    """Return a checkout in which the tiny model was tuned once."""
    return tuned_checkout(tmp_path_factory.mktemp("checkout"), tiny_folder)


@slow
def test_the_report_pins_code_versions_and_machine(made: Checkout) -> None:
    said = made.report("tune", MODEL)["environment"]
    revision = made.run("git", "rev-parse", "HEAD").stdout.strip()
    assert said["code"] == {"revision": revision, "dirty": False}
    assert {"torch", "transformers", "numpy"} <= said["versions"].keys()
    assert said["hardware"]["threads"] == 1


@slow
def test_a_second_run_from_a_clean_checkout_is_identical(made: Checkout) -> None:
    # What the clone must not take from here: it has to make these anew.
    shutil.rmtree(made.root / "data" / "canonical")
    shutil.rmtree(made.root / "data" / "mixtures")
    found = json.loads(made.run("registry", "reproduce", MODEL, "--json").stdout)
    assert (found["verdict"], found["differences"]) == ("identical", [])
    assert found["surroundings"] == []


@slow
def test_a_recipe_that_drifted_is_named_and_nothing_is_run(made: Checkout) -> None:
    made.edit("recipes/sft-small.yaml", "learning_rate: 3e-3", "learning_rate: 1e-3")
    done = made.run("registry", "reproduce", MODEL, fine=False)
    made.edit("recipes/sft-small.yaml", "learning_rate: 1e-3", "learning_rate: 3e-3")
    assert done.returncode == 1
    assert "recipes/sft-small: tune.learning_rate: 0.003 -> 0.001" in done.stdout
    assert "made again" not in done.stderr


@slow
def test_checking_alone_says_as_reported(made: Checkout) -> None:
    done = made.run("registry", "reproduce", MODEL, "--check")
    assert done.stdout.startswith(f"models/{MODEL}: as reported")


@slow
def test_a_flipped_loss_is_not_within_the_band(made: Checkout) -> None:
    curve = made.root / "reports" / "tune" / f"{MODEL}.loss.csv"
    told = made.root / "reports" / "tune" / f"{MODEL}.json"
    before = curve.read_text(), told.read_text()
    lines = before[0].splitlines()
    step, loss, *rest = lines[3].split(",")
    lines[3] = ",".join((step, f"-{loss}", *rest))
    write_text(curve, "\n".join(lines) + "\n")
    flipped = before[1].replace(
        next(
            one["sha256"]
            for one in json.loads(before[1])["outputs"]
            if one["path"].endswith(".loss.csv")
        ),
        hash_file(curve).sha256,
    )
    write_text(told, flipped)
    done = made.run("registry", "reproduce", MODEL, "--json", fine=False)
    write_text(curve, before[0])
    write_text(told, before[1])
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"]) == (1, "differs")
    fields = [one["field"] for one in found["differences"]]
    assert fields == ["sha256", "step 3"]
    assert read_losses(curve)[2] > 0


@slow
def test_other_weights_of_losses_in_the_band_are_named(made: Checkout) -> None:
    told = made.root / "reports" / "tune" / f"{MODEL}.json"
    before = told.read_text()
    sha256 = json.loads(before)["outputs"][0]["sha256"]
    # Without the folder, nothing here contradicts the report.
    (made.root / "models" / MODEL).rename(made.root / "models" / "aside")
    write_text(told, before.replace(sha256, "0" * 64))
    done = made.run("registry", "reproduce", MODEL)
    write_text(told, before)
    (made.root / "models" / "aside").rename(made.root / "models" / MODEL)
    assert done.stdout.startswith(f"models/{MODEL}: within band (each step's loss within 10%")
    assert f"model.safetensors: sha256: {'0' * 64} -> {sha256}" in done.stdout


@slow
def test_a_commit_that_is_not_here_is_named(made: Checkout) -> None:
    told = made.root / "reports" / "tune" / f"{MODEL}.json"
    report = json.loads(told.read_text())
    write_json(
        told,
        report
        | {"environment": {**report["environment"], "code": {"revision": "0" * 40, "dirty": True}}},
    )
    done = made.run("registry", "reproduce", MODEL, fine=False)
    write_json(told, report)
    assert done.returncode == 1
    assert f"commit {'0' * 40} of its report is not in" in done.stderr
