"""Dynosaur: a JSON array (or JSON lines) of `instruction`, `input`, `output` and `taskname`.

    {"instruction": "Name the composer.", "input": "Messiah", "output": "Handel",
     "license": "mit", "website": "..", "taskname": "works"}

Reference: the README of the Dynosaur repository (WadeYin9712). The file of task definitions that
lies in that repository has other rows, of which no example can be made:

    {"task_name": "works", "instruction": "..", "input_fields": ["work"], "output_field": ["by"]}
"""

from typing import Any

from msgspec.structs import replace

from registry.canonical import Example
from registry.formats import alpaca
from registry.formats.native import Rows, Unusable, text_of

_DEFINITION = "is a task definition without instances"


def one(value: Any, name: str = "") -> Example | Unusable:
    """Return the one exchange that a row holds, put together as one of Alpaca's.

    `license` and `website`, those of the source dataset, are left out.
    """
    if isinstance(value, dict) and "input_fields" in value and "output" not in value:
        return Unusable(_DEFINITION, text_of(value))
    made = alpaca.one(value)
    if isinstance(made, Unusable):
        return made
    task = value.get("taskname") or ""
    if not isinstance(task, str):
        return Unusable("'taskname' is not text", text_of(value))
    return replace(made, task=task)


read = Rows(one)
