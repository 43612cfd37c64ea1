"""MLflow's runs in a real PostgreSQL, which the test starts and stops."""

import json
import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import chown, rmtree
from typing import Any
from urllib.request import urlopen

import pytest

from registry import reports
from registry.index import load
from registry.tracking import sync, trace

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PASSWORD = "not/to:be@seen"
BACKEND = "MLFLOW_BACKEND_STORE_URI"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BINARIES, reason="there is no PostgreSQL in /usr/lib/postgresql"),
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]


def who() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: return what makes a process of another user."""
    if os.geteuid() != 0:
        return {}
    users = {one.pw_name for one in pwd.getpwall()}
    user = "postgres" if "postgres" in users else "nobody"
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL on a free port, with a password, and return the URI of a database."""
    import psycopg

    # Not pytest's own folder, which no other user may enter.
    folder = Path(tempfile.mkdtemp(prefix="tunedeck-postgres-"))
    data, secret, log = folder / "data", folder / "password", folder / "log"
    secret.write_text(PASSWORD)
    other = who()
    if other:
        chown(folder, other["user"])
        chown(secret, other["user"])
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    initdb = [BINARIES[-1] / "initdb", "-D", data, "-U", "keeper", "-A", "scram-sha-256"]
    process = None
    try:
        words = [*map(str, initdb), "--pwfile", str(secret), "-N", "-E", "UTF8", "--locale=C"]
        subprocess.run(words, check=True, capture_output=True, cwd=folder, **other)
        words = [str(BINARIES[-1] / "postgres"), "-D", str(data), "-p", port, "-k", str(folder)]
        words += ["-h", "127.0.0.1", "-c", "fsync=off"]
        with log.open("wb") as out:
            process = subprocess.Popen(words, stdout=out, stderr=out, cwd=folder, **other)
        until = time.monotonic() + 60
        said = {"host": "127.0.0.1", "port": port, "user": "keeper", "password": PASSWORD}
        while True:
            try:
                with psycopg.connect(**said, dbname="postgres", autocommit=True) as connection:
                    connection.execute("CREATE DATABASE tracking")
                break
            except psycopg.OperationalError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
        yield f"postgresql://keeper:not%2Fto%3Abe%40seen@127.0.0.1:{port}/tracking"
    finally:
        if process:
            process.terminate()
            process.wait(timeout=30)
        rmtree(folder)


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
