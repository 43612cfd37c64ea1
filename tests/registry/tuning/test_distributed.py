import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from registry.canonical import Message, Row, write_rows
from registry.cards.tuning import Lora, Policy, Tune, Virtual
from registry.errors import RegistryError
from registry.tuning import checkpointing, sharded
from registry.tuning.distributed import ALONE, Group, check, deal, group, passes
from registry.tuning.loop import tune
from tests.registry.tuning.runs import SETTINGS as FULL

SETTINGS = {
    "full": FULL,
    # One row or two a step, so that there is often nothing for the second process.
    "few": replace(FULL, tokens_per_step=80, max_tokens=72, unlikelihood=0.5),
    "accumulated": replace(FULL, tokens_per_step=512, tokens_at_once=128, recompute=True),
    # One dimension of each adapter is smaller than the number of processes.
    "lora": replace(FULL, method="lora", lora=Lora(rank=1, alpha=2), learning_rate=2e-2),
    "bf16": replace(FULL, precision="bf16"),
    "lora in bf16": replace(FULL, method="lora", lora=Lora(rank=4, alpha=8), precision="bf16"),
    "fp8": replace(FULL, precision="fp8", recompute=True),
}
EXACT = [name for name, settings in SETTINGS.items() if settings.precision == "fp32"]

WORKER = """
import json, os, signal, sys
from pathlib import Path
import torch
from registry.canonical import read_rows
from registry.cards.tuning import *
from registry.errors import RegistryError
from registry.tuning.distributed import joined
from registry.tuning.loop import tune

torch.set_num_threads(1)
base, rows = map(Path, sys.argv[1:3])
rows = list(read_rows(rows))

class Stopped(Exception):
    pass

def run(group, folder, settings, stop):
    seen = {{}}
    def log(step, measures):
        if step == stop:
            raise Stopped
        if -step == stop and group.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        seen[step] = dict(measures)
    try:
        tune(base, rows, settings, folder / "out", folder / "checkpoints", device="cpu",
             group=group, log=log, say=lambda _: None, progress=False)
    except Stopped:
        pass
    if group.leads:
        (folder / "seen.json").write_text(json.dumps(seen))

try:
    with joined("cpu") as group:
        for folder, settings, stop in {runs!r}:
            run(group, Path(folder), settings, stop)
except RegistryError as error:
    sys.exit(str(error))
"""
# Where a run stops: nowhere, at a step by an exception, or (negative) by a kill of one process.
Runs = list[tuple[str, Tune, int]]


def launched(base: Path, rows: Path, runs: Runs, size: int = 2) -> list[tuple[int, str]]:
    """Run worker processes as torchrun does; return how each ended and what it said."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    for folder, _, _ in runs:
        Path(folder).mkdir(parents=True, exist_ok=True)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER.format(runs=runs), str(base), str(rows)],
            env=os.environ
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
            | {"WORLD_SIZE": str(size), "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    said = [one.communicate(timeout=200)[1] for one in started]
    return [(one.returncode, text) for one, text in zip(started, said, strict=True)]


class Stopped(Exception):
    """Stands for a kill inside one process."""


def alone(base: Path, rows: list[Row], folder: Path, settings: Tune, stop: int = 0) -> None:
    """Tune in this process; keep what was logged of each step."""
    seen: dict[int, Mapping[str, float]] = {}

    def log(step: int, measures: Mapping[str, float]) -> None:
        if step == stop:
            raise Stopped
        seen[step] = measures

    given: Any = {"device": "cpu", "log": log, "say": lambda _: None, "progress": False}
    with suppress(Stopped):
        tune(base, rows, settings, folder / "out", folder / "checkpoints", **given)
    (folder / "seen.json").write_text(json.dumps(seen))


def seen_in(folder: Path) -> dict[int, dict[str, float]]:
    text = (folder / "seen.json").read_text(encoding="utf-8")
    return {int(step): measures for step, measures in json.loads(text).items()}


def weights_in(checkpoints: Path, names: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Read the float32 weights of a checkpoint of any number of processes."""
    (path,) = checkpoints.iterdir()
    found = {name: torch.empty_like(tensor) for name, tensor in names.items()}
    sharded.read(path if path.is_dir() else checkpoints, found, ALONE)
    return found


