"""New and changed cards as an Atom feed (RFC 4287), for readers and for programs that watch."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as Xml

from starlette.requests import Request
from starlette.responses import Response

from catalog.answer import document
from catalog.shelf import Shelf
from registry import history as past
from registry.cards.vocabulary import FOLDERS

MOST = 50
ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WRITTEN = "its file was written"
_KINDS = {folder: kind for kind, folder in FOLDERS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A card that was added or changed; `mark` tells this change from others of the card."""

    name: str
    title: str
    mark: str
    date: str
    done: str
    says: str
    author: str | None


def atom(request: Request) -> Response:
    """The newest changes of cards; without git, by the times of their files."""
    shelf: Shelf = request.app.state.watch.shelf()
    text = feed(str(request.base_url).rstrip("/"), news(shelf))
    return document(request, text, "application/atom+xml")


def latest(shelf: Shelf, most: int = 8) -> list[dict[str, str]]:
    """Return the newest change of each of the cards that changed last, as plain values."""
    found: dict[str, dict[str, str]] = {}
    for one in news(shelf):
        kind = _KINDS[one.name.partition("/")[0]]
        said = {"name": one.name, "kind": kind, "title": one.title, "date": one.date}
        found.setdefault(one.name, said | {"done": one.done})
    return list(found.values())[:most]


def news(shelf: Shelf) -> list[News]:
    """Return the newest changes of the cards that are here now."""
    # Reading a card costs more than reading git's log, so titles are asked for at the end.
    found = nlargest(MOST, _all(shelf), key=lambda one: (one[1], one[0]))
    return [_titled(shelf, *one) for one in found]


def _all(shelf: Shelf) -> Iterator[tuple[str, str, past.Change | None]]:
    """Yield card, date and change; no change for a card that git does not know.

    Of those that git does not know only the newest are looked at closely.
    """
    log = past.changes(shelf.registry.root)
    unknown: list[tuple[int, str]] = []
    for name, time in shelf.index.written().items():
        file = f"cards/{name}.yaml"
        if file in log and not shelf.index.is_pushed(name):
            yield from ((name, one.date, one) for one in log[file] if one.after)
        else:
            unknown.append((time, name))
    for time, name in nlargest(MOST, unknown):
        yield name, datetime.fromtimestamp(time // 10**9, UTC).isoformat(), None


def _titled(shelf: Shelf, name: str, date: str, change: past.Change | None) -> News:
    id = name.partition("/")[2]
    written = "pushed to a repo of this server" if shelf.index.is_pushed(name) else _WRITTEN
    return News(
        name=name,
        title=shelf.index.titles([name]).get(name, id),
        mark=change.commit if change else date,
        date=date,
        done=change.done if change else "changed",
        says=change.subject if change else written,
        author=change.author if change else None,
    )


def feed(base: str, found: Iterable[News]) -> str:
    """Return an Atom feed; an entry's id depends on card and commit alone."""
    entries = list(found)
    top = Xml.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(top, "title", "Tunedeck: new and changed cards")
    _add(top, "id", uuid5(NAMESPACE_URL, f"{base}/feed.atom").urn)
    _add(top, "updated", entries[0].date if entries else "1970-01-01T00:00:00+00:00")
    _add(top, "link", rel="self", type="application/atom+xml", href=f"{base}/feed.atom")
    _add(top, "link", rel="alternate", type="text/html", href=f"{base}/")
    _add(_add(top, "author"), "name", "Tunedeck")
    for one in entries:
        _entry(top, base, one)
    Xml.indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(top, encoding="unicode") + "\n"


def _entry(top: Xml.Element, base: str, one: News) -> None:
    entry = _add(top, "entry")
    _add(entry, "title", f"{one.title}: {one.done}")
    _add(entry, "id", uuid5(NAMESPACE_URL, f"tunedeck:{one.name}@{one.mark}").urn)
    _add(entry, "updated", one.date)
    _add(entry, "link", rel="alternate", type="text/html", href=f"{base}/{quote(one.name)}")
    _add(entry, "category", term=_KINDS[one.name.partition("/")[0]])
    _add(entry, "summary", one.says)
    if one.author:
        _add(_add(entry, "author"), "name", one.author)


def _add(parent: Xml.Element, tag: str, text: str | None = None, **said: str) -> Xml.Element:
    made = Xml.SubElement(parent, tag, {name: clean(value) for name, value in said.items()})
    made.text = None if text is None else clean(text)
    return made


def clean(text: str) -> str:
    r"""Return a text without the characters that no XML may hold.

    >>> clean("a\x00b\ud800c")
    'a\ufffdb\ufffdc'
    """
    return _NOT_XML.sub("\ufffd", text)
