from collections import Counter
from collections.abc import Sequence
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.guessing import MOST, Guesses

SONGS = ("songs", "sing")


def guessed(
    train: Sequence[str], held: Sequence[str], part: str = "held_out_instances"
) -> tuple[float, int | None]:
    guesses = Guesses()
    for answer in train:
        guesses.meet("train", SONGS, (answer,), (), ())
    for answer in held:
        guesses.meet(part, SONGS, (answer,), (), ())
    (one,) = guesses.measured()["constant"]
    assert one.split == part
    return one.value, one.n


def test_the_constant_answer_is_the_one_most_frequent_in_training() -> None:
    assert guessed(["la", "la", "do"], ["do", "do", "do", "la"]) == (0.25, 4)


def test_of_a_task_that_is_not_trained_on_it_is_the_one_most_frequent_in_its_own_rows() -> None:
    assert guessed([], ["do", "do", "do", "la"], "held_out_tasks") == (0.75, 4)


def test_each_task_has_an_answer_of_its_own() -> None:
    guesses = Guesses()
    for task, answer in (("hum", "mm"), ("hum", "mm"), ("sing", "la")):
        guesses.meet("train", ("songs", task), (answer,), (), ())
    for task, answer in (("hum", "mm"), ("sing", "la"), ("sing", "mm")):
        guesses.meet("held_out_instances", ("songs", task), (answer,), (), ())
    (one,) = guesses.measured()["constant"]
    assert one.value == pytest.approx(2 / 3)


def test_any_of_several_references_is_right() -> None:
    guesses = Guesses()
    guesses.meet("train", SONGS, ("la", "do"), (), ())
    guesses.meet("held_out_instances", SONGS, ("do", "la"), (), ())
    assert guesses.measured()["constant"][0].value == 1


def test_chance_is_one_of_the_options_of_rows_that_have_some() -> None:
    guesses = Guesses()
    guesses.meet("held_out_tasks", SONGS, ("a",), ("a", "b", "c", "d"), ())
    guesses.meet("held_out_tasks", SONGS, ("a",), ("a", "b"), ())
    guesses.meet("held_out_tasks", SONGS, ("a",), (), ())
    (one,) = guesses.measured()["chance"]
    assert (one.value, one.n, one.split) == (0.375, 2, "held_out_tasks")


def test_a_row_with_a_worse_answer_is_a_pair() -> None:
    guesses = Guesses()
    guesses.meet("held_out_tasks", SONGS, ("a",), (), ("b", "c"))
    (one,) = guesses.measured()["chance"]
    assert (one.value, one.n, one.stderr) == (0.5, 1, None)


def test_nothing_is_said_of_what_is_trained_on() -> None:
    guesses = Guesses()
    guesses.meet("train", SONGS, ("a",), ("a", "b"), ())
    assert guesses.measured() == {"constant": (), "chance": ()}


def test_a_task_of_many_answers_takes_bounded_memory() -> None:
    guesses = Guesses()
    for number in range(3 * MOST):
        guesses.meet("train", SONGS, (str(number),), (), ())
    guesses.meet("held_out_instances", SONGS, ("0",), (), ())
    (trained,) = guesses._trained.values()
    assert len(trained) == MOST


@given(st.lists(st.sampled_from("abc"), min_size=1), st.lists(st.sampled_from("abc"), min_size=1))
def test_no_other_constant_answers_more_of_the_rows_it_was_chosen_on(
    train: list[str], held: list[str]
) -> None:
    value, _ = guessed([], held)
    assert isclose(value, max(Counter(held).values()) / len(held))
    assert guessed(train, held)[0] <= value
