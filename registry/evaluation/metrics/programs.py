"""Constraint programs: whether two of them are the same, and whether they say the same of answers.

A program is JSON text of verifiable instructions, each with its arguments (the survey's semantic
parser, section 5.1: instruction -> formula -> execution). To execute one is to check an answer by
each of its instructions, as IFEval's reference does.

    [{"id": "length_constraints:number_words",
      "arguments": {"relation": "at least", "num_words": 100}}]
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from registry.errors import RegistryError
from registry.evaluation.instructions.kinds import Arguments
from registry.evaluation.instructions.verdicts import KNOWN, item
from registry.evaluation.metrics.probes import PROBES

VERSION = "1"

Program = tuple[tuple[str, Arguments], ...]


def program_exact(answer: str, references: Sequence[str]) -> float:
    """Score 1.0 when the answer is a reference's set of instructions with the same arguments.

    Order does not count, neither among instructions nor among keywords. What is no program equals
    a reference only as text.

    >>> program_exact('[{"id": "startend:quotation", "arguments": {}}]', ["[]"])
    0.0
    """
    return _best(answer, references, lambda found, gold: _known(found) == _known(gold))


def program_execution(answer: str, references: Sequence[str]) -> float:
    """Score 1.0 when the answer's program gives a reference's verdicts on all probes.

    A program has a verdict for each instruction type in it. Probes are made of the arguments of
    both programs, so that counts that differ by one are told apart; types that have no probes, such
    as those of IFBench, are compared by their arguments.
    """
    return _best(answer, references, _agree)


def _best(
    answer: str, references: Sequence[str], same: Callable[[Program, Program], bool]
) -> float:
    if not references:
        raise ValueError("a program cannot be compared when there is no reference")
    found = _program(answer)
    for reference in references:
        gold = _program(reference)
        if answer.strip() == reference.strip() or (found and gold and same(found, gold)):
            return 1.0
    return 0.0


@lru_cache(maxsize=4096)
def _program(text: str) -> Program | None:
    """Read a program; None where it is none, or names what no checker knows."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not all(map(_is_step, value)):
        return None
    record = {
        "instruction_id_list": [one["id"] for one in value],
        "kwargs": [one["arguments"] for one in value],
    }
    try:
        read = item(record)
    except RegistryError:
        return None
    return tuple(zip(read.ids, read.arguments, strict=True))


def _is_step(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"id", "arguments"}


def _known(program: Program) -> set[tuple[str, str]]:
    return {(id, _text(given)) for id, given in program}


def _text(given: Arguments) -> str:
    """Return arguments as text that does not depend on any order."""
    values = {
        name: sorted(set(value)) if isinstance(value, tuple) else value
        for name, value in given.items()
    }
    return repr(sorted(values.items()))


def _agree(found: Program, gold: Program) -> bool:
    ids = {id for id, _ in gold}
    return ids == {id for id, _ in found} and all(
        _same(id, _of(id, found), _of(id, gold)) for id in sorted(ids)
    )


def _of(id: str, program: Program) -> list[Arguments]:
    return [given for one, given in program if one == id]


def _same(id: str, found: list[Arguments], gold: list[Arguments]) -> bool:
    """Tell whether the instructions of one type say the same of every probe."""
    if set(map(_text, found)) == set(map(_text, gold)):
        return True
    if id not in PROBES:
        return False
    probes = {text for given in (*found, *gold) for text in PROBES[id](given)}
    return all(_followed(id, found, text) == _followed(id, gold, text) for text in sorted(probes))


def _followed(id: str, all_of: Iterable[Arguments], text: str) -> bool:
    return all(KNOWN[id].check(text, given, "reference") for given in all_of)
