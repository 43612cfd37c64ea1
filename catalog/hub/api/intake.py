"""Bodies that are not read whole: received on the event loop, written in threads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from typing import Any, TypeVar

from starlette.requests import Request

from catalog.hub.api.errors import Refused
from catalog.hub.store import Store, blobs

T = TypeVar("T")

BLOCK = 1 << 20
"""An upload holds two of them in memory, more or less: one arrives while the other is written."""

_WRITERS = ThreadPoolExecutor(8, "hub-writer")
"""Apart from the threads of all other routes, so that no number of uploads keeps those waiting."""


async def hop(work: Callable[..., T], *arguments: Any) -> T:
    """Call `work` in one of the threads that write."""
    return await asyncio.get_running_loop().run_in_executor(_WRITERS, work, *arguments)


async def into(write: Callable[[bytes], object], request: Request, most: int) -> int:
    """Write a body in blocks, each in a thread; return its size, or refuse it above `most`.

    Nothing is being written any more when this returns or raises.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and (len(said) > 18 or int(said) > most):
        raise _too_large(most)
    size, block = 0, bytearray()
    writing: asyncio.Future[object] | None = None
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            block += chunk
            if len(block) >= BLOCK:
                if writing:
                    await writing
                writing = asyncio.ensure_future(hop(write, block))
                block = bytearray()
    finally:
        if writing:
            await asyncio.wait([writing])
    if writing:
        writing.result()
    if block:
        await hop(write, block)
    return size


def _too_large(most: int) -> Refused:
    return Refused(413, f"the body is larger than {most:,} bytes")


@asynccontextmanager
async def receiving(store: Store, user: str) -> AsyncIterator[Any]:
    """Do what `blobs.receiving` does, off the event loop."""
    with ExitStack() as stack:
        batch = await hop(stack.enter_context, blobs.receiving(store, user))
        yield batch
        await hop(stack.close)
