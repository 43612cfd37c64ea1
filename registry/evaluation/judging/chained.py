"""Verdicts that hang together: the levels of FollowBench, the turns of Multi-IF.

    {"chain": "7", "level": 1, "satisfied": [true]}
    {"chain": "7", "level": 2, "satisfied": [true, false]}

    {"dialogue": "12", "turn": 1, "strict": [true], "loose": [true]}
    {"dialogue": "12", "turn": 2, "strict": [false, true]}

FollowBench's `example_id` and Multi-IF's `key` name the chain or dialogue too. A turn's verdicts
begin with those of the instructions given before; strict verdicts stand for missing loose ones.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from registry.evaluation.instructions import Verdict, chains
from registry.evaluation.judging.rows import Line, Unreadable, first_of, gather

Placed = tuple[str, int, Any]


def levelled(lines: Sequence[Line]) -> tuple[dict[str, Any], int]:
    """Return FollowBench's scores level by level, and how many chains there are."""
    found = _together(gather(lines, _level))
    scored = chains.levels([[*chain] for chain in found])
    figures: dict[str, Any] = {
        f"{name}_{level}": one.mean
        for name, many in (("hard", scored.hard), ("soft", scored.soft))
        for level, one in enumerate(many, 1)
    }
    return {**figures, "consistent": scored.consistent.mean}, len(found)


def conversed(lines: Sequence[Line]) -> tuple[dict[str, Any], int]:
    """Return the accuracies of each turn with the share forgotten, and how many dialogues."""
    found = _together(gather(lines, _turn))
    figures: dict[str, Any] = {}
    for number, one in enumerate(chains.dialogues(found), 1):
        for name, level in asdict(one.accuracy).items():
            figures[f"prompt_{name}_{number}"] = level["prompt"]["mean"]
            figures[f"instruction_{name}_{number}"] = level["instruction"]["mean"]
        figures[f"forgotten_{number}"] = one.forgotten
    return figures, len(found)


def _level(line: Line) -> Placed:
    return _name(line, "chain", "example_id"), _number(line, "level"), _truths(line, "satisfied")


def _turn(line: Line) -> Placed:
    strict = _truths(line, "strict")
    loose = _truths(line, "loose") if "loose" in line.value else strict
    if len(loose) != len(strict):
        raise Unreadable(line.problem("loose", f"has {len(loose)} of {len(strict)} verdicts"))
    return _name(line, "dialogue", "key"), _number(line, "turn"), Verdict(strict, loose)


def _together(placed: Sequence[Placed]) -> list[list[Any]]:
    """Return what each chain holds, in the order of its levels or turns."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for name, number, value in placed:
        found.setdefault(name, []).append((number, value))
    return [
        [value for _, value in sorted(many, key=lambda pair: pair[0])] for many in found.values()
    ]


def _name(line: Line, *names: str) -> str:
    value = first_of(line, names)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Unreadable(line.problem(names[0], "is missing; say what the row belongs to"))
    return str(value)


def _number(line: Line, name: str) -> int:
    value = line.value.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Unreadable(line.problem(name, f"{value!r} is no place; count from 1"))
    return value


def _truths(line: Line, name: str) -> tuple[bool, ...]:
    value = line.value.get(name)
    if not isinstance(value, list) or not value or not all(one in (True, False) for one in value):
        raise Unreadable(line.problem(name, "is no list of true and false; give one for each"))
    return tuple(map(bool, value))
