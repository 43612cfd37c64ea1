"""Sheets that people have filled in: read, unblinded by the key, and counted.

A sheet comes back as CSV (the annotator in a column, else the file's name) or as the JSON that the
form saves. An item without a choice is counted as open; one that is wrong is refused with its
place, all of them at once.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import Problem, RegistryError, near
from registry.evaluation.judging.agreement import (
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
    wilson,
)
from registry.evaluation.judging.rates import TIE, Rates, rates
from registry.evaluation.judging.rows import InvalidRows, Line, read_lines, shown
from registry.evaluation.judging.sheets import CHOICES, SCHEMA, Hidden, Key


@dataclass(frozen=True, slots=True)
class Choice:
    """What an annotator chose for an item of the sheet, as it was shown."""

    annotator: str
    item: int
    choice: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """How many of a model's answers were found acceptable, with the interval of 95 % (Wilson)."""

    accepted: int
    judgements: int
    ratio: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far annotators agree; kappa is Cohen's of two, Fleiss' of more.

    Kappa counts the items that all of them judged; the others what at least two of them did.
    """

    annotators: int
    shared: int
    raw: float | None
    kappa: float | None
    alpha: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back; `open` counts choices left empty, by annotator.

    `preference` and `by_majority` are rates of the model over the baseline, over all judgements
    and over the items (what most annotators chose; a tie where no choice has most).
    """

    asked: str
    items: int
    judgements: int
    open: Mapping[str, int]
    acceptance: Mapping[str, Accepted]
    baseline: str
    model: str
    preference: Rates | None
    by_majority: Rates | None
    first_shown: float | None
    agreement: Agreement


def read_key(path: Path) -> Key:
    """Read the key that was written with a sheet."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["schema"] != SCHEMA or value["asked"] not in CHOICES:
            raise ValueError(f"schema {value['schema']}, asked {value['asked']}")
        hidden = (Hidden(one["item"], one["id"], tuple(one["models"])) for one in value["items"])
        return Key(**{**value, "items": tuple(hidden)})
    except FileNotFoundError:
        raise RegistryError(f"{path}: no key is here; it was written with the sheet") from None
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(f"{path}: is no key of a sheet ({error}); name key.json") from None


def read(key: Key, files: Iterable[Path]) -> Returned:
    """Read filled-in sheets and count what they say."""
    choices: list[Choice] = []
    faults: list[Problem] = []
    for file in files:
        found, wrong = _of_file(key, file)
        choices += found
        faults += wrong
    faults += _twice(choices)
    if faults:
        raise InvalidRows(faults)
    return returned(key, choices)


def returned(key: Key, choices: Sequence[Choice]) -> Returned:
    """Count choices: all are of the key's items, at most one for each annotator and item."""
    hidden = {one.item: one for one in key.items}
    made = [one for one in choices if one.choice]
    votes = {item: [one for one in made if one.item == item] for item in hidden}
    annotators = sorted({one.annotator for one in choices})
    preferring = key.asked == "preference"
    values = {
        item: [_preference(hidden[item], key, one.choice) for one in cast]
        for item, cast in votes.items()
        if preferring and cast
    }
    first = [one.choice for one in made if one.choice in ("A", "B")]
    return Returned(
        asked=key.asked,
        items=len(hidden),
        judgements=len(made),
        open={
            name: len(hidden) - sum(one.annotator == name for one in made) for name in annotators
        },
        acceptance={} if preferring else _acceptance(hidden, made),
        baseline=key.baseline,
        model=key.model,
        preference=rates([one for cast in values.values() for one in cast]) if preferring else None,
        by_majority=rates([_majority(cast) for cast in values.values()]) if preferring else None,
        first_shown=first.count("A") / len(first) if first else None,
        agreement=_agreement(annotators, votes),
    )


