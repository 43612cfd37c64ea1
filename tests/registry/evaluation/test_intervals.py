from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation.intervals import (
    Interval,
    McNemar,
    compare,
    interval,
    macro_interval,
    mcnemar,
)

unit = st.floats(0, 1)
HALF = [0.0, 1.0] * 200


def test_the_interval_of_a_coin_is_that_of_the_normal_law() -> None:
    found = interval(HALF)
    assert found.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)


def test_the_same_scores_and_seed_give_the_same_interval() -> None:
    assert interval(HALF) == interval(HALF)
    assert interval(HALF, seed=1) != interval(HALF)


def test_an_interval_drawn_once_is_drawn_again_everywhere() -> None:
    scores = [0.0, 0.25, 0.5, 0.75, 1.0, 0.125, 0.0, 0.625]
    assert interval(scores, samples=200) == Interval(0.171875, 0.640625, 0.95)


@given(scores=st.lists(unit, min_size=1, max_size=20))
def test_an_interval_lies_within_the_scores(scores: list[float]) -> None:
    found = interval(scores, samples=50)
    assert min(scores) - 1e-12 <= found.low <= found.high <= max(scores) + 1e-12


def test_less_confidence_is_a_narrower_interval() -> None:
    wide, narrow = interval(HALF), interval(HALF, confidence=0.5)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_blocks_do_not_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = interval(HALF)
    monkeypatch.setattr("registry.evaluation.intervals._AT_ONCE", 1000)
    assert interval(HALF) == whole


def test_a_group_counts_once_however_large() -> None:
    found = macro_interval({"large": [1.0] * 500, "small": [0.0] * 3})
    assert (found.low, found.high) == (0.5, 0.5)


def test_groups_are_taken_in_order_of_name() -> None:
    groups = {"b": [0.0, 1.0, 1.0], "a": [0.5, 0.25, 0.0]}
    assert macro_interval(groups) == macro_interval(dict(sorted(groups.items())))


def test_a_model_that_is_always_a_little_better_is_surely_better() -> None:
    found = compare([score + 0.01 for score in HALF], HALF)
    assert found.difference == pytest.approx(0.01)
    assert found.better == 1.0
    assert found.interval.low == pytest.approx(0.01)


def test_a_model_is_no_better_than_itself() -> None:
    found = compare(HALF, HALF)
    assert (found.difference, found.better, found.n) == (0.0, 0.5, 400)


@given(pairs=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_mcnemar_is_a_fair_coin_thrown(pairs: list[tuple[bool, bool]]) -> None:
    first, second = map(list, zip(*pairs, strict=True))
    found = mcnemar(first, second)
    n = found.only_first + found.only_second
    at_most = sum(comb(n, k) for k in range(min(found.only_first, found.only_second) + 1)) / 2**n
    assert found.p == pytest.approx(min(1.0, 2 * at_most))
    assert mcnemar(second, first) == McNemar(found.only_second, found.only_first, found.p)


def test_models_that_never_differ_are_alike() -> None:
    assert mcnemar([True, False], [True, False]) == McNemar(0, 0, 1.0)


def test_many_items_do_no_harm() -> None:
    assert 0 < mcnemar([True] * 3000, [False] * 1000 + [True] * 2000).p < 1e-300


def test_numpy_scores_are_scores() -> None:
    assert interval(np.array([0.0, 1.0])) == interval([0.0, 1.0])  # type: ignore[arg-type]


def test_other_numbers_of_items_are_refused() -> None:
    with pytest.raises(RegistryError, match="2 scores against 1"):
        compare([1.0, 0.0], [1.0])
    with pytest.raises(RegistryError, match="1 scores against 2"):
        mcnemar([True], [True, False])


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_beyond_0_to_1_is_refused(confidence: float) -> None:
    with pytest.raises(RegistryError, match="is not between 0 and 1"):
        interval([1.0], confidence=confidence)


def test_nothing_cannot_be_resampled() -> None:
    with pytest.raises(ValueError, match="no scores"):
        interval([])
    with pytest.raises(ValueError, match="no groups"):
        macro_interval({})
