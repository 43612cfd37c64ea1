"""What people ask of cards: describe one in full, list them, filter, facet and sort.

The command line and the catalog both answer from here, so they cannot disagree.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from registry import verdicts as judging
from registry.cards import Card, Cited, Claim, Declared, Measured, to_plain
from registry.cards.kinds import TYPES
from registry.cards.shapes import fields_of, is_claims
from registry.cards.vocabulary import ANNOTATORS, LANGUAGE_CLASSES, licence_class
from registry.index import Registry, name_of
from registry.reports import Report, measured_by

FACETS = (
    "kind",
    "annotator",
    "licence",
    "multilinguality",
    "language",
    "type",
    "modality",
    "year",
    "evidence",
    "reproduced",
)
ANY_MODEL = "model"
"""A value of the facet `annotator` beside the models' own ids: whatever a model wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A card as a line of a list. Where sources disagree, every value is here."""

    name: str
    kind: str
    id: str
    title: str
    summary: str
    annotator: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    licence_class: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    tasks: tuple[int, ...] = ()
    instances: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()
    type: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    reproduced: bool = False


COLUMNS = tuple(one.name for one in fields(Entry))


def entries(registry: Registry, reports: Iterable[Report] = ()) -> list[Entry]:
    """Return every card as a line, in order of kind and id."""
    known = by_stage(reports)
    return [entry(card, known) for card in registry]


def entry(card: Card, known: Mapping[tuple[str, str], Report]) -> Entry:
    """Return one card as a line."""
    claims = dict(claims_of(card))
    many = sorted(claims.get("scale", ()), key=lambda claim: of_subset(card, claim))
    scale = [(claim, _value(card, "scale", claim, known)) for claim in many]
    licences = _values(claims.get("licence", ()))
    return Entry(
        name=name_of(card),
        kind=card.kind,
        id=card.id,
        title=card.title,
        summary=card.summary or "",
        annotator=_flat(claims.get("annotator", ())),
        language=_flat(claims.get("languages", ())),
        licence=licences,
        licence_class=tuple(dict.fromkeys(map(licence_class, licences))),
        released=_released(card, claims),
        tasks=_scale(scale, "tasks"),
        instances=_scale(scale, "instances"),
        parameters=_scale(scale, "parameters"),
        type=_flat(claims.get("instruction_type", ())),
        modality=_flat(claims.get("modality", ())),
        evidence=tuple(sorted({claim.status for many in claims.values() for claim in many})),
        disagreements=disagreements(card, known),
        reproduced=any((stage, card.id) in known for stage in _stages_of(card)),
    )


def select(
    found: Iterable[Entry], text: str = "", wanted: Mapping[str, Sequence[str]] | None = None
) -> list[Entry]:
    """Keep the lines that hold every word of `text` and, of each facet, any wanted value."""
    words = text.casefold().split()
    kept = []
    for one in found:
        body = " ".join([one.id, one.title, one.summary, *one.annotator, *one.licence]).casefold()
        facets = all(
            set(values) & set(facet_values(one, name))
            for name, values in (wanted or {}).items()
            if values
        )
        if facets and all(word in body for word in words):
            kept.append(one)
    return kept


def facets(found: Iterable[Entry]) -> dict[str, dict[str, int]]:
    """Count, for each facet, the lines that have each value; the most frequent first."""
    lines = list(found)
    counted = {
        name: Counter(value for one in lines for value in facet_values(one, name))
        for name in FACETS
    }
    return {name: dict(count.most_common()) for name, count in counted.items()}


