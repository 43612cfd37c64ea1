"""A dataset's card as Croissant 1.1 (MLCommons), which is schema.org's Dataset in JSON-LD.

schema.org has no place for who says what: where sources disagree, every value is listed. What no
claim gives is left out. Who wrote the data, and how, is in the words of its RAI extension. Record
sets are left out, except where tables go along, because native files are not tables yet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from registry.cards import Benchmark, Cited, Claim, Dataset, Declared, Paper
from registry.cards.kinds import NativeFile
from registry.cards.vocabulary import ANNOTATORS, LANGUAGE_CLASSES
from registry.index import Registry, name_of
from registry.links import arxiv, download, outside

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
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


@dataclass(frozen=True, slots=True)
class TableFile:
    """A Parquet table of a split that goes along: where it can be had, its hash and columns.

    `columns` are the names of flat columns with Croissant's types.
    """

    split: str
    path: str
    url: str
    sha256: str
    bytes: int
    columns: tuple[tuple[str, str], ...] = ()


def document(
    registry: Registry,
    card: Dataset | Benchmark,
    base: str | None,
    tables: Sequence[TableFile] = (),
) -> dict[str, Any]:
    """Return the Croissant document of a dataset; `base` is the catalog's address, if it has one.

    Languages are ISO 639-3 codes, as on the card. `tables` are described beside the native files.
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
        **_responsibly(registry, card),
        "distribution": [
            *(_file(one) for one in (card.source.files if card.source else ())),
            *map(_table, tables),
        ],
        "recordSet": [_records(one) for one in tables if one.columns],
    }
    return {name: value for name, value in found.items() if value not in (None, [], "")}


def _responsibly(registry: Registry, card: Dataset | Benchmark) -> dict[str, Any]:
    """Return what claims say in the words of the RAI extension: writers, sources, limits."""
    who = [(claim, one) for claim in card.annotator for one in claim.value or ()]
    tools = [_titled(registry, one) for _, one in who if one != "human"]
    protocol = [
        f"{claim.part or 'the text'}: {_titled(registry, one)}{_narrowly(claim)}"
        for claim, one in who
    ]
    seeds = [
        f"{claim.relation}: {registry.datasets[id].title if id in registry.datasets else id}"
        for claim in card.parents
        if (id := claim.value)
    ]
    return {
        "rai:machineAnnotationTools": list(dict.fromkeys(tools)),
        "rai:dataAnnotationProtocol": list(dict.fromkeys(protocol)),
        "rai:dataCollection": "; ".join(dict.fromkeys(seeds)) or None,
        "rai:dataLimitations": list(card.notes),
    }


def _titled(registry: Registry, who: str) -> str:
    if who in ANNOTATORS:
        return ANNOTATORS[who]
    return registry.models[who].title if who in registry.models else who


def _narrowly(claim: Claim[Any]) -> str:
    evidence = claim.evidence
    if isinstance(evidence, Cited):
        return f" (cited: {evidence.paper}, {evidence.at})"
    return f" (declared: {evidence.by})" if isinstance(evidence, Declared) else ""


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


def _languages(card: Dataset | Benchmark) -> list[str]:
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


def _table(one: TableFile) -> dict[str, str]:
    return {
        "@type": "cr:FileObject",
        "@id": one.path,
        "name": one.path,
        "contentUrl": one.url,
        "contentSize": f"{one.bytes} B",
        "encodingFormat": _TYPES[".parquet"],
        "sha256": one.sha256,
    }


def _records(one: TableFile) -> dict[str, Any]:
    """Describe a table's flat columns; nested ones are in the file's own schema."""
    return {
        "@type": "cr:RecordSet",
        "@id": one.split,
        "name": one.split,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{one.split}/{name}",
                "name": name,
                "dataType": type,
                "source": {"fileObject": {"@id": one.path}, "extract": {"column": name}},
            }
            for name, type in one.columns
        ],
    }


def _encodings(path: str) -> Iterator[str]:
    ending = PurePosixPath(path.casefold()).suffix
    if ending in _TYPES:
        yield _TYPES[ending]
