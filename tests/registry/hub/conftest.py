"""A tiny hub that answers unmodified clients, and the command pointed at it."""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from registry.cli import main


def _tiny() -> Any:
    spec = importlib.util.spec_from_file_location("tiny", Path(__file__).parent / "tiny.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["tiny"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a running hub; the environment names no other, and has its token alone."""
    for name in ("HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    made, server = _tiny().serve()
    port = made.address.rpartition(":")[2]
    monkeypatch.setenv(f"TUNEDECK_TOKEN_127_0_0_1_{port}", "hf_ours")
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(hub: Any, root: Path) -> Callable[..., Result]:
    """Return a function that runs a command on the checkout; `code` is the exit code, None any."""

    def run(*words: str, code: int | None = 0, root: Path = root) -> Result:
        more = ["--to", hub.address] if words[0] in ("push", "pull") else []
        done = CliRunner().invoke(main, [*words, *more, "--root", str(root)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert code in (None, done.exit_code), done.output
        return done

    return run


@pytest.fixture
def told(run: Callable[..., Result]) -> Callable[..., Any]:
    """Return a function that runs a command with --json and returns what it prints."""

    def told(*words: str, **more: Any) -> Any:
        return json.loads(run(*words, "--json", **more).stdout)

    return told
