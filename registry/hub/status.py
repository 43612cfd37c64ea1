"""Where cards live and what changed since, told from `hub.yaml` and what is kept."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from registry import reports as reporting
from registry.cards import Card
from registry.errors import RegistryError
from registry.hub import mapping, merge, page, push, remote, repo, state
from registry.hub.mapping import Scene
from registry.hub.merge import BODY, CARD
from registry.hub.remote import README
from registry.index import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A card's copy, and what a push would bring: the card's text, or keys of its page."""

    copy: state.Copy
    card: bool
    keys: tuple[str, ...]
    missing: bool = False

    @property
    def says(self) -> str:
        """What to do, in words."""
        if self.missing:
            return "the card is gone"
        parts = ["the card changed"] if self.card else []
        if self.keys:
            parts.append(f"the page would ({', '.join(self.keys)})")
        return "; ".join(parts) or "in step"


def standings(root: Path, registry: Registry, name: str | None = None) -> list[Standing]:
    """Return the standing of every copy, or of one card's copies."""
    copies = state.read(root)
    found = tuple(reporting.all_of(root))
    made = []
    for one in copies:
        if name in (None, one.name):
            folder, _, id = one.name.partition("/")
            card = registry.of_kind(folder).get(id)
            scene = _scene(registry, found, one, copies)
            made.append(_standing(root, one, card, scene))
    return made


def _scene(
    registry: Registry,
    reports: tuple[reporting.Report, ...],
    one: state.Copy,
    copies: list[state.Copy],
) -> Scene:
    hub = remote.Hub(one.endpoint)
    return Scene(
        registry=registry,
        reports=reports,
        page=hub.said_by(one.type, one.id),
        address=hub.address(one.type, one.id),
        places={other.name: other.id for other in copies if other.endpoint == one.endpoint},
    )


def _standing(root: Path, one: state.Copy, card: Card | None, scene: Scene) -> Standing:
    if card is None:
        return Standing(copy=one, card=False, keys=(), missing=True)
    data = repo.card_path(root, card).read_bytes()
    view = dict(mapping.view(card, scene))
    if BODY in one.sync.view:
        view[BODY] = page.body(card, scene)
    # What comes along with data only is not derived here.
    asked = ("configs", "pipeline_tag", "library_name")
    keys = tuple(
        key
        for key in dict.fromkeys((*view, *one.sync.view))
        if merge.fingerprint(key, view.get(key)) != one.sync.view.get(key)
        and not (key in asked and key not in view)
    )
    changed = hashlib.sha256(data).hexdigest() != one.sync.card
    return Standing(copy=one, card=changed, keys=keys)


def difference(root: Path, registry: Registry, one: state.Copy) -> list[str]:
    """Return what changed since the last meeting, as a diff of card and page."""
    folder, _, id = one.name.partition("/")
    card = registry.of_kind(folder).get(id)
    if card is None:
        raise RegistryError(f"{one.name}: no card has this name; it is on {one.endpoint} only")
    kept = {path: _kept(root, one, path) for path in (CARD, README)}
    if kept[CARD] is None:
        advice = f"`registry pull {one.repo}` asks the hub for it"
        raise RegistryError(f"{one.name}: what was pushed is not kept on this machine; {advice}")
    lines = push.unified(CARD, kept[CARD], repo.card_path(root, card).read_bytes())
    if kept[README] is None:
        return lines
    copies = state.read(root)
    scene = _scene(registry, tuple(reporting.all_of(root)), one, copies)
    made = push.Local(
        name=one.name,
        card=repo.card_path(root, card).read_bytes(),
        view=mapping.view(card, scene),
        body=page.body(card, scene),
    )
    there = remote.Remote(commit=one.commit, files={}, readme=kept[README], card=kept[CARD])
    decided = push.plan(push.keep_asked(made, there), there, one.sync)
    after = decided.readme if decided.readme is not None else kept[README]
    return lines + push.unified(README, kept[README], after or b"")


def _kept(root: Path, one: state.Copy, path: str) -> bytes | None:
    found = remote.place(root, one.endpoint, one.type, one.id, one.commit, path)
    return found.read_bytes() if found.is_file() else None
