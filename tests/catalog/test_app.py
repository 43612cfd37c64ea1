import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog.app import create_app, fork
from catalog.assets import address, assets
from catalog.settings import Settings, from_environment


def named(name: str, seen: list[tuple[str, str]]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((name, scope.get("path", scope["type"])))

    return app


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/", "ours"),
        ("/models/mlflow", "ours"),
        ("/mlflowers", "ours"),
        ("/api/models/x", "ours"),
        ("/mlflow", "mlflow"),
        ("/mlflow/", "mlflow"),
        ("/mlflow/api/2.0/mlflow/runs/get", "mlflow"),
        ("/api/2.0/mlflow-artifacts/artifacts/0/x", "mlflow"),
    ],
)
def test_a_path_belongs_to_one_of_the_two(path: str, owner: str) -> None:
    seen: list[tuple[str, str]] = []
    app = fork(named("ours", seen), named("mlflow", seen), "/mlflow")
    asyncio.run(app({"type": "http", "path": path}, None, None))  # type: ignore[arg-type]
    assert seen == [(owner, path)]


def test_starting_and_stopping_is_mlflows() -> None:
    seen: list[tuple[str, str]] = []
    app = fork(named("ours", seen), named("mlflow", seen), "/mlflow")
    asyncio.run(app({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == [("mlflow", "lifespan")]


def test_mlflow_takes_the_factory_for_one() -> None:
    from types import FunctionType

    assert isinstance(create_app, FunctionType)


def test_the_environment_says_where_the_cards_are() -> None:
    told = {"TUNEDECK_ROOT": "/cards", "TUNEDECK_HOSTS": "A.example, b.example,"}
    assert from_environment(told, mlflow="/mlflow") == Settings(
        root=Path("/cards"), mlflow="/mlflow", hosts=("a.example", "b.example")
    )
    assert from_environment({}).root == Path()


def test_static_files_may_be_kept_for_ever(client: TestClient) -> None:
    for name, asset in assets().items():
        response = client.get(address(name))
        assert response.content == asset.body
        assert "immutable" in response.headers["cache-control"]
        assert asset.digest in address(name)


def test_a_static_file_of_another_version_is_not_this_one(client: TestClient) -> None:
    assert client.get("/static/000000000000/style.css").status_code == 404
    assert client.get("/static/000000000000/..%2fapp.py").status_code == 404


def test_there_is_an_icon_for_who_has_read_no_page(client: TestClient) -> None:
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
