"""A repo to a card: our own comes back as it is, a foreign one as a draft.

What people changed on a page becomes claims that this page declares at this commit; what others say
is not touched. Nothing is written that is not a card, nowhere but where cards and data lie.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry import frontmatter
from registry import reports as reporting
from registry.cards import Card, load_text, read_text, to_plain, to_yaml
from registry.cards.vocabulary import FOLDERS
from registry.drafts.draft import Source
from registry.drafts.page import draft_of
from registry.errors import InvalidCards, RegistryError
from registry.files import whole
from registry.hub import bring, mapping, merge, names, page, push, remote, repo, state
from registry.hub.found import Found, find
from registry.hub.mapping import Scene, repo_type
from registry.hub.merge import BODY, CARD
from registry.hub.remote import README, Hub
from registry.index import Registry, absences, name_of
from registry.place import Place

FIELDS = {
    "license": "licence",
    "license_name": "licence",
    "language": "languages",
    "annotations_creators": "annotator",
    "source_datasets": "parents",
    "base_model": "parents",
    "base_model_relation": "parents",
    "datasets": "tuned_on",
    "model-index": "results",
}
"""Which field of a card holds what a page's key says; `pretty_name` is the title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be pulled, and how."""

    data: bool = False
    weights: bool = False
    risky: bool = False
    theirs: bool = False
    force: bool = False
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a pull did: the card's name and file, what changed in it, and what it cannot decide."""

    name: str
    repo: str
    commit: str
    file: str
    changed: bool
    drafted: bool = False
    fields: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def pull(place: Place, registry: Registry, hub: Hub, said: str, wanted: Wanted) -> Brought:
    """Bring a repo's card, and its data or weights if wanted."""
    found = find(place.root, hub, said)
    copies = state.read(place.root)
    known = state.find(copies, hub.endpoint, repo=f"{found.type}/{found.id}")
    take = _own if found.there.card is not None else _foreign
    made = take(place, registry, found, known, wanted, copies)
    if made.conflicts:
        return made
    card = _card(place.root / made.file)
    tables = bring.tables_of(place, card, found) if wanted.data else []
    weights, left = (
        bring.weights_of(place, card, found, risky=wanted.risky) if wanted.weights else ([], [])
    )
    return replace(made, files=(*tables, *weights), left_out=tuple(left))


def _card(path: Path) -> Card:
    return load_text(path.read_text(encoding="utf-8-sig"), str(path))


def _foreign(
    place: Place,
    registry: Registry,
    found: Found,
    known: state.Copy | None,
    wanted: Wanted,
    copies: list[state.Copy],
) -> Brought:
    """Draft the card of a page that is not ours, or bring what changed on it since."""
    if known:
        path = _path_of(place.root, known)
        if path.is_file():
            return _follow(place, registry, found, known, path, path.read_bytes(), wanted, copies)
    kind = "model" if found.type == "models" else "dataset"
    card = draft_of(
        found.front,
        found.page.body,
        Path(README),
        found.source,
        registry,
        kind=kind,
        id=wanted.id,
    )
    path = repo.card_path(place.root, card)
    if path.exists():
        raise RegistryError(
            f"{path}: is there already, of another origin; give another id with --id"
        )
    text = to_yaml(card)
    load_text(text, str(path))
    _write(path, text.encode())
    _meet(place, registry, found, card, text.encode(), copies)
    return Brought(
        name=name_of(card),
        repo=f"{found.type}/{found.id}",
        commit=found.there.commit,
        file=path.relative_to(place.root).as_posix(),
        changed=True,
        drafted=True,
    )


def _path_of(root: Path, known: state.Copy) -> Path:
    folder, _, id = known.name.partition("/")
    if folder not in FOLDERS.values():
        raise RegistryError(f"{state.FILE}: {known.name}: is no name of a card")
    return root / "cards" / folder / names.path(f"{id}.yaml")


