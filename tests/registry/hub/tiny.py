"""A hub of one process for unmodified clients: repos in memory, small files only, real HTTP.

`lies` turns it into a server that one should not trust.
"""

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Repo:
    """Files of each commit, the newest last."""

    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    pulls: int = 0

    def commit(self, files: dict[str, bytes]) -> str:
        oid = hashlib.sha1(f"{len(self.commits)}{sorted(files)}{id(self)}".encode()).hexdigest()
        self.commits.append((oid, dict(files)))
        return oid

    def at(self, revision: str) -> dict[str, bytes] | None:
        if revision == "main":
            return self.commits[-1][1]
        return next((files for oid, files in self.commits if oid == revision), None)

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1][1]


@dataclass
class Hub:
    """The state of a hub, and what it saw of its clients."""

    repos: dict[str, Repo] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    tokens: list[str | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before_commit: Any = None
    address: str = ""

    def put(self, repo: str, **files: bytes) -> str:
        """Commit files to `datasets/ns/name`; `__` in a name is a dot."""
        named = {name.replace("__", "."): content for name, content in files.items()}
        found = self.repos.setdefault(repo, Repo())
        return found.commit((found.files if found.commits else {}) | named)


class Handler(BaseHTTPRequestHandler):
    """Answers as NOTES on the Hub's API say."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def reply(self, status: int, body: Any = b"", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def missing(self, code: str) -> None:
        self.reply(404, {"error": code}, X_Error_Code=code)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def seen(self) -> list[str]:
        self.hub.asked.append(f"{self.command} {self.path}")
        self.hub.tokens.append(self.headers.get("Authorization"))
        return [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]

    def do_GET(self) -> None:
        match self.seen():
            case ["api", "whoami-v2"]:
                self.reply(200, {"name": "team", "type": "user", "orgs": []})
            case ["api", type, ns, name]:
                self.info(type, ns, name, "main")
            case ["api", type, ns, name, "revision", revision]:
                self.info(type, ns, name, revision)
            case ["api", type, ns, name, "tree", revision, *_]:
                self.tree(f"{type}/{ns}/{name}", revision)
            case ["datasets", ns, name, "resolve", revision, *path]:
                self.file(f"datasets/{ns}/{name}", revision, "/".join(path))
            case [ns, name, "resolve", revision, *path]:
                self.file(f"models/{ns}/{name}", revision, "/".join(path))
            case _:
                self.missing("EntryNotFound")

    do_HEAD = do_GET

    def info(self, type: str, ns: str, name: str, revision: str) -> None:
        found = self.hub.repos.get(f"{type}/{ns}/{name}")
        if found is None:
            self.missing("RepoNotFound")
            return
        sha = self.hub.lies.get("sha", found.commits[-1][0])
        self.reply(200, {"id": f"{ns}/{name}", "sha": sha, "siblings": [], "tags": []})

    def tree(self, repo: str, revision: str) -> None:
        files = self.hub.repos[repo].at(revision) or {}
        listed = [
            {
                "type": "file",
                "path": path,
                "size": len(data),
                "oid": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(),
            }
            for path, data in files.items()
        ]
        self.reply(200, self.hub.lies.get("tree", listed))

    def file(self, repo: str, revision: str, path: str) -> None:
        found = self.hub.repos.get(repo)
        files = found.at(revision) if found else None
        if files is None or path not in files:
            self.missing("EntryNotFound")
            return
        data = self.hub.lies.get("content", files[path])
        headers = {"X_Repo_Commit": revision, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'}
        self.reply(200, data, **headers | self.hub.lies.get("headers", {}))

    def do_POST(self) -> None:
        parts, body = self.seen(), self.body()
        match parts:
            case ["api", "repos", "create"]:
                asked = json.loads(body)
                type = f"{asked.get('type', 'model')}s"
                key = f"{type}/{asked.get('organization') or 'team'}/{asked['name']}"
                id = key.partition("/")[2]
                url = f"{self.hub.address}/{'datasets/' * (type == 'datasets')}{id}"
                fresh = key not in self.hub.repos
                if fresh:
                    self.hub.repos[key] = Repo()
                    self.hub.repos[key].commit({".gitattributes": b""})
                self.reply(200 if fresh else 409, {"url": url})
            case ["api", "validate-yaml"]:
                self.reply(200, {"errors": [], "warnings": []})
            case ["api", _, _, _, "preupload", _]:
                files = json.loads(body)["files"]
                modes = [
                    {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for one in files
                ]
                self.reply(200, {"files": modes})
            case ["api", type, ns, name, "commit", _]:
                self.commit(f"{type}/{ns}/{name}", body)
            case ["api", type, ns, name, "discussions"]:
                self.hub.repos[f"{type}/{ns}/{name}"].pulls += 1
                self.reply(200, {"num": 1})
            case _:
                self.missing("EntryNotFound")

    def commit(self, repo: str, body: bytes) -> None:
        if self.hub.before_commit:
            act, self.hub.before_commit = self.hub.before_commit, None
            act()
        found = self.hub.repos[repo]
        lines = [json.loads(line) for line in body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, found.commits[-1][0]):
            self.reply(412, {"error": "a commit has happened since"})
            return
        files = dict(found.files)
        for line in lines[1:]:
            value = line["value"]
            assert line["key"] == "file", line
            files[value["path"]] = base64.b64decode(value["content"])
        if parse_qs(urlsplit(self.path).query).get("create_pr"):
            found.pulls += 1
            oid = "f" * 40
            extra = {"pullRequestUrl": f"{self.hub.address}/{repo}/discussions/1"}
        else:
            oid, extra = found.commit(files), {}
        id = repo.partition("/")[2]
        prefix = "datasets/" * repo.startswith("datasets/")
        url = f"{self.hub.address}/{prefix}{id}/commit/{oid}"
        self.reply(200, {"commitUrl": url, "commitOid": oid, **extra})


def serve() -> tuple[Hub, ThreadingHTTPServer]:
    """Start a hub; shut the server down when done."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return hub, server
