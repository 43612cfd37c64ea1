"""What a repo's README says of it, kept for each head so that lists can be filtered.

Front matter is anybody's text: scalars are resolved as the registry does it, so that `no` is
Norwegian and a date is text; aliases, depth and size are refused before anything is built.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import Connection

from catalog.hub.store import blobs, tables
from catalog.hub.store.trees import File, entries
from registry import frontmatter

if TYPE_CHECKING:
    from catalog.hub.store.repos import Repo
    from catalog.hub.store.store import Store

_MOST = 1 << 20
_MANY = 50_000
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})", re.IGNORECASE)

KEYED = (
    "annotations_creators",
    "language_creators",
    "language",
    "license",
    "multilinguality",
    "size_categories",
    "source_datasets",
    "task_categories",
    "task_ids",
)
"""Fields whose values are tags, written `field:value`."""

_PLAIN = {"models": ("library_name", "pipeline_tag", "language", "tags"), "datasets": ("tags",)}


@dataclass(frozen=True, slots=True)
class Facts:
    """A README's front matter, the tags that follow from it, and what is wrong with it."""

    card: Mapping[str, Any]
    tags: tuple[str, ...]
    problem: str | None = None


class _Loader(yaml.CSafeLoader):
    """YAML in which only true, false, null and decimal numbers are no text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)",
        "-+0123456789",
    ),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def facts(store: "Store", repo: "Repo", commit: str | None = None) -> Facts:
    """Return what the README of a commit says, of the head when none is given."""
    if commit not in (None, repo.head):
        return _read(store, repo, commit or repo.head)
    with store.reading() as connection:
        table = tables.facts
        mine = (table.c.repo == repo.key) & (table.c.commit == repo.head)
        row = connection.execute(table.select().where(mine)).one_or_none()
        if row is not None:
            return kept(connection, [row])[repo.key]
    return refresh(store, repo)


def kept(connection: Connection, rows: Any) -> dict[int, Facts]:
    """Return what is kept of repos, by their keys, from rows of `facts`."""
    tags: dict[int, list[str]] = {row.repo: [] for row in rows}
    table = tables.tag
    for row in connection.execute(table.select().where(table.c.repo.in_(tags))):
        tags[row.repo].append(row.tag)
    return {
        row.repo: Facts(json.loads(row.card), tuple(sorted(tags[row.repo])), row.problem)
        for row in rows
    }


def refresh(store: "Store", repo: "Repo") -> Facts:
    """Read the head's README and keep what it says."""
    found = _read(store, repo, repo.head)
    words = [repo.id, str(found.card.get("pretty_name", "")), *found.tags]
    row = {
        "repo": repo.key,
        "commit": repo.head,
        "card": json.dumps(found.card, ensure_ascii=False),
        "problem": found.problem,
        "words": " ".join(words).casefold(),
    }
    with store.writing(durable=False) as connection:
        if tables.lock(connection, repo.key) is not None:
            tables.put(connection, tables.facts, [row])
            connection.execute(tables.tag.delete().where(tables.tag.c.repo == repo.key))
            tables.add_new(
                connection, tables.tag, [{"repo": repo.key, "tag": one} for one in found.tags]
            )
    return found


def _read(store: "Store", repo: "Repo", commit: str) -> Facts:
    readme = entries(store, repo, commit, ["README.md"]).get("README.md")
    if not isinstance(readme, File):
        return Facts({}, ())
    text = blobs.read(store, readme.sha256, most=_MOST).decode("utf-8", "replace")
    try:
        card = front_matter(text)
    except ValueError as error:
        return Facts({}, tuple(sorted(_papers(text))), str(error))
    return Facts(card, tags_of(repo.type, card, text))


def front_matter(text: str) -> dict[str, Any]:
    """Return a README's front matter as JSON could hold it; ValueError says what is wrong.

    >>> front_matter("---\\nlanguage: no\\n---\\n# Sanger")
    {'language': 'no'}
    """
    front = frontmatter.split(text).front
    try:
        _check(front)
        card = yaml.load(front, _Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"README.md: is no YAML between its '---' lines; {error}") from error
    if card is None:
        return {}
    if not isinstance(card, dict):
        raise ValueError("README.md: what stands between its '---' lines has no keys")
    plain: dict[str, Any] = _plain(card)
    return plain


def body(text: str) -> str:
    """Return a README without its front matter.

    >>> body("---\\nlanguage: no\\n---\\n# Sanger")
    '# Sanger'
    """
    return frontmatter.split(text).body.removeprefix("\ufeff")


def _check(text: str) -> None:
    depth = 0
    for number, event in enumerate(yaml.parse(text, yaml.CSafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("README.md: has an alias ('*name') in its front matter; write it out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > frontmatter.DEEPEST or number > _MANY:
            raise ValueError("README.md: its front matter is too deep or too long")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def tags_of(type: str, card: Mapping[str, Any], text: str = "") -> tuple[str, ...]:
    """Return the tags that lists are filtered by, as clients of the Hub ask for them.

    >>> tags_of("models", {"language": "en", "base_model": "team/bird"})
    ('base_model:team/bird', 'en', 'language:en')
    """
    found = {f"{key}:{one}" for key in KEYED for one in _words(card.get(key))}
    found |= {one for key in _PLAIN[type] for one in _words(card.get(key))}
    found |= _papers(text)
    if type == "models":
        found |= {f"dataset:{one}" for one in _words(card.get("datasets"))}
        relation = "".join(f"{one}:" for one in list(_words(card.get("base_model_relation")))[:1])
        bases = list(_words(card.get("base_model")))
        found |= {f"base_model:{one}" for one in bases}
        found |= {f"base_model:{relation}{one}" for one in bases}
    return tuple(sorted(one for one in found if len(one) <= 300 and one.isprintable()))


def _words(value: Any) -> Iterator[str]:
    """Yield the texts of a value that may be one text or a list of them."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str | int | float) and not isinstance(one, bool) and str(one).strip():
            yield str(one).strip()


def _papers(text: str) -> set[str]:
    return {f"arxiv:{one}" for one in _ARXIV.findall(text)}
