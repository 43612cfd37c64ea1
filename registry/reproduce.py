"""A tuned model made once more from a clean checkout, and what came out otherwise.

The checkout is a clone of the commit that the report of the tuning names, or of HEAD where it names
none. Native files come from this checkout's, by hash, or from where the cards say; the base's
folder is linked where its weights are those of the report; all else is made again.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from typing import Any, Literal

from registry import drift, history, logbook, reports
from registry.cards import Model
from registry.drift import Drift
from registry.errors import RegistryError
from registry.index import Registry, load, name_of
from registry.place import Place
from registry.reports import TENSORS, WEIGHTS, Artefact, Measurement, Report

Verdict = Literal["as reported", "identical", "within band", "differs"]
Say = Callable[[str], None]

LOSS_SHARE, LOSS_LEAST = 0.1, 0.1
STDERRS = 2.0
BAND = (
    f"each step's loss within {LOSS_SHARE:.0%} or {LOSS_LEAST}, whichever is more, and each result"
    f" within {STDERRS:g} standard errors of the difference"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """What a second run says of the first.

    `drifted` are cards and files that are not what the report says: where those of today are not,
    nothing is run.
    `surroundings` is code, versions and machine that differ, which may explain `differences`, what
    came out otherwise. `revision` is the commit that was run, if one was.
    """

    model: str
    verdict: Verdict
    revision: str | None
    drifted: tuple[Drift, ...]
    surroundings: tuple[Drift, ...]
    differences: tuple[Drift, ...] = ()


def reproduce(place: Place, name: str, *, run: bool = True, say: Say) -> Reproduced:
    """Compare a tuned model's report with cards and files, run it once more, compare again."""
    registry = load(place.root)
    card = registry.find(name if "/" in name else f"models/{name}")
    if not isinstance(card, Model) or card.build is None:
        raise RegistryError(f"{name_of(card)}: is not tuned here, so there is nothing to reproduce")
    report = reports.read(place.root, "tune", card.id)
    if report is None:
        raise RegistryError(f"{name_of(card)}: has no report; run `registry tune {card.id}` first")
    cards = drift.of_cards(place.root, registry, report)
    drifted = (*cards, *drift.of_files(place.root, report))
    now = _surroundings(place)
    if drifted or not run:
        around = tuple(drift.of_surroundings(report.environment, now))
        verdict: Verdict = "differs" if drifted else "as reported"
        return Reproduced(
            model=name_of(card),
            verdict=verdict,
            revision=None,
            drifted=drifted,
            surroundings=around,
        )
    with tempfile.TemporaryDirectory(prefix="tunedeck-") as folder:
        revision, again = _clone(place, report, Path(folder))
        say(f"{card.id}: made again from {revision[:12]}")
        _make(place, registry, report, again)
        return _judged(place, registry, report, again, revision)


def _surroundings(place: Place) -> dict[str, Any]:
    import platform

    from registry import devices

    device = devices.choose(place.device)
    return {
        "python": platform.python_version(),
        "versions": logbook.versions(),
        "device": device.type,
        "hardware": devices.describe(device),
        "code": logbook.code(place.root),
    }


def _clone(place: Place, report: Report, folder: Path) -> tuple[str, Place]:
    """Return the commit to run and a place in a clean clone of it."""
    said = report.environment.get("code") or {}
    revision = said.get("revision") or history.head(place.root)
    top = history.git(place.root, "rev-parse", "--show-toplevel")
    if revision is None or top is None:
        raise RegistryError(
            f"{place.root}: is in no git repository, so nothing says which code ran"
        )
    into = folder / "checkout"
    cloned = history.git(folder, "clone", "-q", "--no-checkout", top.strip(), str(into))
    if cloned is None or history.git(into, "checkout", "-q", "--detach", revision) is None:
        raise RegistryError(
            f"{report.id}: commit {revision} of its report is not in {top.strip()}; fetch it"
        )
    inside = history.git(place.root, "rev-parse", "--show-prefix") or ""
    native = place.root / "data" / "native"
    mirror = native.resolve() if native.is_dir() else place.mirror
    return revision, Place(root=into / inside.strip(), mirror=mirror, device=place.device)


def _make(place: Place, registry: Registry, report: Report, again: Place) -> None:
    """Run the stages up to the tuning in the clone."""
    for one in report.inputs:
        if one.path.endswith(f"/{WEIGHTS}"):
            _give_model(place, registry, one, again)
    mixture = registry.mixtures[report.settings["build"]["mixture"]]
    for dataset in mixture.mix.datasets:
        run_stage(again, "convert", f"datasets/{dataset.dataset}")
    run_stage(again, "mix", mixture.id)
    run_stage(again, "tune", report.id)


