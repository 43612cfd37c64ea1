import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation.instructions import KNOWN, MODES, Verdict, check, item, summary, text
from registry.evaluation.instructions.kinds import Instruction
from registry.evaluation.instructions.verdicts import LONG, by_instruction, loosened

SOME: dict[str, Any] = {
    "letter": "a",
    "let_relation": {"": "at least", "es": "al menos", "fr": "au moins", "ja": "以上"},
    "keywords": ["sea"],
    "forbidden_words": ["sea"],
    "word_to_accentuate": {"lecon": "leçon"},
    "first_word": "so",
    "options": "yes/no",
}
SOME |= dict.fromkeys(("relation", "capital_relation"), SOME["let_relation"])
COUNTS = "N n m count small_n n_start n_end percentage min_words max_words frequency let_frequency"
NUMBERS = frozenset([*COUNTS.split(), "capital_frequency", "nth_paragraph", "kanji_limit"])


def record(id_: str) -> dict[str, Any]:
    """Make a record that asks for one instruction of this type, with any arguments."""
    kwargs: dict[str, Any] = {}
    for name in KNOWN[id_].arguments:
        if name in NUMBERS or name.startswith("num_"):
            kwargs[name] = 2
        else:
            value = SOME.get(name, "some text")
            at = id_[:2] if id_[2] == ":" and id_[:2] != "en" else ""
            kwargs[name] = value[at] if "relation" in name else value
    return {"key": id_, "instruction_id_list": [id_], "kwargs": [kwargs]}


HOSTILE = {
    "letters": "a" * 1_000_000,
    "blanks": " " * 1_000_000 + "x",
    "lines": "\n" * 1_000_000 + "x",
    "brackets": "[" * 1_000_000,
    "angles": "<" * 1_000_000,
    "stars": "*" * 1_000_000,
    "stops": "." * 1_000_000,
    "initials": "a. " * 333_333,
    "kanji": "漢" * 1_000_000,
    "quotes": "「" * 1_000_000,
    "questions": "¿" * 1_000_000,
    "sentences": "Yes! No? " * 111_111,
    "items": "- \n" * 333_333,
    "pairs": "[]" * 500_000,
    "ligatures": "\ufdfa" * 1_000_000,
    "halves": "\ud800" * 1_000_000,
}


def test_a_record_with_two_instructions_has_two_verdicts_of_each_kind() -> None:
    asked = {
        "key": 7,
        "instruction_id_list": ["punctuation:no_comma", "startend:quotation"],
        "kwargs": [{}, {"relation": None}],
    }
    assert check(asked, 'Sure, here:\n"Yes"') == Verdict((False, False), (True, True))


@pytest.mark.parametrize("nothing", [None, "", " \n\t", 5, 1.5, ["yes"], {"a": 1}, b"yes", True])
def test_what_is_no_answer_follows_nothing(nothing: object) -> None:
    for id_ in KNOWN:
        assert check(record(id_), nothing) == Verdict((False,), (False,))


@settings(max_examples=40)
@given(
    st.text(max_size=300)
    | st.text(
        alphabet="ab A.!?,;:'\"*-#<>[](){}\n\t1٣漢あア「」『』。、・¿¡éñü🙂\ud800", max_size=120
    )
)
def test_every_answer_gets_a_verdict_from_every_type_in_every_mode(answer: str) -> None:
    for id_ in KNOWN:
        for mode in MODES:
            verdict = check(record(id_), answer, mode)
            assert verdict.strict[0] <= verdict.loose[0]
            assert {*map(type, (*verdict.strict, *verdict.loose))} == {bool}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "id_",
    [
        "detectable_content:number_placeholders",
        "detectable_content:postscript",
        "detectable_format:title",
        "detectable_format:number_bullet_lists",
        "length_constraints:number_sentences",
        "language:response_language",
        "es:length_constraints:number_words",
        "es:punctuation:question_marks",
        "ja:letters:furigana",
        "ja:startend:sentence_unified_end",
        "custom:mcq_count_length",
        "format:line_indent",
    ],
)
def test_a_megabyte_of_nonsense_takes_no_regular_expression_hostage(id_: str, name: str) -> None:
    check(record(id_), "Warm up, 日本 and Zoe.")
    started = time.process_time()
    check(record(id_), HOSTILE[name])
    assert time.process_time() - started < 2


def test_the_loose_verdict_of_a_runaway_answer_is_the_strict_one() -> None:
    short = 'Sure!\n"' + "a " * 50 + '"'
    long = 'Sure!\n"' + "a " * LONG + '"'
    assert check(record("startend:quotation"), short).loose == (True,)
    assert check(record("startend:quotation"), long).loose == (False,)


