"""Three-way merges of front matter and of cards: what one side changed wins, both is a conflict.

What a key was at the last push or pull is kept as a fingerprint, once of the derived view and once
of the page, because a page says some things in a way that no card can give back.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.frontmatter import edit
from registry.hashing import canonical_json
from registry.hub.mapping import KEYS, OWN_TAGS

SCHEMA = 1
CARD = "card.yaml"
KEY = "registry"
BODY = "body"
"""Stands among the keys for the text between our two comments."""

ABSENT = "-"

_SETS = frozenset(
    (
        "language",
        "license",
        "multilinguality",
        "annotations_creators",
        "size_categories",
        "task_categories",
        "source_datasets",
        "base_model",
        "datasets",
        "tags",
    )
)
"""Keys of which one value is as good as a list of it, and no order means anything."""


@dataclass(frozen=True, slots=True)
class Sync:
    """What card and page were when they last met, by fingerprints of keys.

    `page` holds only what differed from the view.
    """

    card: str
    view: Mapping[str, str] = field(default_factory=dict)
    page: Mapping[str, str] = field(default_factory=dict)

    def on_page(self, key: str) -> str:
        """Return the fingerprint of what the page said."""
        return self.page.get(key) or self.view.get(key, ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What to change on a page (None removes), what only the page changed, and what both did."""

    changes: Mapping[str, Any]
    moved: tuple[str, ...]
    conflicts: tuple[str, ...]


def fingerprint(key: str, value: Any) -> str:
    """Return a short hash of what a key says, or `ABSENT`.

    >>> fingerprint("language", "en") == fingerprint("language", ["en"])
    True
    """
    if value is None:
        return ABSENT
    if key in _SETS:
        many = value if isinstance(value, list) else [value]
        value = sorted(set(map(canonical_json, many)))
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def merge(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], *met: Sync | None, force: bool = False
) -> Merged:
    """Merge a view into a page's values, given when they last met, the best known first.

    `force` lets ours win where both changed.
    """
    syncs = [one for one in met if one is not None]
    changes: dict[str, Any] = {}
    moved, conflicts = [], []
    before = syncs[0].view if syncs else {}
    for key in dict.fromkeys((*ours, *before, *(key for key in KEYS if key in theirs))):
        mine, his = ours.get(key), theirs.get(key)
        if fingerprint(key, mine) == fingerprint(key, his):
            continue
        still = bool(syncs) and fingerprint(key, mine) == before.get(key, ABSENT)
        known = fingerprint(key, his) in {one.on_page(key) for one in syncs}
        if key == "tags":
            changes |= {} if still else {key: _tags(mine or [], his)}
        elif still:
            moved += [] if known else [key]
        elif known or his is None or force:
            if mine is not None or _was_ours(key, syncs) or force:
                changes[key] = mine
        elif mine is not None:
            conflicts.append(key)
    return Merged(changes=changes, moved=tuple(moved), conflicts=tuple(conflicts))


def _was_ours(key: str, syncs: list[Sync]) -> bool:
    """Tell whether the page said what the view did, so that it may be taken away again."""
    return any(key in one.view and key not in one.page for one in syncs)


def _tags(ours: list[str], theirs: Any) -> list[Any] | None:
    """Return the page's tags with ours brought up to date; other people's stay as they are."""
    many = theirs if isinstance(theirs, list) else [theirs] if theirs is not None else []
    kept = [one for one in many if one in ours or not str(one).startswith(OWN_TAGS)]
    return kept + [one for one in ours if one not in kept] or None


def meet(
    card: str,
    view: Mapping[str, Any],
    page: Mapping[str, Any],
    *,
    behind: Mapping[str, str] | None = None,
    ahead: Mapping[str, str] | None = None,
) -> Sync:
    """Return the record of a meeting.

    Keys in `behind` changed on the page and are still to be pulled, those in `ahead` changed here
    and are still to be pushed: they stay known by these fingerprints of page and view.
    """
    late, early = behind or {}, ahead or {}
    ours = {key: fingerprint(key, value) for key, value in view.items()} | dict(early)
    said = {
        key: late[key] if key in late else fingerprint(key, page.get(key))
        for key in dict.fromkeys((*KEYS, BODY, *ours))
    }
    return Sync(
        card,
        {key: print for key, print in ours.items() if print != ABSENT},
        {key: print for key, print in said.items() if print != ours.get(key, ABSENT)},
    )


def record(sync: Sync) -> dict[str, Any]:
    """Return the value of our one key in a page's front matter."""
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "card": CARD,
        "sha256": sync.card,
        "base": dict(sync.view),
    }
    return made | ({"kept": dict(sync.page)} if sync.page else {})


def recorded(front: Mapping[str, Any]) -> Sync | None:
    """Read the record of a meeting from a page; what is no such record is as good as none."""
    found = front.get(KEY)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        return None
    card, view, page = found.get("sha256"), found.get("base"), found.get("kept", {})
    if not (isinstance(card, str) and isinstance(view, dict) and isinstance(page, dict)):
        return None
    if not all(isinstance(one, str) for one in (*view.values(), *page.values())):
        return None
    return Sync(card, view, page)


@dataclass(frozen=True, slots=True)
class MergedCard:
    """A card's text with both sides' changes, and the fields that both changed."""

    text: str
    conflicts: tuple[str, ...]


def merge_cards(
    base: Mapping[str, Any],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    text: str,
    *,
    force: bool = False,
) -> MergedCard:
    """Bring what the other side changed into our card's text, by its top-level fields.

    `force` lets theirs win where both changed.
    """
    changes: dict[str, Any] = {}
    conflicts = []
    for name in dict.fromkeys((*base, *ours, *theirs)):
        was, mine, his = (one.get(name) for one in (base, ours, theirs))
        if canonical_json(his) in (canonical_json(was), canonical_json(mine)):
            continue
        if canonical_json(mine) == canonical_json(was) or force:
            changes[name] = his
        else:
            conflicts.append(name)
    return MergedCard(edit(text, changes, CARD, quoted=False), tuple(conflicts))
