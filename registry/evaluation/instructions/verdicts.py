"""Verdicts: which instructions of a record an answer follows, and the accuracies over records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from typing import Any

from registry.errors import RegistryError, near
from registry.evaluation.instructions import french, ifbench, ifeval, japanese, spanish
from registry.evaluation.instructions.kinds import Arguments, Instruction, Mode
from registry.evaluation.summary import Summary, summarise

SCORERS: Mapping[str, str] = {
    "ifeval": "ifeval-1",
    "ifbench": "ifbench-1",
    "m-ifeval": "m-ifeval-1",
}
"""The version of each family's checks: a change of any verdict is a new one."""

VERSION = "+".join(SCORERS.values())

KNOWN: Mapping[str, Instruction] = {
    **ifeval.INSTRUCTIONS,
    **{f"en:{id_}": one for id_, one in ifeval.INSTRUCTIONS.items()},
    **{f"es:{id_}": one for id_, one in spanish.INSTRUCTIONS.items()},
    **{f"fr:{id_}": one for id_, one in french.INSTRUCTIONS.items()},
    **{f"ja:{id_}": one for id_, one in japanese.INSTRUCTIONS.items()},
    **ifbench.INSTRUCTIONS,
}
"""Every instruction type by its id; M-IFEval's begin with their language."""


LONG = 100_000
"""The characters from which on a loose verdict is the strict one.

So long an answer has run away, and what each of seven variants of it costs adds up.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A record that can be scored: its instructions, in order, with the arguments of each."""

    key: str
    ids: tuple[str, ...]
    arguments: tuple[Arguments, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which instructions an answer follows, as it stands and in its most favourable variant."""

    strict: tuple[bool, ...]
    loose: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One reading of verdicts: the share of prompts followed whole, and of instructions.

    The standard error over instructions takes those of a prompt as one draw, not as several.
    """

    prompt: Summary
    instruction: Summary


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The accuracies of strict and of loose verdicts."""

    strict: Level
    loose: Level


def known(id_: str) -> bool:
    """Say whether an instruction of this id can be checked.

    >>> known("punctuation:no_comma"), known("punctuation:no_coma")
    (True, False)
    """
    return id_ in KNOWN


def item(record: Mapping[str, Any]) -> Item:
    """Read a record as IFEval, IFBench and M-IFEval publish them, or refuse it.

    Arguments of null, with which some carriers fill every record up, count as not given.
    """
    key = str(record.get("key", ""))
    where = f"instructions: record {key!r}"
    ids, kwargs = record.get("instruction_id_list"), record.get("kwargs")
    if not isinstance(ids, list | tuple) or not isinstance(kwargs, list | tuple) or not ids:
        raise RegistryError(
            f"{where}: instruction_id_list and kwargs have to be lists with entries"
        )
    if len(ids) != len(kwargs):
        raise RegistryError(f"{where}: has {len(ids)} instructions and {len(kwargs)} kwargs")
    given = [_arguments(where, id_, one) for id_, one in zip(ids, kwargs, strict=True)]
    return Item(key, tuple(ids), tuple(given))


def _arguments(where: str, id_: object, kwargs: object) -> Arguments:
    if not isinstance(id_, str) or id_ not in KNOWN:
        raise RegistryError(
            f"{where}: instruction {id_!r:.80} is not known here{near(str(id_)[:80], KNOWN)}"
        )
    if not isinstance(kwargs, Mapping):
        raise RegistryError(f"{where}: {id_}: kwargs are {kwargs!r:.60}, not a mapping")
    instruction = KNOWN[id_]
    given = {name: value for name, value in kwargs.items() if value is not None}
    for name in given.keys() - instruction.arguments.keys() - instruction.ignored:
        raise RegistryError(f"{where}: {id_}: takes no '{name}'{near(name, instruction.arguments)}")
    read = {}
    for name, kind in instruction.arguments.items():
        if name not in given:
            raise RegistryError(f"{where}: {id_}: '{name}' is missing; a checker would draw one")
        try:
            read[name] = kind(given[name])
        except (ValueError, OverflowError) as error:
            raise RegistryError(f"{where}: {id_}: '{name}' {error}") from None
    return read


def check(record: Mapping[str, Any] | Item, response: object, mode: Mode = "reference") -> Verdict:
    """Say which of a record's instructions a response follows.

    A response that is no text, or holds nothing but white space, follows none.
    """
    asked = record if isinstance(record, Item) else item(record)
    if not isinstance(response, str) or not response.strip():
        nothing = (False,) * len(asked.ids)
        return Verdict(nothing, nothing)
    variants = loosened(response) if len(response) < LONG else ()
    strict, loose = [], []
    for id_, arguments in zip(asked.ids, asked.arguments, strict=True):
        follows = KNOWN[id_].check
        strict.append(follows(response, arguments, mode))
        loose.append(strict[-1] or any(follows(one, arguments, mode) for one in variants))
    return Verdict(tuple(strict), tuple(loose))


def loosened(response: str) -> tuple[str, ...]:
    """Return the variants that a loose verdict tries: less a first line, a last line, the stars.

    Of the eight there are, those that say nothing and those that repeat one are left out.

    >>> loosened("Sure!\\n*Yes*")
    ('Sure!\\nYes', '*Yes*', 'Sure!', 'Yes')
    """
    lines = response.split("\n")
    cut = ["\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])]
    variants = [response.replace("*", ""), *cut, *(one.replace("*", "") for one in cut)]
    return tuple(one for one in dict.fromkeys(variants) if one.strip() and one != response)


def summary(verdicts: Iterable[Verdict]) -> Accuracy:
    """Fold verdicts to the accuracies that IFEval reports."""
    all_ = list(verdicts)
    return Accuracy(_level([one.strict for one in all_]), _level([one.loose for one in all_]))


def _level(followed: Sequence[Sequence[bool]]) -> Level:
    prompts = summarise([float(all(one)) for one in followed])
    total = sum(map(len, followed))
    mean = sum(map(sum, followed)) / total
    n = len(followed)
    off = sum((sum(one) - mean * len(one)) ** 2 for one in followed)
    stderr = sqrt(off * n / (n - 1)) / total if n > 1 else None
    return Level(prompts, Summary(mean, stderr, total))


def by_instruction(
    items: Iterable[Item], verdicts: Iterable[Verdict], *, loose: bool = False
) -> dict[str, Summary]:
    """Return the accuracy on each instruction type, by id."""
    said = sorted(
        (id_, followed)
        for one, verdict in zip(items, verdicts, strict=True)
        for id_, followed in zip(one.ids, verdict.loose if loose else verdict.strict, strict=True)
    )
    return {
        id_: summarise([float(followed) for _, followed in group])
        for id_, group in groupby(said, key=lambda pair: pair[0])
    }
