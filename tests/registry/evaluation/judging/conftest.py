"""A server that speaks chat completions, and answers made by code."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Served:
    """A judge on a port of this machine: what it was asked, and what it will answer.

    `faults` are statuses (or "cut") that it answers with first; then `say` makes its completions.
    """

    url: str = ""
    say: Callable[[str], str | None] = lambda prompt: "Verdict: tie"
    faults: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@pytest.fixture
def served() -> Iterator[Served]:
    """Return a server that runs until the test ends."""
    state = Served()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                state.asked.append({"path": self.path, **body})
                state.keys.append(self.headers["Authorization"])
                fault = state.faults.pop(0) if state.faults else None
            if fault == "cut":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{")
            elif fault:
                self.reply(fault, f"no: {self.headers['Authorization']}".encode())
            else:
                content = state.say(body["messages"][0]["content"])
                made = {"choices": [{"message": {"role": "assistant", "content": content}}]}
                self.reply(200, json.dumps(made).encode())

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
