"""What is wrong with the front matter of a card that somebody is about to commit.

The rules of YAML are those of our own cards: `no` is Norwegian, a date is text, and aliases, tags
and repeated keys are refused. Front matter: https://huggingface.co/docs/hub/datasets-cards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.hub.api.ask import Ask
from catalog.hub.api.errors import Refused
from catalog.hub.store import blobs, possession
from catalog.hub.store.cards import KEYED
from catalog.hub.store.commits import Operation, Put
from registry import frontmatter
from registry.errors import InvalidCards

README = "README.md"
MAX_CARD = 4 << 20
"""The largest card that is judged; a larger README is a file like others."""

TEXTS = ("pretty_name", "pipeline_tag", "library_name", "license_name", "license_link")
LISTS = ("tags", "datasets", "metrics", "base_model", *KEYED)
"""Fields that hold one text, or a list of texts."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a card, and what only deserves a word."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def judge(text: str) -> Verdict:
    """Read the front matter of a page; a page without one is whole but warned of."""
    page = frontmatter.split(text)
    if page.unclosed:
        return Verdict(("the front matter is not closed; end it with a line of ---",))
    if not page.opening:
        return Verdict(warnings=("the page has no front matter",))
    try:
        values = frontmatter.load(page)
    except InvalidCards as error:
        said = (f"line {one.line}: {one.field}: {one.message}" for one in error.problems)
        return Verdict(tuple(said))
    return Verdict(tuple(_wrong_types(values)))


def shown(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as clients read it."""
    both = {"errors": verdict.errors, "warnings": verdict.warnings}
    return {name: [{"message": one} for one in many] for name, many in both.items()}


def require(ask: Ask, operations: Sequence[Operation]) -> None:
    """Refuse a commit that leaves a README whose front matter clients cannot read.

    Bytes that the caller may not name are not judged, as the verdict would tell of them; the
    commit refuses those itself.
    """
    last = [one for one in operations if one.path == README][-1:]
    for one in last:
        if not isinstance(one, Put):
            continue
        size = possession.nameable(ask.store, ask.who, [one.sha256]).get(one.sha256)
        if size is None or size > MAX_CARD:
            continue
        verdict = judge(blobs.read(ask.store, one.sha256).decode("utf-8", "replace"))
        if verdict.errors:
            said = "its front matter cannot be read; mend it and commit again"
            raise Refused(400, f"{README}: {said}", extra=shown(verdict))


def _wrong_types(values: Mapping[str, Any]) -> Iterable[str]:
    """Say which of the known fields hold what clients cannot read."""
    for name in TEXTS:
        if not isinstance(values.get(name), str | None):
            yield f"{name}: is no text"
    for name in LISTS:
        value = values.get(name)
        whole = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str | int | float | None) for one in whole):
            yield f"{name}: is neither a text nor a list of texts"
    for name in ("model-index", "configs"):
        if not isinstance(values.get(name), list | None):
            yield f"{name}: is no list"
