"""Unmodified clients against a Hub; docs/hub.md says how to run these against any server."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Play = Callable[..., dict[str, str | None]]
PLAYS = (
    *(("commands", "xet"), ("models", "xet"), ("data", "xet")),
    *(("files", "xet"), ("files", "lfs"), ("history", "xet"), ("repos", "xet")),
)
"""Which files of scenarios are played, and how large files go meanwhile; the longest play first."""
OLDER = os.environ.get("TUNEDECK_CLIENTS_OLDER", "0.36.0 1.20.0").split()
"""The oldest huggingface_hub that we support, and one that decides for Xet by itself."""
ELSEWHERE = {"cards_are_validated_pushed_and_loaded"}
"""What older clients ask of huggingface.co, whatever HF_ENDPOINT says."""


def scenarios(script: str) -> list[str]:
    """Return the names of a file's scenarios without importing the clients that it imports."""
    path = Path(__file__).parent / "scenarios" / f"{script}.py"
    functions = [
        one for one in ast.parse(path.read_text()).body if isinstance(one, ast.FunctionDef)
    ]
    return [
        one.name
        for one in functions
        if [arg.arg for arg in one.args.args] == ["stage"] and not one.args.vararg
    ]


PLAYED = [
    pytest.param(script, way, one, id=f"{script}-{way}-{one}")
    for script, way in PLAYS
    for one in scenarios(script)
]


def check(played: dict[str, str | None], scenario: str) -> None:
    assert scenario in played, "the client died before it came to this"
    assert played[scenario] is None, played[scenario]


@pytest.mark.parametrize(("script", "way", "scenario"), PLAYED)
def test_a_client_gets_what_it_asks_for(play: Play, script: str, way: str, scenario: str) -> None:
    check(play(script, way), scenario)


@pytest.mark.slow
@pytest.mark.parametrize("script", [one for one, way in PLAYS if (one, "lfs") not in PLAYS])
def test_all_clients_upload_without_xet(play: Play, script: str) -> None:
    for error in play(script, "lfs").values():
        assert error is None, error


@pytest.fixture(scope="module", params=OLDER)
def older(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a Python that has an older huggingface_hub."""
    folder = tmp_path_factory.mktemp("older")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    wanted = f"huggingface_hub=={request.param}"
    install = [python, "-m", "pip", "install", "-q", wanted, "hf_xet"]
    done = subprocess.run(install, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip cannot install {wanted}: {done.stderr[-300:]}")
    return str(python)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["xet", "lfs"])
@pytest.mark.parametrize("script", ["files", "history", "repos"])
def test_older_clients(play: Play, older: str, script: str, way: str) -> None:
    played = play(script, way, older)
    failed = {name: error for name, error in played.items() if error}
    assert set(failed) <= ELSEWHERE, "\n".join(map(str, failed.values()))
