import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from registry.canonical import Row

HERE = Path(__file__).parent.parent.parent / "benchmarks"


def opened(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{file}_benchmark", HERE / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return opened("tune")


@pytest.fixture(scope="module")
def theirs() -> ModuleType:
    return opened("tune_trl")


@pytest.fixture
def table(tmp_path: Path, make_rows: Callable[..., list[Row]]) -> Path:
    from registry.canonical import write_rows

    write_rows(tmp_path / "rows.parquet", make_rows(12))
    return tmp_path / "rows.parquet"


def printed(
    benchmark: ModuleType,
    capsys: pytest.CaptureFixture[str],
    patch: pytest.MonkeyPatch,
    *words: Any,
) -> Any:
    patch.setattr(sys, "argv", ["tune.py", *map(str, words), "--threads", "1", "--json"])
    benchmark.main()
    return json.loads(capsys.readouterr().out)


def test_both_sides_are_told_the_same_tokens_to_learn(
    benchmark: ModuleType, theirs: ModuleType
) -> None:
    row = benchmark.as_plain((5, 6, 7), (False, False, True))
    assert row == {"tokens": [5, 6, 7], "learned": [0, 0, 1]}
    assert theirs.answer([row]) == {"input_ids": [5, 6, 7], "labels": [-100, -100, 7]}
    other = benchmark.as_plain((5, 6, 8, 9), (False, False, True, True))
    assert theirs.pair([row, other]) == {
        "prompt_ids": [5, 6],
        "chosen_ids": [7],
        "rejected_ids": [8, 9],
    }


def test_a_ratio_is_ours_over_theirs_and_the_best_is_the_fastest(benchmark: ModuleType) -> None:
    speeds = {
        "TRL, defaults": {"tokens": 100, "seconds": 4.0},
        "TRL, packing": {"tokens": 100, "seconds": 2.0},
        "ours": {"tokens": 100, "seconds": 1.0},
    }
    losses = {"trl": [2.0, 1.0], "nearest": [2.0, 1.5], "ours": [2.0, 0.5]}
    job = {"parameters": 10}
    found = benchmark.compared({"job": job, "matmul": 6e4, "speeds": speeds, "losses": losses})
    assert found["ratios"] == {"TRL, defaults": 4.0, "TRL, packing": 2.0}
    assert found["best"] == "TRL, packing"
    assert found["floor"] == 1000
    assert found["mfu"]["ours"] == 0.1
    assert found["largest_difference"] == 0.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--way", "packed"), "packed: is no way of TRL to tune by likelihood; known are defaults"),
        (("--rows", 0), "--rows and --rows-per-step: are 1 at least, and not 0 and 8"),
        (("--rows", 4), "--rows: 4 rows fill no step of 8"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_run(
    benchmark: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[Any, ...],
    said: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["tune.py", *map(str, words), "--against", "none"])
    with pytest.raises(SystemExit) as ended:
        benchmark.arguments()
    assert said in str(ended.value)


@pytest.mark.slow
def test_ours_alone_counts_every_token_after_the_first_step(
    benchmark: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tiny_folder: Path,
    table: Path,
) -> None:
    words = (tiny_folder, "--table", table, "--against", "none", "--device", "cpu")
    found = printed(benchmark, capsys, monkeypatch, *words, "--rows-per-step", 4)
    ours = found["speeds"]["ours"]
    assert found["job"]["rows"] == 12
    assert 0 < ours["tokens"] < found["job"]["tokens"]
    assert ours["steps"] > 1
    assert found["mfu"].keys() == {"ours"}


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="the extra `bench` has TRL")
def test_in_float32_our_losses_are_trl_s(
    benchmark: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tiny_folder: Path,
    table: Path,
) -> None:
    words = (tiny_folder, "--table", table, "--device", "cpu", "--precision", "fp32")
    found = printed(benchmark, capsys, monkeypatch, *words, "--rows-per-step", 4, "--way", "none")
    assert len(found["losses"]["trl"]) == 3
    assert found["largest_difference"] < 1e-4
    assert found["losses"]["ours"] == found["losses"]["nearest"]
