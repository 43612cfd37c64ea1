"""A real PostgreSQL that tests start and stop."""

import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import chown, rmtree
from typing import Any

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PASSWORD = "not/to:be@seen"


def who() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: return what makes a process of another user."""
    if os.geteuid() != 0:
        return {}
    users = {one.pw_name for one in pwd.getpwall()}
    user = "postgres" if "postgres" in users else "nobody"
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


@contextmanager
def started() -> Iterator[Callable[[], str]]:
    """Start a PostgreSQL with a password; give what makes a database and returns its URI."""
    import psycopg

    # Not pytest's own folder, which no other user may enter.
    folder = Path(tempfile.mkdtemp(prefix="tunedeck-postgres-"))
    data, secret, log = folder / "data", folder / "password", folder / "log"
    secret.write_text(PASSWORD)
    other = who()
    if other:
        chown(folder, other["user"])
        chown(secret, other["user"])
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    initdb = [BINARIES[-1] / "initdb", "-D", data, "-U", "keeper", "-A", "scram-sha-256"]
    said = {"host": "127.0.0.1", "port": port, "user": "keeper", "password": PASSWORD}
    process, made = None, 0

    def create() -> str:
        nonlocal made
        made += 1
        with psycopg.connect(**said, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE made{made}".encode())
        return f"postgresql://keeper:not%2Fto%3Abe%40seen@127.0.0.1:{port}/made{made}"

    try:
        words = [*map(str, initdb), "--pwfile", str(secret), "-N", "-E", "UTF8", "--locale=C"]
        subprocess.run(words, check=True, capture_output=True, cwd=folder, **other)
        words = [str(BINARIES[-1] / "postgres"), "-D", str(data), "-p", port, "-k", str(folder)]
        words += ["-h", "127.0.0.1", "-c", "fsync=off"]
        with log.open("wb") as out:
            process = subprocess.Popen(words, stdout=out, stderr=out, cwd=folder, **other)
        until = time.monotonic() + 60
        while True:
            try:
                create()
                break
            except psycopg.OperationalError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
        yield create
    finally:
        if process:
            process.terminate()
            process.wait(timeout=30)
        rmtree(folder)
