"""The card that `registry new` writes: every field with its sentence, the required ones to fill."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, Literal, get_args, get_origin

from registry.cards.kinds import TYPES
from registry.cards.rules import ID
from registry.cards.shapes import Field, asks, bare, claimed, fields_of, is_claims
from registry.errors import RegistryError

_EXAMPLES = {str: "TEXT", int: "1", float: "1.0", bool: "true"}


def skeleton(kind: str, id: str) -> str:
    """Return a card to fill in; `#field` without a space is a field that may be left out."""
    if said := ID.check(id):
        raise RegistryError(f"{kind}: {said}")
    lines = [f"# A new {kind} card. Fill in what is empty, and remove what nobody knows.", ""]
    known = fields_of(TYPES[kind])
    for one in sorted(known, key=lambda one: not one.required):
        given = {"kind": kind, "id": id}.get(one.name)
        lines += [f"{one.name}: {given}"] if given else _field(one, "", "")
    return "\n".join(lines) + "\n"


def _field(one: Field, indent: str, off: str, dash: str = "") -> Iterator[str]:
    """Yield a field's lines; `off` is a `#` where the field, or what it stands in, is optional.

    `dash` begins an item of a list, whose other fields stand two places to the right.
    """
    off = off if one.required else "#"
    inner = bare(one.hint)
    if one.says:
        yield f"{indent}# {one.says}"
    if is_dataclass(inner) or _many(inner):
        yield f"{indent}{off}{dash}{one.name}:"
        yield from _parts(inner, indent + "  ", off)
    else:
        value = "" if one.required and not off else _example(one.hint)
        yield f"{indent}{off}{dash}{one.name}:{value}"


def _parts(inner: Any, indent: str, off: str) -> Iterator[str]:
    """Yield the lines of a mapping, or of a list of mappings with one in it."""
    if not _many(inner):
        for part in fields_of(inner):
            yield from _field(part, indent, off)
        return
    first, *others = fields_of(bare(get_args(inner)[0]))
    yield from _field(first, indent, off, "- ")
    for part in others:
        yield from _field(part, indent + "  ", off)


def _many(inner: Any) -> bool:
    return get_origin(inner) is tuple and is_dataclass(bare(get_args(inner)[0]))


def _example(hint: Any) -> str:
    if is_claims(hint):
        known = "".join(f"{name}: {name.upper()}, " for name in asks(hint).must)
        return f" {{value:{_plain(claimed(hint))}, {known}cited: PAPER, at: PLACE}}"
    return _plain(hint)


def _plain(hint: Any) -> str:
    inner = bare(hint)
    if get_origin(inner) is tuple:
        return f" [{_plain(get_args(inner)[0]).strip()}]"
    if get_origin(inner) is Literal:
        return f" {get_args(inner)[0]}"
    return f" {_EXAMPLES[inner]}"
