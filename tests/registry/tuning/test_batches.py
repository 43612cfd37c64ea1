from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from registry.rendering import Rendered
from registry.tuning.batches import Place, best_fit, epoch_steps, pack, steps_from

lengths = st.lists(st.integers(1, 50), min_size=1, max_size=80)


@given(lengths=lengths, room=st.integers(50, 200), seed=st.integers(0, 9), epoch=st.integers(0, 3))
def test_an_epoch_loses_no_row_and_repeats_none(
    lengths: list[int], room: int, seed: int, epoch: int
) -> None:
    steps = epoch_steps(lengths, room, seed, epoch)
    assert sorted(row for step in steps for row in step) == list(range(len(lengths)))


@given(lengths=lengths, room=st.integers(50, 200))
def test_no_step_is_over_its_budget_and_none_is_empty(lengths: list[int], room: int) -> None:
    for step in epoch_steps(lengths, room, seed=1, epoch=0):
        assert 0 < sum(lengths[row] for row in step) <= room


@given(lengths=lengths, room=st.integers(50, 200))
def test_no_two_bins_would_fit_into_one(lengths: list[int], room: int) -> None:
    sizes = sorted(sum(lengths[n] for n in one) for one in best_fit(lengths, room))
    assert len(sizes) < 2 or sizes[0] + sizes[1] > room


def test_a_row_goes_where_it_leaves_least_free() -> None:
    assert best_fit([6, 7, 3, 4], room=10) == [[0, 3], [1, 2]]


def test_rows_of_many_lengths_fill_their_budgets() -> None:
    lengths = [5 + n * 7919 % 120 for n in range(2000)]
    steps = epoch_steps(lengths, 1024, seed=1, epoch=0)
    assert sum(lengths) / (len(steps) * 1024) > 0.97


def test_what_is_longer_than_the_budget_is_a_bug() -> None:
    with pytest.raises(ValueError, match="length 11 does not fit into 10"):
        best_fit([3, 11], room=10)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    rows = list(range(1, 40))
    assert epoch_steps(rows, 50, 1, 0) == epoch_steps(rows, 50, 1, 0)
    assert epoch_steps(rows, 50, 1, 0) != epoch_steps(rows, 50, 2, 0)
    assert epoch_steps(rows, 50, 1, 0) != epoch_steps(rows, 50, 1, 1)


def test_short_and_long_rows_share_steps() -> None:
    steps = epoch_steps([10] * 50 + [90] * 50, 300, seed=1, epoch=0)
    mixed = [step for step in steps if min(step) < 50 <= max(step)]
    assert len(mixed) > len(steps) / 2


@given(lengths=lengths, skipped=st.integers(0, 30))
def test_steps_go_on_from_any_place_as_if_never_stopped(lengths: list[int], skipped: int) -> None:
    run = list(islice(steps_from(Place(0, 0), lengths, 60, 3), skipped + 5))
    at = run[skipped - 1][0] if skipped else Place(0, -1)
    again = steps_from(Place(at.epoch, at.step + 1), lengths, 60, 3)
    assert list(islice(again, 5)) == run[skipped:]


def example(name: str, prompt: int, answer: int) -> Rendered:
    tokens = tuple(range(100, 100 + prompt + answer))
    return Rendered(name, tokens, (False,) * prompt + (True,) * answer)


def test_packed_rows_lie_end_to_end_with_positions_of_their_own() -> None:
    packed = pack([example("a", 2, 1), example("b", 1, 2)])
    assert packed.tokens.tolist() == [[100, 101, 102, 100, 101, 102]]
    assert packed.positions.tolist() == [[0, 1, 2, 0, 1, 2]]
    assert packed.lengths == (3, 3)


def test_a_supervised_token_is_predicted_from_the_place_before_it() -> None:
    packed = pack([example("a", 2, 1), example("b", 1, 2)])
    assert packed.keep.tolist() == [1, 3, 4]
    assert packed.targets.tolist() == [102, 101, 102]


def test_the_first_token_of_a_row_is_not_predicted_from_the_row_before() -> None:
    packed = pack([example("a", 2, 1), example("b", 0, 2)])
    assert packed.keep.tolist() == [1, 3]


def test_indices_are_whole_numbers_even_where_nothing_is_supervised() -> None:
    packed = pack([example("a", 3, 0)])
    assert packed.keep.dtype == packed.targets.dtype == torch.int64
    assert packed.keep.numel() == 0


def test_virtual_places_hold_no_token_and_are_not_learnt() -> None:
    packed = pack([example("a", 2, 1), example("b", 0, 3)], virtual=2)
    assert packed.tokens.tolist() == [[0, 0, 100, 101, 102, 0, 0, 100, 101, 102]]
    assert packed.positions.tolist() == [[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]]
    assert packed.lengths == (5, 5)
    assert packed.keep.tolist() == [3, 7, 8]
    assert packed.targets.tolist() == [102, 101, 102]
    assert packed.owners.tolist() == [0, 1, 1]
