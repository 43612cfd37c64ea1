"""What answers earn, of the same scorers that evaluate them."""

from collections.abc import Callable
from dataclasses import replace

from registry.canonical import Constraint, Row
from registry.evaluation.rewards import reward

Rows = Callable[..., list[Row]]
NO_COMMA = Constraint("punctuation:no_comma")
SHOUTED = Constraint("change_case:english_capital", "{}")
LOUD = "THE OLD SAILORS SING A SONG OF THE SEA"


def test_an_answer_earns_the_share_of_its_own_instructions_that_it_follows(make_rows: Rows) -> None:
    one, two = make_rows(2)
    rows = [replace(one, constraints=(NO_COMMA, SHOUTED)), replace(two, constraints=(NO_COMMA,))]
    earned = reward("constraints")
    assert earned(rows, ["A song", "A song"]) == [0.5, 1.0]
    assert earned(rows, [LOUD, "No, never"]) == [1.0, 0.0]


def test_an_answer_earns_nothing_by_what_it_would_be_without_its_first_line(
    make_rows: Rows,
) -> None:
    rows = [replace(row, constraints=(NO_COMMA,)) for row in make_rows(1)]
    assert reward("constraints")(rows, ["Sure, here it is:\nA song"]) == [0.0]


def test_a_metric_holds_each_answer_against_its_own_references(make_rows: Rows) -> None:
    rows = make_rows(2)  # la, lala
    assert reward("exact_match")(rows, ["la", "la"]) == [1.0, 0.0]
