"""Rows of one task count together in a standard error."""

from math import fsum, isclose, sqrt
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.clustered import clustered_error

_rows = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=5)
_tasks = st.lists(_rows, min_size=2, max_size=8)


def _summed(tasks: list[list[float]]) -> list[tuple[int, float]]:
    return [(len(rows), fsum(rows) / len(rows)) for rows in tasks]


def test_a_worked_example_comes_out() -> None:
    # Mean 0.5; the two tasks' sums lie 1 over and 1 under it: sqrt(2/1 * (1 + 1)) / 4.
    assert clustered_error([(2, 1.0), (2, 0.0)]) == 0.5


def test_a_task_with_more_rows_weighs_more() -> None:
    # Mean 0.75; sums of 3 * 0.25 and 1 * -0.75: sqrt(2/1 * 2 * 0.75**2) / 4.
    assert clustered_error([(3, 1.0), (1, 0.0)]) == pytest.approx(sqrt(2 * 2 * 0.75**2) / 4)


def test_fewer_than_two_tasks_have_no_error() -> None:
    assert clustered_error([]) is None
    assert clustered_error([(900, 0.5)]) is None


def test_a_task_without_rows_is_a_bug() -> None:
    with pytest.raises(ValueError, match="without rows"):
        clustered_error([(3, 0.5), (0, 0.0), (2, 0.1)])


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_one_row_to_a_task_is_the_error_of_independent_rows(gaps: list[float]) -> None:
    found = clustered_error([(1, gap) for gap in gaps])
    assert found is not None
    assert isclose(found, stdev(gaps) / sqrt(len(gaps)), rel_tol=1e-6, abs_tol=1e-9)


@given(_tasks)
def test_it_is_the_sum_of_products_within_tasks(tasks: list[list[float]]) -> None:
    n = sum(map(len, tasks))
    mean = fsum(gap for rows in tasks for gap in rows) / n
    products = fsum((a - mean) * (b - mean) for rows in tasks for a in rows for b in rows)
    corrected = sqrt(max(0, products) * len(tasks) / (len(tasks) - 1)) / n
    found = clustered_error(_summed(tasks))
    assert found is not None
    assert isclose(found, corrected, rel_tol=1e-6, abs_tol=1e-6)


@given(st.data(), _tasks)
def test_the_order_of_tasks_does_not_matter(data: st.DataObject, tasks: list[list[float]]) -> None:
    summed = _summed(tasks)
    assert clustered_error(summed) == clustered_error(data.draw(st.permutations(summed)))


@given(_tasks)
def test_a_difference_the_other_way_is_as_sure(tasks: list[list[float]]) -> None:
    summed = _summed(tasks)
    assert clustered_error(summed) == clustered_error([(rows, -gap) for rows, gap in summed])


@given(st.lists(st.integers(1, 9), min_size=2), st.sampled_from([-0.5, 0.0, 0.25]))
def test_tasks_that_all_agree_leave_no_error(rows: list[int], gap: float) -> None:
    assert clustered_error([(n, gap) for n in rows]) == 0


@given(_rows, st.integers(2, 6), st.integers(2, 5))
def test_rows_said_twice_are_no_surer(rows: list[float], tasks: int, times: int) -> None:
    gaps = [(1, gap) for gap in rows * tasks]
    once = clustered_error(gaps)
    again = clustered_error([(times, gap) for _, gap in gaps])
    assert once is not None
    assert again is not None
    assert isclose(once, again, rel_tol=1e-9, abs_tol=1e-12)
