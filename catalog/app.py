"""The server: the list of routes, alone or with MLflow behind the same address."""

import os

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from catalog import feed, pages, sitemap
from catalog.answer import on_bug, on_http_error, on_registry_error
from catalog.keeping import Answers, always, kept
from catalog.runs import Runs
from catalog.security import guard
from catalog.settings import Settings, from_environment
from catalog.shelf import Watch
from registry.cards.vocabulary import FOLDERS
from registry.errors import RegistryError

LISTS = ("cards", *FOLDERS.values())
FILES = ("csv", "jsonl", "parquet")

ROUTES = [
    Route("/", kept(pages.home)),
    Route("/index.json", kept(pages.home)),
    Route("/openapi.json", kept(pages.openapi)),
    Route("/favicon.ico", pages.favicon),
    Route("/feed.atom", kept(feed.atom, live=always)),
    Route("/sitemap.xml", kept(sitemap.whole, live=always)),
    Route("/sitemap-{number:int}.xml", kept(sitemap.part, live=always)),
    Route("/robots.txt", sitemap.robots),
    Route("/static/{digest}/{name:path}", pages.static),
    *(Route(f"/{place}{end}", kept(pages.cards)) for place in LISTS for end in ("", ".json")),
    *(Route(f"/{place}.{end}", pages.downloaded) for place in LISTS for end in FILES),
    *(Route(f"/compare{end}", kept(pages.compared)) for end in ("", ".json")),
    *(Route(f"/table6{end}", kept(pages.table6)) for end in ("", ".json")),
    *(Route(f"/plots{end}", kept(pages.plots)) for end in ("", ".json")),
    *(Route(f"/leaderboards{end}", kept(pages.leaderboards)) for end in ("", ".json")),
    Route("/leaderboards/{name}", kept(pages.leaderboard)),
    Route("/lineage/{folder}/{name}", kept(pages.lineage)),
    Route("/{folder}/{name}", kept(pages.card, live=pages.is_live)),
]
"""Every card's page has a twin in JSON: the same address and `.json`."""


def standalone(settings: Settings) -> ASGIApp:
    """Return the catalog without MLflow: its pages, and the Hub's API where settings say so."""
    app = Starlette(
        routes=_routes(settings),
        exception_handlers={
            HTTPException: on_http_error,
            RegistryError: on_registry_error,
            Exception: on_bug,
        },
    )
    app.state.settings = settings
    app.state.watch = Watch(settings.root, patience=settings.patience)
    app.state.pushed = None
    app.state.answers = Answers()
    app.state.runs = Runs(settings)
    pages = guard(app, settings)
    if not settings.hub:
        return pages
    from catalog.hub.checkout import Checkout
    from catalog.hub.pushed import Pushed
    from catalog.hub.server import Opened, beside

    opened, watch = Opened(settings), app.state.watch
    app.state.hub, app.state.pushed = opened, Pushed(settings.root, opened.there)
    app.state.checkout = Checkout(watch, opened, settings.public_url)
    watch.before = app.state.pushed.lay_out
    return beside(pages, settings, opened, watch, app.state.checkout)


def _routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes; pages of repos stand before the last, which takes any two words."""
    if not settings.hub:
        return [*ROUTES]
    from catalog.hub.web.routes import ROUTES as OF_REPOS

    return [*ROUTES[:-1], *OF_REPOS, ROUTES[-1]]


def create_app() -> ASGIApp:
    """Return the catalog with MLflow's pages and API under `--static-prefix`.

    `mlflow server --app-name catalog` calls it; MLflow takes only a plain function for a factory.
    """
    from mlflow.server import app as flask_app
    from mlflow.server.fastapi_app import create_fastapi_app
    from mlflow.server.handlers import STATIC_PREFIX_ENV_VAR

    prefix = os.environ.get(STATIC_PREFIX_ENV_VAR, "").rstrip("/")
    if not prefix:
        raise RegistryError(
            "mlflow server: has no --static-prefix, so that its pages would hide the catalog's; "
            "add --static-prefix /mlflow, or type: catalog serve"
        )
    settings = from_environment(os.environ, mlflow=prefix)
    return fork(standalone(settings), create_fastapi_app(flask_app), prefix)


def fork(ours: ASGIApp, mlflow: ASGIApp, prefix: str) -> ASGIApp:
    """Send each request to us or to MLflow, by its path; MLflow starts and stops as it would alone.

    MLflow mounts a catch-all at `/`, so it cannot be asked first; its artefact routes stay outside
    the prefix, whatever the prefix.
    """
    theirs = (f"{prefix}/", "/api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow-artifacts/")

    async def forked(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_theirs = scope["type"] != "http" or path == prefix or path.startswith(theirs)
        await (mlflow if is_theirs else ours)(scope, receive, send)

    return forked