def test_the_variants_are_those_of_the_reference_less_the_empty_ones() -> None:
    assert loosened("a\n*b*\nc") == ("a\nb\nc", "*b*\nc", "a\n*b*", "*b*", "b\nc", "a\nb", "b")
    assert loosened("one line") == ()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"instruction_id_list": ["punctuation:no_coma"], "kwargs": [{}]}, "no_comma'?"),
        ({"instruction_id_list": [5], "kwargs": [{}]}, "instruction 5 is not known"),
        ({"instruction_id_list": [], "kwargs": []}, "have to be lists"),
        ({"instruction_id_list": "no", "kwargs": [{}]}, "have to be lists"),
        ({"instruction_id_list": ["count:numbers"], "kwargs": []}, "1 instructions and 0"),
        ({"instruction_id_list": ["count:numbers"], "kwargs": ["N"]}, "not a mapping"),
        ({"instruction_id_list": ["count:numbers"], "kwargs": [{"N": None}]}, "'N' is missing"),
        ({"instruction_id_list": ["count:numbers"], "kwargs": [{"N": "3"}]}, "not a whole number"),
        ({"instruction_id_list": ["count:numbers"], "kwargs": [{"N": -1}]}, "fewer than none"),
        ({"instruction_id_list": ["count:numbers"], "kwargs": [{"N": True}]}, "not a whole number"),
        (
            {"instruction_id_list": ["count:numbers"], "kwargs": [{"N": float("inf")}]},
            "'N' cannot convert",
        ),
        ({"instruction_id_list": ["count:numbers"], "kwargs": [{"N": 1, "M": 2}]}, "takes no 'M'"),
        (
            {"instruction_id_list": ["keywords:existence"], "kwargs": [{"keywords": "sea"}]},
            "not a list of texts",
        ),
        (
            {
                "instruction_id_list": ["length_constraints:number_words"],
                "kwargs": [{"num_words": 3, "relation": "more than"}],
            },
            "not 'less than' or 'at least'",
        ),
    ],
)
def test_a_record_that_no_checker_could_score_is_refused_before_scoring(
    asked: dict[str, Any], says: str
) -> None:
    with pytest.raises(RegistryError, match=r"instructions: record '4'") as refused:
        item({"key": 4, **asked})
    assert says in str(refused.value)


def test_null_arguments_count_as_not_given() -> None:
    filled = {"key": 1, "instruction_id_list": ["count:numbers"], "kwargs": [{"N": 1.0, "m": None}]}
    assert check(filled, "5").strict == (True,)


def test_accuracies_count_prompts_and_instructions() -> None:
    verdicts = [
        Verdict((True, True), (True, True)),
        Verdict((True, False), (True, True)),
        Verdict((False,), (False,)),
    ]
    accuracy = summary(verdicts)
    assert accuracy.strict.prompt.mean == pytest.approx(1 / 3)
    assert accuracy.strict.instruction.mean == pytest.approx(3 / 5)
    assert accuracy.loose.prompt.mean == pytest.approx(2 / 3)
    assert accuracy.loose.instruction.mean == pytest.approx(4 / 5)
    assert (accuracy.strict.prompt.n, accuracy.strict.instruction.n) == (3, 5)
    assert accuracy.strict.prompt.stderr == pytest.approx(1 / 3)
    assert accuracy.strict.instruction.stderr == pytest.approx(1.56**0.5 / 5)


def test_one_prompt_leaves_no_standard_error_to_see() -> None:
    assert summary([Verdict((True,), (True,))]).strict.instruction.stderr is None


def test_accuracy_can_be_told_by_instruction_type() -> None:
    items = [item(record("startend:quotation")), item(record("punctuation:no_comma"))] * 2
    verdicts = [
        check(one, answer) for one, answer in zip(items, ["a", "a", '"a"', "a"], strict=True)
    ]
    found = by_instruction(items, verdicts)
    assert {id_: one.mean for id_, one in found.items()} == {
        "punctuation:no_comma": 1.0,
        "startend:quotation": 0.5,
    }


def test_there_are_25_58_and_93_types() -> None:
    def types(*heads: str) -> list[str]:
        return [id_ for id_ in KNOWN if id_.startswith(heads)]

    assert len(types("en:")) == 25
    assert [len(types(f"{code}:")) for code in ("es", "fr", "ja")] == [30, 30, 33]
    assert len(KNOWN) == 25 + 25 + 93 + 58
    assert all(isinstance(one, Instruction) for one in KNOWN.values())


def test_two_checks_of_one_answer_are_the_same() -> None:
    near_tie = "no si la de a e o"
    said = set()
    for _ in range(5):
        text._detected.cache_clear()
        said.add(text.language(near_tie))
    assert len(said) == 1