def _acceptance(hidden: Mapping[int, Hidden], made: Sequence[Choice]) -> dict[str, Accepted]:
    counted: dict[str, Counter[str]] = {}
    for one in made:
        counted.setdefault(hidden[one.item].models[0], Counter())[one.choice] += 1
    found = {}
    for model, counts in sorted(counted.items()):
        yes, n = counts["yes"], counts.total()
        interval = wilson(yes, n)
        assert interval
        found[model] = Accepted(accepted=yes, judgements=n, ratio=yes / n, interval=interval)
    return found


def _agreement(annotators: Sequence[str], votes: Mapping[int, Sequence[Choice]]) -> Agreement:
    by_item = [{one.annotator: one.choice for one in cast} for cast in votes.values()]
    labels = [list(cast.values()) for cast in by_item]
    whole = [
        [cast[name] for name in annotators] for cast in by_item if len(cast) == len(annotators)
    ]
    pairs = [(cast[0], cast[1]) for cast in whole if len(annotators) == 2]
    return Agreement(
        annotators=len(annotators),
        shared=sum(len(one) > 1 for one in labels),
        raw=raw_agreement(labels),
        kappa=cohen_kappa(pairs) if len(annotators) == 2 else fleiss_kappa(whole),
        alpha=krippendorff_alpha(labels),
    )


def _preference(hidden: Hidden, key: Key, choice: str) -> float:
    if choice == "tie":
        return TIE
    chosen = hidden.models["AB".index(choice)]
    return 2.0 if chosen == key.model else 1.0


def _majority(values: Sequence[float]) -> float:
    (value, most), *rest = Counter(values).most_common()
    return TIE if rest and rest[0][1] == most else value


def _of_file(key: Key, file: Path) -> tuple[list[Choice], list[Problem]]:
    lines = read_lines(file)
    alone = lines[0].value
    annotator = file.stem
    if isinstance(alone.get("answers"), list):
        if alone.get("sheet") != key.sheet:
            said = f"{shown(alone.get('sheet'))} is another sheet's; the key is of '{key.sheet}'"
            return [], [lines[0].problem("sheet", said)]
        annotator = str(alone.get("annotator") or "").strip() or annotator
        lines = [
            Line(str(file), 1, one if isinstance(one, dict) else {}) for one in alone["answers"]
        ]
    elif key.asked not in alone:
        said = f"there is no column '{key.asked}'{near(key.asked, alone)}; give the sheet as it was"
        return [], [Problem(str(file), 1, key.asked, said)]
    return _choices(key, lines, annotator)


def _choices(key: Key, lines: Sequence[Line], annotator: str) -> tuple[list[Choice], list[Problem]]:
    known = {one.item for one in key.items}
    found, faults = [], []
    for line in lines:
        item = _number(line.value.get("item"))
        if item not in known:
            said = f"{shown(line.value.get('item'))} is no item; give one of 1 to {len(known)}"
            faults.append(line.problem("item", said))
            continue
        given = str(line.value.get(key.asked) or "").strip()
        choice = _known(given, CHOICES[key.asked])
        if given and not choice:
            allowed = ", ".join(CHOICES[key.asked])
            said = f"'{given}' is no choice; give one of {allowed}, or nothing"
            faults.append(line.problem(key.asked, said))
            continue
        name = str(line.value.get("annotator") or "").strip() or annotator
        found.append(Choice(name, item, choice, line.file, line.line))
    return found, faults


def _twice(choices: Sequence[Choice]) -> list[Problem]:
    seen: set[tuple[str, int]] = set()
    faults = []
    for one in choices:
        if (one.annotator, one.item) in seen:
            said = f"{one.annotator} has judged item {one.item} before; keep one of the two"
            faults.append(Problem(one.file, one.line, "item", said))
        seen.add((one.annotator, one.item))
    return faults


def _known(given: str, choices: Sequence[str]) -> str:
    return next((one for one in choices if one.lower() == given.lower()), "")


def _number(value: Any) -> int:
    try:
        return int(str(value).strip())
    except ValueError:
        return 0
