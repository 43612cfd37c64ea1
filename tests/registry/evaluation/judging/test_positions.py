from hypothesis import given
from hypothesis import strategies as st

from registry.evaluation.judging.positions import Verdict, by_pair, folded, positions

SIDES = st.sampled_from([1.0, 1.5, 2.0, None])


def pair(plain: float | None, swapped: float | None, key: str = "k") -> list[Verdict]:
    return [Verdict(key, plain, False), Verdict(key, swapped, True)]


def fold(plain: float | None, swapped: float | None) -> float | None:
    return folded(by_pair(pair(plain, swapped)))["k"]


def test_a_win_needs_both_orders() -> None:
    assert fold(2.0, 2.0) == 2.0
    assert fold(1.2, 1.0) == 1.0
    assert fold(2.0, 1.0) == 1.5
    assert fold(2.0, 1.5) == 1.5
    assert fold(2.0, None) is None


def test_who_always_takes_the_first_is_all_bias() -> None:
    # Plain: output 1 first, so preferring it is 1; swapped: output 2 first, so it is 2.
    made = positions([tuple(pair(1.0, 2.0))] * 3)  # type: ignore[list-item]
    assert (made.first, made.bias, made.agreement) == (3, 1.0, 0.0)


def test_who_always_takes_the_second_is_biased_the_other_way() -> None:
    made = positions([tuple(pair(2.0, 1.0))])  # type: ignore[list-item]
    assert (made.second, made.bias) == (1, -1.0)


def test_a_verdict_in_one_order_only_makes_no_pair() -> None:
    assert by_pair([Verdict("a", 2.0, False), Verdict("b", 2.0, None)]) == {}


def test_pairs_without_a_verdict_have_no_part_in_the_shares() -> None:
    made = positions(by_pair([*pair(2.0, 2.0, "a"), *pair(None, 2.0, "b")]).values())
    assert (made.pairs, made.unparsed, made.agreement) == (2, 1, 1.0)


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=20))
def test_every_pair_is_of_one_kind_and_swapping_the_orders_turns_the_bias(
    sides: list[tuple[float | None, float | None]],
) -> None:
    plain = [v for at, two in enumerate(sides) for v in pair(*two, key=str(at))]
    turned = [v for at, two in enumerate(sides) for v in pair(*two[::-1], key=str(at))]
    ours, theirs = (positions(by_pair(one).values()) for one in (plain, turned))
    kinds = ours.same + ours.first + ours.second + ours.tied_once + ours.unparsed
    assert kinds == ours.pairs == len(sides)
    assert (ours.first, ours.second) == (theirs.second, theirs.first)
    assert ours.agreement == theirs.agreement
    assert folded(by_pair(plain)) == folded(by_pair(turned))
