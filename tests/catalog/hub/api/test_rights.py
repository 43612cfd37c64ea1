"""Every kind of token on every route, as the table in docs/hub.md says; asked over real HTTP."""

import os
import re
import statistics
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from catalog.hub.api.raw import Body, Need
from catalog.hub.api.routes import ROUTES
from catalog.hub.server import open_store
from catalog.hub.store import repos as kept
from catalog.settings import Settings

DOC = Path(__file__).parents[4] / "docs" / "hub.md"
TOKENS = ("none", "read", "write", "other", "admin", "expired", "revoked")
YES = "✓"

CELLS = {
    "nothing": (f"{YES} {YES} {YES} {YES} {YES} {YES} {YES}",) * 2,
    "anyone": (f"{YES} {YES} {YES} {YES} {YES} 401 401",) * 2,
    "token": (f"401 {YES} {YES} {YES} {YES} 401 401",) * 2,
    "read": (f"{YES} {YES} {YES} {YES} {YES} 401 401", f"404 {YES} {YES} 404 {YES} 401 401"),
    "propose": (f"401 403 {YES} {YES} {YES} 401 401", f"404 403 {YES} 404 {YES} 401 401"),
    "write": (f"401 403 {YES} 403 {YES} 401 401", f"404 403 {YES} 404 {YES} 401 401"),
    "create": (f"401 403 {YES} 403 {YES} 401 401",) * 2,
    "named": (f"401 403 {YES} 403 {YES} 401 401", f"401 403 {YES} 404 {YES} 401 401"),
    "signed": ("403 403 403 403 403 403 403",) * 2,
    "xet": ("401 403 403 403 403 403 403",) * 2,
}
"""What each need means on a public and on a private repo of the namespace of `read` and `write`."""

NARROWER = {
    "preupload/{rev}": "write",
    "commit/{rev}": "write",
    "discussions/{num}/status": "write",
    "discussions/{num}/title": "write",
    "/api/repos/create": "create",
}
"""Routes whose endpoint asks for more than the route: here it is main, or somebody else's."""


def rows() -> list[tuple[str, str, str]]:
    """Return method, address and need of each row of the table."""
    found = []
    for route in ROUTES:
        path = route.pattern
        path = re.sub(r"^/api/(models|datasets)(?=/|$)", "/api/KIND", path)
        path = re.sub(r"^(/datasets)?(?=/\{ns\})", "PAGE", path).replace("{ns}/{name}", "ID")
        need = next((one for end, one in NARROWER.items() if path.endswith(end)), str(route.need))
        need = "xet" if path.startswith("/xet/") else need
        found.append((route.method, path, need))
        if path.endswith(("preupload/{rev}", "commit/{rev}")):
            found.append((route.method, f"{path}?create_pr=1", "propose"))
    return list(dict.fromkeys(found))


def table() -> str:
    heads = " | ".join(TOKENS)
    lines = [f"| request | repo | {heads} |", "|---|---|" + "---|" * len(TOKENS)]
    for method, path, need in rows():
        public, private = CELLS[need]
        seen = (
            [("public", public), ("private", private)] if public != private else [("any", public)]
        )
        for repo, cells in seen:
            lines.append(f"| `{method} {path}` | {repo} | {' | '.join(cells.split())} |")
    return "\n".join(lines)


def written() -> dict[tuple[str, str, str], list[str]]:
    """Return what the document says, by request and by whether the repo is public."""
    found = {}
    pattern = r"^\| `([A-Z]+) (\S+)` \| (\w+) \| (.*) \|$"
    for method, path, repo, cells in re.findall(pattern, DOC.read_text(), flags=re.MULTILINE):
        for one in ("public", "private") if repo == "any" else (repo,):
            found[f"{method} {path}", one, ""] = cells.split(" | ")
    return found


def test_the_document_has_the_table_of_the_code() -> None:
    shown = DOC.read_text()
    begin, end = "<!-- rights -->\n", "<!-- /rights -->"
    assert begin in shown
    assert end in shown
    after = shown[shown.index(end) :]
    fresh = shown[: shown.index(begin)] + begin + table() + "\n" + after
    if os.environ.get("TUNEDECK_REWRITE"):
        DOC.write_text(fresh)
    assert fresh == DOC.read_text(), "docs/hub.md is stale: TUNEDECK_REWRITE=1 pytest"


@pytest.fixture(scope="module")
def repos(api: Any) -> dict[str, str]:
    for kind in ("model", "dataset"):
        for name, private in (("public", False), ("private", True)):
            repo = api.repo(f"team/{name}", kind, visibility="private" if private else "public")
            api.commit(repo, {"a.txt": b"a"})
            opened = api.post(f"{repo}/discussions", {"title": "t", "pullRequest": True}, "admin")
            assert opened.json["num"] == 1
    return {"public": "team/public", "private": "team/private"}


SOME = count()


def filled(api: Any, method: str, path: str, kind: str, id: str, repo: str) -> tuple[str, Any]:
    """Return an address and a body that do no harm to what later requests need."""
    page = "/datasets" if kind == "datasets" else ""
    path = path.replace("KIND/ID", f"{kind}/{id}").replace("/api/KIND", f"/api/{kind}")
    path = path.replace("PAGE/ID", f"{page}/{id}")
    for name, value in (("rev", "main"), ("path*", "a.txt"), ("num", "1"), ("ref", "zz")):
        path = path.replace(f"{{{name}}}", value)
    path = re.sub(r"\{revision\}", "main", path)
    path = re.sub(r"\{(oid|hash)\}", "0" * 64, path)
    path = re.sub(r"\{\w+\}", "x", path)
    one = kind.removesuffix("s")
    if path == "/api/repos/delete":
        doomed = f"doomed-{next(SOME)}"
        api.repo(f"team/{doomed}", one, visibility=repo)
        return path, {"organization": "team", "name": doomed, "type": one}
    if path == "/api/repos/create":
        return path, {"organization": "team", "name": id.split("/")[1], "type": one}
    if path == "/api/repos/move":
        return path, {"fromRepo": id, "toRepo": "x", "type": one}
    return path, {} if method in ("POST", "PUT") else None


