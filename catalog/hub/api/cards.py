"""What is wrong with the front matter of a card that somebody is about to commit.

The rules of YAML are those of our own cards: `no` is Norwegian, a date is text, and aliases, tags
and repeated keys are refused. Front matter: https://huggingface.co/docs/hub/datasets-cards.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.cards.nodes import parse

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)(?<=\n)---[ \t]*(?:\r?\n|$)", re.DOTALL)
_OPENING = re.compile(r"\ufeff?---[ \t]*\r?\n")

TEXTS = ("pretty_name", "pipeline_tag", "library_name", "license_name", "license_link")
LISTS = (
    "tags",
    "datasets",
    "metrics",
    "base_model",
    "annotations_creators",
    "language_creators",
    "language",
    "license",
    "multilinguality",
    "size_categories",
    "source_datasets",
    "task_categories",
    "task_ids",
)
"""Fields that hold one text, or a list of texts."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a card, and what only deserves a word."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def judge(text: str) -> Verdict:
    """Read the front matter of a page; a page without one is whole but warned of."""
    found = _FRONT.match(text)
    if not found and _OPENING.match(text):
        return Verdict(("the front matter is not closed; end it with a line of ---",))
    if not found:
        return Verdict(warnings=("the page has no front matter",))
    problems: list[str] = []

    def complain(line: int, name: str, message: str) -> None:
        problems.append(f"line {line + 1}: {name}: {message}")

    node = parse(found[1], complain) if found[1].strip() else None
    values = node.plain() if node else {}
    if problems:
        return Verdict(tuple(problems))
    if not isinstance(values, dict):
        return Verdict(("line 2: the front matter is no mapping; write `key: value` lines",))
    return Verdict(tuple(_wrong_types(values)))


def _wrong_types(values: Mapping[str, Any]) -> Iterable[str]:
    """Say which of the known fields hold what clients cannot read."""
    for name in TEXTS:
        if not isinstance(values.get(name), str | None):
            yield f"{name}: is no text"
    for name in LISTS:
        value = values.get(name)
        whole = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str | int | float | None) for one in whole):
            yield f"{name}: is neither a text nor a list of texts"
    for name in ("model-index", "configs"):
        if not isinstance(values.get(name), list | None):
            yield f"{name}: is no list"
