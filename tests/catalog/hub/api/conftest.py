"""A Hub over real HTTP: some repos, a token of each kind, and a way to send any bytes as a path."""

import base64
import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from catalog.app import standalone
from catalog.hub.server import open_store
from catalog.hub.store import Store, tokens
from catalog.settings import Settings


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Api:
    """A server, its store, and the tokens that there are, by what they are."""

    port: int
    store: Store
    tokens: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; the path goes out as it is, a body that is no bytes goes as JSON."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {self.tokens.get(token, token)}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, token: str | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, token, headers=named)

    def post(self, path: str, body: Any, token: str | None = "write") -> Answer:
        return self.ask("POST", path, token, body)

    def repo(self, id: str, kind: str = "model", **options: Any) -> str:
        """Make a repo, and return its address in the API."""
        namespace, name = id.split("/")
        asked = {"organization": namespace, "name": name, "type": kind, **options}
        made = self.post("/api/repos/create", asked, "admin")
        assert made.status == 200, made.body
        return f"/api/{kind}s/{id}"

    def commit(
        self,
        repo: str,
        files: Mapping[str, bytes | None],
        token: str = "admin",
        *,
        to: str = "main",
        **header: Any,
    ) -> Answer:
        """Commit files; None deletes one."""
        lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": "change"} | header}]
        for path, content in files.items():
            if content is None:
                lines.append({"key": "deletedFile", "value": {"path": path}})
            else:
                value = {"path": path, "content": base64.b64encode(content).decode()}
                lines.append({"key": "file", "value": value | {"encoding": "base64"}})
        return self.ask("POST", f"{repo}/commit/{to}", token, ndjson(lines))


def ndjson(lines: list[Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@contextmanager
def served(root: Path, **options: Any) -> Iterator[Api]:
    (root / "cards").mkdir(exist_ok=True)
    settings = Settings(root=root, hub=True, **options)
    app = standalone(settings)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="error", ws="none", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with open_store(settings) as store:
            yield Api(port, store, made_tokens(store))
    finally:
        server.should_exit = True
        thread.join()


def made_tokens(store: Store) -> dict[str, str]:
    """Make a token of each kind; `team` is the namespace that the repos of tests are in."""
    now, made = store.clock(), {}
    for name, role, namespaces, expires in (
        ("read", "read", ("team",), None),
        ("write", "write", ("team",), None),
        ("other", "write", ("elsewhere",), None),
        ("admin", "admin", (), None),
        ("expired", "write", ("team",), now - 1),
        ("revoked", "write", ("team",), None),
    ):
        token, made[name] = tokens.create(
            store,
            name,
            role=role,
            namespaces=namespaces,
            expires=expires,  # type: ignore[arg-type]
        )
        if name == "revoked":
            tokens.revoke(store, token.id)
    return made


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Return a Hub without repos."""
    with served(tmp_path_factory.mktemp("root")) as one:
        yield one


@pytest.fixture
def serve_api() -> Any:
    """Return what serves a Hub with settings of one's own."""
    return served
