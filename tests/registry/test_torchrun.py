"""`registry tune` under torchrun, as it is typed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from registry import reports
from registry.canonical import Row, write_rows
from registry.reports import Report, artefact

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def mixed(root: Path, tiny_folder: Path, make_rows: Callable[..., list[Row]]) -> Path:
    """Return a root whose base and mixture are made, with a recipe of many steps."""
    table = root / "data" / "mixtures" / "songs-only" / "train.parquet"
    write_rows(table, make_rows(24))
    shutil.copytree(tiny_folder, root / "models" / "nightingale")
    weights = root / "models" / "nightingale" / "model.safetensors"
    for stage, id, made in (("mix", "songs-only", table), ("convert", "nightingale", weights)):
        reports.write(root, Report(stage=stage, id=id, outputs=(artefact(root, made),)))
    recipe = root / "cards" / "recipes" / "tiny.yaml"
    text = recipe.read_text().replace("steps: 2", "steps: 40\n  checkpoint_every: 5")
    recipe.write_text(text.replace("max_tokens: 32", "max_tokens: 64"))
    return root


def start(root: Path) -> "subprocess.Popen[str]":
    words = ["--standalone", "--nproc-per-node", "2", "-m", "registry.cli", "tune", "singer"]
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *words, "--root", str(root)],
        env=os.environ | {"TUNEDECK_DEVICE": "cpu", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(one) for one in listed]


def test_two_processes_write_one_report(mixed: Path) -> None:
    started = start(mixed)
    said, _ = started.communicate(timeout=300)
    assert started.returncode == 0, said
    assert said.count("tune singer: ") == 1
    report = json.loads((mixed / "reports" / "tune" / "singer.json").read_text())
    assert report["environment"]["processes"] == 2
    assert (mixed / "models" / "singer" / "model.safetensors").is_file()
    lines = (mixed / "reports" / "tune" / "singer.loss.csv").read_text().splitlines()
    assert len(lines) == 1 + 40


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks Linux who its children are")
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_the_other_with_a_sentence(mixed: Path, rank: int) -> None:
    started = start(mixed)
    checkpoints = mixed / "checkpoints" / "singer"
    while not list(checkpoints.glob("step-?")):
        assert started.poll() is None
        time.sleep(0.05)
    os.kill(children(started.pid)[rank], signal.SIGKILL)
    said, _ = started.communicate(timeout=100)
    assert started.returncode != 0
    assert said.count("another process of this run ended or does not answer") == 1, said
    assert len(list(checkpoints.glob("step-*[0-9]"))) == 1
    again = start(mixed)
    said, _ = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert "going on after step" in said
