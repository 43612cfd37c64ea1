"""`dvc repro` as it is shipped, in a real Git and DVC repository, on a tiny model and dataset.

The cards keep their ids, so that dvc.yaml and params.yaml are those of the project; only what they
describe is small.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from registry.hashing import hash_file
from tests.registry.checkout import BASE, DATA, MODEL, STEPS, TOP, Checkout, begun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Checkout:
    """Return a checkout in which `dvc repro` has run once."""
    root = tmp_path_factory.mktemp("checkout")
    checkout = begun(root, tiny_folder, "dvc.yaml", "params.yaml", ".dvcignore")
    checkout.run("dvc", "init", "-q")
    shutil.copy(TOP / ".dvc" / "config", root / ".dvc" / "config")
    checkout.run("git", "add", "-A")
    checkout.run("git", "commit", "-qm", "start")
    ran = checkout.repro()
    assert ran[-1] == "publish"
    assert len(ran) == 9
    return checkout


def test_the_reports_count_what_went_through(made: Checkout) -> None:
    converted = made.report("convert", DATA)["measured"]
    assert {"unit": "instances", "value": 120} in converted["scale"]
    assert {"unit": "instances", "value": 3} in converted["quarantined"]
    tuned = made.report("tune", MODEL)["measured"]
    assert tuned["steps"] == [{"value": STEPS}]
    assert tuned["loss"][1]["value"] < tuned["loss"][0]["value"]


def test_what_was_trained_on_first_is_kept_and_hashed(made: Checkout) -> None:
    kept = f"reports/tune/{MODEL}.samples.jsonl"
    shown = [json.loads(line) for line in (made.root / kept).read_text().splitlines()]
    assert [one["step"] for one in shown][:1] == [1]
    hashed = {one["path"]: one["sha256"] for one in made.report("tune", MODEL)["outputs"]}
    assert hashed[kept] == hash_file(made.root / kept).sha256
    again = made.run("registry", "show-batch", MODEL, "--json").stdout
    assert json.loads(again)["rows"] == shown


def test_the_learning_curve_has_every_step(made: Checkout) -> None:
    with (made.root / "reports" / "tune" / f"{MODEL}.loss.csv").open() as stream:
        assert [int(row["step"]) for row in csv.DictReader(stream)] == list(range(1, STEPS + 1))


def test_the_overview_has_scores_before_and_after(made: Checkout) -> None:
    found = json.loads(made.run("registry", "report", "run", "--json").stdout)
    assert {line["benchmark"] for line in found["scores"]} == {
        "evals-new-instances",
        "evals-new-tasks",
    }
    assert all(line["before"] and line["after"]["stderr"] is not None for line in found["scores"])


def test_lineage_is_proven_from_the_scores_to_the_files(made: Checkout) -> None:
    found = json.loads(made.run("registry", "lineage", MODEL, "--up", "--json").stdout)
    proofs = {(edge["source"], edge["target"]): edge["proof"] for edge in found["edges"]}
    assert proofs[f"datasets/{DATA}", "mixtures/evals-small"] == "proven"
    assert proofs["mixtures/evals-small", f"models/{MODEL}"] == "proven"
    assert proofs[f"models/{BASE}", f"models/{MODEL}"] == "proven"
    assert proofs[f"files/{DATA}/double.jsonl", f"datasets/{DATA}"] == "proven"


def test_a_second_repro_runs_nothing(made: Checkout) -> None:
    assert made.repro() == []


def test_nothing_that_repro_writes_is_untracked_but_reports(made: Checkout) -> None:
    found = made.run("git", "status", "--porcelain").stdout.split("\n")
    paths = {line[3:] for line in found if line}
    assert paths <= {"dvc.lock", "reports/"}


def test_editing_a_summary_runs_nothing(made: Checkout) -> None:
    made.edit(f"datasets/{DATA}.yaml", "summary: S.", "summary: Another.")
    assert made.repro() == []


def test_publishing_again_makes_nothing_new(made: Checkout) -> None:
    assert "nothing new" in made.run("registry", "publish").stderr


def test_verify_names_a_flipped_byte(made: Checkout) -> None:
    assert made.run("registry", "verify").returncode == 0
    path = made.root / "data" / "canonical" / DATA / "train.parquet"
    before = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(before[:100] + bytes([before[100] ^ 1]) + before[101:])
    done = made.run("registry", "verify", fine=False)
    path.write_bytes(before)
    assert done.returncode == 1
    assert done.stderr.startswith(f"data/canonical/{DATA}/train.parquet: has sha256 ")


def test_a_flipped_byte_in_a_native_file_is_refused_by_name_of_both_hashes(made: Checkout) -> None:
    path = made.root / "data" / "native" / DATA / "double.jsonl"
    before = path.read_bytes()
    right = hash_file(path).sha256
    path.write_bytes(before.replace(b"Say", b"Sax", 1))
    wrong = hash_file(path).sha256
    done = made.run("registry", "fetch", f"datasets/{DATA}", fine=False)
    path.write_bytes(before)
    assert done.returncode == 1
    assert right in done.stderr
    assert wrong in done.stderr
    assert "Traceback" not in done.stderr


def test_editing_convert_runs_only_what_depends_on_it(made: Checkout) -> None:
    made.edit(f"datasets/{DATA}.yaml", "limit: 50", "limit: 30")
    ran = made.repro()
    assert ran == [
        f"convert@{DATA}",
        "mix-evals-small",
        f"tune@{MODEL}",
        *[stage for stage in ran if stage.startswith("evaluate@")],
        "publish",
    ]


def _await(path: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while not path.is_file():
        assert process.poll() is None, "the tuning ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_killed_tuning_goes_on_and_ends_with_as_many_steps(made: Checkout) -> None:
    made.edit("recipes/sft-small.yaml", f"steps: {STEPS}", "steps: 400")
    process = subprocess.Popen(
        ["dvc", "repro"],
        cwd=made.root,
        env=made.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _await(made.root / "checkpoints" / MODEL / "last.safetensors", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (made.root / "models" / MODEL).exists()
    assert f"tune@{MODEL}" in made.repro()
    report = made.report("tune", MODEL)
    assert report["environment"]["resumed_from"] >= 5
    assert report["measured"]["steps"] == [{"value": 400}]
    curve = (made.root / "reports" / "tune" / f"{MODEL}.loss.csv").read_text().splitlines()
    assert len(curve) == 401


def test_without_a_source_the_rest_of_the_pipeline_still_runs(made: Checkout) -> None:
    (made.root / "owner" / "config.json").rename(made.root / "owner" / "gone.json")
    shutil.rmtree(made.root / "data" / "native" / BASE)
    made.edit(f"datasets/{DATA}.yaml", "limit: 30", "limit: 35")
    done = made.run("dvc", "repro", "--keep-going", fine=False)
    assert done.returncode != 0
    assert f"{BASE}: config.json" in done.stderr
    assert "Running stage 'convert@openai-evals'" in done.stdout
    assert "Running stage 'mix-evals-small'" in done.stdout
    assert {"unit": "instances", "value": 105} in made.report("convert", DATA)["measured"]["scale"]
