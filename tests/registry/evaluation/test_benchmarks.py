from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch

from registry import checkpoints, virtual
from registry.canonical import Message, Row
from registry.errors import RegistryError
from registry.evaluation.answers import read
from registry.evaluation.benchmarks import Evaluated, evaluate
from registry.evaluation.metrics import METRICS
from registry.evaluation.scoring import score

Rows = Callable[..., list[Row]]
Run = Callable[..., Evaluated]


@pytest.fixture
def run(tiny_folder: Path, tmp_path: Path) -> Run:
    def one(rows: list[Row], **more: Any) -> Evaluated:
        settings: dict[str, Any] = {
            "metrics": ["exact_match", "rouge_l"],
            "max_new_tokens": 6,
            "answers": tmp_path / "answers.jsonl",
            "weights": "a" * 64,
            "benchmark": "md5:b",
            "device": "cpu",
            "precision": "fp32",
            "say": lambda line: None,
        }
        return evaluate(tiny_folder, rows, **(settings | more))

    return one


def two_tasks(rows: list[Row]) -> list[Row]:
    return [replace(row, task=f"task {at % 2}") for at, row in enumerate(rows)]


def test_every_row_has_an_answer_in_the_order_of_the_benchmark(
    run: Run, make_rows: Rows, tmp_path: Path
) -> None:
    evaluated = run(make_rows(5))
    _, found = read(tmp_path / "answers.jsonl")
    assert [one.id for one in found] == [f"songs:{n}" for n in range(5)]
    assert evaluated.n == 5


def test_an_answer_keeps_its_prompt_as_rendered(run: Run, make_rows: Rows, tmp_path: Path) -> None:
    run(make_rows(1))
    (found,) = read(tmp_path / "answers.jsonl")[1]
    assert found.prompt == "<|im_start|>user\nSing.<|im_end|>\n<|im_start|>assistant\n"


def test_scores_can_be_had_again_from_the_answers_alone(
    run: Run, make_rows: Rows, tmp_path: Path
) -> None:
    evaluated = run(two_tasks(make_rows(5)))
    metrics = {name: METRICS[name] for name in evaluated.scores}
    assert score(read(tmp_path / "answers.jsonl")[1], metrics) == evaluated.scores


def test_an_answer_that_equals_its_reference_scores_1(
    run: Run, make_rows: Rows, tmp_path: Path
) -> None:
    run(make_rows(3))
    said = {one.id: one.answer for one in read(tmp_path / "answers.jsonl")[1]}
    rows = [replace(row, references=("no", said[row.id])) for row in make_rows(3)]
    scores = run(rows, benchmark="md5:other", metrics=["exact_match"]).scores
    assert scores["exact_match"].overall.mean == 1.0


