from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.evaluation.summary import Summary, macro, summarise, summarise_tasks

unit = st.floats(0, 1)


def test_a_mean_carries_its_standard_error() -> None:
    assert summarise([0.0, 1.0, 1.0, 0.0]) == Summary(0.5, sqrt(1 / 3) / 2, 4)


def test_one_score_has_no_error() -> None:
    assert summarise([0.25]) == Summary(0.25, None, 1)


def test_no_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to summarise"):
        summarise([])


@given(scores=st.lists(unit, min_size=1), data=st.data())
def test_the_order_of_scores_does_not_matter(scores: list[float], data: st.DataObject) -> None:
    assert summarise(data.draw(st.permutations(scores))) == summarise(scores)


def test_tasks_are_summarised_apart_and_in_order() -> None:
    found = summarise_tasks([("b", 1.0), ("a", 0.0), ("b", 0.0)])
    assert list(found.items()) == [("a", Summary(0.0, None, 1)), ("b", Summary(0.5, 0.5, 2))]


def test_scores_without_a_task_are_in_no_task() -> None:
    assert summarise_tasks([("", 1.0)]) == {}


def test_a_group_counts_once_in_the_macro_mean() -> None:
    groups = summarise_tasks([("a", 1.0), ("a", 1.0), ("a", 1.0), ("b", 0.0)])
    assert macro(groups) == Summary(0.5, 0.5, 2)
