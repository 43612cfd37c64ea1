import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation.judging.matches import Match, models_of, tallies
from registry.evaluation.judging.pairwise import matched
from registry.evaluation.judging.rows import Line


def pair(first: str, second: str, g1: str, g2: str) -> Line:
    row = {"question_id": 81, "model_1": first, "model_2": second, "turn": 1}
    return Line("p.jsonl", 1, row | {"g1_winner": g1, "g2_winner": g2})


def counted(*lines: Line, baseline: str | None = None) -> dict[str, tuple[int, int, int]]:
    found = tallies(matched(lines), baseline)
    return {one.model: (one.win, one.loss, one.tie) for one in found}


def test_a_pair_is_won_only_where_both_orders_agree() -> None:
    won = pair("a", "b", "model_2", "model_2")
    assert counted(won) == {"b": (1, 0, 0), "a": (0, 1, 0)}
    for g2 in ("model_1", "tie"):
        assert counted(pair("a", "b", "model_2", g2)) == {"a": (0, 0, 1), "b": (0, 0, 1)}


def test_a_pair_of_which_an_order_could_not_be_read_does_not_count() -> None:
    assert counted(pair("a", "b", "error", "model_1"), pair("a", "b", "tie", "tie")) == {
        "a": (0, 0, 1),
        "b": (0, 0, 1),
    }


def test_with_a_baseline_only_its_pairs_count_and_it_is_left_out() -> None:
    lines = pair("a", "base", "model_1", "model_1"), pair("a", "b", "model_2", "model_2")
    assert counted(*lines, baseline="base") == {"a": (1, 0, 0)}
    with pytest.raises(RegistryError, match="'bass' is in no pair; did you mean 'base'"):
        counted(*lines, baseline="bass")


def test_rates_take_a_tie_for_half_a_win() -> None:
    best, last = tallies([Match(("a", "b"), 1.0), Match(("a", "b"), 1.5)])
    assert (best.model, best.win_rate, best.loss_rate, best.win_rate_adjusted) == (
        "a",
        0.5,
        0,
        0.75,
    )
    assert (last.model, last.win_rate_adjusted) == ("b", 0.25)


def test_votes_of_people_are_matches_judged_once() -> None:
    vote = {"question_id": 81, "model_a": "x", "model_b": "y", "judge": "author_2"}
    lines = [Line("h.jsonl", 1, vote | {"winner": one}) for one in ("model_b", "tie (bothbad)")]
    assert counted(*lines) == {"y": (1, 0, 1), "x": (0, 1, 1)}


def test_rows_that_name_no_models_are_no_matches() -> None:
    line = Line("v.jsonl", 1, {"id": 1, "verdict": "2"})
    assert models_of(line) is None
    assert matched([line]) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from([1.0, 1.5, 2.0]))
    )
)
def test_every_match_is_won_and_lost_or_tied_twice(played: list[tuple[str, str, float]]) -> None:
    found = tallies([Match((one, other), winner) for one, other, winner in played])
    assert sum(one.win for one in found) == sum(one.loss for one in found)
    assert sum(one.win + one.loss + one.tie for one in found) == 2 * len(played)
