"""The server as people start it: one process, MLflow inside, an empty database."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from registry.tracking import live


def ask(address: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    names = {"content-type": "application/json", **headers}
    try:
        with urlopen(Request(address, data, names), timeout=20) as response:
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.fixture(scope="module")
def root(sample: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = sample.make(tmp_path_factory.mktemp("served") / "checkout")
    return made


@pytest.fixture(scope="module")
def server(root: Path, serving: Any) -> Iterator[str]:
    """Start `catalog serve` on a fresh checkout and return its address; stop it afterwards."""
    with serving(root) as served:
        yield served.address


def test_one_address_serves_the_catalog_and_mlflow(server: str) -> None:
    status, page = ask(f"{server}/")
    assert (status, b'href="/mlflow/"' in page) == (200, True)
    status, page = ask(f"{server}/mlflow/")
    assert (status, b"<title>MLflow</title>" in page) == (200, True)
    search = f"{server}/mlflow/api/2.0/mlflow/experiments/search"
    status, body = ask(search, {"max_results": 5})
    assert "Default" in {one["name"] for one in json.loads(body)["experiments"]}

    assert ask(f"{server}/", host="10.evil.com")[0] == 403
    assert ask(f"{server}/mlflow/", host="10.evil.com")[0] == 403
    assert ask(search, {"max_results": 5}, origin="http://evil.com")[0] == 403
    assert ask(f"{server}/models/nothing.json")[0] == 404


def sync(root: Path, *words: str) -> str:
    command = [sys.executable, "-m", "catalog", "sync", "--root", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def synced(server: str, root: Path) -> dict[str, Any]:
    """Sync the sample's reports to the running server."""
    found: dict[str, Any] = json.loads(sync(root, "--backend", f"{server}/mlflow", "--json"))
    return found


def test_a_second_sync_creates_nothing_whichever_way_it_goes(
    synced: dict[str, Any], root: Path
) -> None:
    assert (synced["created"], synced["known"]) == (6, 0)
    # The server's own database, without the server.
    assert sync(root) == f"MLflow at sqlite:///{root}/mlflow.db: nothing new, 6 there already\n"


def soon(address: str, holds: Callable[[str], bool]) -> str:
    """Ask until an answer holds something; answers with a part of MLflow's are kept for seconds."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = ask(address)[1].decode()
        if holds(found):
            return found
        time.sleep(0.3)
    raise AssertionError(found)


def test_a_model_page_draws_what_mlflow_has_and_links_to_it(
    synced: dict[str, Any], server: str
) -> None:
    address = f"{server}/models/smollm2-short"
    found = json.loads(soon(f"{address}.json", lambda text: bool(json.loads(text)["metrics"])))
    page = soon(address, lambda text: "Loss by step" in text)
    tune = next(one for one in found["runs"] if one["stage"] == "tune")
    assert tune["run"].endswith(synced["runs"]["reports/tune/smollm2-short.json"])
    assert tune["model"].endswith(synced["models"]["smollm2-short"])
    for address in (tune["run"], tune["model"], tune["registered"]):
        assert f'href="{address}"' in page
    named = [one["name"] for one in found["metrics"]["metrics"]]
    assert named == ["loss", "gradient_norm", "learning_rate"]
    assert "Loss by step" in page
    assert "Loss while tuning" not in page


@pytest.mark.usefixtures("synced")
def test_a_running_tuning_is_live_on_its_page(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The function has the module's name, and hides it from an import.
    monkeypatch.setattr(sys.modules["registry.tracking.live"], "EVERY", 0.2)
    log = live(f"{server}/mlflow", "smollm2-short", say=pytest.fail)
    for step in range(1, 4):
        log(step, {"loss": 3.0 / step})
    address = f"{server}/models/smollm2-short"
    text = soon(
        f"{address}.json",
        lambda text: len((json.loads(text)["metrics"] or {"runs": ()})["runs"]) > 1,
    )
    found = json.loads(text)["metrics"]
    page = soon(address, lambda text: "badge live" in text)
    log.close()
    assert [one["live"] for one in found["runs"]] == [True, False]
    (loss,) = [one for one in found["metrics"] if one["name"] == "loss"]
    assert loss["series"][0] == {"run": 0, "points": [[1, 3.0], [2, 1.5], [3, 1.0]]}
    assert len(loss["series"][1]["points"]) == 150
    assert '<span class="badge live">live</span>' in page
