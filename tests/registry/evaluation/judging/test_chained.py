from typing import Any

import pytest

from registry.evaluation.judging import statistics
from registry.evaluation.judging.chained import conversed, levelled
from registry.evaluation.judging.rows import InvalidRows, Line


def lines(*rows: dict[str, Any]) -> list[Line]:
    return [Line("c.jsonl", at, one) for at, one in enumerate(rows, 1)]


def level(chain: Any, number: int, *met: bool) -> dict[str, Any]:
    return {"chain": chain, "level": number, "satisfied": list(met)}


def turn(key: Any, number: int, *strict: bool, **more: Any) -> dict[str, Any]:
    return {"dialogue": key, "turn": number, "strict": list(strict), **more}


def test_levels_are_scored_hard_soft_and_without_a_gap() -> None:
    rows = lines(
        level("a", 2, True, False), level("a", 1, True), level(7, 1, False), level(7, 2, True, True)
    )
    figures, n = levelled(rows)
    assert n == 2
    assert figures == {
        "hard_1": 0.5,
        "hard_2": 0.5,
        "soft_1": 0.5,
        "soft_2": 0.75,
        "consistent": 0.5,
    }


def test_what_was_followed_and_is_no_more_is_forgotten() -> None:
    rows = lines(turn("a", 1, True, loose=[True]), turn("a", 2, False, True), turn("b", 1, True))
    figures, n = conversed(rows)
    assert n == 2
    assert figures["forgotten_1"] is None
    assert figures["forgotten_2"] == 1.0
    assert figures["prompt_strict_1"] == 1.0
    assert figures["instruction_strict_2"] == 0.5


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"level": 1, "satisfied": [True]}, "chain"),
        (level("a", 0, True), "level"),
        ({"chain": "a", "level": True, "satisfied": [True]}, "level"),
        (level("a", 1), "satisfied"),
        ({"chain": "a", "level": 1, "satisfied": ["yes"]}, "satisfied"),
    ],
)
def test_a_row_at_fault_is_named_with_its_field(row: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRows) as caught:
        levelled(lines(level("b", 1, True), row))
    assert [(one.line, one.field) for one in caught.value.problems] == [(2, field)]


def test_loose_verdicts_are_as_many_as_strict_ones() -> None:
    with pytest.raises(InvalidRows, match="loose: has 2 of 1 verdicts"):
        conversed(lines(turn("a", 1, True, loose=[True, True])))


def test_both_are_told_by_their_fields() -> None:
    assert statistics.kind_of("f", lines(level("a", 1, True))) == "levels"
    assert statistics.kind_of("f", lines(turn("a", 1, True))) == "dialogues"
    made, verdicts = statistics.STATISTICS["levels"]({"f": lines(level("a", 1, True))})
    assert made["files"] == [{"file": "f", "n": 1, "hard_1": 1, "soft_1": 1, "consistent": 1}]
    assert verdicts == [level("a", 1, True)]
