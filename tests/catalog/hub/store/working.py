"""What a process does that commits until it is done or killed."""

import os
import random
import threading
from pathlib import Path

from catalog.hub.store import Store, blobs, commits, gc, repos
from catalog.hub.store.commits import Put
from catalog.hub.store.tokens import Who

WHO = Who("ann", "write", ("team",))


def work(
    folder: Path,
    where: dict[str, str],
    acks: Path,
    name: str,
    count: int,
    threads: int,
    *,
    collect: bool = False,
) -> None:
    """Make `count` commits, each a file of its own, and note each that was acknowledged."""
    with Store.open(folder, **where) as store:  # type: ignore[arg-type]
        ids = [one.repo.id for one in repos.page(store, "datasets").repos]
        out = os.open(acks, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        waiting = [f"{name}-{number}" for number in range(count)]
        workers = [
            threading.Thread(target=_commit, args=(store, ids, waiting, out))
            for _ in range(threads)
        ]
        for one in workers:
            one.start()
        while collect and any(one.is_alive() for one in workers):
            gc.collect(store, grace=0)
        for one in workers:
            one.join()
        os.close(out)


def _commit(store: Store, ids: list[str], waiting: list[str], out: int) -> None:
    while waiting:
        try:
            path = waiting.pop()
        except IndexError:
            return
        repo = repos.find(store, "datasets", random.choice(ids))
        try:
            with blobs.receiving(store, WHO.user) as batch:
                sha256 = batch.add(path.encode()).sha256
        except FileNotFoundError:
            # Without grace gc removes files that are just being received; they are sent again.
            waiting.append(path)
            continue
        put = Put(f"{path[-1]}/{path}", sha256, lfs=bool(len(path) % 2))
        made = commits.commit(store, repo, "main", who=WHO, title=path, operations=[put])
        os.write(out, f"{repo.id} {made.commit.id}\n".encode())
