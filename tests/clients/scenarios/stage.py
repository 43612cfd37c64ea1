"""What scenarios stand on: an account on a Hub, a folder, and names that nobody has yet.

A scenario is a function that uses a client as anybody would and asserts what it gets. This file
and those beside it need the client they try and nothing else, so that any version of it can run
them: `HF_ENDPOINT=… HF_TOKEN=… python files.py [NAME…]` prints a line of JSON for each.
"""

import inspect
import json
import os
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

README = "---\nlicense: mit\nlanguage:\n- 'no'\ntags:\n- songs\n---\n# Songs\n"


@dataclass
class Stage:
    """Where one scenario plays."""

    api: Any
    namespace: str
    folder: Path

    def name(self, what="repo"):
        """Return an id that no repo has yet."""
        return f"{self.namespace}/{what}-{token_hex(4)}"

    def repo(self, what="repo", **options):
        """Make a repo and return its id."""
        id = self.name(what)
        self.api.create_repo(id, **options)
        return id

    def write(self, path, content):
        """Write a file into the folder and return it."""
        at = self.folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content if isinstance(content, bytes) else content.encode())
        return at


def add(path, content):
    """Return the operation that sets a file."""
    from huggingface_hub import CommitOperationAdd

    return CommitOperationAdd(path, content if isinstance(content, bytes) else content.encode())


def commit(stage, id, operations, **options):
    """Commit operations to a repo."""
    options.setdefault("commit_message", "change")
    return stage.api.create_commit(id, operations, **options)


def raises(kinds, work, *arguments, **options):
    """Call what has to fail and return its error."""
    try:
        work(*arguments, **options)
    except kinds as error:
        return error
    raise AssertionError(f"{work} did not fail")


def content_of(path):
    """Return a file's bytes."""
    return Path(path).read_bytes()


def text_of(path):
    """Return a file's text."""
    return Path(path).read_text(encoding="utf-8")


def main(scenarios):
    """Play the scenarios that the command line names, or all."""
    from huggingface_hub import HfApi

    named = sys.argv[1:] or list(scenarios)
    namespace = os.environ.get("TUNEDECK_CLIENTS_NAMESPACE") or HfApi().whoami()["name"]
    for name in named:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            stage = Stage(HfApi(), namespace, Path(folder))
            error = None
            try:
                scenarios[name](stage)
            except Exception:
                error = traceback.format_exc()
        took = round(time.monotonic() - begun, 3)
        sys.stdout.write(json.dumps({"name": name, "error": error, "seconds": took}) + "\n")
        sys.stdout.flush()


def gathered(module):
    """Return the scenarios of a module: its functions that take a stage, in their order."""
    functions = {name: value for name, value in module.items() if inspect.isfunction(value)}
    return {
        name: value
        for name, value in functions.items()
        if list(inspect.signature(value).parameters) == ["stage"]
    }
