"""Constraint programs: IFEval's JSON lines, whose prompts are translated to their requirements.

The rows are IFEval's own (`registry.formats.ifeval`) or made like them by `registry
generate-programs`. An answer is a program: JSON text of every requirement's id and arguments, in
the order of that text, so that there is one text for one set of requirements.

    [{"id": "punctuation:no_comma", "arguments": {}}]
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from registry.canonical import Constraint, Example
from registry.formats import ifeval
from registry.formats.benchmarks import asked
from registry.formats.native import Rows, Unusable, text_of
from registry.formats.shapes import split_of

QUESTION = "Translate the requirements of this instruction to a program.\n\nInstruction: "


def one(value: Any, name: str = "") -> Example | Unusable:
    """Return the question what a prompt requires, with its program as the answer."""
    read = ifeval.one(value, name)
    if isinstance(read, Unusable):
        return read
    if not read.constraints:
        return Unusable("the prompt requires nothing", text_of(value))
    return msgspec.structs.replace(
        read,
        messages=asked(f"{QUESTION}{read.messages[-1].content}"),
        references=(program(read.constraints),),
        constraints=(),
        split=split_of(name),
    )


def program(constraints: Sequence[Constraint]) -> str:
    """Return the program of some constraints.

    >>> program([Constraint("b:c"), Constraint("a:b", '{"n": 1}')])
    '[{"id": "a:b", "arguments": {"n": 1}}, {"id": "b:c", "arguments": {}}]'
    """
    written = (
        f'{{"id": {json.dumps(each.id)}, "arguments": {each.arguments}}}' for each in constraints
    )
    return f"[{', '.join(sorted(written))}]"


read = Rows(one)
