"""The cards of public repos, laid out as files, so that the catalog shows them like its own.

A repo's `card.yaml` is taken as it is; a page without one is drafted, its claims declared by that
page. An id means one card: the checkout's where it has one, or else that of the oldest repo.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from catalog.hub.store import Store, blobs, tables, trees
from catalog.hub.store.names import CHECKOUT
from catalog.hub.store.repos import Repo, shown
from catalog.hub.store.trees import File
from catalog.index.scanning import Places
from registry import frontmatter
from registry.cards import Card, read_text, to_yaml
from registry.cards.vocabulary import FOLDERS
from registry.drafts.draft import Source, slug
from registry.drafts.page import draft_of
from registry.errors import RegistryError
from registry.files import write_json, write_text
from registry.hub.mapping import repo_type
from registry.hub.merge import CARD
from registry.hub.remote import MAX_CARD, README
from registry.index import Registry, name_of, squash

STATE = "repos.json"
"""Which repo at which commit each laid out card is of, beside the cards."""

MOST_ID = 200
"""Characters of a card's id, which is a file's name here and part of one elsewhere."""
MOST_SAID = 500

_log = logging.getLogger("catalog.hub")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a repo's card became: its name in the catalog, or why it has none there.

    `sha256` is the card's, as it was laid out.
    """

    type: str
    id: str
    commit: str
    name: str | None = None
    drafted: bool = False
    sha256: str | None = None
    why: str | None = None

    @property
    def address(self) -> str:
        """The repo's page on this server."""
        return f"/{'datasets/' * (self.type == 'datasets')}{self.id}"


class Pushed:
    """Keeps the folder of laid out cards in step with the store."""

    def __init__(self, root: Path, opened: Callable[[], Store | None]) -> None:
        self._places = Places(root)
        self._opened = opened
        self._origins: dict[int, Origin] | None = None
        self._taken: frozenset[str] = frozenset()

    def lay_out(self, registry: Registry) -> None:
        """Bring the folder up to date with the repos and with the names that the checkout took."""
        store = self._opened()
        if store is None:
            return
        known = self._known()
        repos = {repo.key: repo for repo in _public(store)}
        if not known and not repos:
            return
        taken = _names(self._places.root)
        same = repos.keys() == known.keys() and all(
            _is_of(known[key], repo) for key, repo in repos.items()
        )
        if same and taken == self._taken:
            return
        found: dict[int, Origin] = {}
        names: set[str] = set()
        for key, repo in sorted(repos.items()):
            found[key] = self._laid(store, repo, known.get(key), taken | names, registry)
            names |= {_key(name) for name in [found[key].name] if name}
        self._clear(found)
        self._write(found)
        self._taken = taken

    def of(self, name: str) -> Origin | None:
        """Return the repo that a card of the catalog was pushed to."""
        return next((one for one in self._known().values() if one.name == name), None)

    def at(self, repo: Repo) -> Origin | None:
        """Return what became of a repo's card."""
        return self._known().get(repo.key)

    def _laid(
        self,
        store: Store,
        repo: Repo,
        known: Origin | None,
        taken: Set[str],
        registry: Registry,
    ) -> Origin:
        """Write one repo's card, or say why it is not shown; whatever it holds, the rest go on."""
        begun = Origin(type=repo.type, id=repo.id, commit=repo.head)
        name = known.name if known and _is_of(known, repo) else None
        if known and name and _key(name) not in taken and self._file(name).is_file():
            return known
        try:
            return self._written(store, begun, repo, known, taken, registry)
        except RegistryError as error:
            return replace(begun, why=str(error)[:MOST_SAID])
        except Exception:
            _log.exception("%s/%s: its card could not be shown", repo.type, repo.id)
            return replace(begun, why=f"{repo.id}: its card could not be shown; the log says why")

    def _written(
        self,
        store: Store,
        begun: Origin,
        repo: Repo,
        known: Origin | None,
        taken: Set[str],
        registry: Registry,
    ) -> Origin:
        text, drafted = _text(store, repo, registry, taken)
        card = _checked(text, repo)
        name = name_of(card)
        if squash(card.id) in taken:
            said = f"{card.id}: another card of the catalog has this id"
            return replace(begun, why=None if self._is_ours(name, text) else said)
        digest = sha256(text.encode()).hexdigest()
        path = self._file(name)
        if not (known and known.name == name and known.sha256 == digest and path.is_file()):
            write_text(path, text)
        return replace(begun, name=name, drafted=drafted, sha256=digest)

    def _is_ours(self, name: str, text: str) -> bool:
        """Tell whether the checkout has this very card."""
        path = self._places.root / "cards" / f"{name}.yaml"
        return path.is_file() and path.read_text(encoding="utf-8-sig") == text

    def _file(self, name: str) -> Path:
        return self._places.pushed / "cards" / f"{name}.yaml"

    def _clear(self, found: Mapping[int, Origin]) -> None:
        """Remove what no repo stands for any more."""
        wanted = {self._file(one.name) for one in found.values() if one.name}
        for folder in FOLDERS.values():
            for path in (self._places.pushed / "cards" / folder).glob("*.yaml"):
                if path not in wanted:
                    path.unlink(missing_ok=True)

    def _known(self) -> dict[int, Origin]:
        if self._origins is None:
            self._origins = _origins(self._places.pushed / STATE)
        return self._origins

    def _write(self, found: dict[int, Origin]) -> None:
        plain = {str(key): asdict(one) for key, one in found.items()}
        write_json(self._places.pushed / STATE, plain)
        self._origins = found


