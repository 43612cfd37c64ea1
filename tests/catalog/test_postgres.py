"""MLflow's runs in a real PostgreSQL, which the test starts and stops."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from registry import reports
from registry.index import load
from registry.tracking import sync, trace

BACKEND = "MLFLOW_BACKEND_STORE_URI"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def postgres(databases: Any) -> str:
    """Return the URI of a database for MLflow."""
    made: str = databases()
    return made


@pytest.fixture(scope="module")
def root(sample: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = sample.make(tmp_path_factory.mktemp("served") / "checkout")
    return made


@pytest.fixture(scope="module")
def served(root: Path, postgres: str, serving: Any) -> Iterator[Any]:
    """Serve the catalog with its MLflow on PostgreSQL."""
    with serving(root, "--backend", postgres) as one:
        yield one


def command(root: Path, backend: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "catalog", "sync", "--root", str(root), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, BACKEND: backend},
    )


@pytest.fixture(scope="module")
def synced(root: Path, postgres: str, served: Any) -> "subprocess.CompletedProcess[str]":
    assert served.address
    return command(root, postgres)


def shown_in(address: str) -> Any:
    with urlopen(address, timeout=30) as answer:
        return json.load(answer)


def steps(uri: str) -> list[tuple[Any, ...]]:
    """Return what a trace finds, without MLflow's own ids."""
    kept = ("step", "card", "stage", "stage_md5", "path", "sha256", "weights_sha256", "version")
    found = trace(uri, "smollm2-short@champion")
    return sorted(tuple(str(one.get(name)) for name in kept) for one in found)


def test_a_second_sync_to_the_database_or_its_server_creates_nothing(
    synced: "subprocess.CompletedProcess[str]", root: Path, postgres: str, served: Any
) -> None:
    assert "6 new, 0 there already" in synced.stdout, synced.stderr
    for backend in (postgres, f"{served.address}/mlflow"):
        again = json.loads(command(root, backend, "--json").stdout)
        assert (again["created"], again["renewed"], again["known"]) == (0, 0, 6)


@pytest.mark.usefixtures("synced")
def test_a_cards_page_leads_to_its_run_and_its_metrics(served: Any) -> None:
    page = shown_in(f"{served.address}/models/smollm2-short.json")
    tune = next(one for one in page["runs"] if one["stage"] == "tune")
    id = tune["run"].partition("/runs/")[2].partition("?")[0]
    run = shown_in(f"{served.address}/mlflow/api/2.0/mlflow/runs/get?run_id={id}")["run"]
    tags = {one["key"]: one["value"] for one in run["data"]["tags"]}
    assert tags["catalog.card"] == "models/smollm2-short"
    assert tags["catalog.stage_md5"] == tune["key"]
    loss = page["metrics"]["metrics"][0]
    assert (loss["name"], len(loss["series"][0]["points"])) == ("loss", 150)


@pytest.mark.usefixtures("synced")
def test_lineage_over_rest_is_that_of_the_embedded_database(
    root: Path, served: Any, tmp_path: Path
) -> None:
    embedded = f"sqlite:///{tmp_path}/mlflow.db"
    sync(load(root), reports.all_of(root), root, tracking_uri=embedded, say=lambda said: None)
    found = steps(f"{served.address}/mlflow")
    assert found == steps(embedded)
    assert sum(one[0] == "file" for one in found) == 2


def test_the_password_is_neither_said_nor_among_the_arguments(
    synced: "subprocess.CompletedProcess[str]", served: Any, root: Path, postgres: str
) -> None:
    wrong = postgres.replace("%40seen@", "%40Seen@")
    refused = command(root, wrong)
    assert refused.returncode == 1
    assert "keeper:***@127.0.0.1" in refused.stderr
    assert "does not answer" in refused.stderr
    assert "Traceback" not in refused.stderr
    said = [synced.stdout, synced.stderr, refused.stderr, served.log.read_text()]
    said += [path.read_text() for path in group_of(served.group)]
    for text in said:
        assert not {one for one in ("to:be", "to%3Abe") if one in text}


def group_of(id: int) -> list[Path]:
    """Return the files that show the arguments of a process group's processes."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == id:
                found.append(folder / "cmdline")
        except ProcessLookupError:
            continue
    assert found
    return found
