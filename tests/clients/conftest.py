"""A Hub to try clients against: one that is named in the environment, else one of our own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

SCENARIOS = Path(__file__).with_name("scenarios")
PATIENCE = 90.0
collect_ignore = ["scenarios"]  # they import clients, each from its own environment
LONGEST = 280.0

Played = dict[str, str | None]
"""The error of each scenario, None where it went well."""


@dataclass(frozen=True)
class Hub:
    """Where a Hub answers, and a token that may write there."""

    endpoint: str
    token: str


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Return the Hub of TUNEDECK_CLIENTS_ENDPOINT, or start `catalog serve` on an empty root."""
    if named := os.environ.get("TUNEDECK_CLIENTS_ENDPOINT"):
        yield Hub(named.rstrip("/"), os.environ["TUNEDECK_CLIENTS_TOKEN"])
        return
    root = tmp_path_factory.mktemp("root")
    (root / "cards").mkdir()
    catalog = [sys.executable, "-m", "catalog"]
    make = [*catalog, "token", "create", "tester", "--root", str(root)]
    token = subprocess.run(make, check=True, capture_output=True, text=True).stdout.strip()
    port, log = _free_port(), root / "log"
    serve = [*catalog, "serve", "--no-mlflow", "--root", str(root), "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(serve, stdout=out, stderr=out, start_new_session=True)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(endpoint):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield Hub(endpoint, token)
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def play(
    request: pytest.FixtureRequest, hub: Hub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Played]]:
    """Return what plays all scenarios of a file in one process, once for each way of uploading.

    What the tests that were chosen will ask for is played from the start, two at a time: most of
    the time goes into starting clients.
    """

    def played(script: str, way: str, python: str) -> Played:
        done = subprocess.run(
            [python, SCENARIOS / f"{script}.py"],
            check=False,
            capture_output=True,
            text=True,
            env=_environment(hub, homes[script, way, python], way),
            timeout=LONGEST,
        )
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return {line["name"]: line["error"] for line in lines}

    def begun(script: str, way: str, python: str = sys.executable) -> Future[Played]:
        key = (script, way, python)
        if key not in plays:
            homes[key] = tmp_path_factory.mktemp("home")
            plays[key] = two.submit(played, *key)
        return plays[key]

    homes: dict[tuple[str, str, str], Path] = {}
    plays: dict[tuple[str, str, str], Future[Played]] = {}
    with ThreadPoolExecutor(2) as two:
        for item in request.session.items:
            chosen = getattr(item, "callspec", None)
            if chosen and {"script", "way", "scenario"} <= chosen.params.keys():
                begun(chosen.params["script"], chosen.params["way"])
        yield lambda *which: begun(*which).result()


def _environment(hub: Hub, home: Path, way: str) -> dict[str, str]:
    """Return an environment that names our Hub, and nothing that a client kept elsewhere."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PYTHON"))
    }
    return kept | {
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": hub.token,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_XET": "0" if way == "xet" else "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(endpoint: str) -> bool:
    try:
        with urlopen(f"{endpoint}/api/models", timeout=20):
            return True
    except OSError:
        return False
