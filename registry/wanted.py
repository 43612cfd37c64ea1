"""What a person types to narrow a list of cards, and which cards meet it.

Where sources disagree, a card is kept if any of them meets the wish: better one line too many
than a dataset that nobody finds.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from registry.cards.vocabulary import LANGUAGE_CLASSES, LICENCES
from registry.errors import near
from registry.query import ANY_MODEL, Entry, facet_values, multilinguality

Keeps = Callable[[Entry], bool]

PERMISSIVE = "permissive"
"""The word people use for the class of licences that is called `open` on cards."""

_NUMBER = re.compile(r"([0-9]+(?:[.,][0-9]+)*)\s*([kmb]?)", re.IGNORECASE)
_SCALES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


def number(text: str) -> int:
    """Read a number as people write it, or raise `ValueError`.

    >>> number("1M"), number("52k"), number("1.5m"), number("52,002")
    (1000000, 52000, 1500000, 52002)
    """
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' is no number; write it like 52000, 52k or 1.5M")
    digits = found[1]
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+", digits):
        digits = digits.replace(",", "")
    try:
        return round(float(digits) * _SCALES[found[2].lower()])
    except ValueError:
        raise ValueError(f"'{text}' is no number; write it like 52000, 52k or 1.5M") from None


def dates(text: str) -> tuple[str, str]:
    """Read a date or a range of dates, from and to; an open end is empty.

    >>> dates("2023-04.."), dates("..2023-06"), dates("2022..2023"), dates("2023-04")
    (('2023-04', ''), ('', '2023-06'), ('2022', '2023'), ('2023-04', '2023-04'))
    """
    first, dots, last = text.partition("..")
    ends = (first.strip(), last.strip() if dots else first.strip())
    if not any(ends) or not all(_DATE.fullmatch(end) for end in ends if end):
        raise ValueError(
            f"'{text}' is no date or range; write it like 2023, 2023-04.. or 2022..2023-06"
        )
    return ends


def released(text: str) -> Keeps:
    """Keep cards that were released in a range; a date stands for all of its year or month."""
    first, last = dates(text)

    def keeps(one: Entry) -> bool:
        # `2023` may mean any day of it, so it meets `2023-04..` and `..2023-03`.
        return any(
            (not first or date >= first[: len(date)]) and (not last or date[: len(last)] <= last)
            for date in one.released
        )

    return keeps


def at_least(column: str, text: str) -> Keeps:
    """Keep cards with at least so many `instances` or `tasks`, by any source."""
    wanted = number(text)
    return lambda one: any(value >= wanted for value in getattr(one, column))


def at_most(column: str, text: str) -> Keeps:
    """Keep cards with at most so many `instances` or `tasks`, by any source."""
    wanted = number(text)
    return lambda one: any(value <= wanted for value in getattr(one, column))


def licence(text: str) -> Keeps:
    """Keep cards under a licence, by SPDX id or by class; `permissive` is the class `open`."""
    wanted = text.casefold()
    classes = {*LICENCES.values(), "terms"}
    if wanted in (PERMISSIVE, *classes):
        name = "open" if wanted == PERMISSIVE else wanted
        return lambda one: name in one.licence_class
    known = {spdx.casefold() for spdx in LICENCES}
    if wanted not in known and not wanted.startswith("terms"):
        words = (PERMISSIVE, *sorted(classes), *LICENCES)
        hint = (
            near(text, words) or f"; write an SPDX id, {PERMISSIVE}, {', '.join(sorted(classes))}"
        )
        raise ValueError(f"'{text}' is no licence or class of licences{hint}")
    return lambda one: any(value.casefold().startswith(wanted) for value in one.licence)


def annotator(text: str) -> Keeps:
    """Keep cards that this annotator wrote; `model` is any model."""
    wanted = ANY_MODEL if text.casefold() == "llm" else text.casefold()
    return lambda one: wanted in facet_values(one, "annotator")


def language(text: str) -> Keeps:
    """Keep cards in a language, or in so many: `multilingual` is also one with three codes."""
    wanted = text.casefold()
    if wanted in LANGUAGE_CLASSES:
        return lambda one: wanted in multilinguality(one)
    return lambda one: wanted in one.language


def facet(name: str, value: str) -> Keeps:
    """Keep cards that have this value of a facet."""
    return lambda one: value in facet_values(one, name)


def keep(found: Iterable[Entry], wishes: Iterable[Sequence[Keeps]]) -> list[Entry]:
    """Keep cards that meet, of each group of wishes, any; a group may be empty."""
    groups = [group for group in wishes if group]
    return [one for one in found if all(any(wish(one) for wish in group) for group in groups)]


def wishes(given: Mapping[str, Sequence[str]]) -> list[list[Keeps]]:
    """Read what was typed for each option of `registry list`, or raise `ValueError`."""
    readers: dict[str, Callable[[str], Keeps]] = {
        "annotator": annotator,
        "language": language,
        "licence": licence,
        "released": released,
        "min_instances": lambda text: at_least("instances", text),
        "max_instances": lambda text: at_most("instances", text),
        "min_tasks": lambda text: at_least("tasks", text),
        "max_tasks": lambda text: at_most("tasks", text),
    }
    return [
        [readers[name](text) if name in readers else facet(name, text) for text in texts]
        for name, texts in given.items()
    ]
