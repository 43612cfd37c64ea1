"""The description of the JSON that every page has beside it, in OpenAPI 3.1.

Each page and its JSON are made from the same values; this says which addresses there are, what may
be asked of them and what comes back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.boards import SLICES
from catalog.comparing import MOST
from catalog.index.deriving import FACETS, NUMBERS
from catalog.listing import ALL, COLUMNS
from registry import timeline
from registry.cards.vocabulary import FOLDERS

Schema = dict[str, Any]


def document(version: str) -> dict[str, Any]:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tunedeck's catalog",
            "version": version,
            "description": "Every page as JSON: its address and `.json`. Answers carry an ETag; "
            "ask again with If-None-Match and a 304 says that nothing has changed. Errors are "
            "`{ok: false, error, status}` everywhere.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(_paths()),
        "components": {"schemas": _SCHEMAS},
    }


def _paths() -> Sequence[tuple[str, Mapping[str, Any]]]:
    folder = _path("folder", {"enum": [*FOLDERS.values()]}, "The kind of the card.")
    name = _path("name", {"type": "string", "minLength": 1, "pattern": _ID}, "The card's id.")
    lists = [
        (
            f"/{place}.json",
            _get(
                f"List {'cards of every kind' if place == ALL else place}", "Listing", _asks(place)
            ),
        )
        for place in (ALL, *FOLDERS.values())
    ]
    return [
        ("/index.json", _get("What is here", "Front")),
        *lists,
        ("/{folder}/{name}.json", _get("Show a card with its claims", "Page", [folder, name])),
        (
            "/lineage/{folder}/{name}.json",
            _get("Follow a card's lineage", "Lineage", [folder, name, *_LINEAGE]),
        ),
        ("/compare.json", _get("Put two to six cards side by side", "Comparison", [_CARD])),
        ("/plots.json", _get("Show what the plots draw", "Plots", [_BY])),
        ("/table6.json", _get("Show the survey's table of datasets", "Table")),
        ("/leaderboards.json", _get("List benchmarks with scores", "Boards")),
        (
            "/leaderboards/{name}.json",
            _get("Rank models on a benchmark", "Board", [name, *_BOARD]),
        ),
    ]


_ID = "^[A-Za-z0-9][A-Za-z0-9._-]*$"


def _get(
    summary: str, schema: str, parameters: Sequence[Mapping[str, Any]] = ()
) -> Mapping[str, Any]:
    return {
        "get": {
            "summary": summary,
            "parameters": list(parameters),
            "responses": {
                "200": {
                    "description": "What was asked for.",
                    "headers": {"ETag": {"schema": {"type": "string"}, "required": True}},
                    "content": {"application/json": {"schema": _ref(schema)}},
                },
                "304": {"description": "Nothing has changed since the answer with this ETag."},
                **{
                    status: {
                        "description": says,
                        "content": {"application/json": {"schema": _ref("Error")}},
                    }
                    for status, says in (
                        ("400", "The question is not understood; the error says what in it."),
                        ("404", "There is no such thing."),
                    )
                },
            },
        }
    }


def _asks(place: str) -> list[Mapping[str, Any]]:
    facets = [name for name in FACETS if name != "kind" or place == ALL]
    return [
        _query("q", _TEXT, "Words that all have to be there, as the beginnings of words."),
        *(
            _query(name, {"type": "array", "items": _TEXT}, "Any of these values.")
            for name in facets
        ),
        *(
            _query(f"{end}_{name}", {"type": "string", "pattern": r"^[0-9]{1,12}[kKmMbB]?$"}, says)
            for name in NUMBERS
            for end, says in (("min", "At least so many; 52k is 52000."), ("max", "At most."))
        ),
        _query("sort", {"enum": ["", *COLUMNS]}, "The column to sort by."),
        _query("order", {"enum": ["asc", "desc"]}, "Which end comes first."),
        _query("page", {"type": "integer", "minimum": 1, "maximum": 999999}, "Pages of 50."),
    ]


def _query(name: str, schema: Schema, says: str) -> Mapping[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": says}


def _path(name: str, schema: Schema, says: str) -> Mapping[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": says}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_WHOLE: Schema = {"type": "integer"}
_TRUE: Schema = {"type": "boolean"}
_OK: Mapping[str, Schema] = {"ok": {"const": True}}
_ANY: Schema = {}

_LINEAGE = (
    _query("direction", {"enum": ["up", "down", "both"]}, "To its origins, or to what it became."),
    _query("hops", {"type": "integer", "minimum": 1, "maximum": 99}, "How many steps at most."),
)
_BY = _query("by", {"enum": [*timeline.STEPS]}, "The step of the releases.")
_CARD = _query(
    "card",
    {**_list(_TEXT), "maxItems": MOST},
    "Names such as `datasets/alpaca`; two to six of them.",
)
_BOARD = (
    _query("metric", _TEXT, "The metric; the one with most scores otherwise."),
    _query("by", {"enum": [*SLICES]}, "What the groups are told apart by."),
    *(_query(name, _list(_TEXT), "Any of these values of the training data.") for name in SLICES),
)


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_ENTRY = _object(
    {
        "name": _TEXT,
        "kind": {"enum": [*FOLDERS]},
        "id": _TEXT,
        "title": _TEXT,
        "summary": _TEXT,
        **{
            name: _list(_TEXT)
            for name in (
                "annotator",
                "language",
                "licence",
                "licence_class",
                "released",
                "type",
                "modality",
                "evidence",
                "disagreements",
            )
        },
        **{name: _list(_WHOLE) for name in ("tasks", "instances", "parameters")},
        "reproduced": _TRUE,
    },
    {"href": _TEXT, "snippet": _TEXT, "pushed": _TRUE},
)
_VALUE = _object({"value": _TEXT, "count": _WHOLE, "chosen": _TRUE, "href": _TEXT})
_COUNTS: Schema = {"type": "object", "additionalProperties": _WHOLE}

_SCHEMAS: Mapping[str, Schema] = {
    "Error": _object({"ok": {"const": False}, "error": _TEXT, "status": _WHOLE}),
    "Entry": _ENTRY,
    "Claim": _object(
        {"value": _ANY, "status": {"enum": ["cited", "declared", "measured"]}},
        {"paper": _TEXT, "at": _TEXT, "by": _TEXT, "quote": _TEXT, "stage": _TEXT, "unit": _TEXT},
    ),
    "Front": _object({**_OK, "counts": _COUNTS, "problems": _list(_TEXT)}),
    "Listing": _object(
        {
            **_OK,
            "total": _WHOLE,
            "counts": _COUNTS,
            "cards": _list(_ref("Entry")),
            "facets": _list(_object({"name": _TEXT, "more": _WHOLE, "values": _list(_VALUE)})),
            "ranges": _list(_object({"name": _TEXT, "smallest": _WHOLE, "largest": _WHOLE})),
            "columns": _list(_object({"name": _TEXT, "label": _TEXT, "href": _TEXT})),
            "pages": _list(_object({"page": _WHOLE, "href": _TEXT})),
            "next": _nullable(_TEXT),
            "previous": _nullable(_TEXT),
            "downloads": {"type": "object", "additionalProperties": _TEXT},
            "clear": _TEXT,
            "problems": _list(_TEXT),
        }
    ),
    "Page": _object(
        {
            **_OK,
            "card": _object(
                {
                    "name": _TEXT,
                    "kind": {"enum": [*FOLDERS]},
                    "id": _TEXT,
                    "title": _TEXT,
                    "claims": {
                        "type": "object",
                        "additionalProperties": _list(_ref("Claim")),
                    },
                    "disagreements": _list(_TEXT),
                }
            ),
            "entry": _ref("Entry"),
            "lineage": _ref("Graph"),
            "used_by": _list(_object({"name": _TEXT, "relation": _TEXT, "proof": _TEXT})),
            "reports": _list(_object({"stage": _TEXT, "file": _TEXT, "key": _TEXT})),
        }
    ),
    "Graph": _object(
        {
            "start": _TEXT,
            "layers": _list(_list(_object({"name": _TEXT, "kind": _TEXT, "title": _TEXT}))),
            "edges": _list(
                _object(
                    {
                        "source": _TEXT,
                        "target": _TEXT,
                        "relation": _TEXT,
                        "proof": {"enum": ["proven", "built", "cited", "declared", "measured"]},
                        "place": _nullable(_TEXT),
                    }
                )
            ),
        }
    ),
    "Lineage": _object(
        {
            **_OK,
            "card": _object({"name": _TEXT, "kind": _TEXT, "title": _TEXT}),
            "direction": _TEXT,
            "hops": _nullable(_WHOLE),
            "cut": _nullable(_WHOLE),
            "tuned_on": _list(_object({"model": _TEXT, "way": _TEXT, "proof": _TEXT})),
            "lineage": _ref("Graph"),
        }
    ),
    "Comparison": _object(
        {
            **_OK,
            "chosen": _list(_ref("Entry")),
            "fields": _list(
                _object({"field": _TEXT, "differ": _TRUE, "cells": _list(_list(_ref("Claim")))})
            ),
        }
    ),
    "Plots": _object(
        {
            **_OK,
            "by": _TEXT,
            "sizes": _list(_object({"name": _TEXT, "tasks": _WHOLE, "instances": _WHOLE})),
            "releases": _list(_object({"period": _TEXT})),
            "scaling": _list(_object({"benchmark": _TEXT, "series": _list({"type": "object"})})),
        }
    ),
    "Table": _object({**_OK, "title": _TEXT, "rows": _list(_object({"name": _TEXT, "id": _TEXT}))}),
    "Boards": _object(
        {**_OK, "boards": _list(_object({"id": _TEXT, "title": _TEXT, "models": _WHOLE}))}
    ),
    "Board": _object(
        {
            **_OK,
            "benchmark": _object({"name": _TEXT, "id": _TEXT, "title": _TEXT}),
            "metric": _TEXT,
            "by": _TEXT,
            "metrics": _list(_object({"name": _TEXT, "count": _WHOLE, "href": _TEXT})),
            "scores": _list(
                _object(
                    {
                        "model": _TEXT,
                        "title": _TEXT,
                        "metric": _TEXT,
                        "value": _nullable(_NUMBER),
                        "stderr": _nullable(_NUMBER),
                        "status": {"enum": ["cited", "declared", "measured", "pushed"]},
                        "data": _list(_object({"name": _TEXT, "title": _TEXT})),
                    }
                )
            ),
            "groups": _list(
                _object(
                    {
                        "value": _nullable(_TEXT),
                        "status": {"enum": ["measured", "published"]},
                        "n": _WHOLE,
                        "mean": _NUMBER,
                        "stderr": _nullable(_NUMBER),
                    }
                )
            ),
        }
    ),
}
