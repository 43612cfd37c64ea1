"""Which commit a card is from."""

import subprocess
from pathlib import Path

from registry.index import Registry


def revisions(registry: Registry, root: Path) -> dict[str, str]:
    """Return the commit that last changed each card; `-dirty` if it has changed since."""
    log = _git(root, "log", "--format=%x00%H", "--name-only", "--relative", "--", "cards")
    if log is None:
        return {}
    last: dict[str, str] = {}
    for part in log.split("\0")[1:]:
        commit, *files = part.split()
        for file in files:
            last.setdefault(file, commit)
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "cards") or ""
    dirty = {line[3:] for line in changed.splitlines()}
    return {
        name: last[file] + ("-dirty" if file in dirty else "")
        for name, file in registry.files.items()
        if file in last
    }


def _git(root: Path, *words: str) -> str | None:
    """Ask git; None where there is no git, no repository or no commit."""
    try:
        said = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout
