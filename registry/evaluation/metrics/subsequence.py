"""Longest common subsequences of tokens: how long they are, and where they lie.

A row of the usual table is kept as the bits of one integer, a zero where the length grows (Hyyrö,
"Bit-parallel LCS-length computation revisited", 2004). Cutting texts into tokens takes longer
than this: RapidFuzz, which does the same in C++, made scoring a tenth faster, and is not used.
"""

from collections.abc import Sequence


def common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    short, long = sorted((one, other), key=len)
    places: dict[str, int] = {}
    bit = 1
    for token in short:
        places[token] = places.get(token, 0) | bit
        bit <<= 1
    every = bit - 1
    row = every
    for token in long:
        if token in places:
            row = _next(row, places[token], every)
    return len(short) - row.bit_count()


def marked(reference: Sequence[str], answer: Sequence[str | None]) -> set[int]:
    """Return the places in the reference of one longest common subsequence.

    Of several it is the one that `rouge_score` and ROUGE-1.5.5 find, going back through the table
    from its end: a match is always taken, else the reference is gone back along unless only the
    answer keeps the length.
    """
    places = _places(reference, answer)
    every = (1 << len(answer)) - 1
    rows = [every]
    for token in reference:
        met = places[token]
        rows.append(_next(rows[-1], met, every) if met else rows[-1])
    found: set[int] = set()
    length, end = len(answer) - rows[-1].bit_count(), len(answer)
    for at in range(len(reference) - 1, -1, -1):
        if not length:
            break
        seen = (1 << end) - 1
        here = places[reference[at]] & seen
        nearest = here.bit_length()
        if nearest == end or end - (rows[at] & seen).bit_count() < length:
            found.add(at)
            length, end = length - 1, nearest - 1
    return found


def _next(row: int, met: int, every: int) -> int:
    """Return the table's row after one more token, `met` where the other text has it."""
    both = row & met
    return (row + both | row - both) & every


def _places(reference: Sequence[str], answer: Sequence[str | None]) -> dict[str, int]:
    """Return for each token of the reference the bits of the places where the answer has it."""
    size = len(answer) // 8 + 1
    bits: dict[str, bytearray | None] = dict.fromkeys(reference)
    for place, token in enumerate(answer):
        if token is not None and token in bits:
            marks = bits[token]
            if marks is None:
                marks = bits[token] = bytearray(size)
            marks[place >> 3] |= 1 << (place & 7)
    return {token: int.from_bytes(marks or b"", "little") for token, marks in bits.items()}
