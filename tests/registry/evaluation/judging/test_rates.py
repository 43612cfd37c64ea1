from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from registry.evaluation.judging.rates import rates

PREFERENCES = st.lists(st.floats(1, 2) | st.just(1.5), min_size=1, max_size=40)


def test_ties_count_half_and_the_error_is_that_of_the_mean() -> None:
    made = rates([2.0, 1.0, 1.0, 1.5])
    assert made.win_rate == 37.5
    assert (made.n_wins, made.n_wins_base, made.n_draws, made.n_total) == (1, 2, 1, 4)
    assert isclose(made.standard_error or 0, 100 * (0.6875 / 3 / 4) ** 0.5)


def test_the_discrete_rate_takes_a_preference_for_what_it_is_nearer_to() -> None:
    made = rates([1.6, 1.4, 1.5, 1.51])
    assert made.discrete_win_rate == 62.5
    assert isclose(made.win_rate or 0, 50.25)


def test_nothing_has_no_rate_and_one_verdict_no_error() -> None:
    assert rates([]).win_rate is None
    assert rates([]).discrete_win_rate is None
    assert rates([2.0]).standard_error is None


@given(PREFERENCES)
def test_turning_the_sides_round_turns_the_rates_round(preferences: list[float]) -> None:
    ours, theirs = rates(preferences), rates([3 - one for one in preferences])
    assert isclose((ours.win_rate or 0) + (theirs.win_rate or 0), 100, abs_tol=1e-9)
    assert (ours.n_wins, ours.n_draws) == (theirs.n_wins_base, theirs.n_draws)
    assert ours.n_wins + ours.n_wins_base + ours.n_draws == len(preferences)


@given(PREFERENCES)
def test_rates_do_not_depend_on_the_order(preferences: list[float]) -> None:
    ours, theirs = rates(preferences), rates(preferences[::-1])
    assert isclose(ours.win_rate or 0, theirs.win_rate or 0, abs_tol=1e-9)
    assert ours.discrete_win_rate == theirs.discrete_win_rate
