"""Files on this machine: `file:PATH`, absolute or relative to the checkout; and the mirror's."""

import shutil
from pathlib import Path

from registry.errors import RegistryError
from registry.sources.wanted import Wanted, fits

_FICLONE = 0x40049409  # linux/fs.h


def bring(wanted: Wanted) -> Path:
    """Copy the file that a `file:` origin names."""
    path = wanted.root / wanted.address
    if not path.is_file():
        raise RegistryError(f"no file is at {path}; put it there")
    return copy(path, wanted)


def copy(path: Path, wanted: Wanted) -> Path:
    """Copy a file into the scratch folder, never a link to it: what is fetched stays as it is."""
    fits(path.stat().st_size, wanted.file)
    into = wanted.scratch / "copied"
    if not _reflink(path, into):
        shutil.copyfile(path, into)
    return into


def _reflink(path: Path, into: Path) -> bool:
    """Let both files share their blocks until one is written to, where the disk can do that."""
    try:
        from fcntl import ioctl

        with path.open("rb") as source, into.open("wb") as target:
            ioctl(target.fileno(), _FICLONE, source.fileno())
    except (ImportError, OSError):
        return False
    return True
