import json
from typing import Any

import pytest

from registry.errors import RegistryError
from registry.evaluation.instructions import Verdict
from registry.evaluation.instructions.chains import dialogues, levels, turns


def verdict(*followed: bool) -> Verdict:
    return Verdict(followed, followed)


def test_an_instruction_forgotten_is_one_followed_a_turn_before_and_no_longer() -> None:
    first = [verdict(True), verdict(True, False), verdict(False, True, True)]
    second = [verdict(True), verdict(True, True)]
    one, two, three = dialogues([first, second])
    assert one.forgotten is None
    assert two.forgotten == 0
    assert three.forgotten == 1
    assert [turn.accuracy.strict.prompt.mean for turn in (one, two, three)] == [1, 0.5, 0]
    assert two.accuracy.strict.instruction.mean == pytest.approx(0.75)
    assert three.accuracy.strict.prompt.n == 1


def test_nothing_can_be_forgotten_that_was_not_followed() -> None:
    assert dialogues([[verdict(False), verdict(False, True)]])[1].forgotten is None


def test_a_turn_with_fewer_instructions_than_before_is_refused() -> None:
    with pytest.raises(RegistryError, match="dialogues: a turn has fewer"):
        dialogues([[verdict(True, True), verdict(True)]])


def test_the_turns_of_a_record_are_read_from_json_in_json() -> None:
    comma, words = {}, {"num_words": 3, "relation": "at least"}
    record: dict[str, Any] = {
        "key": "9:1",
        "turn_1_instruction_id_list": json.dumps(["punctuation:no_comma"]),
        "turn_1_kwargs": json.dumps([json.dumps(comma)]),
        "turn_2_instruction_id_list": [
            "punctuation:no_comma",
            "length_constraints:number_words",
        ],
        "turn_2_kwargs": [comma, words],
        "turn_3_instruction_id_list": "",
    }
    one, two = turns(record)
    assert (one.key, one.ids) == ("9:1:1", ("punctuation:no_comma",))
    assert two.arguments[1]["num_words"] == 3


def test_a_turn_that_is_no_json_is_refused() -> None:
    with pytest.raises(RegistryError, match="is no JSON"):
        list(turns({"turn_1_instruction_id_list": "[oops"}))


def test_levels_are_satisfied_hard_soft_and_without_a_gap() -> None:
    chains = [
        [[True], [True, True], [True, False, False]],
        [[True], [False, True], [True, True, True]],
    ]
    found = levels(chains)
    assert [one.mean for one in found.hard] == [1, 0.5, 0.5]
    assert [one.mean for one in found.soft] == pytest.approx([1, 0.75, 2 / 3])
    assert found.consistent.mean == pytest.approx(1.5)


@pytest.mark.parametrize("chains", [[], [[]], [[[True]], [[True], [True]]], [[[]]]])
def test_chains_of_different_lengths_or_without_verdicts_are_refused(chains: Any) -> None:
    with pytest.raises(RegistryError, match="levels: every chain needs"):
        levels(chains)
