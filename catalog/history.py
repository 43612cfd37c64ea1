"""The commits that changed a card, as values; and when each card was last changed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry import history as past
from registry.index import Registry

MOST = 20


def of_card(root: Path, file: str | None) -> dict[str, Any]:
    """Return the newest changes of a card, and how many older ones are left out."""
    steps = past.history(root, file) if file else ()
    return {
        "changes": [past.as_plain(one) for one in steps[:MOST]],
        "older": max(0, len(steps) - MOST),
    }


def last_changes(registry: Registry) -> dict[str, str]:
    """Return when each card was last changed, as git knows it, or else its file."""
    log = past.changes(registry.root)
    return {
        name: log[file][0].date if file in log else written(registry.root / file)
        for name, file in registry.files.items()
    }


def written(path: Path) -> str:
    """Return when a file was written, in ISO form; of a file that is gone, when time began."""
    try:
        seconds = path.stat().st_mtime
    except FileNotFoundError:
        seconds = 0.0
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
