"""What search engines ask for: every page with its date, and what they may read."""

from collections.abc import Mapping
from itertools import islice
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from starlette.requests import Request
from starlette.responses import Response

from catalog.answer import Missing, document
from catalog.history import last_changes

MOST = 50_000
"""Pages that one file may list, by the protocol of sitemaps.org."""
_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def whole(request: Request) -> Response:
    """Every page; where there are too many for one file, the files that list them."""
    base, dates = _base(request), _dates(request)
    text = parts(base, dates) if len(dates) > MOST else pages(base, dates, 1)
    return document(request, text, "application/xml")


def part(request: Request) -> Response:
    """One file of several."""
    number, dates = int(request.path_params["number"]), _dates(request)
    if not 1 <= number <= _count(dates):
        raise Missing(f"{request.url.path}: there is no such page", [("/sitemap.xml", "all pages")])
    return document(request, pages(_base(request), dates, number), "application/xml")


def robots(request: Request) -> Response:
    """Programs may read all cards, but not MLflow's pages, which say nothing without scripts."""
    hidden = request.app.state.settings.mlflow
    lines = ["User-agent: *", f"Disallow: {hidden}/" if hidden else "Disallow:"]
    lines += ["", f"Sitemap: {_base(request)}/sitemap.xml", ""]
    return document(request, "\n".join(lines), "text/plain")


def pages(base: str, dates: Mapping[str, str], number: int) -> str:
    """Return the file of this number; `dates` has each page's path and its last change."""
    top = Xml.Element("urlset", xmlns=_XMLNS)
    start = (number - 1) * MOST
    for path, date in islice(dates.items(), start, start + MOST):
        page = Xml.SubElement(top, "url")
        Xml.SubElement(page, "loc").text = f"{base}/{quote(path)}"
        Xml.SubElement(page, "lastmod").text = date
    return _text(top)


def parts(base: str, dates: Mapping[str, str]) -> str:
    """Return the list of the files that together list all pages."""
    top = Xml.Element("sitemapindex", xmlns=_XMLNS)
    every = list(dates.values())
    for number in range(1, _count(dates) + 1):
        one = Xml.SubElement(top, "sitemap")
        Xml.SubElement(one, "loc").text = f"{base}/sitemap-{number}.xml"
        Xml.SubElement(one, "lastmod").text = max(every[(number - 1) * MOST : number * MOST])
    return _text(top)


def _text(top: Xml.Element) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(top, encoding="unicode") + "\n"


def _count(dates: Mapping[str, str]) -> int:
    return -(-len(dates) // MOST)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _dates(request: Request) -> dict[str, str]:
    """Return the pages with their dates: the list first, which is as new as its newest card."""
    cards = last_changes(request.app.state.watch.shelf().registry)
    return {"": max(cards.values(), default="1970-01-01"), **cards}
