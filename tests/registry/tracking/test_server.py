import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from registry import Registry
from registry.errors import RegistryError
from registry.tracking import trace
from tests.registry.tracking.made import (
    BIRD,
    SONGS,
    free_port,
    publish,
    state,
)

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


def test_a_dead_server_is_one_sentence_in_seconds(registry: Registry) -> None:
    before = time.perf_counter()
    with pytest.raises(RegistryError, match=r"does not answer \(.*refused\); start the server"):
        publish(registry, f"http://127.0.0.1:{free_port()}/mlflow")
    assert time.perf_counter() - before < 30  # with MLflow's own patience, minutes


def test_something_that_is_not_mlflow_is_told_from_it(registry: Registry) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>a catalog</html>")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(RegistryError, match="what answers there is no MLflow"):
            publish(registry, f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize("uri", ["", "mlruns", "file:///tmp/x", "databricks"])
def test_a_place_that_is_no_database_and_no_server_is_refused(registry: Registry, uri: str) -> None:
    with pytest.raises(RegistryError, match="is neither a database nor a server"):
        publish(registry, uri)


def test_a_first_sync_says_nothing_and_leaves_one_file(
    first_sync: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    path, done = first_sync
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    later = {"cards", "published.db", "server.db", "server.log"}
    left = {one.name for one in path.parent.iterdir()} - later
    assert left == {"empty.db"}


@pytest.fixture(scope="module")
def server(first_sync: tuple[Path, Any]) -> Iterator[str]:
    """A real MLflow server on a free port."""
    database = first_sync[0].with_name("server.db")
    shutil.copy(first_sync[0], database)
    port = free_port()
    words = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--workers", "1", "--backend-store-uri", f"sqlite:///{database}"]
    words += ["--artifacts-destination", str(database.with_name("artefacts"))]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with database.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **quiet},
            start_new_session=True,
        )
    try:
        yield _answering(f"http://127.0.0.1:{port}", process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _answering(address: str, process: "subprocess.Popen[bytes]") -> str:
    for _ in range(300):
        try:
            with urlopen(f"{address}/health", timeout=1):
                return address
        except OSError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.2)
    pytest.fail("the server did not start within a minute")


def ask(address: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One call of MLflow's REST API, with nothing but HTTP."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(
        f"{address}/api/2.0/mlflow/{path}", data, {"Content-Type": "application/json"}
    )
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


def context_of(one: dict[str, Any]) -> str:
    return next(tag["value"] for tag in one["tags"] if tag["key"] == "mlflow.data.context")


def native_files(address: str, name: str, alias: str) -> dict[str, str]:
    """The walk that `registry.tracking.lineage` describes."""
    found = ask(address, f"registered-models/alias?name={name}&alias={alias}")
    model = found["model_version"]["source"].removeprefix("models:/")
    made = ask(address, f"logged-models/{model}")["model"]["info"]["source_run_id"]
    experiments = ask(address, "experiments/search", {"max_results": 1000})["experiments"]
    ids = [one["experiment_id"] for one in experiments]
    waiting, files = [made], dict[str, str]()
    while waiting:
        run = ask(address, f"runs/get?run_id={waiting.pop()}")["run"]
        for one in run["inputs"]["dataset_inputs"]:
            if context_of(one) != "output":
                makers = makers_of(address, ids, one["dataset"])
                source = json.loads(one["dataset"]["source"])
                waiting += makers
                files |= {} if makers else {source["path"]: source["sha256"]}
    return files


def makers_of(address: str, experiments: list[str], dataset: dict[str, str]) -> list[str]:
    asked = f"dataset.digest = '{dataset['digest']}' AND dataset.context = 'output'"
    body = {"experiment_ids": experiments, "filter": asked}
    return [
        run["info"]["run_id"]
        for run in ask(address, "runs/search", body).get("runs", [])
        for one in run["inputs"]["dataset_inputs"]
        if context_of(one) == "output"
        and one["dataset"]["name"] == dataset["name"]
        and one["dataset"]["digest"] == dataset["digest"]
    ]


def test_a_server_holds_what_a_database_holds_and_http_alone_traces_it(
    registry: Registry, server: str, fresh: str
) -> None:
    publish(registry, server)
    publish(registry, fresh)
    assert state(server) == state(fresh)
    assert publish(registry, server).created == 0
    assert state(server) == state(fresh)
    walked = native_files(server, "singer", "champion")
    assert walked == {
        "data/native/songs/songs.json": SONGS,
        "data/native/nightingale/bird.safetensors": BIRD,
    }
    files = (one for one in trace(server, "models:/singer@champion") if one["step"] == "file")
    assert walked == {one["path"]: one["sha256"] for one in files}
