"""A Hub to test: its store, and the app that answers for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.testclient import TestClient

from catalog.app import standalone
from catalog.hub.store import Store, repos, tokens
from catalog.settings import Settings

PEOPLE = {
    "ann": ("write", ("team",)),
    "bob": ("write", ("other",)),
    "eve": ("read", ("team",)),
}


@dataclass(frozen=True, slots=True)
class Hub:
    """The store, a client without a token, and everybody's tokens."""

    root: Path
    store: Store
    client: TestClient
    tokens: dict[str, str]

    def as_(self, user: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[user]}"}

    def scratch(self) -> list[str]:
        return sorted(path.name for path in self.store.scratch.iterdir())


@contextmanager
def hub(root: Path) -> Iterator[Hub]:
    """Open a Hub with a private model `team/m`, a public `team/open` and a model `other/n`."""
    (root / "cards").mkdir(parents=True, exist_ok=True)
    with Store.open(root / "hub") as store:
        texts = {
            name: tokens.create(store, name, role=role, namespaces=spaces)[1]
            for name, (role, spaces) in PEOPLE.items()
        }
        for id, private in (("team/m", True), ("team/open", False), ("other/n", True)):
            repos.create(store, "models", id, private=private)
        app = standalone(Settings(root=root, hub=True, patience=0))
        with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
            yield Hub(root, store, client, texts)


@contextmanager
def live(root: Path) -> Iterator[str]:
    """Serve a root over a socket; return the address."""
    app = standalone(Settings(root=root, hub=True))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