def _public(store: Store) -> Iterator[Repo]:
    """Yield the repos that everybody may read, the oldest first; not the checkout's own."""
    table = tables.repo
    asked = select(table).where(~table.c.private, table.c.namespace != CHECKOUT)
    with store.reading() as connection:
        rows = connection.execute(asked.order_by(table.c.key)).all()
    return map(shown, rows)


def _is_of(one: Origin, repo: Repo) -> bool:
    return (one.type, one.id, one.commit) == (repo.type, repo.id, repo.head)


def _key(name: str) -> str:
    """Return what two cards may not share.

    >>> _key("datasets/Flan-2022")
    'flan2022'
    """
    return squash(name.partition("/")[2])


def _names(root: Path) -> frozenset[str]:
    """Return the ids of the checkout's cards as `squash` has them, of whatever kind."""
    folders = (root / "cards" / folder for folder in FOLDERS.values())
    return frozenset(squash(path.stem) for folder in folders for path in folder.glob("*.yaml"))


def _text(store: Store, repo: Repo, registry: Registry, taken: Set[str]) -> tuple[str, bool]:
    """Return the text of a repo's card, and whether it had to be drafted from the page."""
    there = trees.entries(store, repo, repo.head, [CARD, README])
    own, page = there.get(CARD), there.get(README)
    if isinstance(own, File):
        return _read(store, own), False
    if not isinstance(page, File):
        raise RegistryError(f"{repo.id}: has neither {CARD} nor {README}")
    parts = frontmatter.split(_read(store, page).encode(), README)
    id = slug(repo.name)
    made = draft_of(
        frontmatter.load(parts, README),
        parts.body,
        Path(README),
        Source(README, f"{repo.type}/{repo.id} of this server", revision=repo.head),
        registry,
        kind="model" if repo.type == "models" else "dataset",
        id=f"{slug(repo.namespace)}-{id}" if squash(id) in taken else id,
    )
    if made.title == Path(README).stem:
        made = replace(made, title=repo.name)
    return to_yaml(made), True


def _checked(text: str, repo: Repo) -> Card:
    """Return the card if it is whole and of the repo's type."""
    read = read_text(text, CARD)
    if read.card is None:
        raise RegistryError("; ".join(map(str, read.problems[:3])))
    if len(read.card.id) > MOST_ID:
        said = f"has {len(read.card.id)} characters; up to {MOST_ID} are shown, so shorten it"
        raise RegistryError(f"{CARD}: id: {said}")
    if repo_type(read.card) != repo.type:
        raise RegistryError(f"{CARD}: is a {read.card.kind}'s card in a repo of {repo.type}")
    return read.card


def _read(store: Store, file: File) -> str:
    if file.size > MAX_CARD:
        raise RegistryError(f"{file.path}: has {file.size:,} bytes; too large to show")
    try:
        return blobs.read(store, file.sha256).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RegistryError(f"{file.path}: is not UTF-8 at byte {error.start}") from error


def _origins(path: Path) -> dict[int, Origin]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {int(key): Origin(**one) for key, one in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
