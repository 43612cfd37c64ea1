"""A card to its repo: what would change is decided first, from values; then one commit does it.

A commit names its parent, so that nothing that came between is overwritten; where something did,
the repo is read and everything decided again.
"""

import difflib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry import frontmatter
from registry import reports as reporting
from registry.cards import Card
from registry.errors import RegistryError
from registry.files import whole
from registry.hub import mapping, merge, page, remote, repo, state
from registry.hub.mapping import Scene, repo_type
from registry.hub.merge import BODY, CARD, KEY, Sync
from registry.hub.remote import README, Hub, Remote
from registry.hub.repo import File
from registry.index import Registry, name_of
from registry.place import Place

_TRIES = 3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be pushed, and how."""

    data: bool = False
    weights: bool = False
    risky: bool = False
    ours: bool = False
    private: bool = False
    create_pr: bool = False
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A card as it would be on a hub: its bytes, its view and text, and the files beside them."""

    name: str
    card: bytes
    view: Mapping[str, Any]
    body: str
    files: tuple[File, ...] = ()
    asked: tuple[File, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The card's sha256."""
        return hashlib.sha256(self.card).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a push would do: files to write, what it cannot decide, and what will be remembered."""

    files: tuple[File, ...] = ()
    conflicts: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    sync: Sync
    readme: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What a push did; `commit` is None where nothing was to be pushed."""

    name: str
    repo: str
    address: str
    plan: Plan
    commit: str | None = None
    pull_request: str | None = None
    created: bool = False
    diff: str = ""
    left_out: tuple[str, ...] = ()


def plan(local: Local, there: Remote | None, known: Sync | None, *, ours: bool = False) -> Plan:
    """Decide what to write, given what a repo holds and what is known of the last meeting."""
    found = frontmatter.split(there.readme or b"") if there else frontmatter.split(b"")
    front = frontmatter.load(found)
    said = merge.recorded(front)
    conflict = _stranger(local, there, known) if there else None
    if conflict and not ours:
        return Plan(conflicts=(conflict,), sync=known or Sync(local.sha256))
    fresh = there is None or there.readme is None
    view = dict(local.view) | ({BODY: local.body} if fresh or page.made(found.body) else {})
    theirs = dict(front) | ({BODY: text} if (text := page.made(found.body)) is not None else {})
    merged = merge.merge(view, theirs, known, said, force=ours)
    if merged.conflicts:
        told = tuple(_conflict(key, view, theirs) for key in merged.conflicts)
        return Plan(conflicts=told, sync=known or Sync(local.sha256))
    if known is None and not ours:
        # What a checkout that never met the page does not know of is no reason to take it away.
        kept = {key: value for key, value in merged.changes.items() if value is not None}
        merged = replace(merged, changes=kept)
    before = known or said
    behind = {key: before.on_page(key) for key in merged.moved} if before else {}
    after = {
        key: value for key, value in (theirs | dict(merged.changes)).items() if value is not None
    }
    sync = merge.meet(local.sha256, view, after, behind=behind)
    foreign = there is not None and there.card is None and known is not None
    if foreign and known and known.card == local.sha256 and not merged.changes and not local.asked:
        return Plan(moved=merged.moved, sync=known, readme=there.readme if there else None)
    readme = _readme(found, merged, sync, fresh=fresh).encode()
    if there and there.readme and said and said.card == local.sha256 and not merged.changes:
        # Two checkouts that know different places would set the record back and forth.
        readme = there.readme
    files = [File(CARD, local.card), File(README, readme), *local.files, *local.asked]
    listed = there.files if there else {}
    changed = tuple(one for one in files if one.differs(listed.get(one.path)))
    return Plan(files=changed, moved=merged.moved, sync=sync, readme=readme)


def _stranger(local: Local, there: Remote, known: Sync | None) -> str | None:
    """Say so if a repo's card is neither ours nor the one that we last saw there."""
    if there.card is None:
        return None
    theirs = hashlib.sha256(there.card).hexdigest()
    if theirs == local.sha256 or (known and known.card == theirs):
        return None
    return f"{CARD}: changed there since it was last seen here; `registry pull` brings it first"


def _conflict(key: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    if key == BODY:
        return "the page's text changed there and here; undo the one there, or push with --ours"
    return f"{key}: {_short(theirs.get(key))} there, {_short(ours.get(key))} here, and both are new"


def _short(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _readme(
    found: frontmatter.Page, merged: merge.Merged, sync: Sync, *, fresh: bool
) -> frontmatter.Page:
    changes = dict(merged.changes)
    text = changes.pop(BODY, None)
    if fresh and text is not None:
        found = replace(found, body=page.wrapped(text))
    elif text is not None:
        found = replace(found, body=page.remade(found.body, text))
    return frontmatter.update(found, changes | {KEY: merge.record(sync)})


def local(
    place: Place,
    registry: Registry,
    card: Card,
    hub: Hub,
    id: str,
    wanted: Wanted,
    copies: Sequence[state.Copy],
) -> Local:
    """Return a card as it would be in a repo, from what is on this machine."""
    type = repo_type(card)
    found = tuple(reporting.all_of(place.root))
    tables = repo.tables(card, place, found) if wanted.data else []
    files: list[File] = []
    left: list[str] = []
    if wanted.weights:
        files, left = repo.weights(card, place, found, risky=wanted.risky)
    scene = Scene(
        registry=registry,
        reports=found,
        page=hub.said_by(type, id),
        places={one.name: one.id for one in copies if one.endpoint == hub.endpoint},
        splits=repo.splits(tables),
        weights=wanted.weights,
        address=hub.address(type, id),
    )
    return Local(
        name=name_of(card),
        card=repo.card_path(place.root, card).read_bytes(),
        view=mapping.view(card, scene),
        body=page.body(card, scene),
        files=tuple(repo.croissant(registry, card, tables, hub.address(type, id))),
        asked=(*(one.file for one in tables), *files),
        left_out=tuple(left),
    )


def keep_asked(made: Local, there: Remote | None) -> Local:
    """Leave what only comes along with data as it is, where data is there and is not pushed now."""
    if there is None or made.asked:
        return made
    front = frontmatter.load(frontmatter.split(there.readme or b""))
    view = dict(made.view)
    for key in ("configs", "pipeline_tag", "library_name"):
        if key in front and key not in view:
            view[key] = front[key]
    tables = any(repo.TABLES.fullmatch(path) for path in there.files)
    files = () if tables and repo.CROISSANT in there.files else made.files
    ordered = {key: view[key] for key in mapping.KEYS if key in view}
    return replace(made, view=ordered, files=files)


def push(
    place: Place,
    registry: Registry,
    card: Card,
    hub: Hub,
    wanted: Wanted,
    *,
    into: str | None = None,
    dry_run: bool = False,
    say: Say = lambda _: None,
) -> Pushed:
    """Push a card to a repo, in one commit, or say what a push would do."""
    copies = state.read(place.root)
    known = state.find(copies, hub.endpoint, name=name_of(card))
    type, id = repo_type(card), _target(hub, card, into, known)
    if known and known.repo != f"{type}/{id}":
        known = None
    made = local(place, registry, card, hub, id, wanted, copies)
    for _ in range(_TRIES):
        there = remote.read(hub, place.root, type, id)
        kept = keep_asked(made, there)
        decided = plan(kept, there, known.sync if known else None, ours=wanted.ours)
        result = Pushed(
            name=made.name,
            repo=f"{type}/{id}",
            address=hub.address(type, id),
            plan=decided,
            created=there is None,
            diff=diff(decided, there),
            left_out=made.left_out,
        )
        if decided.conflicts or dry_run:
            return result
        if not decided.files:
            _remember(place.root, hub, result, there.commit if there else "", decided, kept)
            return result
        with quiet(place.progress):
            done = _commit(hub, type, id, decided, there, wanted, made.name)
        if done is not None:
            commit, pull_request = done
            if pull_request is None:
                _remember(place.root, hub, result, commit, decided, kept)
            return replace(result, commit=commit, pull_request=pull_request)
        say(f"{hub.address(type, id)}: somebody committed meanwhile; reading it again")
    raise RegistryError(
        f"{hub.address(type, id)}: changes faster than this command can follow; push again later"
    )


def _target(hub: Hub, card: Card, into: str | None, known: state.Copy | None) -> str:
    """Return the repo to push to: as said, as remembered, or the user's own of the card's id."""
    if into:
        type, id = remote.split_repo(into)
        if type not in (None, repo_type(card)):
            raise RegistryError(f"{into}: {name_of(card)} goes to {repo_type(card)}")
        return id
    if known:
        return known.id
    if not remote.credential(hub):
        advice = f"say it with --repo, or set {remote.variable(hub.endpoint)} to your token"
        raise RegistryError(f"{hub.endpoint}: whose repo {card.id} goes to is not known; {advice}")
    with remote.told(hub, repo_type(card), f"…/{card.id}"):
        user = remote.api(hub).whoami().get("name")
    _, id = remote.split_repo(f"{user}/{card.id}")
    return id


def _commit(
    hub: Hub,
    type: str,
    id: str,
    decided: Plan,
    there: Remote | None,
    wanted: Wanted,
    name: str,
) -> tuple[str, str | None] | None:
    """Write everything in one commit; None means that another commit came first."""
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.errors import HfHubHTTPError

    client = remote.api(hub)
    kind = remote.TYPES[type]
    with remote.told(hub, type, id):
        parent = there.commit if there else None
        if there is None:
            client.create_repo(id, repo_type=kind, private=wanted.private, exist_ok=True)
            parent = remote.head(hub, type, id)
        operations = [
            CommitOperationAdd(
                path_in_repo=one.path,
                path_or_fileobj=one.content if isinstance(one.content, bytes) else str(one.content),
            )
            for one in decided.files
        ]
        try:
            made = client.create_commit(
                id,
                operations,
                commit_message=wanted.message or f"Update from the card {name}",
                repo_type=kind,
                parent_commit=parent,
                create_pr=wanted.create_pr,
            )
        except HfHubHTTPError as error:
            if error.response.status_code == 412:
                return None
            raise
    return str(made.oid), str(made.pr_url) if wanted.create_pr else None


@contextmanager
def quiet(progress: bool) -> Iterator[None]:
    """Keep the client from drawing bars where nobody sees them draw."""
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if progress or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def _remember(
    root: Path, hub: Hub, result: Pushed, commit: str, decided: Plan, made: Local
) -> None:
    """Write down where a card is now, and keep what was pushed for a look at it offline."""
    copy = state.Copy(
        name=result.name,
        endpoint=hub.endpoint,
        repo=result.repo,
        commit=commit,
        sync=decided.sync,
    )
    if state.find(state.read(root), hub.endpoint, name=result.name) != copy:
        state.keep(root, copy)
    if decided.readme is not None:
        store(root, copy, README, decided.readme)
        store(root, copy, CARD, made.card)


def store(root: Path, copy: state.Copy, path: str, content: bytes) -> None:
    """Keep a small file of a repo's commit."""
    target = remote.place(root, copy.endpoint, copy.type, copy.id, copy.commit, path)
    if not target.is_file() or target.read_bytes() != content:
        with whole(target) as temporary:
            temporary.write_bytes(content)


def diff(decided: Plan, there: Remote | None) -> str:
    """Return what a push would change, as a diff of the small files and a line for each other."""
    before = {README: there.readme, CARD: there.card} if there else {}
    parts = []
    for one in decided.files:
        if one.path in (README, CARD) and isinstance(one.content, bytes):
            parts += unified(one.path, before.get(one.path), one.content)
        else:
            parts.append(f"{one.path}: {one.size:,} bytes")
    return "\n".join(parts)


def unified(path: str, before: bytes | None, after: bytes) -> list[str]:
    """Return the lines of a diff of two texts."""
    old, new = ((text or b"").decode(errors="replace").splitlines() for text in (before, after))
    return list(
        difflib.unified_diff(
            old, new, f"a/{path}" if before is not None else "/dev/null", f"b/{path}", lineterm=""
        )
    )
