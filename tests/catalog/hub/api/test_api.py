"""What clients rely on, header by header, over real HTTP."""

import base64
import hashlib
import http.client
import json
import re
import resource
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog.app import standalone
from catalog.hub.api import commits
from catalog.settings import Settings

CARD = b"---\nlicense: mit\nlanguage: [no]\ntags: [songs]\n---\n# Songs\n"


@pytest.fixture(scope="module")
def repo(api: Any) -> str:
    made: str = api.repo("team/songs", "dataset")
    api.commit(made, {"README.md": CARD, "data/a.txt": b"0123456789", "page.html": b"<script>"})
    return made


def ndjson(lines: list[Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def head(api: Any, repo: str) -> str:
    found: str = api.get(repo).json["sha"]
    return found


def lfs(api: Any, id: str, content: bytes) -> str:
    """Upload a file by LFS and return its oid."""
    oid = hashlib.sha256(content).hexdigest()
    asked = {"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]}
    said = api.post(f"/{id}.git/info/lfs/objects/batch", asked).json["objects"][0]
    if "actions" in said:
        href = said["actions"]["upload"]["href"].removeprefix(api.address)
        assert api.ask("PUT", href, None, content).status == 200
    return oid


def test_addresses_are_on_the_host_that_was_asked(api: Any) -> None:
    asked = {"name": "hosts", "organization": "team"}
    host = f"localhost:{api.port}"
    made = api.ask("POST", "/api/repos/create", "write", asked, {"Host": host})
    assert made.json["url"] == f"http://{host}/team/hosts"
    again = api.post("/api/repos/create", asked | {"type": "model"})
    assert (again.status, again.json["url"]) == (409, f"{api.address}/team/hosts")
    lines = [{"key": "header", "value": {"summary": "s"}}]
    done = api.ask("POST", "/api/models/team/hosts/commit/main", "write", ndjson(lines))
    assert done.json["commitUrl"].startswith(f"{api.address}/team/hosts/commit/")


def test_behind_a_proxy_addresses_are_the_public_ones(serve_api: Any, tmp_path: Path) -> None:
    with serve_api(tmp_path, public_url="https://hub.example.org") as api:
        asked = {"name": "x", "organization": "team", "type": "dataset"}
        made = api.ask("POST", "/api/repos/create", "write", asked, {"Host": "hub.example.org"})
        assert made.json["url"] == "https://hub.example.org/datasets/team/x"


def test_a_strange_host_and_a_write_from_a_foreign_page_are_refused(api: Any, repo: str) -> None:
    assert api.ask("GET", repo, headers={"Host": "evil.example.org"}).status == 403
    foreign = {"Origin": "https://evil.example.org"}
    refused = api.ask("POST", "/api/repos/create", "write", {"name": "y"}, foreign)
    assert refused.status == 403


def test_a_token_that_does_not_hold_is_told_apart_from_a_missing_repo(api: Any, repo: str) -> None:
    for token in ("expired", "revoked", "hf_nonsense", "", "ø"):
        answer = api.get(repo, token)
        assert answer.status == 401
        assert answer.headers["x-error-message"] == "Invalid credentials in Authorization header"
        assert "x-error-code" not in answer.headers


def test_what_is_missing_has_its_code(api: Any, repo: str) -> None:
    page = "/datasets/team/songs/resolve"
    commit = head(api, repo)
    absent = api.get(f"{page}/main/nowhere")
    assert (absent.status, absent.headers["x-error-code"]) == (404, "EntryNotFound")
    assert absent.headers["x-repo-commit"] == commit
    no_head = api.ask("HEAD", f"{page}/main/nowhere")
    assert (no_head.status, no_head.headers["x-repo-commit"]) == (404, commit)
    assert api.get(f"{page}/nowhere/a").headers["x-error-code"] == "RevisionNotFound"
    assert api.get("/nobody/none/resolve/main/a").headers["x-error-code"] == "RepoNotFound"
    folder = api.get(f"{repo}/tree/main/nowhere")
    assert (folder.status, folder.headers["x-error-code"]) == (404, "EntryNotFound")


def test_a_file_has_the_headers_that_downloads_need(api: Any, repo: str) -> None:
    got = api.get("/datasets/team/songs/resolve/main/data/a.txt")
    assert got.body == b"0123456789"
    assert got.headers["etag"] == '"ad471007bd7f5983d273b9584e5629230150fd54"'
    assert got.headers["x-repo-commit"] == head(api, repo)
    assert re.fullmatch("[0-9a-f]{40}", got.headers["x-repo-commit"])
    assert got.headers["content-length"] == "10"
    asked = api.ask("HEAD", "/datasets/team/songs/resolve/main/data/a.txt")
    assert (asked.status, asked.body, asked.headers["content-length"]) == (200, b"", "10")
    same = api.get(
        "/datasets/team/songs/resolve/main/data/a.txt", If_None_Match=got.headers["etag"]
    )
    assert (same.status, same.body) == (304, b"")


def test_a_large_file_says_its_sha256(api: Any) -> None:
    repo = api.repo("team/large")
    content = b"\0" * 2_000_000
    oid = lfs(api, "team/large", content)
    lines = [
        {"key": "header", "value": {"summary": "s"}},
        {"key": "lfsFile", "value": {"path": "w.safetensors", "algo": "sha256", "oid": oid}},
    ]
    assert api.ask("POST", f"{repo}/commit/main", "write", ndjson(lines)).status == 200
    asked = api.ask("HEAD", "/team/large/resolve/main/w.safetensors")
    assert asked.headers["etag"] == asked.headers["x-linked-etag"] == f'"{oid}"'
    assert asked.headers["x-linked-size"] == "2000000"
    (entry,) = api.get(f"{repo}/tree/main").json
    assert entry["lfs"]["oid"] == oid
    assert entry["size"] == 2_000_000
    assert api.get("/team/large/resolve/main/w.safetensors").body == content


@pytest.mark.parametrize(
    ("asked", "status", "body", "said"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=0-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=5-3", 416, None, "bytes */10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
    ],
)
def test_a_range_is_answered(
    api: Any, repo: str, asked: str, status: int, body: bytes | None, said: str | None
) -> None:
    got = api.get("/datasets/team/songs/resolve/main/data/a.txt", Range=asked)
    assert got.status == status
    assert body is None or got.body == body
    assert got.headers.get("content-range") == said


def test_a_range_of_what_changed_meanwhile_is_answered_whole(api: Any, repo: str) -> None:
    path = "/datasets/team/songs/resolve/main/data/a.txt"
    assert api.get(path, Range="bytes=1-2", If_Range='"old"').status == 200


def test_what_people_upload_is_never_a_page_of_ours(api: Any, repo: str) -> None:
    got = api.get("/datasets/team/songs/resolve/main/page.html")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")
    card = api.get("/datasets/team/songs/resolve/main/README.md")
    assert card.headers["content-type"].startswith("text/plain")
    for one in (got, card, api.get(repo), api.get("/api/nowhere")):
        assert one.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert one.headers["x-content-type-options"] == "nosniff"


def test_every_answer_that_is_no_file_is_json(api: Any, repo: str) -> None:
    for path in (repo, "/api/nowhere", f"{repo}/tree/main", "/api/models", f"{repo}/nonsense"):
        assert api.get(path).headers["content-type"] == "application/json"
    wrong = api.ask("PATCH", repo)
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET")


def test_refs_have_four_keys(api: Any, repo: str) -> None:
    found = api.get(f"{repo}/refs").json
    assert set(found) == {"branches", "converts", "tags", "pullRequests"}


def test_a_commit_from_an_old_parent_is_a_412(api: Any) -> None:
    repo = api.repo("team/race")
    first = api.commit(repo, {"a": b"1"}).json["commitOid"]
    assert api.commit(repo, {"a": b"2"}, parentCommit=first).status == 200
    assert api.commit(repo, {"a": b"3"}, parentCommit=first).status == 412
    assert api.get("/team/race/resolve/main/a").body == b"2"
    assert api.commit(repo, {"b": b"3"}).status == 200


def test_a_commit_is_made_whole_or_not_at_all(api: Any) -> None:
    repo = api.repo("team/whole")
    before = head(api, repo)
    for files in ({"a": b"1", "../b": b"2"}, {"a": b"1", "gone": None}, {"a": b"1", "A": b"2"}):
        assert api.commit(repo, files).status in (400, 404)
        assert head(api, repo) == before


def test_preupload_says_what_is_there_and_how_to_send(api: Any) -> None:
    repo = api.repo("team/pre")
    api.commit(repo, {"a.txt": b"a", ".gitignore": b"*.log\n"})
    asked = [
        {"path": "a.txt", "size": 1, "sample": "YQ=="},
        {"path": "x.log", "size": 1, "sample": "YQ=="},
        {"path": "small.parquet", "size": 6, "sample": "UEFSMRUA"},
        {"path": "large.txt", "size": commits.INLINE, "sample": "YWFh"},
    ]
    said = api.post(f"{repo}/preupload/main", {"files": asked}).json["files"]
    oid = "2e65efe2a145dda7ee51d1741299f848e5bf752e"
    assert said == [
        {"path": "a.txt", "uploadMode": "regular", "shouldIgnore": False, "oid": oid},
        {"path": "x.log", "uploadMode": "regular", "shouldIgnore": True},
        {"path": "small.parquet", "uploadMode": "lfs", "shouldIgnore": False},
        {"path": "large.txt", "uploadMode": "lfs", "shouldIgnore": False},
    ]
    own = api.post(f"{repo}/preupload/main", {"files": asked[:1], "gitIgnore": "a.*"}).json
    assert own["files"][0]["shouldIgnore"] is True


def test_files_that_run_code_need_a_repo_that_takes_them(api: Any) -> None:
    repo = api.repo("team/risky")
    asked = {"files": [{"path": "m.pkl", "size": 1, "sample": "YQ=="}]}
    assert api.post(f"{repo}/preupload/main", asked).status == 400
    assert api.commit(repo, {"m.pkl": b"x"}).status == 400
    assert api.ask("PUT", f"{repo}/settings", "write", {"risky": True}).status == 200
    assert api.post(f"{repo}/preupload/main", asked).status == 200
    assert api.commit(repo, {"m.pkl": b"x"}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"nonsense",
        b"[1]",
        b'{"key": "header", "value": 1}',
        b'{"key": "header", "value": {"summary": ""}}',
        b'{"key": "file", "value": {"path": "a", "content": "YQ=="}}',
        b'{"key": "header", "value": {"summary": "s", "parentCommit": 1}}',
        ndjson([{"key": "header", "value": {"summary": "s"}}] * 2),
        ndjson(
            [{"key": "header", "value": {"summary": "s"}}, {"key": "what", "value": {"path": "a"}}]
        ),
        ndjson(
            [
                {"key": "header", "value": {"summary": "s"}},
                {"key": "file", "value": {"path": "a", "content": "!", "encoding": "base64"}},
            ]
        ),
        ndjson(
            [
                {"key": "header", "value": {"summary": "s"}},
                {"key": "lfsFile", "value": {"path": "a", "oid": "../x"}},
            ]
        ),
        ndjson(
            [
                {"key": "header", "value": {"summary": "s"}},
                {"key": "lfsFile", "value": {"path": "a", "oid": "0" * 64}},
            ]
        ),
        b"[" * 100_000,
        b'{"key": "header", "value": ' + b"[" * 100_000,
    ],
)
def test_a_commit_that_makes_no_sense_is_a_400(api: Any, body: bytes) -> None:
    repo = api.repo(f"team/odd-{hashlib.sha256(body).hexdigest()[:12]}")
    before = head(api, repo)
    assert api.ask("POST", f"{repo}/commit/main", "write", body).status == 400
    assert head(api, repo) == before


def test_a_file_within_a_commit_is_limited_and_the_reason_arrives(api: Any) -> None:
    repo = api.repo("team/limits")
    large = b"x" * (commits.MAX_FILE + 1)
    assert api.commit(repo, {"a": large, "b": b"y" * 3_000_000}).status == 413
    line = b'{"key": "header", "value": {"summary": "' + b"s" * (commits.MAX_LINE + 70_000)
    assert api.ask("POST", f"{repo}/commit/main", "write", line).status == 413
    claimed = {"Content-Length": str(commits.MAX_TOTAL + 1)}
    with socket.create_connection(("127.0.0.1", api.port)) as raw:
        lines = [f"POST {repo}/commit/main HTTP/1.1", f"Host: 127.0.0.1:{api.port}"]
        lines += [f"Authorization: Bearer {api.tokens['write']}"]
        lines += [f"{name}: {value}" for name, value in claimed.items()]
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b" 413 " in raw.recv(100)


def test_a_large_commit_is_not_held_in_memory(api: Any) -> None:
    repo = api.repo("team/many")
    api.commit(repo, {"warm": b"up"})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    block = b"x" * 1_000_000

    def body() -> Any:
        yield ndjson([{"key": "header", "value": {"summary": "s"}}])
        content = base64.b64encode(block).decode()
        for number in range(120):
            value = {"path": f"f{number}", "content": content, "encoding": "base64"}
            yield ndjson([{"key": "file", "value": value}])

    connection = closing(http.client.HTTPConnection("127.0.0.1", api.port))
    sent = {"Authorization": f"Bearer {api.tokens['write']}"}
    with connection as one:
        one.request("POST", f"{repo}/commit/main", body(), sent, encode_chunked=True)
        with one.getresponse() as answer:
            assert answer.status == 200
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 60_000, f"{grown} kB"


def test_lists_go_on_behind_a_link(api: Any) -> None:
    for number in range(5):
        api.repo(f"team/page-{number}")
    found, path = [], "/api/models?search=page-&limit=2"
    while path:
        page = api.get(path)
        found += [one["id"] for one in page.json]
        link = re.fullmatch(r'<(.*)>; rel="next"', page.headers.get("link", ""))
        assert not link or link[1].startswith(api.address)
        path = link[1].removeprefix(api.address) if link else ""
    assert sorted(found) == [f"team/page-{number}" for number in range(5)]


def test_a_filter_that_is_not_known_is_not_left_out_silently(api: Any) -> None:
    for query in ("num_parameters=min:1B", "apps=x", "sort=nonsense", "limit=x", "cursor=x"):
        assert api.get(f"/api/models?{query}").status == 400, query


def test_paths_info_takes_a_form_and_json(api: Any, repo: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"paths=README.md&paths=data&paths=nowhere&expand=False"
    found = api.ask("POST", f"{repo}/paths-info/main", None, body, form).json
    assert [one["path"] for one in found] == ["README.md", "data"]
    asked = {"paths": ["README.md", "data", "nowhere"], "expand": False}
    assert api.ask("POST", f"{repo}/paths-info/main", None, asked).json == found


def test_the_pages_of_the_catalog_are_where_they_were(api: Any) -> None:
    for path in ("/", "/index.json", "/datasets", "/models.json", "/compare", "/openapi.json"):
        got = api.get(path)
        assert got.status == 200
        assert "sandbox" not in got.headers["content-security-policy"]
    assert "text/html" in api.get("/datasets/nowhere").headers["content-type"]


def test_reading_pages_makes_no_store(serve_api: Any, tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    app = standalone(Settings(root=tmp_path, hub=True))
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/").status_code == 200
        assert not (tmp_path / "hub").exists()
        assert client.get("/api/models").json() == []
        assert (tmp_path / "hub").exists()
    alone = standalone(Settings(root=tmp_path))
    with TestClient(alone, base_url="http://localhost") as client:
        assert client.get("/api/models").status_code == 404
