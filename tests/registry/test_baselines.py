from math import hypot, sqrt
from pathlib import Path

import pytest

from registry.baselines import change, guess
from registry.index import Registry, load
from registry.query import by_stage
from registry.reports import Known, Measurement, Report


def score(value: float, n: int = 4, metric: str = "exact_match", **narrower: str) -> Measurement:
    return Measurement(
        benchmark="new-songs", metric=metric, value=value, stderr=0.1, n=n, **narrower
    )


def known(before: dict[str, float], after: dict[str, float], *, tasks: int = 2) -> Known:
    """Reports of a model and its base, with a score of each task of `tasks` rows."""

    def report(id: str, of: dict[str, float]) -> Report:
        mean = sum(of.values()) / len(of)
        each = [score(value, tasks, subset=task) for task, value in of.items()]
        whole = (score(mean, tasks * len(of)), score(mean, len(of), unit="tasks"))
        return Report(stage="evaluate", id=id, measured={"results": (*whole, *each)})

    return by_stage([report("nightingale", before), report("singer", after)])


def test_the_error_of_a_change_is_that_over_tasks() -> None:
    reports = known({"hum": 0.0, "sing": 0.5}, {"hum": 0.2, "sing": 0.9})
    found = change(reports, "nightingale", "singer", score(0.55))
    # Differences 0.2 and 0.4, two rows each: their mean is 0.3, both are 0.1 off it.
    assert found == {
        "value": pytest.approx(0.3),
        "stderr": pytest.approx(sqrt(2 * (2 * 0.1) ** 2 * 2) / 4),
    }


def test_tasks_that_rise_alike_leave_no_doubt_about_the_change() -> None:
    reports = known({"hum": 0.0, "sing": 0.5}, {"hum": 0.25, "sing": 0.75})
    found = change(reports, "nightingale", "singer", score(0.5))
    assert found == {"value": pytest.approx(0.25), "stderr": pytest.approx(0)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"hum": 0.5}, {"hum": 0.75}),
        ({"hum": 0.5, "sing": 0.5}, {"hum": 0.75, "whistle": 0.75}),
    ],
    ids=["one task", "other tasks"],
)
def test_without_the_same_several_tasks_the_scores_are_taken_as_independent(
    before: dict[str, float], after: dict[str, float]
) -> None:
    found = change(known(before, after), "nightingale", "singer", score(0.75))
    assert found == {"value": 0.25, "stderr": pytest.approx(hypot(0.1, 0.1))}


def test_tasks_that_are_not_all_of_the_benchmark_do_not_stand_for_it() -> None:
    reports = known({"hum": 0.0, "sing": 0.5}, {"hum": 0.2, "sing": 0.9})
    found = change(reports, "nightingale", "singer", score(0.55, 900))
    assert found == {"value": pytest.approx(0.3), "stderr": pytest.approx(hypot(0.1, 0.1))}


def test_the_score_of_a_single_task_has_its_own_error() -> None:
    reports = known({"hum": 0.0, "sing": 0.5}, {"hum": 0.2, "sing": 0.9})
    found = change(reports, "nightingale", "singer", score(0.9, 2, subset="sing"))
    assert found == {"value": pytest.approx(0.4), "stderr": pytest.approx(hypot(0.1, 0.1))}


def test_in_a_mean_over_tasks_each_counts_once() -> None:
    reports = known({"hum": 0.0, "sing": 0.5}, {"hum": 0.2, "sing": 0.9}, tasks=50)
    found = change(reports, "nightingale", "singer", score(0.55, 2, unit="tasks"))
    assert found is not None
    assert found["stderr"] == pytest.approx(0.1)


def test_a_base_without_the_score_leaves_the_change_open() -> None:
    assert change({}, "nightingale", "singer", score(0.5)) is None


def mixed(**ways: tuple[float, int]) -> Report:
    measured = {
        way: (
            Measurement(value=value, split="held_out_instances", n=n),
            Measurement(value=0.99, split="held_out_tasks", n=n),
        )
        for way, (value, n) in ways.items()
    }
    return Report(stage="mix", id="songs-only", measured=measured)


@pytest.fixture
def registry(root: Path) -> Registry:
    return load(root)


def test_a_guess_is_the_better_of_the_ways_that_fit_the_metric(registry: Registry) -> None:
    reports = by_stage([mixed(constant=(0.25, 9), chance=(0.5, 9))])
    found = guess(registry, reports, score(0.75, 9))
    assert found == {"value": 0.5, "way": "chance", "n": 9}
    assert guess(registry, reports, score(0.75, 9, metric="accuracy")) == found


def test_chance_over_some_of_the_rows_is_not_that_of_all(registry: Registry) -> None:
    reports = by_stage([mixed(constant=(0.25, 9), chance=(0.5, 4))])
    assert guess(registry, reports, score(0.75, 9)) == {"value": 0.25, "way": "constant", "n": 9}


def test_a_metric_that_is_no_share_of_right_answers_has_no_guess(registry: Registry) -> None:
    reports = by_stage([mixed(constant=(0.25, 9))])
    assert guess(registry, reports, score(0.75, 9, metric="rouge_l")) is None


def test_without_the_mixture_s_report_there_is_no_guess(registry: Registry) -> None:
    assert guess(registry, {}, score(0.75, 9)) is None
