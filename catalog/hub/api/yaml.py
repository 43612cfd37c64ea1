"""Cards checked before they are committed."""

from starlette.responses import PlainTextResponse, Response

from catalog.hub.api import cards
from catalog.hub.api.ask import Ask, text
from catalog.hub.api.errors import Refused, said


def validate(ask: Ask) -> Response:
    """Say what is wrong with a card's front matter: as JSON, or as text to who asks for text."""
    values = ask.json()
    kind, content = text(values, "repoType", "model"), text(values, "content")
    if kind not in ("model", "dataset", "space"):
        raise Refused(400, f"repoType {kind!r}: there are model and dataset")
    if len(content) > cards.MAX_CARD:
        raise Refused(413, f"a card has at most {cards.MAX_CARD:,} characters")
    verdict = cards.judge(content)
    status = 400 if verdict.errors else 200
    if "text/plain" in ask.request.headers.get("accept", ""):
        return PlainTextResponse("\n".join(verdict.errors) or "ok", status)
    return said(cards.shown(verdict), status)
