import json
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog.cli import main, mlflow_command


def test_help_is_quick_and_holds_an_example() -> None:
    said = CliRunner().invoke(main, ["serve", "--help"])
    assert said.exit_code == 0
    assert "catalog serve --port 8080 --no-mlflow" in said.output


def test_help_imports_no_server() -> None:
    code = (
        "import sys, catalog.cli; "
        "sys.exit(any(one in sys.modules for one in ('mlflow', 'starlette', 'uvicorn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("alone", [[], ["--no-mlflow"]])
def test_a_taken_port_is_said_in_a_sentence(alone: list[str], checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = CliRunner().invoke(main, ["serve", "--root", str(checkout), "--port", port, *alone])
    assert said.exit_code == 1
    assert f"127.0.0.1:{port}: cannot be listened on (Address already in use)" in said.stderr
    assert "take another port: catalog serve --port" in said.stderr


def test_a_folder_without_cards_is_said_in_a_sentence(tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["serve", "--root", str(tmp_path), "--no-mlflow"])
    assert said.exit_code == 1
    assert "there is no such folder; run this where cards/ is" in said.stderr


def test_mlflow_hears_only_our_names_unless_it_is_open_to_others() -> None:
    def allowed(host: str, *names: str) -> str | None:
        command = mlflow_command(host, 5000, names)
        found = dict(pairwise(command))
        return found.get("--allowed-hosts")

    assert allowed("127.0.0.1") == (
        "localhost,localhost:5000,127.0.0.1,127.0.0.1:5000,[::1],[::1]:5000"
    )
    assert "cards.example.org:5000" in str(allowed("0.0.0.0", "cards.example.org"))
    assert allowed("0.0.0.0") is None


def test_mlflow_gets_one_worker_and_a_prefix() -> None:
    command = mlflow_command("127.0.0.1", 5000, ())
    assert command[:4] == [sys.executable, "-m", "mlflow", "server"]
    found = dict(pairwise(command))
    assert (found["--workers"], found["--static-prefix"]) == ("1", "/mlflow")


def test_building_the_index_reads_each_card_once(sample: Any, tmp_path: Path) -> None:
    sample.make(tmp_path)
    first = CliRunner().invoke(main, ["build", "--root", str(tmp_path), "--json"])
    made = json.loads(first.stdout)
    assert made["read"] == sum(made["cards"].values()) == 15
    again = CliRunner().invoke(main, ["build", "--root", str(tmp_path)])
    assert "3 datasets" in again.output
    assert "0 of them read" in again.output


WITHOUT = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def hidden(name, path=None, target=None):
    return None if name.partition(".")[0] == sys.argv[1] else find(name, path, target)
PathFinder.find_spec = hidden
from catalog.cli import main
main(sys.argv[2:])
"""


def without(package: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as on a machine that lacks a package."""
    command = [sys.executable, "-c", WITHOUT, package, *words]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("command", ["sync", "serve"])
def test_without_mlflow_one_sentence_says_how_to_get_it(command: str, checkout: Path) -> None:
    done = without("mlflow", command, "--root", str(checkout))
    assert done.returncode == 1
    assert done.stderr.startswith("MLflow: ")
    assert "is not installed; pip install 'tunedeck[track]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["sync", "serve"])
def test_without_a_driver_the_extra_is_named_and_no_password(command: str, checkout: Path) -> None:
    backend = "postgresql://me:secret@127.0.0.1:1/x"
    done = without("psycopg", command, "--root", str(checkout), "--backend", backend)
    assert done.stderr == (
        "postgresql://me:***@127.0.0.1:1/x: psycopg is not installed;"
        " pip install 'tunedeck[postgres]'\n"
    )


@pytest.mark.parametrize("command", ["sync", "serve"])
def test_a_database_that_does_not_answer_is_one_sentence_without_the_password(
    command: str, checkout: Path
) -> None:
    pytest.importorskip("psycopg")
    backend = "postgresql://me:se@cr/et@127.0.0.1:1/x?password=secret"
    said = CliRunner().invoke(main, [command, "--root", str(checkout), "--backend", backend])
    assert said.exit_code == 1
    assert said.stderr.startswith("postgresql://me:***@127.0.0.1:1/x?password=***: does not answer")
    assert len(said.output.splitlines()) == 1


def test_nothing_that_is_no_database_is_synced_to(checkout: Path) -> None:
    said = CliRunner().invoke(main, ["sync", "--root", str(checkout), "--backend", "mlruns"])
    assert "is neither a database nor a server" in said.stderr


def test_the_servers_arguments_hold_no_database() -> None:
    assert "--backend-store-uri" not in mlflow_command("127.0.0.1", 5000, ())
