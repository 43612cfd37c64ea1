"""What the annotations of `kinds` say: fields, their types, rules and sentences.

Reading, writing, the JSON Schema, the skeletons and the reference page all ask here.
"""

import types
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from registry.cards.claim import Claim
from registry.cards.rules import Asks

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a dataclass: its name, annotation, whether it must be given, its sentence."""

    name: str
    hint: Any
    required: bool
    says: str


def fields_of(cls: Any) -> tuple[Field, ...]:
    """Return a card dataclass's fields with their resolved annotations."""
    return _fields_of(cls)


@cache
def _fields_of(cls: Any) -> tuple[Field, ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple(
        Field(
            one.name,
            hints[one.name],
            one.default is MISSING and one.default_factory is MISSING,
            next(iter(rules(hints[one.name], str)), ""),
        )
        for one in fields(cls)
    )


def extras(hint: Any) -> tuple[Any, ...]:
    """Return what `Annotated` adds to a type."""
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def bare(hint: Any) -> Any:
    """Return a type without what `Annotated` adds, and without `| None`."""
    if get_origin(hint) is Annotated:
        return bare(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = [one for one in get_args(hint) if one is not type(None)]
        return bare(inner)
    return hint


def optional(hint: Any) -> bool:
    """Tell whether a type has `| None`."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return type(None) in get_args(inner)


def rules(hint: Any, wanted: type[R]) -> list[R]:
    """Return what `Annotated` adds to a type, as far as it is of one class."""
    return [extra for extra in extras(hint) if isinstance(extra, wanted)]


def is_claims(hint: Any) -> bool:
    """Tell whether a field holds one or more claims."""
    inner = bare(hint)
    return get_origin(inner) is tuple and get_origin(bare(get_args(inner)[0])) is Claim


def claimed(hint: Any) -> Any:
    """Return the type of the value inside a field of claims."""
    return get_args(bare(get_args(bare(hint))[0]))[0]


def asks(hint: Any) -> Asks:
    """Return what a field asks of its claims."""
    return next(iter(rules(hint, Asks)), Asks())
