"""CoEdIT: JSON lines of edits, with the instruction before the text in `src`.

{"_id": 1, "task": "gec", "src": "Fix the grammar: He sing.", "tgt": "He sings."}

Source: grammarly/coedit, whose card documents `src` as `instruction: input_text`.
"""

from typing import Any

from msgspec.structs import replace

from registry.canonical import Example
from registry.formats.native import Rows, Unusable, missing, not_text, text_of
from registry.formats.shapes import pair, split_of


def one(value: Any, name: str) -> Example | Unusable:
    """Return the edit that a row asks for, under its task.

    The prompt is `src` as it stands; the definition is what stands before its first `: `.
    """
    if wrong := missing(value, "task", "src", "tgt") or not_text(value, "task"):
        return Unusable(wrong, text_of(value))
    made = pair(value, "src", "tgt", task=value["task"], split=split_of(name))
    if isinstance(made, Unusable):
        return made
    instruction, colon, _ = value["src"].partition(": ")
    return replace(made, definition=instruction) if colon else made


read = Rows(one)
