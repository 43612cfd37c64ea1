"""What the catalog's tests share: a checkout after a run, and a client of the server on it."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import urlopen

import pytest
from starlette.testclient import TestClient

from catalog.app import standalone
from catalog.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 90.0
VOID = {"meta", "link", "input", "br", "hr", "img", "wbr"}


def _beside(name: str) -> ModuleType:
    """Load a module beside this one; tests are no package, so it has no name to import."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"catalog_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    """Return the module that makes the sample."""
    return _beside("sample")


@pytest.fixture(scope="session")
def databases() -> Iterator[Callable[[], str]]:
    """Return what makes an empty database in a PostgreSQL; skip where there is none."""
    postgres = _beside("postgres")
    if not postgres.BINARIES:
        pytest.skip("there is no PostgreSQL in /usr/lib/postgresql")
    with postgres.started() as create:
        yield create


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory, sample: ModuleType) -> Path:
    """Return a checkout as it looks after a run; tests only read it."""
    made: Path = sample.make(tmp_path_factory.mktemp("checkout"))
    return made


@pytest.fixture(scope="session")
def client(checkout: Path) -> Iterator[TestClient]:
    """Return a client of the catalog without MLflow."""
    with TestClient(standalone(Settings(root=checkout)), base_url="http://localhost") as one:
        yield one


class Page(HTMLParser):
    """A page as its tags say it is, with every fault of its nesting."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self._open]

    @property
    def text(self) -> str:
        """The words of the page, single spaces between them."""
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str, tag: str | None = None) -> list[str]:
        """Return every value of an attribute."""
        return [
            attributes[attribute]
            for name, attributes in self.tags
            if attribute in attributes and tag in (None, name)
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.faults += [f"<{tag}> has {name} twice" for name in names if names.count(name) > 1]
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.faults.append(f"</{tag}> closes {self._open[-1:] or 'nothing'}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="session")
def parse() -> type[Page]:
    """Return the reader of pages."""
    return Page


@pytest.fixture
def fresh() -> Callable[[Path], TestClient]:
    """Return a function that makes a client of a catalog of its own."""
    return lambda root: TestClient(
        standalone(Settings(root=root, patience=0)), base_url="http://localhost"
    )


@contextmanager
def _served(root: Path) -> Iterator[str]:
    import uvicorn

    app = standalone(Settings(root=root))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Path], str]]:
    """Return a function that serves a root from a thread and returns its address."""
    with ExitStack() as running:
        yield lambda root: running.enter_context(_served(root))


@pytest.fixture(scope="module")
def address(checkout: Path, serve: Callable[[Path], str]) -> str:
    """Serve the sample."""
    return serve(checkout)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return Chromium; skip where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@dataclass(frozen=True)
class Served:
    """A catalog that runs: its address, its process group and the file it writes to."""

    address: str
    group: int
    log: Path


@pytest.fixture(scope="session")
def serving(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., AbstractContextManager[Served]]:
    """Return what starts `catalog serve` on a root, waits until it answers, and stops it."""

    @contextmanager
    def serve(root: Path, *options: str) -> Iterator[Served]:
        port, log = _free_port(), tmp_path_factory.mktemp("log") / "log"
        words = ["-m", "catalog", "serve", "--root", str(root), "--port", str(port)]
        words += options
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *words],
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd=log.parent,
            )
        served = Served(f"http://127.0.0.1:{port}", process.pid, log)
        try:
            until = time.monotonic() + PATIENCE
            while not _answers(served.address):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            yield served
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)

    return serve


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/index.json", timeout=20):
            return True
    except OSError:
        return False
