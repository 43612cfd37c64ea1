"""The checkout's own cards as repos that everybody may read and only this server writes.

A repo is made, or made anew, when somebody asks for it; lists are complete once all cards were
walked through, which begins with the first request to the Hub and goes on beside the requests.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from threading import Lock, Thread, main_thread

from catalog.hub.store import Store, blobs, commits, names, repos, trees
from catalog.hub.store.commits import DeleteFile, Put
from catalog.hub.store.errors import Moved, NoRepo, Refused, RepoExists
from catalog.hub.store.names import CHECKOUT
from catalog.hub.store.repos import Repo
from catalog.hub.store.tokens import Who
from catalog.shelf import Shelf, Watch
from registry import history
from registry.cards import Card
from registry.cards.vocabulary import FOLDERS
from registry.hub import mapping, page, push
from registry.hub.mapping import Scene, repo_type
from registry.hub.repo import File, card_path
from registry.index import name_of

REST = 1.0
"""How many times as long as a card took the walk rests after it."""

_OURS = Who(user=CHECKOUT, role="admin", namespaces=())
_PLAIN = {"model": "models", "dataset": "datasets"}
_log = logging.getLogger("catalog.hub")


class Checkout:
    """Keeps the repos in step with the cards.

    `fresh` has the repos by type and name, with how often the checkout had changed by then.
    """

    def __init__(self, watch: Watch, opened: Callable[[], Store], base: str | None = None) -> None:
        self._watch, self._opened, self._base = watch, opened, base
        self._lock = Lock()
        self.fresh: dict[tuple[str, str], int] = {}
        self._walked = -1
        self._walk: Thread | None = None

    def follow(self, type: str, name: str) -> None:
        """Bring one repo up to date: its files are the card's, or it is gone with the card."""
        shelf = self._watch.shelf()
        key = (type, name)
        if self.fresh.get(key) == shelf.own:
            return
        with self._lock:
            # Anybody may ask for anything; only what there is a card of is kept in mind.
            if self.fresh.get(key) != shelf.own and self._bring(shelf, type, name):
                self.fresh[key] = shelf.own

    def begin(self) -> None:
        """Begin to walk through all cards if they have changed since the last walk."""
        changes = self._watch.shelf().own
        with self._lock:
            if changes == self._walked or (self._walk and self._walk.is_alive()):
                return
            self._walked = changes
            self._walk = Thread(target=self._walk_through, name="hub-checkout", daemon=True)
            self._walk.start()

    def walk(self, *, rest: float = 0.0) -> None:
        """Bring every repo up to date, and rest after each so many times as long as it took."""
        shelf = self._watch.shelf()
        wanted = dict.fromkeys(_repos(shelf))
        for type, name in [*wanted, *self._there(wanted)]:
            if not main_thread().is_alive():
                return
            begun = time.monotonic()
            self.follow(type, name)
            time.sleep(rest * (time.monotonic() - begun))

    def _walk_through(self) -> None:
        try:
            self.walk(rest=REST)
        except Exception:
            # Repos that are asked for are brought up to date then, and say what is wrong.
            if main_thread().is_alive():
                _log.exception("the checkout's cards could not all be made into repos")

    def _there(self, wanted: Mapping[tuple[str, str], None]) -> Iterator[tuple[str, str]]:
        """Yield the repos that have no card any more."""
        store = self._opened()
        for type in names.TYPES:
            cursor: str | None = None
            while True:
                found = repos.page(store, type, author=CHECKOUT, sort="name", cursor=cursor)
                for one in found.repos:
                    if (type, one.repo.name) not in wanted:
                        yield type, one.repo.name
                cursor = found.next
                if cursor is None:
                    break

    def _bring(self, shelf: Shelf, type: str, name: str) -> bool:
        """Bring one repo up to date; tell whether there is a card that it stands for."""
        store, id = self._opened(), f"{CHECKOUT}/{name}"
        card = card_of(shelf, type, name)
        try:
            repo = repos.find(store, type, id)
        except NoRepo:
            if card is None:
                return False
            try:
                repo = repos.create(store, type, id, author=CHECKOUT)
            except (RepoExists, Refused):
                return True
        if card is None:
            if repo.author == CHECKOUT:
                repos.delete(store, repo)
            return False
        try:
            _commit(store, repo, shelf, self._files(shelf, card, repo))
        except Moved:
            _log.info("%s: another process follows the checkout too", id)
        return True

    def _files(self, shelf: Shelf, card: Card, repo: Repo) -> tuple[File, ...]:
        """Return what a push of the card would write to an empty repo."""
        prefix = "datasets/" if repo.type == "datasets" else ""
        scene = Scene(
            registry=shelf.registry,
            reports=tuple(shelf.reports.values()),
            places=Places(shelf),
            address=f"{self._base}/{prefix}{repo.id}" if self._base else None,
        )
        made = push.Local(
            name=name_of(card),
            card=card_path(shelf.registry.root, card).read_bytes(),
            view=mapping.view(card, scene),
            body=page.body(card, scene),
        )
        return push.plan(made, None, None).files


