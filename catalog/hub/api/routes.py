"""The table: every address of the Hub's API, what answers it and what it needs.

docs/hub.md shows it, and what each kind of token gets; a test asks all of it over HTTP.
"""

from catalog.hub.api import (
    commits,
    discussions,
    info,
    lfs,
    refs,
    repos,
    resolve,
    trees,
    xet,
    yaml,
)
from catalog.hub.api.raw import Body, Need, Route, Table, of_kinds, of_pages

ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/whoami-v2", repos.whoami, Need.TOKEN),
    Route("POST", "/api/validate-yaml", yaml.validate, Need.NOTHING, Body.JSON),
    Route("POST", "/api/repos/create", repos.create, Need.NAMED, Body.JSON),
    Route("DELETE", "/api/repos/delete", repos.delete, Need.NAMED, Body.JSON),
    Route("POST", "/api/repos/move", repos.move, Need.NAMED, Body.JSON),
    *(
        Route("GET", f"/api/{kind}", info.all, Need.ANYONE, fixed=(("kind", kind),))
        for kind in ("models", "datasets")
    ),
    *of_kinds("GET", "", info.one, Need.READ),
    *of_kinds("GET", "revision/{rev}", info.one, Need.READ),
    *of_kinds("GET", "tree/{rev}", trees.listing, Need.READ),
    *of_kinds("GET", "tree/{rev}/{path*}", trees.listing, Need.READ),
    *of_kinds("POST", "paths-info/{rev}", trees.some, Need.READ, Body.JSON),
    *of_kinds("GET", "refs", refs.listed, Need.READ),
    *of_kinds("GET", "commits/{rev}", refs.history, Need.READ),
    *of_kinds("GET", "auth-check", repos.check, Need.READ),
    *of_kinds("GET", "auth-check/write", repos.check, Need.WRITE),
    *of_kinds("GET", "safetensors-metadata/{path*}", resolve.safetensors, Need.READ),
    *of_kinds("PUT", "settings", repos.settings, Need.WRITE, Body.JSON),
    *of_kinds("POST", "branch/{ref}", refs.branch, Need.WRITE, Body.JSON),
    *of_kinds("DELETE", "branch/{ref}", refs.delete_branch, Need.WRITE),
    *of_kinds("POST", "tag/{ref}", refs.tag, Need.WRITE, Body.JSON),
    *of_kinds("DELETE", "tag/{ref}", refs.delete_tag, Need.WRITE),
    *of_kinds("POST", "preupload/{rev}", commits.preupload, Need.PROPOSE, Body.JSON),
    *of_kinds("POST", "commit/{rev}", commits.commit, Need.PROPOSE, Body.STREAM),
    *of_kinds("GET", "discussions", discussions.listed, Need.READ),
    *of_kinds("POST", "discussions", discussions.open, Need.PROPOSE, Body.JSON),
    *of_kinds("GET", "discussions/{num}", discussions.details, Need.READ),
    *of_kinds("POST", "discussions/{num}/comment", discussions.comment, Need.PROPOSE, Body.JSON),
    *of_kinds("POST", "discussions/{num}/status", discussions.status, Need.PROPOSE, Body.JSON),
    *of_kinds("POST", "discussions/{num}/title", discussions.title, Need.PROPOSE, Body.JSON),
    *of_kinds("POST", "discussions/{num}/merge", discussions.merge, Need.WRITE, Body.JSON),
    *of_pages("HEAD", "/resolve/{rev}/{path*}", resolve.head, Need.READ),
    *of_pages("GET", "/resolve/{rev}/{path*}", resolve.get, Need.READ),
    *lfs.ROUTES,
    *xet.ROUTES,
)

TABLE = Table(ROUTES)
