import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.tuning.schedule import learning_rate

steps = st.integers(1, 200)
decays = st.sampled_from(["constant", "linear", "cosine"])


@given(steps=steps, decay=decays, data=st.data())
def test_no_step_is_spent_at_zero_and_none_is_above_the_peak(
    steps: int, decay: str, data: st.DataObject
) -> None:
    warmup = data.draw(st.integers(0, steps))
    rates = [learning_rate(n, steps, 0.5, warmup, decay) for n in range(steps)]  # type: ignore[arg-type]
    assert all(0 < rate <= 0.5 for rate in rates)


@given(steps=steps, decay=decays, data=st.data())
def test_the_rate_rises_through_the_warm_up_and_never_after(
    steps: int, decay: str, data: st.DataObject
) -> None:
    warmup = data.draw(st.integers(0, steps))
    rates = [learning_rate(n, steps, 0.5, warmup, decay) for n in range(steps)]  # type: ignore[arg-type]
    assert rates[:warmup] == sorted(set(rates[:warmup]))
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)


@given(steps=st.integers(2, 200), decay=decays, data=st.data())
def test_the_first_step_after_the_warm_up_has_the_peak(
    steps: int, decay: str, data: st.DataObject
) -> None:
    warmup = data.draw(st.integers(0, steps - 1))
    assert learning_rate(warmup, steps, 0.5, warmup, decay) == 0.5  # type: ignore[arg-type]


def test_a_constant_rate_stays() -> None:
    assert {learning_rate(n, 9, 0.1, 0, "constant") for n in range(9)} == {0.1}


def test_a_linear_decay_goes_down_in_equal_steps() -> None:
    rates = [learning_rate(n, 4, 1.0, 0, "linear") for n in range(4)]
    assert rates == [1.0, 0.75, 0.5, 0.25]


def test_a_cosine_is_at_half_of_the_peak_half_way() -> None:
    assert learning_rate(5, 10, 1.0, 0, "cosine") == pytest.approx(0.5)
