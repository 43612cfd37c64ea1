"""A repo's README and card, as its page shows them."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from catalog import markdown
from catalog.hub.store import Store, blobs, cards
from catalog.hub.store.repos import Repo
from catalog.hub.store.trees import File, entries
from catalog.printing import shown
from catalog.shelf import Shelf
from registry.cards.nodes import parse
from registry.cards.vocabulary import FOLDERS
from registry.hub.repo import CROISSANT

MOST = 64_000
"""Characters of a README that are shown."""
MOST_BRACKETS = 2000
"""Brackets up to which Markdown is read: to find what belongs to each takes the square of them."""
MOST_CARD = 256 << 10
MOST_ROWS = 40
MOST_VALUE = 300

_DATA = (".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl", ".txt")
_COMMENT = re.compile(r"[ \t]*<!--[^\n]*-->[ \t]*\r?\n?")


def rendered(store: Store, repo: Repo, commit: str, beside: str) -> tuple[Markup, bool] | None:
    """Return a README as HTML, and whether all of it; None where there is none.

    `beside` is the address that its relative links begin at.
    """
    file = entries(store, repo, commit, ["README.md"]).get("README.md")
    if not isinstance(file, File):
        return None
    content = blobs.read(store, file.sha256, most=4 * MOST).decode("utf-8", "replace")
    text = cards.body(content)
    return _html(text[:MOST], beside), len(text) <= MOST and file.size <= 4 * MOST


@lru_cache(maxsize=64)
def _html(text: str, beside: str) -> Markup:
    if text.count("[") > MOST_BRACKETS:
        return Markup('<pre class="verbatim">{}</pre>').format(escape(text))
    return markdown.render("".join(_uncommented(text)), beside=beside)


def _uncommented(text: str) -> Iterator[str]:
    """Yield the lines without those that are comments; what looks so within code stays."""
    fenced = False
    for line in text.splitlines(keepends=True):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if fenced or not _COMMENT.fullmatch(line):
            yield line


def rows(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return front matter as names and values, each on one line."""
    return [(name[:60], _short(shown(value))) for name, value in list(card.items())[:MOST_ROWS]]


def _short(text: str) -> str:
    return text if len(text) <= MOST_VALUE else f"{text[:MOST_VALUE]}…"


def card_of(store: Store, repo: Repo, commit: str, shelf: Shelf) -> tuple[str, str] | None:
    """Return address and title of the catalog's card that a repo's `card.yaml` names, if any."""
    file = entries(store, repo, commit, ["card.yaml"]).get("card.yaml")
    if not isinstance(file, File) or file.size > MOST_CARD:
        return None
    text = blobs.read(store, file.sha256, most=MOST_CARD).decode("utf-8", "replace")
    node = parse(text, lambda line, field, message: None)
    said = node.plain() if node else {}
    kind, id = (said.get(key) for key in ("kind", "id")) if isinstance(said, dict) else ("", "")
    if not isinstance(kind, str) or not isinstance(id, str) or kind not in FOLDERS:
        return None
    found = shelf.registry.of_kind(kind)
    return (f"/{FOLDERS[kind]}/{id}", found[id].title) if id in found else None


def _is_data(name: str) -> bool:
    """Tell whether a file or folder at a dataset's top is what loaders take for data."""
    return name == "data" or (name.endswith(_DATA) and name != CROISSANT)


def loading(repo: Repo, base: str, names_there: set[str]) -> list[str]:
    """Return the commands that bring a repo to somebody's machine."""
    kind = " --repo-type dataset" if repo.type == "datasets" else ""
    commands = [f"export HF_ENDPOINT={base}", f"hf download {repo.id}{kind}"]
    if repo.type == "datasets" and any(map(_is_data, names_there)):
        loaded = f"import datasets; datasets.load_dataset('{repo.id}')"
        return [*commands, f'python -c "{loaded}"']
    if "config.json" in names_there:
        loaded = f"import transformers; transformers.AutoModel.from_pretrained('{repo.id}')"
        return [*commands, f'python -c "{loaded}"']
    return commands
