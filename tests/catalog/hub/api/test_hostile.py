"""Whatever is sent as a path or a name: it is refused or missing, never a failure of the server."""

import json
import socket
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.hub.api.raw import Body
from catalog.hub.api.routes import ROUTES
from catalog.hub.web.routes import TABLE as PAGES

HOSTILE = [
    "../x",
    "a/../../x",
    "/etc/passwd",
    "..",
    ".",
    "a//b",
    "a/./b",
    "..\\x",
    "C:\\x",
    "C:x",
    "\\\\host\\x",
    "a\0b",
    "a\nb",
    "\u202egnp.exe",
    ".git/config",
    ".GIT/config",
    "a/.git/x",
    "git~1/x",
    "con",
    "a/NUL.txt",
    "a ",
    "a.",
    " a",
    "a\ud800",
    "x" * 2000,
    "é/../x",
    "a/" * 80 + "x",
    "",
]
FINE_AS_REFS = ("con", "a/NUL.txt", "a/" * 80 + "x", "%2e%2e%2fx", "%", "%zz", "%u002e")
"""Names of branches become no files, and the server unquotes once."""
ENCODED = [
    "%2e%2e/x",
    "%2e%2e%2fx",
    "..%2fx",
    "..%5cx",
    "%252e%252e%252fx",
    "%c0%ae%c0%ae/x",
    "a%00b",
    "a%0d%0aset-cookie:x",
    "%ff",
    "%",
    "%zz",
    "%u002e",
    "....//x",
    "a/%2e%2e/%2e%2e/x",
    "%ed%a0%80",
]
ODD = "/.%\\:;?#&=+~\0\n\r\t\"'<>|* éß\u202e\u200b\uff0e\U0001f600"
WORDS = ["api", "models", "datasets", "team", "m", "tree", "main", "resolve", "refs", "lfs", "xet"]
WORDS += ["blob", "commit", "commits", "discussions", "hub", "1", "a.txt"]
LOOSE = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def repo(api: Any) -> str:
    made: str = api.repo("team/m")
    api.commit(made, {"a.txt": b"a"})
    return made


def sent(path: str) -> bytes:
    """Return a path as bytes that a request line can hold."""
    return quote(path.encode("utf-8", "surrogatepass"), safe="/%~!$&'()*+,;=:@-._").encode()


def line(api: Any, method: str, path: str) -> int:
    """Send a path as it is, past all that a client would tidy up; return the status."""
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as raw:
        token = api.tokens["admin"].encode()
        raw.sendall(
            method.encode() + b" " + sent(path) + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Connection: close\r\nContent-Length: 2\r\nAuthorization: Bearer "
            + token
            + b"\r\nContent-Type: application/json\r\n\r\n{}"
        )
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    return int(answer.split(b" ", 2)[1])


HOLES = ("{path*}", "{rev}", "{ref}", "{name}", "{ns}", "{num}", "{oid}")
PLACES = sorted({(route.method, route.pattern) for route in (*ROUTES, *PAGES.routes)})


