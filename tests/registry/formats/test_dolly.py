from collections.abc import Callable
from typing import Any

from registry.formats import Unusable

Reads = Callable[..., list[tuple[int, Any]]]
ROW = {"instruction": "Who?", "context": "", "response": "She.", "category": "open_qa"}


def test_the_category_is_the_task(read: Reads) -> None:
    ((_, example),) = read("dolly", [ROW])
    assert example.task == "open_qa"
    assert example.messages[0].content == "Who?"


def test_citation_marks_stay_in_the_context(read: Reads) -> None:
    ((_, example),) = read("dolly", [ROW | {"context": "She sang.[12]"}])
    assert example.messages[0].content == "Who?\n\nShe sang.[12]"


def test_a_row_without_a_category_says_which_keys_it_has(read: Reads) -> None:
    ((_, bad),) = read("dolly", [{"instruction": "Who?", "response": "She."}])
    assert isinstance(bad, Unusable)
    assert bad.reason.startswith("has the keys instruction, response; needs instruction, context")
