"""Conversion beside the usual recipe: the same files, the same rows, time and memory.

    python benchmarks/convert.py [--mb 500] [--shape alpaca|sharegpt] [--keep FOLDER]

Makes files of random words in the shape of Alpaca and of ShareGPT, converts them with
`registry convert` and with `datasets.load_dataset("json").map(...).to_parquet(...)`, each in a
process of its own, checks that both tables hold the same rows, and prints rows per second, seconds
of all processors together, the ratio, and the peak memory of each with all its processes. Timings
are for people to compare; no test reads them.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from registry.canonical import digest_table

TOP = Path(__file__).resolve().parent.parent
WORDS = 5000


class Measured(NamedTuple):
    """Seconds by the clock and of all processors, the peak of memory, what was printed."""

    seconds: float
    busy: float
    peak: float
    said: str


@dataclass
class Seen:
    """What was seen of a command: the processors' time by process, and the peak of memory."""

    busy: dict[int, float] = field(default_factory=dict)
    peak: float = 0.0


def main() -> None:
    """Make the files, convert them twice, print the comparison."""
    asked = argparse.ArgumentParser(description="Compare conversion with datasets.map.")
    asked.add_argument("--mb", type=int, default=500, help="Size of each file.")
    asked.add_argument("--shape", choices=["alpaca", "sharegpt"], action="append")
    asked.add_argument("--keep", type=Path, help="Keep files and tables here.")
    asked.add_argument("--ours-only", action="store_true", help="Leave the recipe out.")
    given = asked.parse_args()
    head = ("shape", "MB", "rows", "with", "seconds", "busy", "rows/s", "peak MB")
    print("{:10}{:>7}{:>11}  {:10}{:>9}{:>9}{:>10}{:>9}".format(*head))
    with tempfile.TemporaryDirectory() as place:
        folder = given.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        for shape in given.shape or ["alpaca", "sharegpt"]:
            compare(shape, given.mb, folder, ours_only=given.ours_only)


def compare(shape: str, megabytes: int, folder: Path, *, ours_only: bool) -> None:
    """Convert one file both ways."""
    path = folder / f"{shape}-{megabytes}.json"
    if not path.exists():
        make(path, shape, megabytes << 20)
    ours = [sys.executable, "-m", "registry.cli", "convert", "--format", shape, str(path)]
    ours += ["--out", str(folder / f"{shape}-ours"), "--json"]
    mine = measured(ours)
    found = json.loads(mine.said)
    rows = found["rows"]
    line(shape, megabytes, rows, "registry", mine)
    if ours_only:
        return
    shutil.rmtree(folder / "cache", ignore_errors=True)
    theirs = [sys.executable, __file__.replace("convert.py", "recipe.py"), shape, str(path)]
    theirs += [str(folder / f"{shape}-recipe.parquet"), str(folder / "cache")]
    other = measured(theirs)
    line(shape, megabytes, rows, "datasets", other)
    same = digest(folder / f"{shape}-recipe.parquet") == found["digest"]
    equal = "the same rows" if same else "DIFFERENT ROWS"
    print(
        f"{'':10}{equal}; {other.seconds / mine.seconds:.1f} times as fast, of the processors'"
        f" time {mine.busy / other.busy:.2f}, of the memory {mine.peak / other.peak:.2f}"
    )
    if not same:
        sys.exit(1)


def line(shape: str, size: int, rows: int, name: str, what: Measured) -> None:
    """Print one measurement."""
    print(
        f"{shape:10}{size:7,}{rows:11,}  {name:10}{what.seconds:9.1f}{what.busy:9.1f}"
        f"{rows / what.seconds:10,.0f}{what.peak / 1e6:9,.0f}"
    )


def measured(command: list[str]) -> Measured:
    """Run a command and see what it takes, all its processes together."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=TOP,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    ) as running:
        seen = Seen()
        watching = threading.Thread(target=watch, args=(running, seen))
        watching.start()
        said, _ = running.communicate()
        seconds = time.perf_counter() - started
        watching.join()
    if running.returncode:
        sys.exit(f"{' '.join(command)}: failed")
    return Measured(seconds, sum(seen.busy.values()), seen.peak, said)


def watch(running: "subprocess.Popen[str]", seen: Seen) -> None:
    """Add up the memory of a process and its children, pages that they share counted once.

    The processors' time is what each process had used when it was last seen: the system adds up
    those only that the first one waited for.
    """
    root = psutil.Process(running.pid)
    while running.poll() is None:
        total = 0
        with suppress(psutil.Error):
            for one in [root, *root.children(recursive=True)]:
                spent = one.cpu_times()
                seen.busy[one.pid] = spent.user + spent.system
                total += one.memory_full_info().pss
        seen.peak = max(seen.peak, total)
        time.sleep(0.05)


def make(path: Path, shape: str, size: int) -> None:
    """Write a JSON array of random rows in a shape, at least `size` bytes long."""
    chance = random.Random(7)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(WORDS)]
    words += ['"quoted"', "caf\u00e9", "\u8bf4\u660e", "a\\b", "line\nbreak", "{x}", "[1],"]
    rows = alpaca(words, chance) if shape == "alpaca" else sharegpt(words, chance)
    written = 0
    with path.open("w", encoding="utf-8") as out:
        out.write("[")
        for number, row in enumerate(rows):
            text = json.dumps(row, ensure_ascii=number % 2 == 0)
            out.write((",\n" if number else "") + text)
            written += len(text) + 2
            if written >= size:
                break
        out.write("]\n")


def alpaca(words: list[str], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield rows as long as Alpaca's: 60% without an input."""
    while True:
        yield {
            "instruction": " ".join(chance.choices(words, k=chance.randint(5, 16))),
            "input": " ".join(chance.choices(words, k=12)) if chance.random() < 0.4 else "",
            "output": " ".join(chance.choices(words, k=chance.randint(5, 90))),
        }


def sharegpt(words: list[str], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield conversations as long as ShareGPT's: some seven thousand characters."""
    number = 0
    while True:
        turns = 2 * chance.randint(1, 6)
        yield {
            "id": f"c{number}_0",
            "conversations": [
                {
                    "from": "gpt" if turn % 2 else "human",
                    "value": " ".join(chance.choices(words, k=chance.randint(10, 300))),
                }
                for turn in range(turns)
            ],
        }
        number += 1


def digest(path: Path) -> str:
    """Return the digest of a table's rows."""
    return digest_table(path).digest


if __name__ == "__main__":
    main()
