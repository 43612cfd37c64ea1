import json
from collections.abc import Callable
from typing import Any

from registry.evaluation.metrics.programs import program_exact, program_execution
from registry.formats import Unusable

Reads = Callable[..., list[tuple[int, Any]]]


def record(*steps: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    ids, kwargs = [id for id, _ in steps], [given for _, given in steps]
    return {"key": 1, "prompt": "Sing.", "instruction_id_list": ids, "kwargs": kwargs}


QUOTED, WORDS = (
    ("startend:quotation", {}),
    ("length_constraints:number_words", {"relation": "at least", "num_words": 9, "language": None}),
)


def test_the_samples_become_the_golden_rows(golden: Callable[[str], None]) -> None:
    golden("constraint-programs")


def test_the_answer_is_the_program_of_the_prompt(read: Reads) -> None:
    ((_, found),) = read("constraint-programs", record(QUOTED, WORDS))
    assert found.messages[-1].content.endswith("Instruction: Sing.")
    assert not found.constraints
    assert json.loads(found.references[0]) == [
        {"id": WORDS[0], "arguments": {"num_words": 9, "relation": "at least"}},
        {"id": QUOTED[0], "arguments": {}},
    ]


def test_one_set_of_requirements_has_one_text(read: Reads) -> None:
    texts = {
        read("constraint-programs", record(*of))[0][1].references
        for of in ((QUOTED, WORDS), (WORDS, QUOTED))
    }
    assert len(texts) == 1


def test_an_answer_as_in_the_file_is_right(read: Reads) -> None:
    ((_, found),) = read("constraint-programs", record(QUOTED, WORDS))
    given = [{"id": id, "arguments": {**of}} for id, of in (QUOTED, WORDS)]
    assert program_exact(json.dumps(given), found.references) == 1.0
    assert program_execution(json.dumps(given), found.references) == 1.0


def test_a_prompt_that_requires_nothing_has_no_program(read: Reads) -> None:
    ((_, found),) = read("constraint-programs", record())
    assert isinstance(found, Unusable)
    assert found.reason == "the prompt requires nothing"


def test_the_file_s_name_says_the_split(read: Reads) -> None:
    for name, split in (("train.jsonl", "train"), ("test.jsonl", "test")):
        assert read("constraint-programs", record(QUOTED), name)[0][1].split == split
