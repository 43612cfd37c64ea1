import asyncio
from pathlib import Path
from typing import Any

import pytest

from catalog.app import fork, standalone
from catalog.settings import Settings, from_environment


def asked(app: Any, path: str) -> list[Any]:
    """Ask an app for a path and return what it sends."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(app(scope, receive, send))
    return sent


async def mlflow(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "mlflow"})


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/api/models", "hub"),
        ("/api/whoami-v2", "hub"),
        ("/team/m/resolve/main/a", "hub"),
        ("/datasets/team/d/resolve/main/a", "hub"),
        ("/team/m.git/info/lfs/objects/batch", "hub"),
        ("/api/2.0/mlflow-artifacts/artifacts/0/x", "mlflow"),
        ("/ajax-api/2.0/mlflow-artifacts/artifacts/0/x", "mlflow"),
        ("/mlflow/api/2.0/mlflow/runs/get", "mlflow"),
        ("/", "pages"),
        ("/datasets/alpaca", "pages"),
        ("/models/x.json", "pages"),
        ("/lineage/models/resolve", "pages"),
        ("/static/0/resolve/main/x", "pages"),
        ("/apis", "pages"),
        ("/hub", "pages"),
        ("/team/m", "pages"),
        ("/team/m/blob/main/resolve/x", "pages"),
        ("/datasets/team/d/tree/refs%2Fpr%2F1", "pages"),
    ],
)
def test_each_address_has_its_owner(path: str, owner: str, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    app = fork(standalone(Settings(root=tmp_path, hub=True)), mlflow, "/mlflow")
    first = asked(app, path)[0]
    if owner == "mlflow":
        assert first == {"type": "mlflow"}
        return
    headers = dict(first["headers"])
    is_hub = b"sandbox" in headers[b"content-security-policy"]
    assert is_hub is (owner == "hub")


def test_the_environment_says_where_the_hub_keeps_things() -> None:
    told = {
        "TUNEDECK_HUB": "1",
        "TUNEDECK_HUB_STORE": "postgresql://db/hub",
        "TUNEDECK_HUB_BLOBS": "s3://bucket/hub",
        "TUNEDECK_PUBLIC_URL": "https://hub.example.org/",
    }
    assert from_environment(told) == Settings(
        root=Path(),
        hub=True,
        hub_store="postgresql://db/hub",
        hub_blobs="s3://bucket/hub",
        public_url="https://hub.example.org",
    )
    assert not from_environment({"TUNEDECK_HUB": "0"}).hub
    assert not from_environment({}).hub