@pytest.mark.parametrize(
    "name", ENCODED + [quote(one, safe="", errors="replace") for one in HOSTILE]
)
def test_a_hostile_name_is_refused_in_every_place_of_every_route(
    api: Any, repo: str, name: str
) -> None:
    for method, pattern in PLACES:
        for hole in HOLES:
            is_branch = hole == "{ref}" and unquote(name) in FINE_AS_REFS
            if hole not in pattern or method == "DELETE" or is_branch:
                continue
            path = pattern.replace(hole, name)
            for other, value in (
                ("ns", "team"),
                ("name", "m"),
                ("rev", "main"),
                ("path*", "a.txt"),
            ):
                path = path.replace(f"{{{other}}}", value)
            path = path.replace("{num}", "1").replace("{ref}", "main").replace("{revision}", "main")
            status = line(api, method, path)
            allowed = (400, 401, 403, 404, 405, 413, 416, 422)
            # No folder at all is the whole tree; a slash too many in a card's address is taken off.
            fine = (200, 307) if not name else ()
            assert status in allowed + fine, f"{method} {path}: {status}"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_in_every_body(api: Any, repo: str, name: str) -> None:
    sha = "0" * 64
    for body in (
        {"key": "file", "value": {"path": name, "content": "", "encoding": "base64"}},
        {"key": "lfsFile", "value": {"path": name, "oid": sha, "size": 1}},
        {"key": "deletedFile", "value": {"path": name}},
        {"key": "deletedFolder", "value": {"path": name}},
    ):
        lines = [{"key": "header", "value": {"summary": "s"}}, body]
        content = b"".join(json.dumps(one).encode() + b"\n" for one in lines)
        assert api.ask("POST", f"{repo}/commit/main", "write", content).status == 400, body
    asked = {"files": [{"path": name, "size": 1, "sample": ""}]}
    assert api.post(f"{repo}/preupload/main", asked).status == 400
    found = api.post(f"{repo}/paths-info/main", {"paths": [name]})
    assert found.status == 400 or found.json == []
    if name not in FINE_AS_REFS:
        assert api.post(f"{repo}/tag/main", {"tag": name}).status == 400
        assert api.post(f"{repo}/branch/x", {"startingPoint": name}).status == 404
    for asked in (
        {"name": f"{name}/x"},
        {"name": "x", "organization": name},
        {"name": f"team/{name}"},
    ):
        if asked.get("organization") != "" and asked["name"] not in ("team/NUL.txt",):
            assert api.post("/api/repos/create", asked, "admin").status == 400, asked
    moved = {"fromRepo": "team/m", "toRepo": f"team/{name}", "type": "model"}
    assert api.post("/api/repos/move", moved).status == 400


@pytest.mark.parametrize("value", [None, 1, [], {}, "", True, 1.5, ["a"], "\ud800"])
def test_a_body_of_other_types_is_refused(api: Any, repo: str, value: Any) -> None:
    bodies = [value] if not isinstance(value, dict) else []
    for route in ROUTES:
        if route.body is not Body.JSON or route.method == "DELETE":
            continue
        path = route.pattern.replace("{ns}", "team").replace("{name}", "m").replace("{num}", "1")
        path = path.replace("{rev}", "main").replace("{ref}", "main")
        if path.startswith("/api/datasets") or "{" in path:
            continue
        keys = "name organization type fromRepo toRepo paths files startingPoint tag title comment"
        keys += " description pullRequest status content repoType objects operation private gated"
        whole = dict.fromkeys(keys.split(), value)
        for body in [*bodies, whole]:
            answer = (
                api.post(path, body, "admin")
                if route.method == "POST"
                else api.ask(route.method, path, "admin", body)
            )
            assert answer.status < 500, (path, body, answer.body)


@LOOSE
@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE"]),
    st.lists(
        st.one_of(
            st.sampled_from(WORDS),
            st.text(alphabet=ODD + "abc", max_size=8).map(lambda text: quote(text, safe="%/")),
        ),
        min_size=1,
        max_size=9,
    ),
)
def test_no_path_makes_the_server_fail(api: Any, repo: str, method: str, parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    if method == "DELETE" and "/branch/" in path:
        return
    assert line(api, method, path) < 500


QUERIES = [
    *(
        f"/api/models?{name}"
        for name in ("filter", "search", "sort", "limit", "cursor", "author", "expand", "full")
    ),
    *(f"/api/models/team/m/{name}" for name in ("tree/main?cursor", "commits/main?cursor")),
    *(f"/api/models/team/m/discussions?{name}" for name in ("p", "status", "type", "author")),
    *(f"/api/models/team/m?{name}" for name in ("expand", "blobs")),
]


@LOOSE
@given(st.text(alphabet=ODD + "ab", max_size=12), st.text(alphabet=ODD + "ab", max_size=12))
def test_no_query_makes_the_server_fail(api: Any, repo: str, name: str, value: str) -> None:
    for end in ("", "/tree/main", "/commits/main", "/discussions"):
        assert line(api, "GET", f"{repo}{end}?{quote(name)}={quote(value)}") < 500


@LOOSE
@given(st.sampled_from(QUERIES), st.text(alphabet=ODD + "ab=", max_size=12))
def test_no_value_of_a_query_makes_the_server_fail(
    api: Any, repo: str, asked: str, value: str
) -> None:
    assert line(api, "GET", f"{asked}={quote(value)}") < 500
