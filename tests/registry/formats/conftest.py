"""The hand-written samples, and golden rows to compare with.

To write the golden files anew: TUNEDECK_REWRITE_GOLDEN=1 pytest tests/registry/formats
"""

import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from registry.canonical import Example
from registry.formats import FORMATS, Unusable

TESTS = Path(__file__).parents[2]

Found = list[tuple[int, Example | Unusable]]
Reads = Callable[[str, bytes | str | object], Found]


@pytest.fixture
def read() -> Reads:
    """Return a function that reads bytes, text or a value to be written as JSON."""

    def reads(format: str, given: bytes | str | object, name: str = "x.json") -> Found:
        text = given if isinstance(given, bytes | str) else json.dumps(given)
        data = text if isinstance(text, bytes) else text.encode()
        return list(FORMATS[format](BytesIO(data), name))

    return reads


@pytest.fixture
def golden() -> Callable[[str], None]:
    """Return a function that compares what a format makes of its samples with the golden rows."""

    def compares(format: str) -> None:
        found = _read_samples(format)
        path = TESTS / "golden" / f"{format}.json"
        if os.environ.get("TUNEDECK_REWRITE_GOLDEN"):
            path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        assert found == json.loads(path.read_text("utf-8"))

    return compares


def _read_samples(format: str) -> list[dict[str, Any]]:
    folder = TESTS / "samples" / format
    found = []
    for path in sorted(filter(Path.is_file, folder.rglob("*"))):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as stream:
            for row, what in FORMATS[format](stream, name):
                kept = {key: value for key, value in to_builtins(what).items() if value}
                found.append({"file": name, "row": row, **kept})
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]
