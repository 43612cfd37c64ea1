from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from registry.errors import RegistryError
from registry.evaluation.judging import pairwise, protocols
from registry.evaluation.judging.annotations import Annotations
from registry.evaluation.judging.judges import Judge
from registry.evaluation.judging.protocols import Given, Pair
from registry.evaluation.judging.rows import InvalidRows, Line

PAIR = Pair("k", "Sing.", ("La.", "La la la."), ("base", "mine"))


def saying(say: Any) -> Judge:
    def answers(prompts: Sequence[str]) -> Iterator[tuple[int, str]]:
        yield from ((at, say(prompt)) for at, prompt in enumerate(prompts))

    return Judge({"model": "j"}, answers)


def longer(prompt: str) -> str:
    """Prefer the longer answer, wherever it stands."""
    first, second = (
        part.split("]\n")[1].partition("\n[end")[0] for part in prompt.split("[answer ")[1:]
    )
    return f"Verdict: {1 if len(first) > len(second) else 2}"


def lines(*rows: dict[str, Any]) -> list[Line]:
    return [Line("a.jsonl", at, one) for at, one in enumerate(rows, 1)]


def test_a_judge_who_looks_at_the_answers_says_the_same_in_both_orders() -> None:
    rows = protocols.judge_pairs(saying(longer), [PAIR], Annotations({}))
    assert [(one["swapped"], one["preference"]) for one in rows] == [(False, 2), (True, 2)]


def test_a_judge_who_looks_at_places_contradicts_itself() -> None:
    rows = protocols.judge_pairs(saying(lambda prompt: "Verdict: 1"), [PAIR], Annotations({}))
    assert [one["preference"] for one in rows] == [1, 2]
    made, _ = pairwise.compared(lines(*rows))
    assert made.positions
    assert made.positions.bias == 1


def test_a_completion_without_verdict_is_null_and_counted() -> None:
    rows = protocols.judge_pairs(saying(lambda prompt: "Hm."), [PAIR], Annotations({}))
    assert [one["preference"] for one in rows] == [None, None]
    made, _ = pairwise.compared(lines(*rows))
    assert made.unparsed == 2


def test_verdicts_name_models_judge_and_prompt() -> None:
    row, _ = protocols.judge_pairs(saying(longer), [PAIR], Annotations({}))
    assert (row["generator_1"], row["generator_2"]) == ("base", "mine")
    assert (row["annotator"], row["asked"]) == ("j", "pairwise/1")


def test_one_answer_is_rated() -> None:
    given = [Given("k", "Sing.", "La.", "mine")]
    (row,) = protocols.judge_singly(saying(lambda prompt: "Rating: 7"), given, Annotations({}))
    assert (row["id"], row["rating"], row["generator"]) == ("k", 7, "mine")


def test_a_checklist_asks_each_question() -> None:
    one = Given("k", "Sing.", "La.", "mine", ("Is it sung?", "Is it long?"), {"id": "k"})

    def say(prompt: str) -> str:
        return "Answer: yes" if "Is it sung?" in prompt else "who knows"

    (row,) = protocols.judge_checklists(saying(say), [one], Annotations({}))
    assert (row["id"], row["eval"]) == ("k", [True, None])
    with pytest.raises(RegistryError, match="no decomposed_questions"):
        protocols.judge_checklists(saying(say), [Given("k", "S", "L", "m")], Annotations({}))


def test_answers_are_read_from_many_shapes() -> None:
    made = protocols.given(
        lines(
            {"schema": 1, "fingerprint": "f"},
            {"id": "1", "prompt": "p", "answer": "a"},
            {"key": 2, "prompt": "p", "response": None},
            {"instruction": "i", "output": "o", "generator": "g"},
        ),
        "file",
    )
    assert [(one.key, one.answer, one.model) for one in made] == [
        ("1", "a", "file"),
        ("2", "", "file"),
        ("i", "o", "g"),
    ]


def test_all_faulty_answers_are_named_at_once() -> None:
    with pytest.raises(InvalidRows) as caught:
        protocols.given(lines({"id": 1}, {"id": 2, "prompt": "p", "response": 3}), "m")
    assert len(caught.value.problems) == 2


def test_answers_meet_by_key_and_the_rest_is_named() -> None:
    def many(*keys: str) -> list[Given]:
        return [Given(key, "Sing.", key, "m") for key in keys]

    made = protocols.paired(many("a", "b", "c"), many("c", "a", "d"))
    assert [one.key for one in made.pairs] == ["a", "c"]
    assert (made.only_first, made.only_second) == (("b",), ("d",))
    with pytest.raises(RegistryError, match="no item in common"):
        protocols.paired(many("a"), many("b"))
    with pytest.raises(RegistryError, match="two answers have this key"):
        protocols.paired(many("a", "a"), many("a"))


def test_answers_to_other_instructions_under_the_same_id_are_no_pair() -> None:
    def side(*asked: str) -> list[Given]:
        return [Given(str(at), one, "x", "m") for at, one in enumerate(asked)]

    made = protocols.paired(side("Sing.", "Run."), side("Sing.\n", "Walk."))
    assert ([one.key for one in made.pairs], made.differing) == (["0"], ("1",))
    with pytest.raises(RegistryError, match="other instructions under the same ids, as under '0'"):
        protocols.paired(side("Sing."), side("Run."))
