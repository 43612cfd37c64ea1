import json
from typing import Any

import pytest

from registry.evaluation.instructions import KNOWN, ifeval
from registry.evaluation.instructions.text import language
from registry.evaluation.metrics.probes import LANGUAGES, PROBES
from registry.evaluation.metrics.programs import program_exact, program_execution
from registry.programs import generate
from registry.programs.words import LANGUAGES as NAMED

WORDS = "length_constraints:number_words"


def program(*steps: tuple[str, dict[str, Any]]) -> str:
    return json.dumps([{"id": id, "arguments": given} for id, given in steps])


def words(n: int, relation: str = "at least") -> tuple[str, dict[str, Any]]:
    return WORDS, {"relation": relation, "num_words": n}


GOLD = program(words(100), ("startend:quotation", {}))


@pytest.mark.parametrize("metric", [program_exact, program_execution])
@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (GOLD, 1.0),
        (program(("startend:quotation", {}), words(100)), 1.0),
        (program(words(100), words(100), ("startend:quotation", {})), 1.0),
        (program(words(101), ("startend:quotation", {})), 0.0),
        (program(words(99), ("startend:quotation", {})), 0.0),
        (program(words(100, "less than"), ("startend:quotation", {})), 0.0),
        (program(words(100)), 0.0),
        (program(words(100), ("startend:quotation", {}), ("punctuation:no_comma", {})), 0.0),
        (program(words(100), ("startend:quotes", {})), 0.0),
        (program((WORDS, {"num_words": 100}), ("startend:quotation", {})), 0.0),
        (f"{GOLD} and more", 0.0),
        ('[{"id": ["a"], "arguments": 3}]', 0.0),
        ("[" * 100_000, 0.0),
        ("[]", 0.0),
        ("", 0.0),
    ],
)
def test_a_program_is_the_gold_one_or_not(metric: Any, answer: str, score: float) -> None:
    assert metric(answer, [GOLD]) == score


def test_the_order_of_keywords_does_not_count() -> None:
    one, other = (program(("keywords:existence", {"keywords": [*of]})) for of in ("ab", "ba"))
    assert program_exact(one, [other]) == 1.0


def test_two_programs_that_say_the_same_are_equal_when_run_only() -> None:
    both = program(("keywords:existence", {"keywords": ["sea", "sky"]}))
    each = program(*(("keywords:existence", {"keywords": [one]}) for one in ("sky", "Sea")))
    assert program_exact(each, [both]) == 0.0
    assert program_execution(each, [both]) == 1.0


def test_a_keyword_that_lacks_is_noticed() -> None:
    both = program(("keywords:forbidden_words", {"forbidden_words": ["sea", "sky"]}))
    one = program(("keywords:forbidden_words", {"forbidden_words": ["sea"]}))
    assert program_execution(one, [both]) == program_execution(both, [one]) == 0.0


def test_the_best_reference_counts() -> None:
    assert program_exact(GOLD, ["[]", GOLD]) == 1.0


def test_there_has_to_be_a_reference() -> None:
    with pytest.raises(ValueError, match="no reference"):
        program_exact(GOLD, [])


def test_every_type_with_arguments_has_probes() -> None:
    assert PROBES.keys() == {id for id, one in ifeval.INSTRUCTIONS.items() if one.arguments}


def test_every_language_that_rows_ask_for_is_told_apart() -> None:
    assert {language(text) for text in LANGUAGES} == {*NAMED, "en"}


def read(id: str, given: dict[str, Any]) -> dict[str, Any]:
    return {name: kind(given[name]) for name, kind in KNOWN[id].arguments.items()}


def test_a_probe_follows_each_instruction_and_another_does_not() -> None:
    for record in generate(400, 3):
        for id, given in zip(record["instruction_id_list"], record["kwargs"], strict=True):
            if id in PROBES:
                arguments = read(id, given)
                said = {KNOWN[id].check(x, arguments, "reference") for x in PROBES[id](arguments)}
                assert said == {True, False}, (id, given)


CLOSE = {
    "relation": {"at least": "less than", "less than": "at least"},
    "let_relation": {"at least": "less than", "less than": "at least"},
    "capital_relation": {"at least": "less than", "less than": "at least"},
    "postscript_marker": {"P.S.": "P.P.S", "P.P.S": "P.S."},
}


def changed(name: str, value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "zebu"]
    if name == "language":
        return "fr" if value != "fr" else "de"
    if name == "letter":
        return "q" if value != "q" else "z"
    return CLOSE.get(name, {}).get(value, f"so {value}")


def test_any_other_argument_is_another_program_when_run() -> None:
    for record in generate(300, 5):
        for id, given in zip(record["instruction_id_list"], record["kwargs"], strict=True):
            gold = program((id, given))
            for name, value in given.items():
                other = program((id, given | {name: changed(name, value)}))
                assert program_execution(other, [gold]) == 0.0, (id, name, value)
                assert program_exact(other, [gold]) == 0.0
