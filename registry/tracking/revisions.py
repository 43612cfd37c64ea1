"""Which commit a card is from."""

from pathlib import Path

from registry.history import changes, git
from registry.index import Registry


def revisions(registry: Registry, root: Path) -> dict[str, str]:
    """Return the commit that last changed each card; `-dirty` if it has changed since."""
    log = changes(root)
    if not log:
        return {}
    changed = git(root, "status", "--porcelain", "--untracked-files=no", "--", "cards") or ""
    dirty = {line[3:] for line in changed.splitlines()}
    return {
        name: log[file][0].commit + ("-dirty" if file in dirty else "")
        for name, file in registry.files.items()
        if file in log
    }