class Places(Mapping[str, str]):
    """The repo of each card of the checkout by the card's name."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __getitem__(self, name: str) -> str:
        if name not in self._shelf.registry.files or self._shelf.index.is_pushed(name):
            raise KeyError(name)
        folder, _, id = name.partition("/")
        return f"{CHECKOUT}/{repo_name(_KINDS[folder], id)}"

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._shelf.registry.files if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


_KINDS = {folder: kind for kind, folder in FOLDERS.items()}


def repo_name(kind: str, id: str) -> str:
    """Return the name of a card's repo; ids repeat across kinds.

    >>> repo_name("dataset", "alpaca"), repo_name("paper", "2303.10475")
    ('alpaca', 'paper-2303.10475')
    """
    return id if kind in _PLAIN else f"{kind}-{id}"


def card_of(shelf: Shelf, type: str, name: str) -> Card | None:
    """Return the card of the checkout that a repo stands for."""
    for kind, folder in FOLDERS.items():
        id = name if kind in _PLAIN else name.removeprefix(f"{kind}-")
        card = shelf.registry.of_kind(kind).get(id) if repo_name(kind, id) == name else None
        if card and repo_type(card) == type and not shelf.index.is_pushed(f"{folder}/{id}"):
            return card
    return None


def _repos(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """Yield type and name of the repo of each card of the checkout."""
    for name in shelf.registry.files:
        folder, _, id = name.partition("/")
        if not shelf.index.is_pushed(name):
            kind = _KINDS[folder]
            yield _PLAIN.get(kind, "datasets"), repo_name(kind, id)


def _commit(store: Store, repo: Repo, shelf: Shelf, files: tuple[File, ...]) -> None:
    """Commit what differs, if anything does."""
    there = {
        one.path: one
        for one in trees.listing(store, repo, repo.head, recursive=True)
        if isinstance(one, trees.File)
    }
    wanted = {one.path for one in files}
    new = [one for one in files if one.path not in there or there[one.path].oid != one.git()]
    gone = [DeleteFile(path) for path in there if path not in wanted]
    if not new and not gone:
        return
    with blobs.receiving(store, CHECKOUT) as batch:
        puts = [Put(one.path, batch.add(_bytes(one)).sha256) for one in new]
    at = history.head(shelf.registry.root)
    title = f"Follow the checkout at {at[:12]}" if at else "Follow the checkout"
    commits.commit(
        store,
        repo,
        names.MAIN,
        who=_OURS,
        title=title,
        operations=[*puts, *gone],
        parent=repo.head,
    )


def _bytes(file: File) -> bytes:
    return file.content if isinstance(file.content, bytes) else file.content.read_bytes()
