"""Files as text, where they are text and not too much of it."""

from catalog.hub.store import Store, blobs
from catalog.hub.store.trees import File

MOST = 256 << 10
"""Bytes up to which a file is shown; beyond that a browser is the wrong tool."""
MOST_LINES = 10_000


def of(store: Store, file: File, most: int = MOST) -> str | None:
    """Return a file's text, None where it is none, or is too large to be shown."""
    if file.size > most:
        return None
    content = blobs.read(store, file.sha256, most=most)
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def lines(text: str) -> list[str]:
    """Return the lines of a text as a page shows them.

    A browser takes a lone carriage return for a line break, which would shift all that follows.

    >>> lines("a\\r\\nb\\rc\\n")
    ['a', 'b␍c']
    """
    plain = text.replace("\r\n", "\n").replace("\r", "␍")
    return plain.removesuffix("\n").split("\n") if plain else []
