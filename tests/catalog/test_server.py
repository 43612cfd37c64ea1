"""The server as people start it: one process, MLflow inside, an empty database."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

PATIENCE = 90.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(address: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    names = {"content-type": "application/json", **headers}
    try:
        with urlopen(Request(address, data, names), timeout=20) as response:
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.fixture
def server(sample: Any, tmp_path: Path) -> Iterator[str]:
    """Start `catalog serve` on a fresh checkout and return its address; stop it afterwards."""
    root, port = sample.make(tmp_path / "checkout"), free_port()
    command = [sys.executable, "-m", "catalog", "serve", "--root", str(root), "--port", str(port)]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, start_new_session=True, cwd=tmp_path
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        return ask(f"{address}/cards.json")[0] == 200
    except (URLError, ConnectionError, TimeoutError):
        return False


def test_one_address_serves_the_catalog_and_mlflow(server: str) -> None:
    status, page = ask(f"{server}/")
    assert (status, b'href="/mlflow/"' in page) == (200, True)
    status, page = ask(f"{server}/mlflow/")
    assert (status, b"<title>MLflow</title>" in page) == (200, True)
    search = f"{server}/mlflow/api/2.0/mlflow/experiments/search"
    status, body = ask(search, {"max_results": 5})
    assert [one["name"] for one in json.loads(body)["experiments"]] == ["Default"]

    create = f"{server}/mlflow/api/2.0/mlflow/experiments/create"
    _, body = ask(create, {"name": "tune"})
    tags = [
        {"key": "catalog.card", "value": "models/smollm2-short"},
        {"key": "catalog.stage", "value": "tune"},
    ]
    made = {"experiment_id": json.loads(body)["experiment_id"], "start_time": 0, "tags": tags}
    ask(f"{server}/mlflow/api/2.0/mlflow/runs/create", made)
    (run,) = json.loads(ask(f"{server}/models/smollm2-short.json")[1])["runs"]
    assert run["run"].startswith("/mlflow/#/experiments/1/runs/")

    assert ask(f"{server}/", host="10.evil.com")[0] == 403
    assert ask(f"{server}/mlflow/", host="10.evil.com")[0] == 403
    assert ask(search, {"max_results": 5}, origin="http://evil.com")[0] == 403
    assert ask(f"{server}/models/nothing.json")[0] == 404
