from collections.abc import Callable
from typing import Any

import pytest

from registry.formats import Unusable
from registry.formats.openai_evals import task_of

Reads = Callable[..., list[tuple[int, Any]]]


def read_one(read: Reads, input: object, ideal: object = "C") -> Any:
    ((_, what),) = read("openai-evals", {"input": input, "ideal": ideal})
    return what


def says(role: str, content: object = "x", **more: str) -> dict[str, object]:
    return {"role": role, "content": content, **more}


def roles(example: Any) -> list[str]:
    return [message.role for message in example.messages]


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("evals/registry/data/arc/samples.jsonl", "arc"),
        ("evals/registry/data/tom/hard/test.jsonl", "tom/hard/test"),
        ("evals/registry/data/tom/hard/samples.jsonl", "tom/hard"),
        ("evals/registry/data/p/samples.v0.jsonl", "p/samples.v0"),
        ("mine/samples.jsonl", "mine"),
        ("samples.jsonl", "samples"),
    ],
)
def test_the_task_is_the_folder_and_the_stem_if_it_says_something(name: str, task: str) -> None:
    assert task_of(name) == task


def test_a_text_is_the_users_turn(read: Reads) -> None:
    example = read_one(read, "Which key?")
    assert roles(example) == ["user"]


def test_a_lone_system_message_becomes_the_users_turn(read: Reads) -> None:
    assert roles(read_one(read, [says("system")])) == ["user"]


def test_a_system_message_before_the_user_stays(read: Reads) -> None:
    assert roles(read_one(read, [says("system"), says("user")])) == ["system", "user"]


def test_a_system_message_at_the_end_is_the_question(read: Reads) -> None:
    assert roles(read_one(read, [says("system"), says("system")])) == ["system", "user"]


def test_named_examples_become_turns(read: Reads) -> None:
    shots = [
        says("system", name="example_user"),
        says("system", name="example_assistant"),
    ]
    assert roles(read_one(read, [says("system"), *shots, says("user")])) == [
        "system",
        "user",
        "assistant",
        "user",
    ]


def test_a_conversation_that_ends_with_the_assistant_is_unusable(read: Reads) -> None:
    bad = read_one(read, [says("user"), says("assistant")])
    assert isinstance(bad, Unusable)
    assert bad.reason == "'input' ends with the assistant's turn"


@pytest.mark.parametrize(
    ("ideal", "references"),
    [
        ("C", ("C",)),
        (["C", "C major"], ("C", "C major")),
        (7, ("7",)),
        (7.5, ("7.5",)),
        ([7, "seven", ""], ("7", "seven")),
    ],
)
def test_every_ideal_is_an_acceptable_answer(
    read: Reads, ideal: object, references: tuple[str, ...]
) -> None:
    assert read_one(read, "Which?", ideal).references == references


@pytest.mark.parametrize("ideal", ["", [], [" "]])
def test_no_ideal_is_an_empty_output(read: Reads, ideal: object) -> None:
    assert read_one(read, "Which?", ideal).reason == "the output is empty"


@pytest.mark.parametrize("ideal", [None, {"a": 1}, [["C"]], [None]])
def test_an_ideal_of_another_shape_is_unusable(read: Reads, ideal: object) -> None:
    assert read_one(read, "Which?", ideal).reason == "'ideal' is neither text nor a list of texts"


@pytest.mark.parametrize("input", [[], None, 3, {"role": "user"}])
def test_an_input_of_another_shape_is_unusable(read: Reads, input: object) -> None:
    reason = read_one(read, input).reason
    assert reason == "'input' is neither text nor a list of messages"


@pytest.mark.parametrize("turn", ["x", {"role": "user"}, says("tool"), says("user", ["x"])])
def test_a_message_of_another_shape_is_unusable(read: Reads, turn: object) -> None:
    reason = read_one(read, [turn, says("user")]).reason
    assert reason == "'input' holds something other than messages of text"


def test_a_row_with_other_keys_names_them(read: Reads) -> None:
    ((_, bad),) = read("openai-evals", {"question": "?", "answer": "!"})
    assert bad.reason == "has the keys answer, question; needs input, ideal"
