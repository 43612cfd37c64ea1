"""The pages' addresses, found by the path as it was sent and never before a page of the catalog."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from catalog.answer import Missing
from catalog.hub.api.raw import Need, Table, Undecodable, of_pages, segments
from catalog.hub.store import errors, names
from catalog.hub.web import files, listed, places, repo, steps, talks
from catalog.hub.web.visit import Visit, located

View = Callable[[Visit], Response]

TABLE = Table(
    (
        *of_pages("GET", "", repo.shown, Need.READ),
        *of_pages("GET", "/tree/{rev}", files.tree, Need.READ),
        *of_pages("GET", "/tree/{rev}/{path*}", files.tree, Need.READ),
        *of_pages("GET", "/blob/{rev}/{path*}", files.blob, Need.READ),
        *of_pages("GET", "/commits/{rev}", steps.history, Need.READ),
        *of_pages("GET", "/commit/{rev}", steps.commit, Need.READ),
        *of_pages("GET", "/discussions", talks.listed, Need.READ),
        *of_pages("GET", "/discussions/{num}", talks.one, Need.READ),
    )
)

_ABSENT = (errors.NoRevision, errors.NoEntry, errors.NoPull, errors.Refused)


class Sent(Route):
    """All pages of repos as one route, which takes no address that the catalog keeps for itself."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Look at the path as it was sent, in which `refs%2Fpr%2F1` is one segment."""
        found = _found(scope) if scope["type"] == "http" else None
        if found is None:
            return Match.NONE, {}
        view, params = found
        child = {"endpoint": self.endpoint, "path_params": params, "view": view, "has_twin": False}
        return Match.FULL if scope["method"] in (self.methods or ()) else Match.PARTIAL, child


def _found(scope: Scope) -> tuple[View, dict[str, str]] | None:
    """Return the view and its parameters, None where no repo could have this address."""
    try:
        sent = segments(scope)
        if len(sent) > 2 and not sent[-1]:
            sent.pop()
        found = TABLE.find("GET", sent)
        if isinstance(found, set):
            return None
        route, params = found
        names.repo(params["kind"], f"{params['ns']}/{params['name']}")
    except (Undecodable, errors.Refused):
        return None
    return route.endpoint, params


def _answered(request: Request) -> Response:
    """Answer for one page; what a repo does not have is said, and where the repo is."""
    store = request.app.state.hub()
    found = located(request, store, request.path_params)
    view: View = request.scope["view"]
    try:
        return view(Visit(request, store, found, request.path_params))
    except _ABSENT as error:
        raise Missing(str(error), [(places.home(found), found.id)]) from error


def _hub(request: Request) -> Response:
    request.app.state.checkout.begin()
    return listed.everything(request, request.app.state.hub())


ROUTES: tuple[BaseRoute, ...] = (Route("/hub", _hub), Sent("/", _answered))
