"""What an instruction is: a check, and the arguments a record has to give it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import ge, le, lt
from typing import Any, Literal

Mode = Literal["reference", "revised", "fixed"]
"""Whose verdict: the checkers that made the published scores, their owner's own later revision
(IFBench only; elsewhere the same as `reference`), or what the instruction's wording asks for.
"""

MODES: tuple[Mode, ...] = ("reference", "revised", "fixed")

Arguments = Mapping[str, Any]
Check = Callable[[str, Arguments, Mode], bool]
Kind = Callable[[object], Any]
"""From an argument as a record gives it to the argument as a check wants it, or ValueError."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction type: `check` says whether a text follows it, given its `arguments`.

    `ignored` names what records give as well and no check, ours or the reference's, looks at.
    """

    check: Check
    arguments: Mapping[str, Kind] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()


def count(value: object) -> int:
    """Read a number of things; records write some as 5.0.

    >>> count(5.0)
    5
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"is {value!r:.60}, not a whole number")
    if value < 0:
        raise ValueError(f"is {value!r}, fewer than none")
    return int(value)


def text(value: object) -> str:
    """Read a text that holds something."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"is {value!r:.60}, not a text")
    return value


def stripped(value: object) -> str:
    """Read a text without the space around it."""
    return text(value).strip()


def letter(value: object) -> str:
    """Read one character, in lower case."""
    if not isinstance(value, str) or len(value.lower()) != 1:
        raise ValueError(f"is {value!r:.60}, not one character")
    return value.lower()


def texts(value: object) -> tuple[str, ...]:
    """Read a list of texts."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"is {value!r:.60}, not a list of texts")
    return tuple(text(one) for one in value)


def pairs(value: object) -> dict[str, str]:
    """Read a mapping of texts to texts."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"is {value!r:.60}, not a mapping of texts")
    return {text(key): text(one) for key, one in value.items()}


def relation(*, fewer: str = "", at_least: str = "", at_most: str = "") -> Kind:
    """Return a reader of relations that are worded so; what it reads compares two numbers."""
    known = {fewer: lt, at_least: ge, at_most: le}
    known.pop("", None)

    def read(value: object) -> Callable[[int, int], bool]:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"is {value!r:.60}, not {' or '.join(map(repr, known))}")
        return known[value]

    return read
