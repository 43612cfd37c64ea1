"""The catalog under load: requests at a steady rate, with MLflow in the same process.

    python benchmarks/load.py [--root .] [--rate 200] [--seconds 60] [--warm 30] [--no-mlflow]

Starts `catalog serve` with one worker on the cards under --root, asks for pages, lists with random
filters and words, lineage, JSON and downloads at a steady rate whether or not answers have come
(so that a slow answer does not make the load lighter), and prints how many came without error and
how long they took, from the moment each was due. Every kind of address is drawn with the same seed.
Before that it is asked at a quarter of the rate for --warm seconds: a server that has just started
makes every page for the first time.
"""

import argparse
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from urllib.parse import urlencode

import psutil

# A file here has the name of the catalog's package, and this folder stands first.
sys.path[:] = [one for one in sys.path if Path(one).resolve() != Path(__file__).resolve().parent]

from registry.index import load, name_of  # noqa: E402
from registry.query import entries, facets  # noqa: E402

SEED = 5
CLIENTS = 32


def main() -> None:
    """Start the server, ask it, print."""
    asked = argparse.ArgumentParser(description="Put the catalog under a steady load.")
    asked.add_argument("--root", type=Path, default=Path())
    asked.add_argument("--rate", type=int, default=200, help="Requests per second.")
    asked.add_argument("--seconds", type=int, default=60)
    asked.add_argument("--warm", type=int, default=30, help="Seconds at a quarter of the rate.")
    asked.add_argument("--no-mlflow", action="store_true")
    given = asked.parse_args()
    port = free_port()
    words = ["serve", "--root", str(given.root), "--port", str(port)]
    words += ["--no-mlflow"] if given.no_mlflow else []
    process = subprocess.Popen(
        [sys.executable, "-m", "catalog", *words],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        draw = addresses(given.root)
        steady(port, draw, given.rate // 4, given.warm)
        times, errors = steady(port, draw, given.rate, given.seconds)
        peak = memory(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
    times.sort()
    where = "without MLflow" if given.no_mlflow else "with MLflow in the same process"
    print(f"{len(times):,} answers in {given.seconds} s at {given.rate}/s, {where},")
    print(f"after {given.warm} s at {given.rate // 4}/s")
    print(f"errors: {len(errors)} {errors[:3] if errors else ''}")
    for share in (0.5, 0.95, 0.99, 1.0):
        at = min(len(times) - 1, int(len(times) * share))
        print(f"  {100 * share:5.1f} % within {1000 * times[at]:7.1f} ms")
    print(f"memory of the worker at the end: {peak:,} MB")


def addresses(root: Path) -> Callable[[], str]:
    """Return a function that draws an address as visitors and programs ask for them."""
    registry = load(root)
    names = [name_of(card) for card in registry]
    found = facets(entries(registry))
    words = [word for card in registry for word in card.title.split() if len(word) > 3]
    chance = random.Random(SEED)

    def listed() -> str:
        name = chance.choice(["annotator", "licence", "year", "evidence", "language"])
        pairs = [(name, chance.choice([*found[name]]))]
        pairs += [("q", chance.choice(words))] if chance.random() < 0.5 else []
        pairs += [("sort", "released"), ("order", "desc")] if chance.random() < 0.3 else []
        end = chance.choice(["", "", "", ".json", ".csv"])
        return f"/{chance.choice(['cards', 'datasets', 'models'])}{end}?{urlencode(pairs)}"

    kinds: list[tuple[int, Callable[[], str]]] = [
        (30, listed),
        (40, lambda: f"/{chance.choice(names)}"),
        (10, lambda: f"/{chance.choice(names)}.json"),
        (8, lambda: f"/lineage/{chance.choice(names)}?direction=up"),
        (4, lambda: f"/compare?{urlencode([('card', one) for one in chance.sample(names, 3)])}"),
        (4, lambda: "/"),
        (2, lambda: "/plots"),
        (2, lambda: "/leaderboards/mmlu"),
    ]
    weights = [weight for weight, _ in kinds]
    return lambda: chance.choices(kinds, weights)[0][1]()


def steady(
    port: int, draw: Callable[[], str], rate: int, seconds: int
) -> tuple[list[float], list[str]]:
    """Ask at a steady rate; return the seconds of each answer and what went wrong."""
    held = local()
    times: list[float] = []
    errors: list[str] = []

    def ask(address: str, due: float) -> None:
        try:
            connection = getattr(held, "connection", None)
            if connection is None:
                connection = held.connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", address, headers={"accept-encoding": "gzip"})
            response = connection.getresponse()
            response.read()
            if response.status >= 400:
                errors.append(f"{response.status} {address}")
        except (OSError, http.client.HTTPException) as error:
            held.connection = None
            errors.append(f"{error!r} {address}")
        times.append(time.perf_counter() - due)

    with ThreadPoolExecutor(CLIENTS) as clients:
        begun = time.perf_counter()
        for at in range(rate * seconds):
            due = begun + at / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            clients.submit(ask, draw(), due)
    return times, errors


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/index.json")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.3)
        finally:
            connection.close()
    raise SystemExit("the server does not answer")


def memory(pid: int) -> int:
    """Return the memory of the largest process of the server, in MB."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return max(one.memory_info().rss for one in family) >> 20


if __name__ == "__main__":
    main()
