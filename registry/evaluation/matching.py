"""Which answer belongs to which item, with nothing dropped on either side.

An item is scored once. One without an answer is scored as if nothing had been said, and an answer
without an item, or a second one to the same item, is counted and named.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from registry.errors import RegistryError
from registry.evaluation.outputs import Given


@dataclass(frozen=True, slots=True)
class Asked:
    """What an item is known by: its key, and its prompt."""

    key: str
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The answer to each item in their order, None where there is none, and what is left over.

    `by` is what the answers were known by: key, prompt or place.
    """

    answers: tuple[Given | None, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    repeated: tuple[str, ...]
    by: str


Ways = Mapping[str, tuple[Callable[[Asked], str | None], Callable[[Given], str | None]]]

WAYS: Ways = {
    "key": (lambda item: item.key, lambda given: given.key),
    "prompt": (lambda item: item.prompt, lambda given: given.prompt),
    "prompt without spaces around": (
        lambda item: item.prompt and item.prompt.strip(),
        lambda given: given.prompt and given.prompt.strip(),
    ),
}


def match(items: Sequence[Asked], answers: Sequence[Given], ways: Ways = WAYS) -> Matched:
    """Give each item its answer, by what knows most of them; the first of the ways wins a tie.

    Where items share what they are known by, as the same prompt under two keys, they share answers
    in the order of the file.
    """
    named = {name: _places(map(of_item, items)) for name, (of_item, _) in ways.items()}
    met = {
        name: sum(of_given(one) in named[name] for one in answers)
        for name, (_, of_given) in ways.items()
    }
    by = max(met, key=lambda name: met[name])
    if not met[by]:
        raise RegistryError(
            f"{answers[0].where}: no answer has a key or a prompt of the benchmark;"
            " is it of another, or of another version?"
        )
    places = {name: list(found) for name, found in named[by].items()}
    of_given = ways[by][1]
    taken: list[Given | None] = [None] * len(items)
    unknown, repeated = [], []
    for one in answers:
        name = of_given(one)
        if name is None or name not in places:
            unknown.append(one.where)
        elif not places[name]:
            repeated.append(one.where)
        else:
            taken[places[name].pop(0)] = one
    missing = tuple(item.key for item, one in zip(items, taken, strict=True) if one is None)
    return Matched(
        answers=tuple(taken),
        missing=missing,
        unknown=tuple(unknown),
        repeated=tuple(repeated),
        by=by,
    )


def _places(names: Iterable[str | None]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name is not None:
            found.setdefault(name, []).append(place)
    return found
