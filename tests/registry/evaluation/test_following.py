"""A model's own answers held against the instructions of their rows."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.canonical import Constraint, Row
from registry.errors import RegistryError
from registry.evaluation.answers import Answer
from registry.evaluation.benchmarks import evaluate
from registry.evaluation.following import NAMES, check, followed, scorers

Rows = Callable[..., list[Row]]
NO_COMMA = Constraint("punctuation:no_comma")
SHOUTED = Constraint("change_case:english_capital", "{}")


def answer(id: str, text: str) -> Answer:
    return Answer(id=id, task="", prompt="", answer=text, references=(), tokens=1, truncated=False)


def test_each_metric_is_its_accuracy(make_rows: Rows) -> None:
    one, two = make_rows(2)
    rows = [
        replace(one, constraints=(NO_COMMA,)),
        replace(two, constraints=(NO_COMMA, SHOUTED)),
    ]
    answers = [answer(one.id, "A song"), answer(two.id, "No, never")]
    found = followed(rows, check(rows, answers), NAMES)
    assert {name: one.overall.mean for name, one in found.items()} == {
        "prompt_strict": 0.5,
        "prompt_loose": 0.5,
        "instruction_strict": pytest.approx(1 / 3),
        "instruction_loose": pytest.approx(1 / 3),
        "strict_average": pytest.approx((0.5 + 1 / 3) / 2),
    }
    assert found["instruction_strict"].tasks["punctuation:no_comma"].mean == 0.5
    assert found["prompt_strict"].tasks == {}


def evaluated(folder: Path, rows: list[Row], tmp_path: Path, metrics: tuple[str, ...]) -> Any:
    return evaluate(
        folder,
        rows,
        metrics=metrics,
        max_new_tokens=4,
        answers=tmp_path / "answers.jsonl",
        weights="a" * 64,
        benchmark="md5:b",
        device="cpu",
        precision="fp32",
        say=lambda line: None,
    )


def test_rows_without_references_are_scored_by_their_instructions(
    tiny_folder: Path, make_rows: Rows, tmp_path: Path
) -> None:
    rows = [replace(one, references=(), constraints=(NO_COMMA,)) for one in make_rows(3)]
    done = evaluated(tiny_folder, rows, tmp_path, NAMES)
    assert list(done.scores) == list(NAMES)
    assert {one.metric for one in done.results("verses")} == set(NAMES)


def test_a_row_without_an_instruction_is_refused_before_an_answer_is_given(
    tiny_folder: Path, make_rows: Rows, tmp_path: Path
) -> None:
    with pytest.raises(RegistryError, match="it has no instruction to verify"):
        evaluated(tiny_folder, make_rows(2), tmp_path, NAMES)
    assert not list(tmp_path.iterdir())


def test_scorers_are_named_with_version_and_digest() -> None:
    found = scorers(("exact_match", "prompt_strict", "prompt_loose"))
    assert found["prompt_strict"] == found["prompt_loose"] != found["exact_match"]
    assert found["prompt_strict"]["version"] == "ifeval-1+ifbench-1+m-ifeval-1"


def test_the_average_s_standard_error_takes_both_accuracies_of_a_prompt_as_one_draw(
    make_rows: Rows,
) -> None:
    rows = [replace(one, constraints=(NO_COMMA,)) for one in make_rows(4)]
    said = ["A song", "No, never", "A song", "A song"]
    answers = [answer(row.id, text) for row, text in zip(rows, said, strict=True)]
    found = followed(rows, check(rows, answers), NAMES)
    # With one instruction in each prompt both accuracies are the same number.
    both, single = found["strict_average"].overall, found["prompt_strict"].overall
    assert (both.mean, both.n) == (single.mean, single.n)
    assert both.stderr == pytest.approx(single.stderr)
    alone = followed(rows[:1], check(rows[:1], answers[:1]), NAMES)
    assert alone["strict_average"].overall.stderr is None
