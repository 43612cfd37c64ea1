import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from registry.canonical import read_rows, write_rows
from registry.cards.tuning import Tune
from registry.errors import RegistryError
from registry.tuning.checkpointing import NAME
from tests.registry.tuning.runs import BF16, LORA, SETTINGS, Killed, Run


@pytest.mark.parametrize("settings", [SETTINGS, BF16, LORA])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(
    run: Run, other: Run, settings: Tune
) -> None:
    whole = run.tune(settings)
    with pytest.raises(Killed):
        other.tune(settings, kill_at=7)
    resumed = other.tune(settings)
    assert resumed.resumed_from == 4
    assert other.losses == run.losses
    assert other.saved() == run.saved()
    seen = ("steps", "epochs", "tokens", "supervised_tokens", "first_loss", "last_loss", "packing")
    assert [getattr(resumed, name) for name in seen] == [getattr(whole, name) for name in seen]


def test_a_resumed_run_reports_its_own_speed(run: Run) -> None:
    with pytest.raises(Killed):
        run.tune(SETTINGS, kill_at=7)
    resumed = run.tune(SETTINGS)
    assert resumed.tokens_per_second * resumed.seconds < 0.8 * resumed.tokens


def test_a_checkpoint_that_cannot_be_read_is_named(run: Run) -> None:
    with pytest.raises(Killed):
        run.tune(SETTINGS, kill_at=7)
    last = run.folder / "checkpoints" / NAME
    last.write_bytes(last.read_bytes()[:100])
    with pytest.raises(RegistryError, match=r"cannot be read .*; remove it to start anew"):
        run.tune(SETTINGS)


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
import torch
from registry.canonical import read_rows
from registry.cards.tuning import Tune
from registry.tuning.loop import tune

torch.set_num_threads(1)
base, rows, folder = map(Path, sys.argv[1:4])

def log(step, measures):
    if step == 7:
        os.kill(os.getpid(), signal.SIGKILL)

tune(base, list(read_rows(rows)), {settings!r}, folder / "out", folder / "checkpoints",
     device="cpu", log=log, say=print, progress=False)
"""


def test_a_run_that_was_killed_outright_goes_on(run: Run, other: Run, tmp_path: Path) -> None:
    run.tune(SETTINGS)
    write_rows(tmp_path / "rows.parquet", other.rows)
    assert list(read_rows(tmp_path / "rows.parquet")) == other.rows
    script = KILLED.format(settings=SETTINGS)
    arguments = [str(each) for each in (other.base, tmp_path / "rows.parquet", other.folder)]
    ended = subprocess.run([sys.executable, "-c", script, *arguments], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    assert other.tune(SETTINGS).resumed_from == 4
    assert other.said == [f"{other.folder}/checkpoints: going on after step 4 of 9"]
    assert other.losses == pytest.approx(run.losses[4:], rel=1e-6)


def test_a_checkpoint_of_other_settings_is_discarded_with_a_sentence(run: Run, other: Run) -> None:
    changed = replace(SETTINGS, learning_rate=1e-3)
    other.tune(changed)
    with pytest.raises(Killed):
        run.tune(SETTINGS, kill_at=7)
    assert run.tune(changed).resumed_from == 0
    assert run.losses == other.losses
    (sentence,) = run.said
    assert "of other settings, rows or base weights; starting anew" in sentence


def test_a_checkpoint_of_other_rows_is_discarded(run: Run) -> None:
    with pytest.raises(Killed):
        run.tune(SETTINGS, kill_at=7)
    run.rows = run.rows[1:]
    assert run.tune(SETTINGS).resumed_from == 0


def test_only_the_last_checkpoint_is_kept_and_none_after_the_end(run: Run) -> None:
    with pytest.raises(Killed):
        run.tune(replace(SETTINGS, checkpoint_every=2), kill_at=7)
    checkpoints = run.folder / "checkpoints"
    assert [each.name for each in checkpoints.iterdir()] == [NAME]
    run.tune(SETTINGS)
    assert list(checkpoints.iterdir()) == []


SLOW_STEPS = replace(SETTINGS, steps=200, checkpoint_every=3)
TO_BE_KILLED = """
import sys
from pathlib import Path
import torch
from registry.canonical import read_rows
from registry.cards.tuning import Tune
from registry.tuning import checkpointing
from registry.tuning.loop import tune

torch.set_num_threads(1)
base, rows, folder = map(Path, sys.argv[1:4])
tune(base, list(read_rows(rows)), {settings!r}, folder / "out", folder / "checkpoints",
     device="cpu", log=lambda step, _: print(step, flush=True), say=lambda _: None, progress=False)
"""


def killed(steps: int, seconds: float, script: str, *arguments: Path) -> int:
    """Start a script, kill it so long after it took so many steps, and return how it ended."""
    words = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(words, env=os.environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(steps):
            process.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        return process.wait()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_is_killed_at_ten_random_moments_ends_with_the_same_bytes(
    run: Run, other: Run, tmp_path: Path
) -> None:
    run.tune(SLOW_STEPS)
    write_rows(tmp_path / "rows.parquet", other.rows)
    script = TO_BE_KILLED.format(settings=SLOW_STEPS)
    given = (other.base, tmp_path / "rows.parquet", other.folder)
    drawn = random.Random(17)
    for _ in range(10):
        moment = drawn.randrange(6), drawn.uniform(0, 0.1)
        assert killed(*moment, script, *given) == -signal.SIGKILL
    assert killed(0, 600, script, *given) == 0
    assert other.saved() == run.saved()
    assert list((other.folder / "checkpoints").iterdir()) == []


WRITING = """
import os, signal
from registry import files

real, written = files.settle, []

def settle(temporary, path):
    if path.name == checkpointing.NAME:
        written.append(path)
        if len(written) == 3:  # of this process: steps 12 and so on
            with temporary.open("rb+") as stream:
                stream.truncate(100)
            os.kill(os.getpid(), signal.SIGKILL)
    real(temporary, path)

files.settle = settle
"""
WRITTEN = """
import os, signal
import safetensors.torch

real, written = safetensors.torch.save_file, []

def save_file(tensors, path, metadata=None):
    written.append(path)
    if len(written) == 3:  # as safetensors does: all under a drawn name, then renamed
        real(tensors, path.with_name(".tmpDrawn"), metadata)
        os.kill(os.getpid(), signal.SIGKILL)
    real(tensors, path, metadata)

safetensors.torch.save_file = save_file
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", [WRITING, WRITTEN])
def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(
    run: Run, other: Run, tmp_path: Path, moment: str
) -> None:
    run.tune(SETTINGS)
    every = replace(SETTINGS, checkpoint_every=1)
    write_rows(tmp_path / "rows.parquet", other.rows)
    script = TO_BE_KILLED.format(settings=every).replace("torch.set_num", moment + "torch.set_num")
    given = (other.base, tmp_path / "rows.parquet", other.folder)
    assert killed(0, 60, script, *given) == -signal.SIGKILL
    left = {each.name for each in (other.folder / "checkpoints").iterdir()}
    assert left == {NAME, f"{NAME}.partial"}
    assert other.tune(SETTINGS).resumed_from == 2
    assert other.saved() == run.saved()
    assert list((other.folder / "checkpoints").iterdir()) == []
