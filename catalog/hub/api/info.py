"""What is said about repos: one by one, and in lists with filters, search and pages."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from catalog.hub.api.ask import Ask, number
from catalog.hub.api.errors import Refused, said
from catalog.hub.api.shapes import card_data, moment, sibling
from catalog.hub.store import cards, commits, refs, repos, trees
from catalog.hub.store.errors import NoBlob, NoEntry
from catalog.hub.store.repos import Listed, Repo
from catalog.hub.store.trees import File

SORTS: Mapping[str, Any] = {
    "": "changed",
    "lastModified": "changed",
    "last_modified": "changed",
    "createdAt": "created",
    "created_at": "created",
    "trendingScore": "changed",
    "trending_score": "changed",
    "downloads": "changed",
    "likes": "changed",
    "id": "name",
}
"""Nobody counts downloads or likes here; by those, what changed last comes first."""

NOT_COUNTED = ("apps", "inference", "inference_provider", "num_parameters", "emissions_thresholds")
MAX_CONFIG = 1 << 20
MAX_HEADER = 16 << 20
PAGE = 500


def one(ask: Ask) -> Response:
    """Answer `model_info` and `dataset_info`, at the head of main or at a revision."""
    revision = ask.params.get("rev", "main")
    commit = refs.resolve(ask.store, ask.repo, revision)
    facts = cards.facts(ask.store, ask.repo, commit)
    whole = _Page(ask, Listed(ask.repo, facts), commit)
    wanted = ask.many("expand")
    names = _expanded(wanted) if wanted else [*OUTLINE, *WHOLE]
    return said({"id": ask.repo.id, **whole.fields(names)}, headers={"x-repo-commit": commit})


def all(ask: Ask) -> Response:
    """Answer `list_models` and `list_datasets`."""
    for name in NOT_COUNTED:
        if ask.query.get(name):
            raise Refused(400, f"{name}: lists cannot be filtered by it here")
    limit = number(ask.one("limit"), "limit", default=PAGE, most=PAGE)
    sort = SORTS.get(ask.one("sort"))
    if sort is None:
        raise Refused(400, f"sort {ask.one('sort')!r}: is not known; lastModified is")
    if ask.says("gated"):
        return said([])
    page = repos.page(
        ask.store,
        ask.params["kind"],
        who=ask.who,
        filters=tuple(_filters(ask)),
        search=tuple(ask.many("search")),
        author=ask.one("author") or None,
        sort=sort,
        descending=ask.one("direction") != "1" and sort != "name",
        limit=limit,
        cursor=ask.one("cursor") or None,
    )
    wanted = ask.many("expand")
    names = _expanded(wanted) if wanted else _listed(ask)
    entries = [
        {"id": one.repo.id, **_Page(ask, one, one.repo.head).fields(names)} for one in page.repos
    ]
    return said(entries, headers=next_page(ask, page.next))


def _filters(ask: Ask) -> Iterator[str]:
    """Yield the tags that repos must have; a comma in one value parts several, as on the Hub."""
    for value in ask.many("filter"):
        yield from (one for one in value.split(",") if one)
    for name in ("pipeline_tag", "library"):
        yield from (value for value in ask.many(name) if value)


def next_page(ask: Ask, cursor: str | None) -> dict[str, str]:
    """Return the header that says where a list goes on."""
    if cursor is None:
        return {}
    query = [(name, value) for name, values in ask.query.items() for value in values]
    kept = [*(pair for pair in query if pair[0] != "cursor"), ("cursor", cursor)]
    path = ask.request.scope["raw_path"].partition(b"?")[0].decode("latin-1")
    return {"link": f'<{ask.base}{path}?{urlencode(kept)}>; rel="next"'}


class _Page:
    """The fields of one repo at one commit, made when they are asked for."""

    def __init__(self, ask: Ask, listed: Listed, commit: str) -> None:
        self.ask = ask
        self.repo: Repo = listed.repo
        self.card: Mapping[str, Any] = listed.facts.card
        self.tags = listed.facts.tags
        self.commit = commit

    def fields(self, names: list[str]) -> dict[str, Any]:
        made = {name: FIELDS[name](self) for name in names if name in FIELDS}
        optional = ("pipeline_tag", "library_name", "model-index", "config", "safetensors")
        return {
            name: value
            for name, value in made.items()
            if not (name in optional and (value is None or self.repo.type == "datasets"))
        }

    def siblings(self) -> list[dict[str, Any]]:
        found = trees.listing(self.ask.store, self.repo, self.commit, recursive=True)
        sizes = self.ask.says("blobs")
        return [sibling(one, with_blob=sizes) for one in found if isinstance(one, File)]

    def used(self) -> int:
        found = trees.listing(self.ask.store, self.repo, self.commit, recursive=True)
        return sum(one.size for one in found if isinstance(one, File))

    def changed(self) -> str:
        return moment(commits.get(self.ask.store, self.repo, self.commit).time)

    def _read(self, path: str, start: int, length: int) -> bytes | None:
        try:
            entry = trees.entry(self.ask.store, self.repo, self.commit, path)
            if not isinstance(entry, File):
                return None
            return b"".join(self.ask.store.blobs.open(entry.sha256, start, length))
        except (NoEntry, NoBlob):
            return None

    def config(self) -> dict[str, Any] | None:
        """Return what lists show of config.json."""
        raw = self._read("config.json", 0, MAX_CONFIG)
        values = _object(raw)
        names = ("architectures", "model_type", "tokenizer_config")
        return {name: values[name] for name in names if name in values} if values else None

    def safetensors(self) -> dict[str, Any] | None:
        """Count the parameters of `model.safetensors` by type, from its header alone."""
        return counted(lambda start, length: self._read("model.safetensors", start, length))

    def model_index(self) -> Any:
        return self.card.get("model-index")


def counted(read: Callable[[int, int], bytes | None]) -> dict[str, Any] | None:
    """Count a safetensors file's parameters by type, None where its header makes no sense."""
    size = int.from_bytes(read(0, 8) or b"", "little")
    if not 0 < size <= MAX_HEADER:
        return None
    header = _object(read(8, size))
    found: dict[str, int] = {}
    for name, tensor in header.items():
        if name == "__metadata__" or not isinstance(tensor, dict):
            continue
        count = 1
        for length in tensor.get("shape", ()):
            count *= length if isinstance(length, int) else 0
        kind = str(tensor.get("dtype"))
        found[kind] = found.get(kind, 0) + count
    return {"parameters": found, "total": sum(found.values())} if found else None