def ragged_rows(number: int = 24) -> list[Row]:
    return [
        Row(
            id=f"songs:{n}",
            dataset="songs",
            task="sing",
            split="train",
            messages=(Message("user", "Sing." * (1 + n % 4)),),
            references=("la" * (1 + n % 3),),
            rejected=("no",) if n % 12 == 0 else (),
        )
        for n in range(number)
    ]


Done = dict[str, tuple[Path, Path]]


@pytest.fixture(scope="module")
def done(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Make every run by one process and by two; all of two in one start, which takes seconds."""
    top = tmp_path_factory.mktemp("distributed")
    rows = ragged_rows()
    write_rows(top / "rows.parquet", rows)
    found = {}
    runs: Runs = []
    for name, settings in SETTINGS.items():
        one, two = top / "one" / name, top / "two" / name
        alone(tiny_folder, rows, one, settings, stop=9)
        runs.append((str(two), settings, 9))
        found[name] = one, two
    for name in ("full", "lora"):
        # Begun by one process, gone on with by two; and begun by two.
        mixed, begun = top / f"one to two, {name}", top / f"two to one, {name}"
        alone(tiny_folder, rows, mixed, SETTINGS[name], stop=7)
        runs += [(str(mixed), SETTINGS[name], 0), (str(begun), SETTINGS[name], 7)]
        found[f"one to two, {name}"] = found[f"two to one, {name}"] = (mixed, begun)
    # The same run of two once more, stopped and gone on with by two.
    again = top / "two to two"
    runs += [(str(again), SETTINGS["lora"], 7), (str(again), SETTINGS["lora"], 0)]
    found["two to two"] = again, again
    ended = launched(tiny_folder, top / "rows.parquet", runs)
    assert [code for code, _ in ended] == [0, 0], ended
    return found


@pytest.mark.parametrize("name", EXACT)
def test_two_processes_take_the_steps_of_one(done: Done, name: str) -> None:
    one, two = map(seen_in, done[name])
    assert two.keys() == one.keys()
    for step, measures in one.items():
        for what in set(measures) - {"tokens_per_second"}:
            assert two[step][what] == pytest.approx(measures[what], rel=1e-5), (step, what)


@pytest.mark.parametrize("name", EXACT)
def test_two_processes_make_the_weights_of_one(done: Done, name: str) -> None:
    one, two = done[name]
    whole = load_file(one / "checkpoints" / checkpointing.NAME)
    expected = {n: each for n, each in whole.items() if n.startswith("weight/")}
    found = weights_in(two / "checkpoints", expected)
    for tensor, weight in expected.items():
        assert torch.allclose(found[tensor], weight, rtol=1e-5, atol=1e-5), tensor


@pytest.mark.parametrize("name", ["full", "lora"])
def test_two_processes_go_on_where_one_stopped(done: Done, name: str) -> None:
    whole, mixed = seen_in(done[name][0]), done[f"one to two, {name}"][0]
    seen = seen_in(mixed)
    assert list(seen) == [5, 6, 7, 8, 9]
    for step in range(5, 9):
        assert seen[step]["loss"] == pytest.approx(whole[step]["loss"], rel=1e-5)
    assert list((mixed / "checkpoints").iterdir()) == []
    assert (mixed / "out" / "model.safetensors").is_file()


@pytest.mark.parametrize("name", ["full", "lora"])
def test_one_process_goes_on_where_two_stopped(
    done: Done, name: str, tiny_folder: Path, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    shutil.copytree(done[f"two to one, {name}"][1], begun)
    assert [one.name for one in (begun / "checkpoints").iterdir()] == ["step-4"]
    alone(tiny_folder, ragged_rows(), begun, SETTINGS[name])
    whole, seen = seen_in(done[name][0]), seen_in(begun)
    assert list(seen) == [5, 6, 7, 8, 9]
    for step in range(5, 9):
        assert seen[step]["loss"] == pytest.approx(whole[step]["loss"], rel=1e-5)
    assert list((begun / "checkpoints").iterdir()) == []


def test_two_processes_that_were_stopped_end_as_if_they_were_not(done: Done) -> None:
    whole, seen = seen_in(done["lora"][1]), seen_in(done["two to two"][0])
    assert [seen[step]["loss"] for step in range(5, 9)] == [
        whole[step]["loss"] for step in range(5, 9)
    ]


@pytest.mark.parametrize("name", ["bf16", "lora in bf16", "fp8"])
def test_two_processes_learn_in_fewer_bits_as_one_does(done: Done, name: str) -> None:
    one, two = map(seen_in, done[name])
    # Within the noise of bfloat16, of which one process rounds its weights at random, and of fp8,
    # whose scale is that of what a process has at once.
    assert two[8]["loss"] == pytest.approx(one[8]["loss"], rel=0.05)


def test_two_processes_multiply_in_fp8_too(done: Done) -> None:
    plain, found = (seen_in(done[name][1]) for name in ("bf16", "fp8"))
    assert found[1]["loss"] == pytest.approx(plain[1]["loss"], rel=0.05)
    assert found[1]["loss"] != plain[1]["loss"]


def test_adapters_of_two_processes_are_written_beside_the_merged_weights(done: Done) -> None:
    adapter = done["two to two"][0] / "out" / "adapter" / "adapter_model.safetensors"
    assert any("lora_A" in name for name in load_file(adapter))


def test_what_one_kill_leaves_is_said_in_one_sentence_and_the_checkpoint_stays(
    tiny_folder: Path, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.parquet", ragged_rows())
    runs = [(str(tmp_path / "run"), FULL, -7)]
    first, killed = launched(tiny_folder, tmp_path / "rows.parquet", runs)
    assert killed[0] == -signal.SIGKILL
    assert first[0] == 1
    (sentence,) = first[1].splitlines()
    assert "another process of this run ended" in sentence
    assert [one.name for one in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-4"]


def test_what_a_killed_write_left_of_parts_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "step-8.partial").mkdir()
    assert sharded.states(tmp_path) == []
    sharded.discard(tmp_path)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.integers(1, 128), min_size=1, max_size=40), st.integers(1, 5))
def test_every_unit_counts_in_one_process_and_all_pass_as_often(
    lengths: list[int], size: int
) -> None:
    every = [passes(lengths, 128, Group(rank, size)) for rank in range(size)]
    counted = [at for own in every for one, counts in own if counts for at in one]
    assert sorted(counted) == list(range(len(lengths)))
    assert len({len(own) for own in every}) == 1
    assert all(sum(lengths[at] for at in one) <= 128 for own in every for one, _ in own)


@given(st.lists(st.integers(1, 128), min_size=1, max_size=40), st.integers(1, 5))
def test_no_process_has_a_unit_more_than_another_but_for_the_last(
    lengths: list[int], size: int
) -> None:
    tokens = [sum(lengths[at] for at in hand) for hand in deal(lengths, size)]
    assert max(tokens) - min(tokens) <= max(lengths)


def test_the_environment_says_who_takes_part(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    assert group() == ALONE
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert group() == ALONE
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    assert group() == Group(2, 4)
    assert not group().leads


PROMPT = replace(FULL, method="prompt", virtual=Virtual(tokens=4))
POLICY = Policy(reward="constraints", rows=1, answers=2, max_new_tokens=4)


@pytest.mark.parametrize(
    "settings", [PROMPT, replace(FULL, objective="policy", policy=POLICY)], ids=["prompt", "policy"]
)
def test_what_several_processes_cannot_do_is_refused(settings: Tune) -> None:
    check(settings, ALONE)
    with pytest.raises(RegistryError, match="takes one process, not 2; start it without torchrun"):
        check(settings, Group(0, 2))
