"""Which scorer gave a score: its version, and a digest of the code that decides it.

A version is raised by hand when scores change for a reason; the digest changes with the source by
itself. A report that carries both can be told from one that another scorer made.
"""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from registry.errors import RegistryError, near
from registry.hashing import digest

_EVALUATION = "registry.evaluation"
_METRICS = f"{_EVALUATION}.metrics"

SCORERS = {
    "exact_match": f"{_METRICS}.exact_match",
    "rouge_l": f"{_METRICS}.rouge_l",
    "rouge": f"{_METRICS}.rouge",
    "rouge_155": f"{_METRICS}.rouge_155",
    "super_ni": f"{_METRICS}.super_ni",
    "bbh": f"{_METRICS}.bbh",
    "program_exact": f"{_METRICS}.programs",
    "program_execution": f"{_METRICS}.programs",
    "options": f"{_EVALUATION}.options",
    "instructions": f"{_EVALUATION}.instructions.verdicts",
}
"""Scorer: the module that holds it and its VERSION."""


def versions() -> dict[str, str]:
    """Return the version of every scorer."""
    return {name: str(import_module(module).VERSION) for name, module in SCORERS.items()}


@cache
def scorer_digest(name: str) -> str:
    """Return the digest of a scorer's version and of the source of the modules that it stands on.

    These are the modules of this package that it imports, directly or through others. Line ends
    do not count.
    """
    if name not in SCORERS:
        raise RegistryError(f"scorer: '{name}' is not known here{near(name, SCORERS)}")
    module = SCORERS[name]
    sources = {one: _source(one) for one in sorted(stands_on(module))}
    return digest([name, import_module(module).VERSION, sources])


def stands_on(module: str) -> set[str]:
    """Return a scorer's module and those of `registry.evaluation` that it imports, all the way."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _imported(one)
    return found


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_EVALUATION):
            name = str(node.module)
            if not _is_package(name):
                yield name
                continue
            inside = (f"{name}.{alias.name}" for alias in node.names)
            yield from (one if find_spec(one) else name for one in inside)


def _is_package(module: str) -> bool:
    spec = find_spec(module)
    return spec is not None and spec.submodule_search_locations is not None


def _source(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")
