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
    """What an item is known by: its key, and its prompt.

    An item that its file gives no key is called by its place there, which no answer can name.
    """

    key: str
    prompt: str | None = None
    placed: bool = False


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
    "key": (lambda item: None if item.placed else item.key, lambda given: given.key),
    "prompt": (lambda item: item.prompt, lambda given: given.prompt),
    "prompt without spaces around": (
        lambda item: item.prompt and item.prompt.strip(),
        lambda given: given.prompt and given.prompt.strip(),
    ),
}


def match(items: Sequence[Asked], answers: Sequence[Given], ways: Ways = WAYS) -> Matched:
    """Give each item its answer, by what knows most of them; the first of the ways wins a tie.

    Where items share a prompt, they share answers in the order of the file; a key that two items
    have is none. Raises where most answers and most items stay apart: keys that are mere numbers
    meet by chance.
    """
    named = {name: _places(map(of_item, items)) for name, (of_item, _) in ways.items()}
    if any(len(found) > 1 for found in named.get("key", {}).values()):
        named["key"] = {}
    met = {
        name: _met(items, answers, named[name], of_given) for name, (_, of_given) in ways.items()
    }
    by = max(met, key=lambda name: met[name])
    if met[by] < min(len(answers), len(items)) / 2:
        raise RegistryError(
            f"{answers[0].where}: {met[by]} of {len(answers)} answers have a key or a prompt of the"
            f" benchmark's {len(items)} items; are they to another, or to another version? Where"
            " items share keys, give the prompts"
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


def _met(
    items: Sequence[Asked],
    answers: Sequence[Given],
    places: Mapping[str, list[int]],
    of_given: Callable[[Given], str | None],
) -> int:
    """Count the answers that a way finds an item for, and whose prompt is not another."""
    found = 0
    for one in answers:
        name = of_given(one)
        if name in places:
            prompts = {items[at].prompt for at in places[str(name)]}
            found += _agree(prompts, one.prompt)
    return found


def _agree(prompts: set[str | None], said: str | None) -> bool:
    """Tell whether a prompt may be one of some; a longer one may hold it within examples."""
    if said is None or None in prompts:
        return True
    return any(one is not None and one.strip() in said for one in prompts)


def _places(names: Iterable[str | None]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name is not None:
            found.setdefault(name, []).append(place)
    return found
