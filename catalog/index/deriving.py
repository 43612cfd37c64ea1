"""What the index keeps of one card: worked out from the card, the reports and what it names."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from registry import lineage, query, timeline
from registry.cards import Card, Cited, Model, to_plain
from registry.cards.vocabulary import FOLDERS
from registry.index import Registry, squash
from registry.lineage import Edge, Node
from registry.query import Entry, facet_values
from registry.reports import Report, results

NUMBERS = ("instances", "tasks", "parameters", "year")
"""Columns that can be narrowed to a range."""

SORTED = (
    "title",
    "kind",
    "annotator",
    "language",
    "released",
    "licence",
    "instances",
    "tasks",
    "parameters",
    "evidence",
)
ORIGIN, PUSHED = "origin", "pushed"
"""A facet of those cards only that are not the checkout's but somebody pushed."""

FACETS = (*query.FACETS, ORIGIN)

DEFAULT = ""
"""The name of the order in which cards stand if nobody asks for another."""

DATE, DATED_BY = "date", "dated by"
"""When a card came out by the registry's timeline, and the papers whose year it may be."""

DATED = ("dataset", "benchmark", "model")
_KINDS = list(FOLDERS)
_EXECUTABLE = ("source", "convert", "mix", "build", "evaluate", "rows", "weights", "generate")


@dataclass(frozen=True, slots=True)
class Derived:
    """Rows of the index, all of one card."""

    entry: Entry
    sourced: bool
    executable: bool
    squashed: str
    facets: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, int], ...]
    ranks: tuple[tuple[str, Any], ...]
    words: tuple[str, str, str, str]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    citations: tuple[tuple[str, str], ...]
    results: tuple[tuple[str, str], ...]


def derive(card: Card, registry: Registry, known: Mapping[tuple[str, str], Report]) -> Derived:
    """Work out everything that lists, searches and graphs need to know of a card."""
    one = query.entry(card, known)
    drawn = list(lineage.edges_of(card, registry, known))
    return Derived(
        entry=one,
        sourced=getattr(card, "source", None) is not None,
        executable=any(getattr(card, name, None) for name in _EXECUTABLE),
        squashed=squash(card.id),
        facets=tuple(_facets(card, one, registry)),
        numbers=tuple((name, value) for name in NUMBERS for value in numbers(one, name)),
        ranks=tuple(_ranks(one)),
        words=_words(card, one),
        nodes=tuple({node.name: node for node, _ in drawn if node is not None}.values()),
        edges=tuple(dict.fromkeys(edge for _, edge in drawn)),
        citations=tuple(_citations(card)),
        results=tuple(_results(card, known)),
    )


def _facets(card: Card, one: Entry, registry: Registry) -> Iterator[tuple[str, str]]:
    for name in query.FACETS:
        yield from ((name, value) for value in facet_values(one, name))
    if card.kind in DATED and (date := timeline.released(card, registry)):
        yield DATE, date
        if not one.released:
            yield from ((DATED_BY, paper) for paper in getattr(card, "papers", ()))


def numbers(one: Entry, name: str) -> tuple[int, ...]:
    """Return the values of a column that can be narrowed to a range."""
    if name == "year":
        return tuple(int(year) for year in facet_values(one, "year") if year.isdecimal())
    found: tuple[int, ...] = getattr(one, name)
    return found


def _ranks(one: Entry) -> Iterator[tuple[str, Any]]:
    """Yield the keys that order a list as `query.sort` does."""
    yield DEFAULT, f"{_KINDS.index(one.kind)} {one.id}"
    for name in SORTED:
        value = getattr(one, name)
        if value in ((), ""):
            continue
        if isinstance(value, tuple) and not isinstance(value[0], int):
            yield name, "\x01".join(text.casefold() for text in value)
        else:
            yield name, max(value) if isinstance(value, tuple) else value.casefold()


def _words(card: Card, one: Entry) -> tuple[str, str, str, str]:
    """Return the text that a search looks through: title, id, summary and all the rest."""
    rest = [*one.annotator, *one.licence, *getattr(card, "authors", ())]
    rest += getattr(card, "notes", ())
    for field, many in query.claims_of(card):
        for claim in many:
            rest += [text for text in (claim.note, getattr(claim.evidence, "quote", None)) if text]
            if field == "homes":
                rest.append(str(claim.value))
    return one.title, one.id, one.summary, "\n".join(dict.fromkeys(rest))


def _citations(card: Card) -> Iterator[tuple[str, str]]:
    """Yield each paper that the card names, with the claims that cite it; they may be none."""
    by_paper: dict[str, list[dict[str, Any]]] = {id: [] for id in getattr(card, "papers", ())}
    described = set(by_paper)
    for field, many in query.claims_of(card):
        for claim in many:
            if isinstance(claim.evidence, Cited):
                by_paper.setdefault(claim.evidence.paper, []).append(_cited(field, claim))
    for paper, claims in by_paper.items():
        yield paper, json.dumps({"describes": paper in described, "claims": claims})


def _cited(field: str, claim: Any) -> dict[str, Any]:
    return {
        "field": field,
        "value": to_plain(claim.value),
        "hedge": claim.hedge,
        "printed": claim.printed,
        **claim.qualifiers,
        "at": claim.evidence.at,
        "quote": claim.evidence.quote,
    }


def _results(card: Card, known: Mapping[tuple[str, str], Report]) -> Iterator[tuple[str, str]]:
    """Yield a model's scores, measured by a stage or said by somebody, by benchmark."""
    if not isinstance(card, Model):
        return
    for one in results(known, card.id) if card.build or card.weights else ():
        if one.benchmark:
            said = {name: value for name, value in asdict(one).items() if value is not None}
            # The unit of a score is what it is a mean over, if not over answers.
            said["over"] = said.pop("unit", None)
            yield one.benchmark, json.dumps(said | {"status": "measured"})
    for claim in card.results:
        if claim.status != "measured" and claim.benchmark:
            said = {"value": claim.value, "printed": claim.printed, **claim.qualifiers}
            yield claim.benchmark, json.dumps(said | _evidence(claim))


def _evidence(claim: Any) -> dict[str, Any]:
    evidence = claim.evidence
    if isinstance(evidence, Cited):
        return {"status": claim.status, "paper": evidence.paper, "at": evidence.at}
    return {"status": claim.status, "by": evidence.by}


def entry_to_json(one: Entry) -> str:
    """Return a line of a list as JSON, to be read by `entry_from_json`."""
    return json.dumps(asdict(one), ensure_ascii=True)


def entry_from_json(text: str) -> Entry:
    """Return the line that `entry_to_json` wrote."""
    said: dict[str, Any] = json.loads(text)
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return Entry(**plain)
