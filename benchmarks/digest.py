"""What the digest of rows misses, and how fast it is.

    python benchmarks/digest.py [--edits 100000]

Changes one character of a random row of a table so many times, and counts how often the table's
digest stays the same. Then digests rows as long as Alpaca's and ShareGPT's on one core.
"""

import argparse
import json
import random
import time
from typing import Any

from registry.canonical import Message, Origin, Row, row_text, to_dict
from registry.hashing import RowDigest

LETTERS = 'abcdefghijklmnopqrstuvwxyz \n"\\\u00e9\u8bf4\U0001f600'


def main() -> None:
    """Count what is missed, then measure."""
    asked = argparse.ArgumentParser(description="Try the digest of rows.")
    asked.add_argument("--edits", type=int, default=100_000)
    edits = asked.parse_args().edits
    chance = random.Random(7)
    rows = [row(chance, number, 400) for number in range(50)]
    parts = [digest([one]) for one in rows]
    whole = total(parts)
    missed = 0
    for _ in range(edits):
        at = chance.randrange(len(rows))
        changed = edit(rows[at], chance)
        missed += total([*parts[:at], digest([changed]), *parts[at + 1 :]]) == whole
    print(f"{edits:,} edits of one character, {missed} missed")
    for name, length in (("alpaca", 500), ("sharegpt", 7000)):
        some = [row(chance, number, length) for number in range(40_000_000 // length // 4)]
        size = sum(len(row_text(one)) for one in some)
        started = time.process_time()
        digest(some)
        seconds = time.process_time() - started
        print(f"{name}-like rows: {size / seconds / 1e6:,.0f} MB/s on one core")


def row(chance: random.Random, number: int, length: int) -> dict[str, Any]:
    """Return a canonical row with so many characters of text."""
    text = "".join(chance.choices(LETTERS, k=length))
    return to_dict(
        Row(
            id=f"x:{number:024}",
            dataset="x",
            task="",
            split="train",
            messages=(Message("user", text[: length // 2]),),
            references=(text[length // 2 :],),
            origin=Origin("x.json", number),
        )
    )


def edit(one: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return a row with one character put in, taken out or replaced by another."""
    made: dict[str, Any] = json.loads(json.dumps(one))
    places = [(made["messages"][0], "content"), (made["references"], 0), (made, "id")]
    holder, key = chance.choice(places)
    text = holder[key]
    while holder[key] == text:
        at = chance.randrange(len(text))
        new = chance.choice(["", chance.choice(LETTERS), chance.choice(LETTERS) + text[at]])
        holder[key] = text[:at] + new + text[at + 1 :]
    return made


def digest(rows: list[dict[str, Any]]) -> RowDigest:
    """Return the digest of rows."""
    made = RowDigest()
    for one in rows:
        made.add_texts([row_text(one)])
    return made


def total(parts: list[RowDigest]) -> str:
    """Return the digest of a table in parts."""
    made = RowDigest()
    for part in parts:
        made.merge(part)
    return made.value()


if __name__ == "__main__":
    main()