def _own(
    place: Place,
    registry: Registry,
    found: Found,
    known: state.Copy | None,
    wanted: Wanted,
    copies: list[state.Copy],
) -> Brought:
    """Bring a card that a registry pushed: as it is, or merged with what changed here."""
    theirs = found.there.card or b""
    card = _checked(theirs, found, registry, force=wanted.force)
    if repo_type(card) != found.type:
        raise RegistryError(f"{found.id}/{CARD}: is a {card.kind}'s card in a repo of {found.type}")
    path = repo.card_path(place.root, card)
    if not path.is_file():
        return _follow(place, registry, found, known, path, theirs, wanted, copies)
    ours = path.read_bytes()
    base = _base(place.root, found, known)
    if ours == theirs or (base is not None and base == theirs):
        return _follow(place, registry, found, known, path, ours, wanted, copies)
    if base == ours or wanted.theirs:
        return _follow(place, registry, found, known, path, theirs, wanted, copies)
    if base is None:
        where = path.relative_to(place.root).as_posix()
        said = f"{where}: is not the card of {found.id}, and nobody knows when they met"
        return _undecided(card, found, path, place.root, (f"{said}; --theirs takes the one there",))
    plain = [_plain(text, found) for text in (base, ours, theirs)]
    merged = merge.merge_cards(plain[0], plain[1], plain[2], ours.decode("utf-8-sig"))
    if merged.conflicts:
        told = (f"{name}: changed there and here" for name in merged.conflicts)
        return _undecided(card, found, path, place.root, tuple(told))
    text = merged.text.encode()
    _checked(text, found, registry, force=wanted.force)
    return _follow(place, registry, found, known, path, text, wanted, copies)


def _undecided(
    card: Card, found: Found, path: Path, root: Path, conflicts: tuple[str, ...]
) -> Brought:
    return Brought(
        name=name_of(card),
        repo=f"{found.type}/{found.id}",
        commit=found.there.commit,
        file=path.relative_to(root).as_posix(),
        changed=False,
        conflicts=conflicts,
    )


def _checked(data: bytes, found: Found, registry: Registry, *, force: bool) -> Card:
    """Read a card as strictly as one of ours; it may name only cards that are here."""
    file = f"{found.id}/{CARD}"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RegistryError(f"{file}: is not UTF-8 at byte {error.start}; not taken") from error
    read = read_text(text, file)
    if read.card is None:
        raise InvalidCards(read.problems)

    def there(kind: str, id: str) -> bool:
        return id in registry.of_kind(kind)

    absent = list(absences(read, there, registry.of_kind))
    if absent and not force:
        said = "pull or write those cards first, or take it as it is with --force"
        raise RegistryError("\n".join([*map(str, absent), f"{file}: not taken; {said}"]))
    return read.card


def _plain(data: bytes, found: Found) -> dict[str, Any]:
    page = frontmatter.Page("", data.decode("utf-8-sig"), "", "")
    return frontmatter.load(page, f"{found.id}/{CARD}")


def _base(root: Path, found: Found, known: state.Copy | None) -> bytes | None:
    """Return the card as it was at the last meeting: kept here, or asked for at that commit."""
    if known is None:
        return None
    kept = remote.place(root, known.endpoint, known.type, known.id, known.commit, CARD)
    if not kept.is_file():
        try:
            remote.fetch(found.hub, known.type, known.id, known.commit, CARD, kept, remote.MAX_CARD)
        except RegistryError:
            return None
    data = kept.read_bytes()
    return data if hashlib.sha256(data).hexdigest() == known.sync.card else None