def facet_values(one: Entry, facet: str) -> tuple[str, ...]:
    """Return the values of a facet that a line has."""
    if facet == "kind":
        return (one.kind,)
    if facet == "annotator":
        models = [ANY_MODEL for who in one.annotator if who not in ANNOTATORS]
        return tuple(dict.fromkeys((*one.annotator, *models)))
    if facet == "multilinguality":
        return multilinguality(one)
    if facet == "reproduced":
        is_run = one.kind not in ("paper", "recipe")
        return (("yes" if one.reproduced else "no"),) if is_run else ()
    if facet == "licence":
        return one.licence_class
    if facet == "year":
        return tuple(dict.fromkeys(date[:4] for date in one.released))
    if facet == "language":
        codes = [code for code in one.language if code not in LANGUAGE_CLASSES]
        return tuple(codes) or one.language
    values: tuple[str, ...] = getattr(one, facet)
    return values


def multilinguality(one: Entry) -> tuple[str, ...]:
    """Return how many languages a line is in: what sources say, or else what their lists count.

    >>> multilinguality(Entry(name="", kind="", id="", title="", summary="", language=("eng",)))
    ('monolingual',)
    """
    said = tuple(word for word in LANGUAGE_CLASSES if word in one.language)
    if said or not one.language:
        return said
    return (LANGUAGE_CLASSES[min(len(one.language), len(LANGUAGE_CLASSES)) - 1],)


def sort(found: Iterable[Entry], by: str, *, descending: bool = False) -> list[Entry]:
    """Order lines by a column; lines without a value come last either way."""
    known = {one.name for one in fields(Entry)}
    if by not in known:
        raise ValueError(f"no column '{by}'; known are {', '.join(sorted(known))}")
    lines = list(found)
    having = [one for one in lines if getattr(one, by) not in ((), "", None)]
    having.sort(key=lambda one: _key(getattr(one, by)), reverse=descending)
    return having + [one for one in lines if one not in having]


def describe(card: Card, reports: Iterable[Report] = ()) -> dict[str, Any]:
    """Return a card in full as plain values: every claim with status, source, place and number."""
    known = by_stage(reports)
    claims = dict(claims_of(card))
    plain = to_plain(card)
    rest = {name: value for name, value in plain.items() if name not in claims}
    return {
        "name": name_of(card),
        **rest,
        "claims": {
            name: [_claim(card, name, claim, known) for claim in many]
            for name, many in claims.items()
            if many
        },
        "disagreements": list(disagreements(card, known)),
    }


def disagreements(card: Card, known: Mapping[tuple[str, str], Report]) -> tuple[str, ...]:
    """Return the fields in which a card's sources disagree."""
    return tuple(name for name, many in claims_of(card) if disagree(card, name, many, known))


def claims_of(card: Card) -> list[tuple[str, tuple[Claim[Any], ...]]]:
    """Return a card's fields of claims, in the order of the schema."""
    return [(name, getattr(card, name)) for name in _claim_fields(card.kind)]


@cache
def _claim_fields(kind: str) -> tuple[str, ...]:
    return tuple(one.name for one in fields_of(TYPES[kind]) if is_claims(one.hint))


def disagree(
    card: Card,
    name: str,
    many: Sequence[Claim[Any]],
    known: Mapping[tuple[str, str], Report],
) -> bool:
    """Tell whether two claims about the very same thing contradict each other."""
    return any(one and one.kind == "differs" for one in _judged(card, name, many, known))


def verdicts(
    card: Card, known: Mapping[tuple[str, str], Report]
) -> dict[str, list[dict[str, Any]]]:
    """Return every claim of a card as `describe` does, each published one with a verdict.

    `says` is the verdict in words, `differs_by` a share of the value held against, which stands at
    `against` in the same list.
    """
    found = {}
    for name, many in claims_of(card):
        lines = []
        for claim, one in zip(many, _judged(card, name, many, known), strict=True):
            line = _claim(card, name, claim, known)
            if one:
                line |= {"verdict": one.kind, "says": str(one)}
                line |= {"against": one.against} if one.against is not None else {}
                line |= {"differs_by": one.by} if one.by is not None else {}
            lines.append(line)
        if lines:
            found[name] = lines
    return found


