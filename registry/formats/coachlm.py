"""CoachLM: a JSON array of pairs, as Alpaca's model wrote them and as experts revised them.

    [{"Raw Instruction": "Name a waltz", "Raw Input": "", "Raw Response": "waltz",
      "Revised Instruction": "Name a waltz.", "Revised Input": "",
      "Revised Response": "The Blue Danube.", "Distance": 16}]

The test set is a JSON array of `instruction`, `input` and `reference response`. Both lie in the
repository CoachLM (lunyiliu).
"""

from typing import Any

from msgspec.structs import replace

from registry.canonical import Example
from registry.formats import alpaca
from registry.formats.native import Rows, Unusable, missing, not_text, text_of

_PARTS = ("Instruction", "Input", "Response")
_RAW = tuple(f"Raw {part}" for part in _PARTS)
_REVISED = tuple(f"Revised {part}" for part in _PARTS)
_TEST = ("instruction", "input", "reference response")


def one(value: Any, name: str = "") -> Example | Unusable:
    """Return the revised exchange, put together as one of Alpaca's.

    Where the experts changed nothing but the response, the raw one is rejected; where they
    changed the question too, it answers another one and is left out, as is the `Distance`.
    """
    testing = isinstance(value, dict) and "reference response" in value
    keys, needed = (_TEST, _TEST) if testing else (_REVISED, (*_RAW, *_REVISED))
    if wrong := missing(value, *needed) or not_text(value, *needed):
        return Unusable(wrong, text_of(value))
    instruction, input, output = (value[key] for key in keys)
    made = alpaca.one({"instruction": instruction, "input": input, "output": output})
    if isinstance(made, Unusable):
        return Unusable(made.reason, text_of(value))
    if testing:
        return replace(made, split="test")
    *asked, response = (value[key] for key in _RAW)
    unlike = response.strip() and response != output
    return replace(made, rejected=(response,)) if unlike and asked == [instruction, input] else made


read = Rows(one)