def test_virtual_tokens_are_part_of_the_model(
    make_rows: Rows, tiny_folder: Path, tiny: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    copytree(tiny_folder, folder)

    def kept() -> int:
        given: dict[str, Any] = {"metrics": ["rouge_l"], "weights": "a", "benchmark": "b"}
        given |= {"max_new_tokens": 3, "device": "cpu", "say": lambda line: None}
        return evaluate(folder, make_rows(4), answers=tmp_path / "answers.jsonl", **given).kept

    assert kept() == 0
    virtual.write(folder / checkpoints.ADAPTER, "prompt", torch.ones(3, 32), tiny, "tiny")
    assert [kept(), kept()] == [0, 4]
    virtual.write(folder / checkpoints.ADAPTER, "prompt", torch.zeros(3, 32), tiny, "tiny")
    assert kept() == 0


def test_a_second_evaluation_generates_nothing(run: Run, make_rows: Rows) -> None:
    first = run(make_rows(4))
    lines: list[str] = []
    second = run(make_rows(4), say=lines.append)
    assert (second.kept, second.tokens_per_second) == (4, None)
    assert (second.scores, second.tokens) == (first.scores, first.tokens)
    assert lines == ["answers.jsonl: 4 of 4 answers are there from an earlier run"]


def test_other_weights_are_answered_anew(run: Run, make_rows: Rows) -> None:
    run(make_rows(2))
    assert run(make_rows(2), weights="b" * 64).kept == 0


def test_two_evaluations_leave_the_same_bytes(run: Run, make_rows: Rows, tmp_path: Path) -> None:
    run(make_rows(6), answers=tmp_path / "a.jsonl")
    run(make_rows(6), answers=tmp_path / "b.jsonl", batch_tokens=40)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_tokens_and_truncated_answers_are_counted(
    run: Run, make_rows: Rows, tmp_path: Path
) -> None:
    evaluated = run(make_rows(4))
    found = read(tmp_path / "answers.jsonl")[1]
    assert evaluated.tokens == sum(one.tokens for one in found)
    assert evaluated.truncated == sum(one.truncated for one in found)
    assert evaluated.tokens_per_second == pytest.approx(evaluated.tokens / evaluated.seconds)


def test_device_and_precision_are_said(run: Run, make_rows: Rows) -> None:
    evaluated = run(make_rows(1))
    assert (evaluated.device, evaluated.precision) == ("cpu", "fp32")


def test_bfloat16_is_said_too(run: Run, make_rows: Rows, tmp_path: Path) -> None:
    assert run(make_rows(1), precision="bf16").precision == "bf16"
    assert read(tmp_path / "answers.jsonl")[0].precision == "bf16"


def test_results_are_overall_over_tasks_and_by_task(run: Run, make_rows: Rows) -> None:
    results = run(two_tasks(make_rows(5))).results("new-songs")
    assert [one.qualifiers for one in results[:4]] == [
        {"benchmark": "new-songs", "metric": "exact_match"},
        {"benchmark": "new-songs", "metric": "exact_match", "unit": "tasks"},
        {"benchmark": "new-songs", "metric": "exact_match", "subset": "task 0"},
        {"benchmark": "new-songs", "metric": "exact_match", "subset": "task 1"},
    ]
    assert [one.n for one in results[:4]] == [5, 2, 3, 2]
    assert {one.metric for one in results[4:]} == {"rouge_l"}


def test_no_rows_are_refused(run: Run) -> None:
    with pytest.raises(RegistryError, match="the benchmark has no rows"):
        run([])


def test_a_row_without_reference_is_refused_before_the_model_is_opened(
    run: Run, make_rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "open_model", None)
    first, second = make_rows(2)
    with pytest.raises(RegistryError, match="songs:1: it has no reference to score by"):
        run([first, replace(second, references=())])


def test_two_rows_of_one_id_are_refused(run: Run, make_rows: Rows) -> None:
    (row,) = make_rows(1)
    with pytest.raises(RegistryError, match="songs:0: 2 rows of the benchmark have this id"):
        run([row, row])


def test_an_unknown_metric_is_refused(run: Run, make_rows: Rows) -> None:
    with pytest.raises(RegistryError, match="metrics: 'rouge' is not known here"):
        run(make_rows(1), metrics=["rouge"])


def test_a_metric_from_outside_scores_too(run: Run, make_rows: Rows) -> None:
    known = {"length": lambda answer, references: min(1.0, len(answer))}
    assert list(run(make_rows(2), metrics=["length"], known=known).scores) == ["length"]


def test_a_killed_evaluation_goes_on_where_it_was(
    run: Run, make_rows: Rows, tmp_path: Path
) -> None:
    rows = [
        replace(row, messages=(Message("user", f"Sing {at} times."),))
        for at, row in enumerate(make_rows(6))
    ]
    run(rows, answers=tmp_path / "whole.jsonl", batch_tokens=120)
    lines = (tmp_path / "whole.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "answers.jsonl.partial").write_bytes(b"".join(lines[:4]) + lines[4][:20])
    assert run(rows, batch_tokens=120).kept == 3
    assert (tmp_path / "answers.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
