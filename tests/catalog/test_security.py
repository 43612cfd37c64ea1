import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from catalog.answer import on_http_error
from catalog.security import guard, is_known_host
from catalog.settings import Settings

SETTINGS = Settings(root=Path(), hosts=("cards.example.org",), max_body=1000)


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module")
def writer() -> TestClient:
    """Return a client of a route that may be written, guarded as ours are."""
    from starlette.exceptions import HTTPException

    routes = [Route("/write.json", echo, methods=["POST"])]
    app = Starlette(routes=routes, exception_handlers={HTTPException: on_http_error})
    app.state.settings = SETTINGS
    return TestClient(guard(app, SETTINGS), base_url="http://localhost")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:5000", "[::1]:5000", "cards.example.org:443"]
)
def test_our_own_names_are_answered(host: str, writer: TestClient) -> None:
    assert writer.post("/write.json", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "10.evil.com",
        "192.168.evil.com:80",
        "localhost.evil.com",
        "evil.cards.example.org",
        "localhost:80:80",
        "localhost:x",
        "a@localhost",
        "[::1",
        "",
    ],
)
def test_strange_hosts_are_refused(host: str, client: TestClient) -> None:
    if host != "a@localhost":
        assert client.get("/", headers={"host": host}).status_code == 403
    assert not is_known_host(host, ())


def test_a_refusal_is_a_page_with_the_headers(client: TestClient, parse: Any) -> None:
    response = client.get("/", headers={"host": "<b>evil</b>"})
    assert response.status_code == 403
    assert "host '<b>evil</b>': is not this server's name" in parse(response.text).text
    assert "content-security-policy" in response.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://localhost", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.com"}, 403),
        ({"origin": "http://localhost:8080"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_a_write_from_a_page_of_another_site_is_refused(
    headers: dict[str, str], status: int, writer: TestClient
) -> None:
    assert writer.post("/write.json", headers=headers).status_code == status


def test_reading_from_another_site_is_not_a_write(client: TestClient) -> None:
    assert client.get("/", headers={"origin": "http://evil.com"}).status_code == 200


def test_a_body_that_says_it_is_too_large_is_refused(writer: TestClient) -> None:
    assert writer.post("/write.json", content=b"x" * 1000).text == "1000"
    response = writer.post("/write.json", content=b"x" * 1001)
    assert response.json() == {
        "ok": False,
        "error": "the body is larger than 1,000 bytes",
        "status": 413,
    }


def test_a_body_that_hides_its_length_is_cut_off(writer: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b"x" * 600] * 2

    assert writer.post("/write.json", content=pieces()).status_code == 413


@pytest.mark.parametrize("length", ["-5", "x", "1e3"])
def test_a_length_that_is_no_number_is_refused(length: str, writer: TestClient) -> None:
    response = writer.post("/write.json", headers={"content-length": length}, content=b"x")
    assert response.status_code == 413


@pytest.mark.parametrize("address", ["/", "/cards.json", "/models/smollm2-short", "/nothing"])
def test_every_answer_forbids_foreign_script_frames_and_guessing(
    address: str, client: TestClient
) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_what_is_no_request_passes_through() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        return None

    asyncio.run(guard(app, SETTINGS)({"type": "lifespan"}, nothing, nothing))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
