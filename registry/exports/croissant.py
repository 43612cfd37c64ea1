"""A dataset's card as Croissant 1.0 (MLCommons), which is schema.org's Dataset in JSON-LD.

schema.org has no place for who says what: where sources disagree, every value is listed. What no
claim gives is left out. Record sets are left out too, because native files are not tables yet.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from registry.cards import Claim, Dataset, Paper
from registry.cards.kinds import NativeFile
from registry.cards.vocabulary import LANGUAGE_CLASSES
from registry.index import Registry, name_of
from registry.links import arxiv, download, outside

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The standard's own, word for word: readers warn of any other."""

_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".parquet": "application/vnd.apache.parquet",
    ".zip": "application/zip",
    ".whl": "application/zip",
    ".tar": "application/x-tar",
    ".gz": "application/gzip",
}


def document(registry: Registry, card: Dataset, base: str | None) -> dict[str, Any]:
    """Return the Croissant document of a dataset; `base` is the catalog's address, if it has one.

    Languages are ISO 639-3 codes, as on the card.
    """
    homes = [one for one in (outside(home, card.kind) for home in _said(card.homes)) if one]
    address = f"{base}/{name_of(card)}" if base else None
    papers = [registry.papers[id] for id in card.papers if id in registry.papers]
    own = [one for one in papers if one.id == card.id]
    found = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": card.title,
        "description": card.summary,
        "identifier": name_of(card),
        "url": address or next(iter(homes), None),
        "sameAs": _one_or_many(homes if address else homes[1:]),
        "license": _one_or_many([_licence(one) for one in _said(card.licence)]),
        "creator": [{"@type": "sc:Person", "name": one} for each in own for one in each.authors],
        "citeAs": next((one.bibtex for one in own if one.bibtex), None),
        "citation": _one_or_many([_citation(one) for one in papers]),
        "datePublished": min(_said(card.released), default=None),
        "inLanguage": _one_or_many(_languages(card)),
        "isBasedOn": [_parent(registry, one, base) for one in _said(card.parents)],
        "distribution": [_file(one) for one in (card.source.files if card.source else ())],
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _said(many: tuple[Claim[Any], ...]) -> list[str]:
    return list(dict.fromkeys(str(one.value) for one in many if one.value is not None))


def _one_or_many(many: list[str]) -> str | list[str] | None:
    return many[0] if len(many) == 1 else many or None


def _licence(value: str) -> str:
    """Return the address of an SPDX licence; terms have a name only."""
    name = value.removeprefix("terms:").strip()
    return name if value.startswith("terms:") else f"https://spdx.org/licenses/{value}.html"


def _citation(paper: Paper) -> str:
    where = arxiv(paper.arxiv) if paper.arxiv else paper.url
    who = ", ".join(paper.authors)
    parts = [who, f"({paper.year})" if paper.year else "", paper.title, where or ""]
    return " ".join(f"{part}." if part in (who, paper.title) else part for part in parts if part)


def _languages(card: Dataset) -> list[str]:
    codes = (code for claim in card.languages for code in claim.value or ())
    return list(dict.fromkeys(code for code in codes if code not in LANGUAGE_CLASSES))


def _parent(registry: Registry, id: str, base: str | None) -> dict[str, str]:
    title = registry.datasets[id].title if id in registry.datasets else id
    said = {"@type": "sc:Dataset", "name": title, "identifier": f"datasets/{id}"}
    return said | ({"url": f"{base}/datasets/{id}"} if base else {})


def _file(one: NativeFile) -> dict[str, str]:
    """Describe a native file; where its origin is no web address, that stands for it."""
    return {
        "@type": "cr:FileObject",
        "@id": one.path,
        "name": one.path,
        "contentUrl": download(one.origin) or one.origin,
        "contentSize": f"{one.bytes} B",
        "encodingFormat": next(_encodings(one.path), "application/octet-stream"),
        "sha256": one.sha256,
    }


def _encodings(path: str) -> Iterator[str]:
    ending = PurePosixPath(path.casefold()).suffix
    if ending in _TYPES:
        yield _TYPES[ending]
