import asyncio
import threading
import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from catalog.hub.api import intake
from catalog.hub.api.errors import Refused


def request(chunks: Iterable[bytes | None], length: str | None = None) -> Request:
    """Return a request whose body comes in these chunks; None is the client going away."""
    coming = iter(chunks)

    async def receive() -> dict[str, Any]:
        chunk = next(coming, b"")
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    headers = [] if length is None else [(b"content-length", length.encode())]
    return Request({"type": "http", "headers": headers}, receive)


def into(write: Any, sent: Request, most: int = 1 << 20) -> int:
    return asyncio.run(intake.into(write, sent, most))


@settings(max_examples=50)
@given(st.lists(st.binary(min_size=1, max_size=30), max_size=20))
def test_a_body_is_written_in_order_whatever_its_chunks(chunks: list[bytes]) -> None:
    written: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "BLOCK", 16)
        assert into(lambda block: written.append(bytes(block)), request(chunks)) == len(
            b"".join(chunks)
        )
    assert b"".join(written) == b"".join(chunks)
    assert all(16 <= len(block) < 46 for block in written[:-1])


@pytest.mark.parametrize("length", [None, "11", "9" * 5000])
def test_a_body_above_the_limit_is_refused(length: str | None) -> None:
    with pytest.raises(Refused) as refused:
        into(lambda block: None, request([b"12345"] * 3, length), 10)
    assert refused.value.status == 413


def test_nothing_is_written_any_more_once_the_client_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "BLOCK", 4)
    done = []

    def slowly(block: bytes) -> None:
        time.sleep(0.1)
        done.append(block)

    with pytest.raises(ClientDisconnect):
        into(slowly, request([b"12345", None]))
    assert done == [b"12345"]


@pytest.mark.parametrize("chunks", [[b"12345"], [b"12345", b"67890", b"12345"], [b"1"]])
def test_what_fails_in_writing_fails_the_whole(
    chunks: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BLOCK", 4)

    def full(block: bytes) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        into(full, request(chunks))


def test_writing_happens_in_another_thread() -> None:
    seen = []
    into(lambda block: seen.append(threading.current_thread()), request([b"1"]))
    assert seen[0] is not threading.main_thread()
