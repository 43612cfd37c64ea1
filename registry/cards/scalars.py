"""Single values of a card, and how a message shows what was found instead."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from registry.cards.nodes import Complain, Node
from registry.cards.vocabulary import SYNONYMS
from registry.errors import near

MISSING = object()
"""Returned in place of a value where there was a problem."""

_SAYS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Mention:
    """A place on a card that names another card; `words` could have stood there instead."""

    kind: str
    id: str
    field: str
    line: int
    words: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """What one walk over a card gathers: where problems go, and which cards it names."""

    complain: Complain
    mentions: list[Mention] = field(default_factory=list)


def single(wanted: Any, node: Node, path: str, reading: Reading) -> Any:
    """Return the node's value if it is of the wanted type; a whole number is a number too."""
    value = node.value
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        reading.complain(node.line, path, f"is {what(node)}; {_advice(wanted, node)}")
        return MISSING
    if wanted is str and not value.strip():
        reading.complain(node.line, path, "is empty; write text or leave the field out")
        return MISSING
    return value


def word(known: Iterable[Any], node: Node, path: str, reading: Reading) -> Any:
    """Return the node's value if it is one of the known words."""
    words = tuple(known)
    if isinstance(node.value, str) and node.value in words:
        return node.value
    hint = f"; write one of {', '.join(map(str, words))}"
    if isinstance(node.value, dict | list) or node.value is None:
        reading.complain(node.line, path, f"is {what(node)}{hint}")
        return MISSING
    meant = near_word(show(node), words) or hint
    reading.complain(node.line, path, f"'{show(node)}' is not known here{meant}")
    return MISSING


def near_word(value: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for our word for it, or for one that is spelt much like it."""
    words = tuple(known)
    ours = SYNONYMS.get(value.casefold())
    return f"; did you mean '{ours}'?" if ours in words else near(value, words)


def what(node: Node) -> str:
    """Say what a node is: `the text 'x'`, `the number 3`, `a list`, `empty`."""
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return show(node)
    return f"the text '{node.value}'" if isinstance(node.value, str) else f"the number {show(node)}"


def show(node: Node) -> str:
    """Return a node's value about as it is written on a card."""
    value = node.value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {show(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(show, value)) + "]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _advice(wanted: Any, node: Node) -> str:
    if node.value is None:
        return f"write {_SAYS[wanted]} or leave the field out"
    if wanted is str and isinstance(node.value, bool | int | float):
        return f'quote it: "{show(node)}"'
    if wanted in (int, float) and isinstance(node.value, str) and any(map(str.isdigit, node.value)):
        return f"write {_SAYS[wanted]} in plain digits; a claim keeps the printed form in `printed`"
    return f"write {_SAYS[wanted]}"
