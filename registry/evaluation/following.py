"""The accuracies of verifiable instructions, for a model's own answers to canonical rows."""

import json
from collections.abc import Iterable, Mapping, Sequence

from registry.canonical import Row
from registry.errors import RegistryError
from registry.evaluation import instructions
from registry.evaluation.answers import Answer
from registry.evaluation.instructions import Item
from registry.evaluation.instructions.verdicts import Level, by_instruction
from registry.evaluation.metrics import versions
from registry.evaluation.scoring import Scored

NAMES = ("prompt_strict", "prompt_loose", "instruction_strict", "instruction_loose")
"""Metrics that hold an answer against its row's constraints; all others take references."""


def followed(
    rows: Sequence[Row], answers: Sequence[Answer], names: Iterable[str]
) -> dict[str, Scored]:
    """Score answers by the constraints of their rows, as the reference checkers do.

    The accuracy over instructions has that of each instruction type as its tasks.
    """
    items = [item_of(row) for row in rows]
    verdicts = [
        instructions.check(item, one.answer) for item, one in zip(items, answers, strict=True)
    ]
    accuracy = instructions.summary(verdicts)
    levels: Mapping[str, Level] = {"strict": accuracy.strict, "loose": accuracy.loose}
    found = {}
    for name in names:
        of, _, how = name.partition("_")
        level = levels[how]
        if of == "prompt":
            found[name] = Scored(level.prompt, {}, None)
        else:
            each = by_instruction(items, verdicts, loose=how == "loose")
            found[name] = Scored(level.instruction, each, None)
    return found


def scorers(metrics: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return version and digest of the scorer behind each metric of a benchmark."""
    by = {name: "instructions" if name in NAMES else name for name in metrics}
    known = versions.versions()
    return {
        name: {"version": known[scorer], "digest": versions.scorer_digest(scorer)}
        for name, scorer in by.items()
    }


def item_of(row: Row) -> Item:
    """Return what a row's answer is held against, or refuse a row that cannot be scored."""
    if not row.constraints:
        raise RegistryError(f"{row.id}: it has no instruction to verify; leave the row out")
    return instructions.item(
        {
            "key": row.id,
            "instruction_id_list": [one.id for one in row.constraints],
            "kwargs": [json.loads(one.arguments) for one in row.constraints],
        }
    )
