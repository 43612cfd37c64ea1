from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.canonical import Example
from registry.formats import Unusable

Reads = Callable[..., list[tuple[int, Any]]]
texts = st.text(st.characters(codec="utf-8"))
answers = texts.filter(str.strip)


@given(instruction=texts, input=texts, output=answers)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_alpaca_row_is_one_exchange(
    read: Reads, instruction: str, input: str, output: str
) -> None:
    ((row, example),) = read(
        "alpaca", [{"instruction": instruction, "input": input, "output": output}]
    )
    assert row == 0
    assert isinstance(example, Example)
    assert [message.role for message in example.messages] == ["user"]
    assert example.messages[0].content.startswith(instruction)
    assert example.references == (output,)


def test_empty_input_leaves_no_blank_line(read: Reads) -> None:
    for nothing in ("", " ", "<noinput>", "< noinput >", "noinput", "[Noinput]"):
        ((_, example),) = read(
            "alpaca", [{"instruction": "Sing.", "input": nothing, "output": "La."}]
        )
        assert example.messages[0].content == "Sing."


def test_an_input_that_speaks_of_noinput_stays(read: Reads) -> None:
    said = "What does <noinput> mean?"
    ((_, example),) = read("alpaca", [{"instruction": "Say.", "input": said, "output": "Nothing."}])
    assert example.messages[0].content == f"Say.\n\n{said}"


@pytest.mark.parametrize("output", ["", " \n"])
def test_an_empty_output_is_unusable(read: Reads, output: str) -> None:
    ((_, bad),) = read("alpaca", [{"instruction": "Sing.", "input": "", "output": output}])
    assert isinstance(bad, Unusable)
    assert bad.reason == "the output is empty"


def test_json_lines_are_read_too(read: Reads) -> None:
    line = '{"instruction": "Sing.", "input": "", "output": "La."}\n'
    assert [row for row, _ in read("alpaca", line + "\n" + line)] == [0, 2]
