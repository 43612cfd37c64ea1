"""A paper's table of datasets, put together again from the claims that cite it."""

from collections.abc import Iterable, Iterator
from typing import Any

from registry.cards import Cited, Claim, Dataset, Paper
from registry.cards.kinds import Table, TableRow
from registry.errors import RegistryError
from registry.index import Registry

SURVEY, TABLE_6 = "survey-2023", "Appendix A, Table 6"


def table6(registry: Registry) -> list[dict[str, Any]]:
    """Return the survey's table of datasets in its own order; a cell nobody claims is absent.

    None is a cell in which the survey says that the number is not reported.
    """
    paper = registry.papers.get(SURVEY)
    table = next((one for one in paper.tables if one.at == TABLE_6), None) if paper else None
    if paper is None or table is None:
        raise RegistryError(f"papers/{SURVEY}: has no table '{TABLE_6}'; add it under `tables`")
    return [_line(registry, paper, table, row) for row in table.rows]


def _line(registry: Registry, paper: Paper, table: Table, row: TableRow) -> dict[str, Any]:
    card = registry.datasets[row.dataset]
    place = f"{table.at}, row {row.printed}"
    line: dict[str, Any] = {"name": row.printed, "citation": row.citation}
    for name, value in _cells(registry, card, paper.id, place):
        line.setdefault(name, value)
    return line


def _cells(registry: Registry, card: Dataset, paper: str, place: str) -> Iterator[tuple[str, Any]]:
    for claim in _of(card.released, paper, place):
        yield "released", claim.value
    for claim in _of(card.scale, paper, place):
        if claim.unit == "instances":
            yield "instances_thousands", claim.value // 1000 if claim.value is not None else None
        else:
            yield str(claim.unit), claim.value
    for claim in _of(card.languages, paper, place):
        yield "language", ", ".join(claim.value or ())
    writers = [id for claim in _of(card.annotator, paper, place) for id in claim.value or ()]
    if writers:
        yield "annotator", [_writer(registry, id) for id in dict.fromkeys(writers)]


def _of(many: Iterable[Claim[Any]], paper: str, place: str) -> Iterator[Claim[Any]]:
    for claim in many:
        evidence = claim.evidence
        if isinstance(evidence, Cited) and (evidence.paper, evidence.at) == (paper, place):
            yield claim


def _writer(registry: Registry, id: str) -> str:
    """Return a model card's title, or `Human`."""
    return registry.models[id].title if id in registry.models else id.capitalize()
