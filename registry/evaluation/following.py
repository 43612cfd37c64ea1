"""The accuracies of verifiable instructions, for a model's own answers to canonical rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

from registry.canonical import Row
from registry.cards.vocabulary import RANKED
from registry.errors import RegistryError
from registry.evaluation import instructions
from registry.evaluation.answers import Answer
from registry.evaluation.instructions import Item, Verdict
from registry.evaluation.instructions.verdicts import Level, by_instruction
from registry.evaluation.metrics import versions
from registry.evaluation.scoring import Scored
from registry.evaluation.summary import Summary

AVERAGE = "strict_average"
NAMES = ("prompt_strict", "prompt_loose", "instruction_strict", "instruction_loose", AVERAGE)
"""Metrics that hold an answer against its row's constraints; all others take references."""


def check(rows: Sequence[Row], answers: Sequence[Answer]) -> list[Verdict]:
    """Hold answers against the constraints of their rows, as the reference checkers do."""
    return [
        instructions.check(item_of(row), one.answer) for row, one in zip(rows, answers, strict=True)
    ]


def followed(
    rows: Sequence[Row], verdicts: Sequence[Verdict], names: Iterable[str]
) -> dict[str, Scored]:
    """Fold the verdicts on the answers to rows to the accuracies of these names.

    The accuracy over instructions has that of each instruction type as its tasks.
    """
    items = [item_of(row) for row in rows]
    accuracy = instructions.summary(verdicts)
    levels: Mapping[str, Level] = {"strict": accuracy.strict, "loose": accuracy.loose}
    found = {}
    for name in names:
        if name == AVERAGE:
            found[name] = Scored(average(verdicts, accuracy.strict), {}, None)
            continue
        of, _, how = name.partition("_")
        level = levels[how]
        if of == "prompt":
            found[name] = Scored(level.prompt, {}, None)
        else:
            each = by_instruction(items, verdicts, loose=how == "loose")
            found[name] = Scored(level.instruction, each, None)
    return found


def average(verdicts: Sequence[Verdict], strict: Level) -> Summary:
    """Return the mean of the two strict accuracies, which is what leaderboards call IFEval.

    They are of the same prompts, so the standard error is that of both together, prompt by prompt.
    """
    whole, single = strict.prompt.mean, strict.instruction.mean
    count = len(verdicts)
    length = sum(len(one.strict) for one in verdicts) / count
    off = [
        (all(one.strict) - whole + (sum(one.strict) - single * len(one.strict)) / length) / 2
        for one in verdicts
    ]
    spread = sqrt(sum(one * one for one in off) / (count * (count - 1))) if count > 1 else None
    return Summary((whole + single) / 2, spread, count)


def scorers(metrics: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return version and digest of the scorer behind each metric of a benchmark."""
    by = dict.fromkeys(NAMES, "instructions") | dict.fromkeys(RANKED, "options")
    by = {name: by.get(name, name) for name in metrics}
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
