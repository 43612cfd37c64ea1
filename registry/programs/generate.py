"""Draws instructions with requirements that a program can verify, and writes them as IFEval does.

    {"key": 0, "prompt": "Write a poem about jazz. Keep the whole text free of commas.",
     "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}

A row depends on the seed and its number alone, so a larger file begins with the smaller one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from registry.files import write_text
from registry.programs.wordings import REQUIREMENTS, TASKS, Requirement
from registry.programs.words import FORMS, NAMES, NUMBERS, OPENINGS, TOPICS

MOST = 3
"""Requirements in one row."""

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_TIMES = {1: "once", 2: "twice"}
_QUOTES = ("{}", "{}", '"{}"', "'{}'")


@dataclass(frozen=True, slots=True)
class _Said:
    """An argument as a wording puts it: `{n}`, `{n:th}` for its place, `{n:times}`."""

    value: Any
    of: Random

    def __format__(self, spec: str) -> str:
        if isinstance(self.value, list):
            return _listed(self.value, self.of)
        if not isinstance(self.value, int):
            return str(self.value)
        if spec == "th":
            return _ORDINALS[self.value]
        if spec == "times":
            return _TIMES.get(self.value) or f"{_number(self.value, self.of)} times"
        return _number(self.value, self.of)


def generate(size: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield so many records: a prompt with one to `MOST` requirements, and their program."""
    for key in range(size):
        yield _record(key, Random(f"{seed} {key}"))


def write(path: Path, size: int, seed: int) -> None:
    """Write records as JSON lines; the same size and seed give the same bytes."""
    lines = (json.dumps(one, ensure_ascii=False) for one in generate(size, seed))
    write_text(path, "".join(f"{line}\n" for line in lines))


def _record(key: int, of: Random) -> dict[str, Any]:
    task = of.choice(TASKS).format(
        form=of.choice(FORMS),
        topic=of.choice(TOPICS),
        name=of.choice(NAMES),
        opening=of.choice(OPENINGS),
    )
    chosen = _requirements(of)
    asked = f"{task}{'?' if task.startswith(('Can', 'Could', 'What')) else '.'}"
    drawn = [_arguments(one, asked, of) for one in chosen]
    return {
        "key": key,
        "prompt": _prompt(task, asked, chosen, drawn, of),
        "instruction_id_list": [one.id for one in chosen],
        "kwargs": drawn,
    }


def _requirements(of: Random) -> list[Requirement]:
    """Draw requirements, each of another type and theme; types are equally likely."""
    ids = sorted({one.id for one in REQUIREMENTS})
    found: list[Requirement] = []
    for id in of.sample(ids, of.choice((1, 1, 1, 2, 2, MOST))):
        one = of.choice([one for one in REQUIREMENTS if one.id == id])
        if not one.theme or one.theme not in {other.theme for other in found}:
            found.append(one)
    return found


def _arguments(one: Requirement, asked: str, of: Random) -> dict[str, Any]:
    values = {**one.fixed, **{name: draw(of) for name, draw in one.drawn.items()}}
    if "nth_paragraph" in values:
        values["nth_paragraph"] = min(values["nth_paragraph"], values["num_paragraphs"])
    if one.theme == "repeat":
        values["prompt_to_repeat"] = asked
    return values


def _prompt(
    task: str,
    asked: str,
    chosen: Sequence[Requirement],
    drawn: Sequence[Mapping[str, Any]],
    of: Random,
) -> str:
    """Put the task and its requirements in words; of these, one may be a clause of the task."""
    said = [
        _filled(of.choice(one.sentences), given, of)
        for one, given in zip(chosen, drawn, strict=True)
    ]
    repeats = any(one.theme == "repeat" for one in chosen)
    if chosen[0].clauses and not repeats and of.random() < 0.4:
        clause = _filled(of.choice(chosen[0].clauses), drawn[0], of)
        return " ".join([f"{task} {clause}{asked[-1]}", *said[1:]])
    if not repeats and of.random() < 0.2:
        return " ".join([*said, asked])
    return of.choice((" ", " ", "\n", "\n\n")).join([asked, " ".join(said)])


def _filled(wording: str, given: Mapping[str, Any], of: Random) -> str:
    return wording.format(**{name: _Said(value, of) for name, value in given.items()})


def _number(value: int, of: Random) -> str:
    return NUMBERS[value] if value < len(NUMBERS) and of.random() < 0.4 else str(value)


def _listed(values: Sequence[str], of: Random) -> str:
    """List words as people do, in one kind of quotes or none."""
    style = of.choice(_QUOTES)
    *most, last = (style.format(one) for one in values)
    return f"{', '.join(most)}{of.choice((' and ', ', '))}{last}" if most else last
