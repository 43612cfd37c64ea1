"""From nodes to the dataclasses of `kinds`, led by their annotations.

One walk checks everything and gathers every problem; a card comes out only if there is none.
"""

from dataclasses import is_dataclass
from typing import Any, Literal, get_args, get_origin

from registry.cards.claims import read_claims
from registry.cards.nodes import Node
from registry.cards.rules import Ref, Rule
from registry.cards.scalars import MISSING, Mention, Reading, near_word, show, single, what, word
from registry.cards.shapes import Field, bare, fields_of, is_claims, optional, rules
from registry.cards.vocabulary import SYNONYMS
from registry.errors import near, nearest

_ABSENT = object()


def build_card(cls: type, node: Node, reading: Reading) -> Any:
    """Return a card of this class, or None if there was any problem."""
    value = _mapping(cls, node, "", reading)
    return None if value is MISSING else value


def build(hint: Any, node: Node, path: str, reading: Reading) -> Any:
    """Return the value a node holds for an annotation, or `MISSING` if there was a problem."""
    if node.value is None and optional(hint):
        return None
    if is_claims(hint):
        return read_claims(hint, node, path, reading, build)
    value = _plain(bare(hint), node, path, reading)
    return value if value is MISSING else _checked(hint, value, node, path, reading)


def _plain(inner: Any, node: Node, path: str, reading: Reading) -> Any:
    if is_dataclass(inner) and isinstance(inner, type):
        return _mapping(inner, node, path, reading)
    if get_origin(inner) is tuple:
        return _list(get_args(inner)[0], node, path, reading)
    if get_origin(inner) is Literal:
        return word(get_args(inner), node, path, reading)
    return single(inner, node, path, reading)


def _checked(hint: Any, value: Any, node: Node, path: str, reading: Reading) -> Any:
    for rule in rules(hint, Rule):
        if said := rule.check(value):
            reading.complain(node.line, path, said)
            return MISSING
    for ref in rules(hint, Ref):
        if value in ref.words:
            continue
        if meant := _misspelt(value, ref.words):
            reading.complain(node.line, path, f"'{value}' is not known here{meant}")
            return MISSING
        reading.mentions.append(Mention(ref.kind, value, path, node.line, ref.words))
    return value


def _misspelt(value: str, words: tuple[str, ...]) -> str:
    """Tell a misspelt word (`humam`) or another word for it (`llm`) from an id (`codex`)."""
    if SYNONYMS.get(value.casefold()) in words:
        return near_word(value, words)
    close = None if "-" in value else nearest(value, words, at_least=0.75)
    return f"; did you mean '{close}'?" if close else ""


def _mapping(cls: type, node: Node, path: str, reading: Reading) -> Any:
    known = {one.name: one for one in fields_of(cls)}
    if not isinstance(node.value, dict):
        advice = f"write a mapping of {', '.join(known)}"
        reading.complain(node.line, path or "card", f"is {what(node)}; {advice}")
        return MISSING
    for key in node.value.keys() - known.keys():
        hint = near(key, known) or f"; known are {', '.join(known)}"
        reading.complain(node.keys[key], _under(path, key), f"is no field here{hint}")
    found = {name: _field(one, node, path, reading) for name, one in known.items()}
    if any(value is MISSING for value in found.values()):
        return MISSING
    return cls(**{name: value for name, value in found.items() if value is not _ABSENT})


def _field(one: Field, node: Node, path: str, reading: Reading) -> Any:
    found = node.value.get(one.name)
    if found is not None and not (one.required and found.value is None):
        return build(one.hint, found, _under(path, one.name), reading)
    if not one.required:
        return _ABSENT
    said = ("is missing" if found is None else "is empty") + "; write it"
    said += f": {_lower(one.says)}" if one.says else ""
    reading.complain((found or node).line, _under(path, one.name), said)
    return MISSING


def _list(hint: Any, node: Node, path: str, reading: Reading) -> Any:
    if not isinstance(node.value, list):
        wanted = "write a list or leave the field out"
        advice = wanted if node.value is None else f"write a list: [{show(node)}]"
        reading.complain(node.line, path, f"is {what(node)}; {advice}")
        return MISSING
    made = [build(hint, one, f"{path}[{at}]", reading) for at, one in enumerate(node.value)]
    return MISSING if any(one is MISSING for one in made) else tuple(made)


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _lower(says: str) -> str:
    said = says if says[1:2].isupper() else says[:1].lower() + says[1:]
    return said.rstrip(".")
