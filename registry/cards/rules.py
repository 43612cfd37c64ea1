"""What a value must look like beyond its type; used in the annotations of `kinds`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from registry.cards.vocabulary import (
    ANNOTATORS,
    BRANCHES,
    EVALUATIONS,
    FORMATS,
    INSTRUCTION_TYPES,
    LANGUAGE_CLASSES,
    LICENCES,
    METRICS,
    MODALITIES,
    PURPOSES,
    SCORE_UNITS,
    SCORINGS,
    TERMS,
    TURNS,
    UNITS,
)
from registry.errors import near


@dataclass(frozen=True, slots=True)
class Rule:
    """A check that returns what is wrong and what to do, or None; and its JSON Schema.

    `says` is how a reference page puts it.
    """

    check: Callable[[Any], str | None]
    schema: dict[str, Any]
    says: str


@dataclass(frozen=True, slots=True)
class Ref:
    """The value is the id of another card of this kind, unless it is one of `words`."""

    kind: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asks:
    """Which qualifiers the claims of a field must and may carry, and which stages measure it."""

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    units: tuple[str, ...] = UNITS
    measured: tuple[str, ...] = ()


def _pattern(regex: str, otherwise: str, says: str) -> Rule:
    compiled = re.compile(regex)

    def check(value: Any) -> str | None:
        return None if compiled.fullmatch(value) else f"'{value}' {otherwise}"

    return Rule(check, {"pattern": f"^(?:{regex})$"}, says)


def _one_of(known: tuple[str, ...], regex: str, otherwise: str, says: str) -> Rule:
    compiled = re.compile(regex)

    def check(value: Any) -> str | None:
        if value in known or compiled.fullmatch(value):
            return None
        return f"'{value}' is not known here{near(value, known) or '; ' + otherwise}"

    return Rule(check, {"anyOf": [{"enum": list(known)}, {"pattern": f"^(?:{regex})$"}]}, says)


def _word(words: Iterable[str]) -> Rule:
    known = tuple(words)
    *most, last = (f"`{one}`" for one in known)

    def check(value: Any) -> str | None:
        if value in known:
            return None
        hint = near(value, known) or f"; write one of {', '.join(known)}"
        return f"'{value}' is not known here{hint}"

    return Rule(check, {"enum": list(known)}, f"{', '.join(most)} or {last}")


def _positive(value: Any) -> str | None:
    return None if value > 0 else f"{value} is not above 0; write a positive number"


def _count(value: Any) -> str | None:
    if value > MOST_COUNT:
        return f"is above {MOST_COUNT:,}, which nobody counts up to; write the number of the source"
    return None if value >= 0 else f"{value} is below 0; write 0 or a positive number"


def _weight(value: float) -> str | None:
    return None if value >= 0 else f"{value} is below 0; write 0 or more"


def _share(value: Any) -> str | None:
    return None if 0 <= value < 1 else f"{value} is not from 0 up to 1; write a share such as 0.1"


def _filled(value: Any) -> str | None:
    return None if value else "is an empty list; write at least one"


MOST_COUNT = 2**63 - 1
"""The largest whole number that databases and tables hold."""

# A page whose id ended in .json would have the address of another page's JSON.
ID_CHARACTERS = r"[a-z0-9][a-z0-9.-]*(?<!\.json)"
ID = _pattern(
    ID_CHARACTERS,
    "is not an id; use lower-case letters, digits, dots and dashes",
    "lower-case letters, digits, dots and dashes",
)
SHA256 = _pattern(r"[0-9a-f]{64}", "is not a sha256; write 64 hex digits", "64 hex digits")
DATE = _pattern(
    r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?",
    "is not a date; write YYYY, YYYY-MM or YYYY-MM-DD",
    "YYYY, YYYY-MM or YYYY-MM-DD",
)
ARXIV = _pattern(
    r"[0-9]{4}\.[0-9]{4,5}|[a-z-]+/[0-9]{7}",
    "is not an arXiv id; write it like 2303.10475",
    "an arXiv id such as 2303.10475",
)
HOME = _pattern(
    r"(hub:(models/|datasets/|spaces/)?[^/@\s]+(/[^/@\s]+)?|github:[^/@\s]+/[^/@\s]+|https?://\S+)",
    "is not a home; write hub:OWNER/NAME, github:OWNER/NAME or https://…",
    "hub:OWNER/NAME, github:OWNER/NAME or a URL",
)
SOURCE = _pattern(
    r"(pypi:[A-Za-z0-9._-]+==[A-Za-z0-9.]+"
    r"|hub:(models|datasets)/[^/@\s]+/[^/@\s]+@[0-9a-f]{40}:\S(.*\S)?"
    r"|git:\S+@[0-9a-f]{40}:\S(.*\S)?"
    r"|url:https?://\S+"
    r"|file:\S(.*\S)?)",
    "is not a source; write pypi:NAME==VERSION, hub:datasets/OWNER/NAME@COMMIT:PATH,"
    " git:URL@COMMIT:PATH, url:https://… or file:PATH",
    "pypi:NAME==VERSION, hub:datasets/OWNER/NAME@COMMIT:PATH, git:URL@COMMIT:PATH,"
    " url:https://… or file:PATH",
)
PLACE = _pattern(
    r"(?!/)(?!.*(^|/)\.\.?(/|$))[^\\\s:]([^\\:]*[^\\\s:/])?",
    "is not a place inside a folder; write a relative path with '/', without '..'",
    "a relative path with '/', without '..'",
)
LANGUAGE = _one_of(
    LANGUAGE_CLASSES,
    r"[a-z]{3}",
    "write an ISO 639-3 code such as eng, or monolingual",
    "an ISO 639-3 code, or a class of languages",
)
LICENCE = _one_of(
    tuple(LICENCES),
    re.escape(TERMS) + r"\S.*",
    "write an SPDX id, or 'terms: ' and their name",
    "a licence, or `terms: ` and their name",
)
ANNOTATOR = Ref("model", tuple(ANNOTATORS))
FORMAT = _word(FORMATS)
METRIC = _word(METRICS)
INSTRUCTION_TYPE = _word(INSTRUCTION_TYPES)
MODALITY = _word(MODALITIES)
PURPOSE = _word(PURPOSES)
TURN = _word(TURNS)
EVALUATION = _word(EVALUATIONS)
BRANCH = _word(BRANCHES)
SCORING = _word(SCORINGS)
POSITIVE = Rule(_positive, {"exclusiveMinimum": 0}, "above 0")
COUNT = Rule(_count, {"minimum": 0, "maximum": MOST_COUNT}, "0 or more")
WEIGHT = Rule(_weight, {"minimum": 0}, "0 or more")
SHARE = Rule(_share, {"minimum": 0, "exclusiveMaximum": 1}, "from 0 up to 1")
FILLED = Rule(_filled, {"minItems": 1}, "at least one")

DATASET, BENCHMARK, MODEL = Ref("dataset"), Ref("benchmark"), Ref("model")
MIXTURE, RECIPE, PAPER = Ref("mixture"), Ref("recipe"), Ref("paper")
SCORES = Asks(
    must=("benchmark", "metric"),
    may=("unit", "split", "subset", "turn", "delta", "baseline", "evaluator", "tuned_tasks"),
    units=SCORE_UNITS,
    measured=("evaluate",),
)
