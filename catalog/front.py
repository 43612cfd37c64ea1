"""The first page as values, and the survey's table of datasets."""

from typing import Any

from catalog.index import Ask
from catalog.listing import counts, line
from catalog.shelf import Shelf
from registry.errors import RegistryError
from registry.tables import TABLE_6, table6

NEWEST = 8


def front(shelf: Shelf) -> dict[str, Any]:
    """Return what is here, what was run here, and what came out last."""
    ran = shelf.index.find(Ask(wanted={"reproduced": ("yes",)}, most=20))
    newest = {
        place: shelf.index.find(
            Ask(wanted={"kind": (place,)}, sort="released", descending=True, most=NEWEST)
        )
        for place in ("dataset", "model")
    }
    return {
        "counts": counts(shelf),
        "reproduced": [line(shelf, one) for one in ran.lines],
        "newest": {
            kind: [line(shelf, one) for one in found.lines] for kind, found in newest.items()
        },
        "problems": shelf.problems,
    }


def front_table(shelf: Shelf) -> dict[str, Any]:
    """Return the survey's table, or why it cannot be put together."""
    try:
        rows = table6(shelf.registry)
    except (RegistryError, KeyError) as error:
        return {"title": TABLE_6, "rows": [], "missing": str(error)}
    paper = shelf.registry.papers["survey-2023"]
    table = next(one for one in paper.tables if one.at == TABLE_6)
    ids = [row.dataset for row in table.rows]
    named = [{**row, "id": id} for row, id in zip(rows, ids, strict=True)]
    return {"title": TABLE_6, "rows": named, "missing": None}