def _give_model(place: Place, registry: Registry, weights: Artefact, again: Place) -> None:
    """Link a model that a tuning starts from, whose hash was compared already, or make it."""
    id = Path(weights.path).parent.name
    stage = "tune" if registry.models[id].build else "convert"
    if not (place.root / weights.path).is_file():
        run_stage(again, stage, f"models/{id}")
        return
    again.model(id).parent.mkdir(parents=True, exist_ok=True)
    again.model(id).symlink_to(place.model(id).resolve(), target_is_directory=True)
    told = reports.place(again.root, stage, id)
    told.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(reports.place(place.root, stage, id), told)


def run_stage(again: Place, *words: str) -> None:
    """Run a stage with a clone's own code; what it measures goes to no MLflow."""
    given = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    given |= {"PYTHONPATH": str(again.root.resolve()), "TUNEDECK_DEVICE": again.device}
    given |= {"TUNEDECK_MIRROR": str(again.mirror)} if again.mirror else {}
    command = [sys.executable, "-m", "registry.cli", *words]
    ran = subprocess.run(command, check=False, cwd=again.root, env=given, stdout=subprocess.DEVNULL)
    if ran.returncode:
        raise RegistryError(f"{words[-1]}: `registry {' '.join(words)}` failed in {again.root}")


def _judged(
    place: Place, registry: Registry, report: Report, again: Place, revision: str
) -> Reproduced:
    """Compare what the clone made with the report."""
    fresh = reports.read(again.root, "tune", report.id)
    assert fresh is not None
    outputs = {one.path: one.sha256 for one in fresh.outputs}
    # The sequences shown are what went in, and their form changes with the code.
    kept = (one for one in report.outputs if not one.path.endswith(".samples.jsonl"))
    changed = tuple(
        Drift(one.path, "sha256", one.sha256, outputs.get(one.path))
        for one in kept
        if outputs.get(one.path) != one.sha256
    )
    inputs = {one.path: one.digest for one in fresh.inputs}
    changed += tuple(
        Drift(one.path, "digest", one.digest, inputs.get(one.path))
        for one in report.inputs
        if inputs.get(one.path) != one.digest
    )
    outside = of_losses(read_losses(place.losses(report.id)), read_losses(again.losses(report.id)))
    if changed and not outside:
        outside = _of_results(place, registry, report, again)
    now = {**fresh.environment, "code": {"revision": revision, "dirty": False}}
    drifted = tuple(drift.fields(f"models/{report.id}", report.settings, fresh.settings))
    return Reproduced(
        model=f"models/{report.id}",
        verdict="differs" if outside or drifted else "within band" if changed else "identical",
        revision=revision,
        drifted=drifted,
        surroundings=tuple(drift.of_surroundings(report.environment, now)),
        differences=(*changed, *outside),
    )


def read_losses(path: Path) -> list[float]:
    """Return the losses of a learning curve, step by step."""
    if not path.is_file():
        raise RegistryError(f"{path}: the learning curve is missing; restore it from git")
    with path.open(encoding="utf-8", newline="") as stream:
        return [float(row["loss"]) for row in csv.DictReader(stream)]


def of_losses(was: Sequence[float], now: Sequence[float]) -> tuple[Drift, ...]:
    """Return the steps whose losses are further apart than the band.

    Another order of rounding moves the first losses of a small model by up to 5 %: steps of few
    supervised tokens are that uncertain.
    """
    if len(was) != len(now):
        return (Drift("losses", "steps", len(was), len(now)),)
    return tuple(
        Drift("losses", f"step {step}", one, other)
        for step, (one, other) in enumerate(zip(was, now, strict=True), 1)
        if not abs(one - other) <= max(LOSS_LEAST, LOSS_SHARE * abs(one))
    )


def _of_results(
    place: Place, registry: Registry, report: Report, again: Place
) -> tuple[Drift, ...]:
    """Evaluate in the clone where that was done here, and return results outside the band."""
    scored = reports.read(place.root, "evaluate", report.id)
    tensors = {one.sha256 for one in report.outputs if one.path.endswith(TENSORS)}
    if scored is None or not tensors <= {one.sha256 for one in scored.inputs}:
        return ()
    for id in scored.settings:
        if registry.benchmarks[id].convert:
            run_stage(again, "convert", f"benchmarks/{id}")
    run_stage(again, "evaluate", report.id)
    fresh = reports.read(again.root, "evaluate", report.id)
    assert fresh is not None
    return of_results(scored.measured.get("results", ()), fresh)


def of_results(was: Sequence[Measurement], fresh: Report) -> tuple[Drift, ...]:
    """Return the results of whole benchmarks that are further apart than the band."""
    found = []
    for one in was:
        other = fresh.find("results", one.qualifiers)
        now = other.value if other else None
        spread = hypot(one.stderr or 0, (other.stderr if other else None) or 0)
        if not one.subset and (now is None or abs(one.value - now) > STDERRS * spread):
            found.append(Drift(f"results of {one.benchmark}", str(one.metric), one.value, now))
    return tuple(found)