def outcome(answer: Any) -> str:
    if answer.status in (401, 403):
        return str(answer.status)
    if answer.status == 404 and answer.headers.get("x-error-code") == "RepoNotFound":
        return "404"
    assert answer.status < 500, answer.body
    return YES


REQUESTS = sorted({request for request, _, _ in written()}) if DOC.exists() else []


@pytest.mark.parametrize("request_line", REQUESTS)
def test_each_token_gets_what_the_document_says(
    api: Any, repos: dict[str, str], request_line: str
) -> None:
    method, path = request_line.split()
    said = written()
    for kind in ("models", "datasets"):
        for repo, id in repos.items():
            for token, wanted in zip(TOKENS, said[request_line, repo, ""], strict=True):
                address, body = filled(api, method, path, kind, id, repo)
                answer = api.ask(method, address, None if token == "none" else token, body)
                shown = f"{method} {address} as {token}: {answer.status} {answer.body!r}"
                assert outcome(answer) == wanted, shown


def test_every_route_is_in_the_document() -> None:
    asked = {f"{method} {path}" for method, path, _ in rows()}
    assert asked == set(REQUESTS)


OF_REPOS = [route for route in ROUTES if route.has_repo and route.need is not Need.SIGNED]


@pytest.mark.parametrize("token", [None, "other"])
def test_a_private_repo_is_like_one_that_is_not_there(
    api: Any, repos: dict[str, str], token: str | None
) -> None:
    for route in OF_REPOS:
        path = route.pattern.replace("/{path*}", "/a.txt").replace("{num}", "1")
        path = re.sub(r"\{(rev|revision|ref)\}", "main", path)
        body = {} if route.body is not Body.NONE else None
        private, absent = (
            api.ask(
                route.method,
                path.replace("{ns}", "team").replace("{name}", name),
                token,
                body,
            )
            for name in ("private", "absent1")
        )
        for one in (private, absent):
            one.headers.pop("date")
        assert private == absent, route
        assert private.status == 404


def test_a_private_repo_is_in_no_list_of_those_who_may_not_read_it(
    api: Any, repos: dict[str, str]
) -> None:
    for token, sees in ((None, False), ("other", False), ("read", True), ("admin", True)):
        for query in ("", "?search=private", "?author=team", "?sort=createdAt&full=true"):
            found = [one["id"] for one in api.get(f"/api/models{query}", token).json]
            assert ("team/private" in found) is sees, (token, query)


def test_a_private_repo_takes_as_long_as_one_that_is_not_there(
    api: Any, repos: dict[str, str]
) -> None:
    took: dict[str, list[float]] = {"private": [], "absent1": []}
    for _ in range(150):
        for name, times in took.items():
            begun = time.perf_counter()
            assert api.get(f"/api/models/team/{name}").status == 404
            times.append(time.perf_counter() - begun)
    one, other = (statistics.median(times) for times in took.values())
    assert 0.6 < one / other < 1.7, (one, other)


def test_moving_needs_both_namespaces(api: Any) -> None:
    api.repo("team/mine")
    asked = {"fromRepo": "team/mine", "toRepo": "elsewhere/mine", "type": "model"}
    assert api.post("/api/repos/move", asked, "write").status == 403
    assert api.post("/api/repos/move", asked, "other").status == 403
    assert api.post("/api/repos/move", asked, "admin").status == 200


def test_who_opened_a_pull_request_may_go_on_with_it_and_nobody_else_from_elsewhere(
    api: Any,
) -> None:
    repo = api.repo("team/proposed")
    mine = api.post(f"{repo}/discussions", {"title": "t", "pullRequest": True}, "other").json
    theirs = api.post(f"{repo}/discussions", {"title": "t", "pullRequest": True}, "write").json
    to = "refs%2Fpr%2F{}".format
    assert api.commit(repo, {"a": b"a"}, "other", to=to(mine["num"])).status == 200
    assert api.commit(repo, {"a": b"a"}, "other", to=to(theirs["num"])).status == 403
    assert api.commit(repo, {"a": b"a"}, "write", to=to(mine["num"])).status == 200
    assert (
        api.post(f"{repo}/discussions/{mine['num']}/title", {"title": "u"}, "other").status == 200
    )
    assert api.post(f"{repo}/discussions/{mine['num']}/merge", {}, "other").status == 403


def test_without_any_token_the_server_says_how_to_make_one(serve_api: Any, tmp_path: Path) -> None:
    with serve_api(tmp_path) as api:
        with open_store(Settings(root=tmp_path)) as store:
            kept.create(store, "models", "team/open")
            with store.engine.begin() as connection:
                connection.execute(text("DELETE FROM hub_token"))
        answer = api.commit("/api/models/team/open", {"a": b"a"}, None)
        assert answer.status == 401
        assert "catalog token create" in answer.json["error"]
        assert api.get("/api/models/team/open").status == 200
