"""Several processes of this machine that convert the blocks of one file.

A block is given by its place in the file, and its rows come back as a file: what passes between the
processes is small. This process cuts and puts together, and converts too when nothing is done yet:
others need a while to start.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from pathlib import Path

from registry.formats.blocks import Block
from registry.portions import Portion, Work, of_place, put_down

WAITING = 3
"""So many blocks are given to each other process before it is done with the first."""

MOST = 16
"""So many portions wait for the one before them, at most."""


def portions(
    work: Work,
    path: Path,
    found: Iterable[Block],
    format: str,
    folder: Path,
    processes: int,
    last: Callable[[], int | None] = lambda: None,
) -> Iterator[Portion]:
    """Convert blocks of a file by so many processes, this one among them; yield them in order.

    `last` says when a block is given away which rows need not be looked into any more. A portion's
    files are used again when the next one is asked for.
    """
    waiting: deque[tuple[Future[Portion], str]] = deque()
    free: list[str] = []

    def done(least: int) -> Iterator[Portion]:
        """Yield what is done, and wait until not more than `least` are left."""
        while waiting and (waiting[0][0].done() or len(waiting) > least):
            portion, name = waiting.popleft()
            yield portion.result()
            if name:
                free.append(name)

    with ProcessPoolExecutor(processes - 1, mp_context=_context()) as pool:
        try:
            for block in found:
                yield from done(MOST)
                given = work, path, block, format
                if sum(not one.done() for one, _ in waiting) < WAITING * (processes - 1):
                    name = free.pop() if free else f"{len(waiting)}-{block.first}"
                    place = folder / name
                    waiting.append((pool.submit(_put_down, place, *given, last()), name))
                else:
                    own: Future[Portion] = Future()
                    own.set_result(of_place(*given, last()))
                    waiting.append((own, ""))
            yield from done(0)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _put_down(
    place: Path, work: Work, path: Path, block: Block, format: str, last: int | None
) -> Portion:
    return put_down(of_place(work, path, block, format, last), place.parent, place.name)


def _context() -> BaseContext:
    """Return how processes are started.

    One that is forked from this one could hang on a lock that a thread held, and one that starts
    anew has to import everything; so they are forked from one that does nothing else.
    """
    if sys.platform == "win32":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context