def _follow(
    place: Place,
    registry: Registry,
    found: Found,
    known: state.Copy | None,
    path: Path,
    text: bytes,
    wanted: Wanted,
    copies: list[state.Copy],
) -> Brought:
    """Write a card with what people changed on its page, and remember that they met."""
    card = load_text(text.decode("utf-8-sig"), str(path))
    scene = _scene(place, registry, found, copies)
    view = _scene_view(place, card, scene, found)
    merged = merge.merge(
        view, found.values, known.sync if known else None, merge.recorded(found.front)
    )
    if merged.conflicts and not wanted.theirs:
        told = tuple(f"{key}: changed on the page and here" for key in merged.conflicts)
        return _undecided(card, found, path, place.root, told)
    moved = (*merged.moved, *merged.conflicts)
    if merge.recorded(found.front):
        # Our own index names scores that the card has already, with better evidence.
        moved = tuple(key for key in moved if key != "model-index")
    changed = adopt(text.decode("utf-8-sig"), card, moved, found.front, found.source, registry)
    new = load_text(changed, str(path)) if moved else card
    data = changed.encode() if changed != text.decode("utf-8-sig") else text
    is_new = not path.is_file() or path.read_bytes() != data
    if is_new:
        _write(path, data)
    if not (known and not is_new and not moved and known.commit == found.there.commit):
        # Without a meeting of our own the card is theirs, and what differs is no change of ours.
        before = known.sync.view if known else None
        ahead = (
            {} if before is None else {key: before.get(key, merge.ABSENT) for key in merged.changes}
        )
        _meet(place, registry, found, new, data, copies, ahead)
    held = {key for key in moved if key in FIELDS or key == "pretty_name"}
    return Brought(
        name=name_of(new),
        repo=f"{found.type}/{found.id}",
        commit=found.there.commit,
        file=path.relative_to(place.root).as_posix(),
        changed=is_new,
        fields=tuple(key for key in moved if key in held),
        kept=tuple(key for key in moved if key not in held),
    )


def adopt(
    text: str,
    card: Card,
    moved: Iterable[str],
    front: Mapping[str, Any],
    source: Source,
    registry: Registry,
) -> str:
    """Return a card's text with what a page now says; its former words there are replaced."""
    keys = list(moved)
    fields = dict.fromkeys(FIELDS[key] for key in keys if key in FIELDS)
    kind = "model" if card.kind == "model" else "dataset"
    said = draft_of(front, "", Path(README), source, registry, kind=kind, id=card.id)
    changes: dict[str, Any] = {}
    if "pretty_name" in keys and front.get("pretty_name"):
        changes["title"] = said.title
    own = f"{source.file} of {source.said_by}@"
    for name in fields:
        if not hasattr(card, name):
            continue
        others = tuple(
            one
            for one in getattr(card, name)
            if not getattr(one.evidence, "by", "").startswith(own)
        )
        changes[name] = to_plain((*others, *getattr(said, name))) or None
    return frontmatter.edit(text, changes, CARD, quoted=False)


def _scene(place: Place, registry: Registry, found: Found, copies: list[state.Copy]) -> Scene:
    return Scene(
        registry=registry,
        reports=tuple(reporting.all_of(place.root)),
        page=found.hub.said_by(found.type, found.id),
        address=found.hub.address(found.type, found.id),
        places={one.name: one.id for one in copies if one.endpoint == found.hub.endpoint},
    )


def _scene_view(place: Place, card: Card, scene: Scene, found: Found) -> dict[str, Any]:
    """Return the view that a push of this card to this page would start from."""
    made = push.Local(
        name=name_of(card), card=b"", view=mapping.view(card, scene), body=page.body(card, scene)
    )
    view = dict(push.keep_asked(made, found.there).view)
    return view | ({BODY: made.body} if page.made(found.page.body) is not None else {})


def _meet(
    place: Place,
    registry: Registry,
    found: Found,
    card: Card,
    data: bytes,
    copies: list[state.Copy],
    ahead: Mapping[str, str] | None = None,
) -> None:
    """Remember what page and card say now, and keep both for a look at them offline."""
    view = _scene_view(place, card, _scene(place, registry, found, copies), found)
    their = hashlib.sha256(found.there.card).hexdigest() if found.there.card is not None else None
    mine = hashlib.sha256(data).hexdigest()
    sync = merge.meet(their or mine, view, found.values, ahead=ahead)
    copy = state.Copy(
        name=name_of(card),
        endpoint=found.hub.endpoint,
        repo=f"{found.type}/{found.id}",
        commit=found.there.commit,
        sync=sync,
    )
    state.keep(place.root, copy)
    push.store(place.root, copy, CARD, found.there.card if found.there.card is not None else data)


def _write(path: Path, data: bytes) -> None:
    with whole(path) as temporary:
        temporary.write_bytes(data)
