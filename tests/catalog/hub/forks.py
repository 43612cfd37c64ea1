"""Processes that have what they need imported already, so that starting and killing one is quick.

They are forked from a process that has opened no store and started no thread.
"""

import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import uvicorn

from catalog.app import standalone
from catalog.hub.server import beside
from catalog.settings import Settings

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__, "tests.catalog.hub.store.working", beside.__module__])
PATIENCE = 30.0


def serve(root: Path, port: int, log: Path) -> None:
    """Serve a root as `catalog serve` does; all that the server says goes to a file."""
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(out, 1)
    os.dup2(out, 2)
    app = standalone(Settings(root=root, hub=True))
    uvicorn.run(app, port=port, ws="none", server_header=False)


@contextmanager
def served(root: Path, port: int, log: Path) -> Iterator[BaseProcess]:
    """Give a process that serves a root, and kill it in the end if that is still to be done."""
    process = FORKS.Process(target=serve, args=(root, port, log))
    process.start()
    try:
        until = time.monotonic() + PATIENCE
        while not listens(port):
            assert process.is_alive(), log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.005)
        yield process
    finally:
        process.kill()
        process.join()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def faults(log: Path) -> list[str]:
    """Return the lines of a server's log that tell of a bug, or of an answer of 5xx."""
    lines = log.read_text().splitlines()
    return [one for one in lines if "Traceback" in one or '1.1" 5' in one]
