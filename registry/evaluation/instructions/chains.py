"""Scores over verdicts that belong together: the turns of a dialogue, the levels of a chain.

Multi-IF: He et al., "Multi-IF: Benchmarking LLMs on Multi-Turn and Multilingual Instructions
Following" (2024). FollowBench: Jiang et al., "FollowBench: A Multi-level Fine-grained Constraints
Following Benchmark for Large Language Models" (2024), section 3.3.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count as numbers
from itertools import pairwise
from typing import Any

from registry.errors import RegistryError
from registry.evaluation.instructions.verdicts import Accuracy, Item, Verdict, item, summary
from registry.evaluation.summary import Summary, summarise


@dataclass(frozen=True, slots=True)
class Turn:
    """How one turn went over all dialogues.

    `forgotten` is the share of the instructions followed a turn before that no longer are; None
    in the first turn, and where nothing was followed. Strict verdicts are counted.
    """

    accuracy: Accuracy
    forgotten: float | None


@dataclass(frozen=True, slots=True)
class Levels:
    """FollowBench's three scores.

    `hard` is the share of chains, level by level, that satisfy every constraint of the level,
    `soft` the mean share of its constraints, `consistent` the mean number of levels, from the
    first on, without a gap.
    """

    hard: tuple[Summary, ...]
    soft: tuple[Summary, ...]
    consistent: Summary


def turns(record: Mapping[str, Any]) -> Iterator[Item]:
    """Yield the turns of a Multi-IF record, each with its own and all earlier instructions.

    Its files hold lists as JSON in text, and arguments as JSON in JSON.
    """
    for number in numbers(1):
        ids = _parsed(record, f"turn_{number}_instruction_id_list")
        if not ids:
            return
        kwargs = [
            _loaded(one, record) if isinstance(one, str) else one
            for one in _parsed(record, f"turn_{number}_kwargs")
        ]
        key = f"{record.get('key', '')}:{number}"
        yield item({"key": key, "instruction_id_list": ids, "kwargs": kwargs})


def _parsed(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    parsed = _loaded(value, record) if isinstance(value, str) and value.strip() else value
    return parsed if isinstance(parsed, list) else []


def _loaded(text: str, record: Mapping[str, Any]) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        key = record.get("key", "")
        raise RegistryError(f"instructions: dialogue {key!r}: {text!r:.60} is no JSON") from None


def dialogues(verdicts: Sequence[Sequence[Verdict]]) -> tuple[Turn, ...]:
    """Score dialogues turn by turn: an instruction once given has to hold in all later turns.

    `verdicts` has a sequence for each dialogue, and in it a verdict for each turn, whose first
    entries are the instructions of the turn before. Dialogues may end early.
    """
    for dialogue in verdicts:
        for before, after in pairwise(dialogue):
            if len(after.strict) < len(before.strict):
                raise RegistryError(
                    "dialogues: a turn has fewer instructions than the turn before; each turn's "
                    "verdict has to begin with those of the turn before"
                )
    longest = max(map(len, verdicts), default=0)
    return tuple(_turn(verdicts, number) for number in range(longest))


def _turn(verdicts: Sequence[Sequence[Verdict]], number: int) -> Turn:
    reached = [dialogue for dialogue in verdicts if len(dialogue) > number]
    accuracy = summary(dialogue[number] for dialogue in reached)
    if not number:
        return Turn(accuracy, None)
    still = [
        after
        for dialogue in reached
        for before, after in zip(dialogue[number - 1].strict, dialogue[number].strict, strict=False)
        if before
    ]
    return Turn(accuracy, 1 - sum(still) / len(still) if still else None)


def levels(chains: Sequence[Sequence[Sequence[bool]]]) -> Levels:
    """Score chains of ever more constraints.

    `chains` has a sequence for each chain, in it one for each level from the first on, and in
    that whether each constraint of the level is satisfied.

    >>> levels([[[True], [True, False]], [[False], [True, True]]]).consistent.mean
    0.5
    """
    lengths = {len(chain) for chain in chains}
    if (
        len(lengths) != 1
        or 0 in lengths
        or not all(len(level) for chain in chains for level in chain)
    ):
        raise RegistryError(
            "levels: every chain needs the same number of levels, and every level a verdict"
        )
    by_level = list(zip(*chains, strict=True))
    return Levels(
        tuple(summarise([float(all(one)) for one in level]) for level in by_level),
        tuple(summarise([sum(one) / len(one) for one in level]) for level in by_level),
        summarise([float(_unbroken(chain)) for chain in chains]),
    )


def _unbroken(chain: Sequence[Sequence[bool]]) -> int:
    for number, level in enumerate(chain):
        if not all(level):
            return number
    return len(chain)
