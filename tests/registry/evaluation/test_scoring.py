import pytest

from registry.evaluation.answers import Answer
from registry.evaluation.metrics import METRICS
from registry.evaluation.scoring import score
from registry.evaluation.summary import Summary


def given(task: str, answer: str, *references: str) -> Answer:
    return Answer(
        id=f"{task}:{answer}",
        task=task,
        prompt="?",
        answer=answer,
        references=references,
        tokens=1,
        truncated=False,
    )


ANSWERS = [
    given("sums", "4", "4", "four"),
    given("sums", "5", "6"),
    given("sums", "6", "6"),
    given("songs", "la la", "la la la"),
]


def test_every_metric_scores_all_answers() -> None:
    scored = score(ANSWERS, METRICS)
    assert {name: one.overall.n for name, one in scored.items()} == dict.fromkeys(METRICS, 4)


def test_the_overall_mean_counts_each_answer_once() -> None:
    assert score(ANSWERS, METRICS)["exact_match"].overall.mean == 0.5


def test_each_task_has_its_own_mean() -> None:
    tasks = score(ANSWERS, METRICS)["rouge_l"].tasks
    assert (tasks["songs"].mean, tasks["sums"].mean) == (0.8, 2 / 3)


def test_the_mean_of_tasks_counts_each_task_once() -> None:
    of_tasks = score(ANSWERS, METRICS)["exact_match"].of_tasks
    assert of_tasks is not None
    assert (of_tasks.mean, of_tasks.n) == (pytest.approx(1 / 3), 2)


def test_answers_without_tasks_have_no_mean_of_tasks() -> None:
    scored = score([given("", "a", "a")], METRICS)["exact_match"]
    assert (scored.overall, scored.of_tasks) == (Summary(1.0, None, 1), None)


def test_the_order_of_answers_does_not_matter() -> None:
    assert score(ANSWERS[::-1], METRICS) == score(ANSWERS, METRICS)


def test_no_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to summarise"):
        score([], METRICS)
