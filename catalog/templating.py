"""The pages' templates, and what they may call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from catalog import ancestry, charts, diagrams, flow, markdown, printing
from catalog.assets import address
from registry import links
from registry.cards.claim import QUALIFIERS
from registry.cards.vocabulary import FOLDERS
from registry.lineage import WAYS
from registry.timeline import STEPS

_HERE = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters |= {
    "markdown": markdown.render,
    "brief": markdown.brief,
    "label": printing.label,
    "number": printing.number,
    "size": printing.size,
    "score": printing.score,
    "moment": printing.moment,
    "shown": printing.shown,
    "plainly": printing.plainly,
    "short": printing.short,
    "marked": printing.marked,
    "outside": links.outside,
    "origin": links.origin,
}
_PAGES.globals |= {
    "asset": address,
    "arxiv": links.arxiv,
    "folders": FOLDERS,
    "qualifiers": QUALIFIERS,
    "line_chart": charts.line_chart,
    "overlay": charts.overlay,
    "score_chart": charts.score_chart,
    "some": charts.some,
    "draw": flow.draw,
    "ways": WAYS,
    "way_words": ancestry.WAY_WORDS,
    "scatter": diagrams.scatter,
    "releases_of": diagrams.releases,
    "scaling_of": diagrams.scaling,
    "writers_said": diagrams.WRITERS_SAID,
    "steps": tuple(STEPS),
}


def render(request: Request, template: str, values: Mapping[str, Any]) -> str:
    """Return a page as text."""
    page, settings = _PAGES.get_template(template), request.app.state.settings
    return page.render(values, request=request, mlflow=settings.mlflow, hub=settings.hub)
