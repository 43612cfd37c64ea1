"""A card's claims, put so that a page can show where they disagree and whom they name."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.index import Index
from catalog.shelf import Shelf
from registry import query
from registry.cards import Card, Claim
from registry.cards.vocabulary import FOLDERS

Described = Mapping[str, Any]


def disagreements(shelf: Shelf, card: Card, described: Described) -> list[dict[str, Any]]:
    """Return, for each thing that sources disagree on, what each of them says of it."""
    claims = dict(query.claims_of(card))
    found = []
    for field in described["disagreements"]:
        groups: dict[tuple[tuple[str, Any], ...], list[tuple[Claim[Any], Any]]] = {}
        for claim, said in zip(claims[field], described["claims"][field], strict=True):
            if said["value"] is not None:
                groups.setdefault(query.about(card, claim), []).append((claim, said))
        found += [
            {"field": field, "of": dict(of), "claims": [said for _, said in many]}
            for of, many in groups.items()
            if query.disagree(card, field, [claim for claim, _ in many], shelf.reports)
        ]
    return found


def scale(described: Described) -> dict[str, list[Any]]:
    """Return how big the whole thing is by unit; several numbers where sources differ."""
    found: dict[str, list[Any]] = {}
    for one in described["claims"].get("scale", ()):
        narrowed = {"split", "subset", "revision"} & one.keys()
        numbers = found.setdefault(one["unit"], [])
        if one["value"] is not None and not narrowed and one["value"] not in numbers:
            numbers.append(one["value"])
    return {unit: numbers for unit, numbers in found.items() if numbers}


def titles(described: Described, index: Index) -> dict[str, str]:
    """Return the titles of the cards that a card names, by name; of those that are there."""
    return index.titles(f"{folder}/{id}" for folder, id in _names(described))


def _names(described: Described) -> Iterator[tuple[str, str]]:
    for paper in described.get("papers", ()):
        yield "papers", paper
    for finding in described.get("findings", ()):
        for paper in (*finding.get("supported_by", ()), *finding.get("opposed_by", ())):
            yield "papers", paper
    if "mixture" in described.get("rows", {}):
        yield "mixtures", described["rows"]["mixture"]
    for field, many in described["claims"].items():
        for claim in many:
            if "paper" in claim:
                yield "papers", claim["paper"]
            if "benchmark" in claim:
                yield "benchmarks", claim["benchmark"]
            if field == "annotator":
                yield from (("models", id) for id in claim["value"] or ())
            elif field in ("parents", "extends", "tuned_on"):
                yield _folder(described["kind"], field), str(claim["value"])


def _folder(kind: str, field: str) -> str:
    """Return where the card named in a field is; a benchmark's parents are datasets."""
    own = field == "extends" or (field == "parents" and kind != "benchmark")
    return FOLDERS[kind] if own else "datasets"
