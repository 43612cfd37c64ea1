import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.charts import line_chart, overlay, score_chart, some, ticks
from catalog.details import MOST_POINTS, curve

numbers = st.floats(-1e6, 1e6).map(lambda one: round(one, 6))


@given(numbers, numbers)
def test_an_axis_encloses_its_ends_in_even_steps(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    axis = ticks(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert axis[0] <= low + slack
    assert axis[-1] >= high - slack
    assert 2 <= len(axis) <= 12
    steps = [b - a for a, b in pairwise(axis)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-6, abs_tol=1e-9) for step in steps)


@given(st.lists(numbers, min_size=2, max_size=60))
def test_a_line_stays_within_its_square(losses: list[float]) -> None:
    chart = line_chart([{"step": at, "loss": loss} for at, loss in enumerate(losses)], "loss")
    assert chart
    for path in (chart.raw, chart.mean):
        places = [float(one) for pair in path.split() for one in pair.split(",")]
        assert len(places) == 2 * len(losses)
        assert all(-0.01 <= one <= 100.01 for one in places)


def test_one_point_is_no_line() -> None:
    assert line_chart([{"step": 1, "loss": 2.0}, {"step": 2, "loss": None}], "loss") is None


def test_a_falling_loss_falls_on_the_page() -> None:
    chart = line_chart([{"step": 0, "loss": 4.0}, {"step": 10, "loss": 0.0}], "loss")
    assert chart
    assert chart.raw == "0.00,0.00 100.00,100.00"


def line(before: Any, after: Any) -> dict[str, Any]:
    return {"title": "B", "metric": "rouge_l", "over": None, "before": before, "after": after}


def test_a_whisker_reaches_one_standard_error_to_both_sides() -> None:
    chart = score_chart([line({"value": 0.25, "stderr": None}, {"value": 0.4, "stderr": 0.1})])
    before, after = chart.rows[0].bars
    assert (before.width, before.whiskers) == (50.0, False)
    assert (after.low, after.width, after.high) == (60.0, 80.0, 100.0)


def test_a_score_of_nothing_and_of_everything_fit() -> None:
    chart = score_chart([line({"value": 0.0, "stderr": 0.0}, {"value": 1.0, "stderr": 0.2})])
    before, after = chart.rows[0].bars
    assert (before.width, after.width, after.high) == (0.0, 100.0, 100.0)


@given(st.lists(st.integers(), max_size=50), st.integers(2, 10))
def test_some_points_keep_the_ends(points: list[int], most: int) -> None:
    kept = some(points, most)
    assert len(kept) == min(most, len(points))
    assert kept[:1] + kept[-1:] == points[:1] + points[-1:]


def test_a_long_curve_is_thinned_and_keeps_its_last_point(tmp_path: Any) -> None:
    path = tmp_path / "x.loss.csv"
    steps = range(1, 3 * MOST_POINTS + 3)
    path.write_text("step,loss\n" + "".join(f"{at},{1 / at}\n" for at in steps))
    found = curve(path)
    assert found
    assert found["every"] == 4
    assert len(found["points"]) <= MOST_POINTS + 1
    assert found["points"][-1]["step"] == 3 * MOST_POINTS + 2


def test_cells_that_are_no_numbers_are_left_open(tmp_path: Any) -> None:
    path = tmp_path / "x.loss.csv"
    path.write_text("step,loss,learning_rate,gradient_norm\n1,nan,None,2\n2,1.5,1e-5\nx,1,1,1\n")
    found = curve(path)
    assert found
    assert [one["loss"] for one in found["points"]] == [None, 1.5]
    assert found["points"][1]["learning_rate"] == 1e-5


def test_no_curve_is_no_fault(tmp_path: Any) -> None:
    assert curve(tmp_path / "absent.csv") is None
    (tmp_path / "empty.csv").write_text("step,loss\n")
    assert curve(tmp_path / "empty.csv") is None


def test_lines_of_two_runs_share_their_axes() -> None:
    rising = {"run": 0, "points": [[at, float(at)] for at in range(11)]}
    high = {"run": 1, "points": [[0, 20.0], [20, 20.0]]}
    made = overlay([rising, high])
    assert made is not None
    assert [one.run for one in made.lines] == [0, 1]
    assert made.lines[0].raw.startswith("0.00,100.00 5.00,95.00")
    assert made.lines[1].raw == "0.00,0.00 100.00,0.00"


def test_a_schedule_is_not_smoothed_and_a_noisy_loss_is() -> None:
    ramp = {"run": 0, "points": [[at, float(min(at, 50 - at))] for at in range(51)]}
    noise = {"run": 0, "points": [[at, float(at % 2)] for at in range(51)]}
    smooth, noisy = overlay([ramp]), overlay([noise])
    assert smooth is not None
    assert noisy is not None
    assert (smooth.window, smooth.lines[0].raw) == (1, smooth.lines[0].mean)
    assert noisy.window == 2
    assert noisy.lines[0].raw != noisy.lines[0].mean


@pytest.mark.parametrize("points", [[], [[1, 2.0]]])
def test_a_run_with_one_point_draws_nothing(points: list[Any]) -> None:
    assert overlay([{"run": 0, "points": points}]) is None