def _object(raw: bytes | None) -> dict[str, Any]:
    try:
        values = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


FIELDS: Mapping[str, Callable[[_Page], Any]] = {
    "author": lambda page: page.repo.namespace,
    "sha": lambda page: page.commit,
    "lastModified": _Page.changed,
    "createdAt": lambda page: moment(page.repo.created),
    "private": lambda page: page.repo.private,
    "gated": lambda page: False,
    "disabled": lambda page: False,
    "downloads": lambda page: 0,
    "downloadsAllTime": lambda page: 0,
    "likes": lambda page: 0,
    "trendingScore": lambda page: 0,
    "tags": lambda page: list(page.tags),
    "pipeline_tag": lambda page: page.card.get("pipeline_tag"),
    "library_name": lambda page: page.card.get("library_name"),
    "cardData": lambda page: card_data(page.card),
    "siblings": _Page.siblings,
    "usedStorage": _Page.used,
    "config": _Page.config,
    "safetensors": _Page.safetensors,
    "model-index": _Page.model_index,
    "evalResults": lambda page: [],
    "description": lambda page: page.card.get("pretty_name"),
}
OUTLINE = (
    "author",
    "sha",
    "lastModified",
    "createdAt",
    "private",
    "gated",
    "disabled",
    "downloads",
    "likes",
    "tags",
    "pipeline_tag",
    "library_name",
)
WHOLE = ("cardData", "siblings", "model-index", "config", "safetensors", "usedStorage")
_SPELT = {"model_index": "model-index", "eval_results": "evalResults", "card_data": "cardData"}


def _expanded(wanted: list[str]) -> list[str]:
    """Return the fields asked for; those that are not kept here are left out."""
    return [_SPELT.get(name, name) for name in wanted]


def _listed(ask: Ask) -> list[str]:
    names = list(OUTLINE)
    if ask.says("full"):
        names += ["siblings", "cardData"]
    names += [name for name in ("cardData", "config") if ask.says(name)]
    return names