def about(card: Card, claim: Claim[Any]) -> tuple[tuple[str, Any], ...]:
    """Return what a claim is about: claims of a field for which it is the same are comparable."""
    return judging.about(claim, _subset(card))


def _judged(
    card: Card, name: str, many: Sequence[Claim[Any]], known: Mapping[tuple[str, str], Report]
) -> list[judging.Verdict | None]:
    said = [judging.Said(claim, _value(card, name, claim, known)) for claim in many]
    return judging.verdicts(name, said, _subset(card))


def _subset(card: Card) -> str | None:
    """Return the subset that a card's native files are, if they are not the whole."""
    source = getattr(card, "source", None)
    return source.subset if source else None


def of_subset(card: Card, claim: Claim[Any]) -> bool:
    """Tell whether a claim was measured on a part of the data."""
    return claim.status == "measured" and _subset(card) is not None


def _stages_of(card: Card) -> tuple[str, ...]:
    """Return the stages that measure a card; a dataset and a model may share an id."""
    parts = {
        "convert": ("convert", "weights"),
        "mix": ("mix",),
        "tune": ("build",),
        "evaluate": ("evaluate",),
    }
    return tuple(
        stage for stage, names in parts.items() if any(getattr(card, one, None) for one in names)
    )


def by_stage(reports: Iterable[Report]) -> dict[tuple[str, str], Report]:
    """Return reports by stage and stem: the card's id, but where a part has a report of its own."""
    return {(one.stage, one.stem): one for one in reports}


def _claim(
    card: Card, name: str, claim: Claim[Any], known: Mapping[tuple[str, str], Report]
) -> dict[str, Any]:
    evidence = claim.evidence
    said: dict[str, Any] = {"value": to_plain(claim.value), "status": claim.status}
    said |= {"hedge": claim.hedge, "printed": claim.printed}
    said |= {**claim.qualifiers, "note": claim.note}
    if isinstance(evidence, Cited):
        said |= {"paper": evidence.paper, "at": evidence.at, "quote": evidence.quote}
    elif isinstance(evidence, Declared):
        said |= {"by": evidence.by, "at": evidence.at, "quote": evidence.quote}
    else:
        report, found = measured_by(known, evidence.stage, card.id, name, claim.qualifiers)
        said |= {"stage": evidence.stage, "value": found.value if found else None}
        said |= {"stderr": found.stderr, "n": found.n} if found else {}
        said |= {"report": report.file, "key": report.key} if report else {}
    return {key: value for key, value in said.items() if value is not None or key == "value"}


def _value(
    card: Card, name: str, claim: Claim[Any], known: Mapping[tuple[str, str], Report]
) -> Any:
    if not isinstance(claim.evidence, Measured):
        return claim.value
    found = measured_by(known, claim.evidence.stage, card.id, name, claim.qualifiers)[1]
    return found.value if found else None


def _values(many: Iterable[Claim[Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(claim.value for claim in many if claim.value is not None))


def _flat(many: Iterable[Claim[Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for claim in many for value in claim.value or ()))


def _released(card: Card, claims: Mapping[str, tuple[Claim[Any], ...]]) -> tuple[str, ...]:
    year = getattr(card, "year", None)
    return (str(year),) if year else _values(claims.get("released", ()))


def _scale(scale: Iterable[tuple[Claim[Any], Any]], unit: str) -> tuple[int, ...]:
    whole = [
        value
        for claim, value in scale
        if claim.unit == unit and not (claim.split or claim.subset) and value is not None
    ]
    return tuple(dict.fromkeys(whole))


def _key(value: Any) -> Any:
    if isinstance(value, tuple):
        return max(value) if isinstance(value[0], int) else tuple(map(str.casefold, value))
    return value.casefold() if isinstance(value, str) else value


def as_row(one: Entry) -> dict[str, Any]:
    """Return a line as plain values, for JSON."""
    return {name: getattr(one, name) for name in COLUMNS}
