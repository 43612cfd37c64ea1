"""A benchmark of multiple choice run on a tiny model, and its scores counted again."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.canonical import Message, Row
from registry.errors import RegistryError
from registry.evaluation import items, options
from registry.evaluation.answers import choice_of
from registry.evaluation.benchmarks import Evaluated
from registry.evaluation.ranking import BY, chosen, evaluate, with_examples

Run = Callable[..., Evaluated]
HEAD = "The following are questions about  art."


def quiz(number: int, split: str = "test") -> list[Row]:
    return [
        Row(
            id=f"quiz:{split}:{n}",
            dataset="quiz",
            task=f"art {n % 2}",
            split=split,
            messages=(Message("user", f"{HEAD}\n\nWho sings {n}?\nA. harp\nB. tenor\nAnswer:"),),
            references=("AB"[n // 2 % 2],),
            definition=HEAD,
            options=("harp", "tenor"),
        )
        for n in range(number)
    ]


@pytest.fixture
def run(tiny_folder: Path, tmp_path: Path) -> Run:
    def one(rows: list[Row], **more: Any) -> Evaluated:
        settings: dict[str, Any] = {
            "metrics": ["accuracy", "accuracy_norm"],
            "show": "texts",
            "chat": False,
            "shots": 0,
            "answers": tmp_path / "quiz.jsonl",
            "weights": "a" * 64,
            "benchmark": "md5:b",
            "device": "cpu",
            "say": lambda line: None,
        }
        return evaluate(tiny_folder, rows, **(settings | more))

    return one


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_scores_of_all_options_are_kept_in_the_order_of_the_benchmark(
    run: Run, tmp_path: Path
) -> None:
    rows = quiz(5)
    run(rows)
    head, *found = lines(tmp_path / "quiz.jsonl")
    assert head["precision"] == "fp32"
    assert [one["id"] for one in found] == [row.id for row in rows]
    assert all(len(one["scores"]) == 2 and one["options"] == ["harp", "tenor"] for one in found)
    assert [one["answer"] for one in found] == [0, 0, 1, 1, 0]


def test_the_scores_can_be_counted_again_from_the_file_alone(run: Run, tmp_path: Path) -> None:
    done = run(quiz(8))
    choices = [choice_of(one) for one in lines(tmp_path / "quiz.jsonl")[1:]]
    for name, by in BY.items():
        right = [chosen(one, by) == one.answer for one in choices]
        assert done.scores[name].overall.mean == sum(right) / 8
    verdicts = lines(items.beside(tmp_path / "quiz.jsonl"))
    assert [one["chosen"]["accuracy"] for one in verdicts] == [
        chosen(one, "sum") for one in choices
    ]
    assert [one["key"] for one in verdicts] == [one.id for one in choices]


def test_two_evaluations_leave_the_same_bytes(run: Run, tmp_path: Path) -> None:
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    run(quiz(6), answers=a)
    run(quiz(6), answers=b)
    assert a.read_bytes() == b.read_bytes()
    assert items.beside(a).read_bytes() == items.beside(b).read_bytes()


def test_an_interrupted_ranking_goes_on_where_it_was(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(quiz(6), answers=tmp_path / "whole.jsonl", batch_tokens=400)
    real, scored = options._scored, []

    def killed(model: Any, batch: Any) -> Any:
        if len(scored) == 2:
            raise KeyboardInterrupt
        scored.append(batch)
        return real(model, batch)

    monkeypatch.setattr(options, "_scored", killed)
    with pytest.raises(KeyboardInterrupt):
        run(quiz(6), batch_tokens=400)
    assert not items.beside(tmp_path / "quiz.jsonl").exists()
    monkeypatch.setattr(options, "_scored", real)
    done = run(quiz(6), batch_tokens=400)
    assert 0 < done.kept < 6
    assert done.scores == whole.scores
    assert (tmp_path / "quiz.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_all_is_kept_and_nothing_is_read_a_second_time(run: Run) -> None:
    first, second = run(quiz(4)), run(quiz(4))
    assert (first.kept, second.kept, second.tokens_per_second) == (0, 4, None)
    assert (second.scores, second.tokens) == (first.scores, first.tokens)
    assert second.truncated is None


@pytest.mark.parametrize("other", [{"shots": 1}, {"show": "letters"}, {"chat": True}])
def test_what_is_shown_otherwise_is_ranked_anew(run: Run, other: dict[str, Any]) -> None:
    rows = with_examples(quiz(2), quiz(4, "dev"), 1)
    run(rows)
    assert run(rows, **other).kept == 0


def test_examples_are_those_of_the_row_s_task_with_their_answers(run: Run, tmp_path: Path) -> None:
    (row, _) = with_examples(quiz(2), quiz(6, "dev"), 2)
    assert [(one.input.splitlines()[0], one.output) for one in row.positives] == [
        ("Who sings 0?", "A"),
        ("Who sings 2?", "B"),
    ]
    run([row], shots=2, show="letters")
    (found,) = lines(tmp_path / "quiz.jsonl")[1:]
    assert found["prompt"].startswith(
        f"{HEAD}\n\nWho sings 0?\nA. harp\nB. tenor\nAnswer: A\n\nWho"
    )
    assert found["prompt"].endswith("Who sings 0?\nA. harp\nB. tenor\nAnswer:")
    assert found["options"] == ["A", "B"]


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(RegistryError, match="its task 'art 0' has 1 examples, 2 are asked for"):
        with_examples(quiz(1), quiz(2, "dev"), 2)


def test_a_conversation_is_put_in_the_model_s_template(run: Run, tmp_path: Path) -> None:
    turns = (Message("user", "Hi!"), Message("assistant", "Hello."), Message("user", "Sing."))
    run([replace(quiz(1)[0], messages=turns, references=("tenor",))], chat=True)
    (found,) = lines(tmp_path / "quiz.jsonl")[1:]
    assert "<|im_start|>assistant\nHello.<|im_end|>" in found["prompt"]
    assert found["prompt"].endswith("<|im_start|>assistant\n")
    assert found["answer"] == 1


def test_a_row_whose_reference_is_no_option_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="quiz:test:0: no option is its reference"):
        run([replace(quiz(1)[0], references=("flute",))])
    assert not (tmp_path / "quiz.jsonl").exists()


def test_scores_are_folded_by_task(run: Run) -> None:
    results = run(quiz(6), metrics=["accuracy"]).results("quiz")
    assert [(one.unit, one.subset, one.n) for one in results] == [
        (None, None, 6),
        ("tasks", None, 2),
        (None, "art 0", 3),
        (None, "art 1", 3),
    ]
