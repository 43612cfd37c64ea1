from hypothesis import given
from hypothesis import strategies as st

from registry.shares import apportion, examples_proportional

weights = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8)
tasks = st.dictionaries(st.text("abcdefgh", min_size=1), st.integers(0, 300), max_size=8)


@given(total=st.integers(0, 10_000), weights=weights)
def test_each_share_is_within_one_row_of_its_weight_and_none_is_lost(
    total: int, weights: list[float]
) -> None:
    shares = apportion(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - total * weight / sum(weights)) < 1 + 1e-6


@given(total=st.integers(0, 1000), rows=tasks, cap=st.none() | st.integers(1, 200))
def test_a_task_gives_no_more_than_it_has_and_together_they_give_all(
    total: int, rows: dict[str, int], cap: int | None
) -> None:
    shares = examples_proportional(total, rows, cap)
    assert shares.keys() == rows.keys()
    assert all(0 <= shares[task] <= rows[task] for task in rows)
    assert sum(shares.values()) == min(total, sum(rows.values()))


@given(total=st.integers(0, 400), rows=tasks, cap=st.integers(1, 200))
def test_tasks_above_the_cap_share_alike(total: int, rows: dict[str, int], cap: int) -> None:
    shares = examples_proportional(total, rows, cap)
    above = [share for task, share in shares.items() if rows[task] >= max(cap, total)]
    assert max(above, default=0) - min(above, default=0) <= 1


def test_equal_remainders_go_to_the_earlier_one() -> None:
    assert apportion(2, [1, 1, 1]) == [1, 1, 0]


def test_the_cap_decides_the_rate_not_the_most_that_a_task_gives() -> None:
    assert examples_proportional(300, {"a": 1000, "b": 100}, cap=100) == {"a": 200, "b": 100}
    assert examples_proportional(100, {"a": 1000, "b": 100}, cap=100) == {"a": 50, "b": 50}
    assert examples_proportional(110, {"a": 1000, "b": 100}) == {"a": 100, "b": 10}
