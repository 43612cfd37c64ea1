"""Shards: which chunks of which xorbs make up which file.

Everything stands in records of 48 bytes: 32 of a hash or a tag and 16 of numbers, little-endian.
A file is a record of its own, one for each term, and on request one for each term's check and
one for the SHA-256; a record that begins with ones ends the list. What follows it tells of xorbs,
for others to compare their chunks with, and is not read here.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.hub.xet.xorbs import MOST_CHUNKS, Malformed

MOST_BYTES = 64 << 20
"""The reference client begins a new shard before that."""

TAG = b"HFRepoMetaData\x00"
WITH_CHECKS, WITH_SHA256 = 1 << 31, 1 << 30
RECORD = 48
END = b"\xff" * 32
HEADER = struct.Struct("<32sQQ")
FILE = struct.Struct("<32sII8x")
TERM = struct.Struct("<32sIIII")


@dataclass(frozen=True, slots=True)
class Term:
    """A run of chunks in one xorb, and how many bytes it unpacks to."""

    xorb: str
    size: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Assembly:
    """A file: the records of its parts, and the SHA-256 and the size that it must come to."""

    sha256: str
    size: int
    records: memoryview

    def terms(self) -> Iterator[Term]:
        """Yield the parts in their order."""
        for xorb, _, size, first, end in TERM.iter_unpack(self.records):
            yield Term(word(xorb), size, first, end)


def word(raw: bytes) -> str:
    """Return a hash as Xet writes it: four little-endian numbers of 64 bits, in hexadecimal.

    >>> word(bytes(range(32)))[:32]
    '07060504030201000f0e0d0c0b0a0908'
    """
    return "".join(raw[at : at + 8][::-1].hex() for at in range(0, 32, 8))


def files(shard: bytes) -> Iterator[Assembly]:
    """Yield the files of a shard, and refuse one that is not well-formed.

    One file at a time, so that memory does not grow with the number of records.
    """
    if len(shard) < HEADER.size:
        raise Malformed(f"shard: has {len(shard)} bytes; its header alone has {HEADER.size}")
    tag, version, _ = HEADER.unpack_from(shard)
    if not tag.startswith(TAG):
        raise Malformed("shard: does not begin as a shard does")
    if version != 2:
        raise Malformed(f"shard: version {version} is not known; there is only 2")
    at = HEADER.size
    while _records(shard, at, 1)[:32] != END:
        found, at = _file(shard, at)
        yield found


def _file(shard: bytes, at: int) -> tuple[Assembly, int]:
    """Return the file whose records begin at `at`, and where the next one begins."""
    name, flags, count = FILE.unpack_from(shard, at)
    where = f"shard: file {word(name)}"
    if not flags & WITH_SHA256:
        raise Malformed(f"{where}: carries no SHA-256, which files of a repo must")
    at += RECORD
    records = _records(shard, at, count)
    size = 0
    for number, (_, _, part, first, end) in enumerate(TERM.iter_unpack(records)):
        if not first < end <= MOST_CHUNKS or not part:
            raise Malformed(
                f"{where}: term {number} has {part:,} bytes, from chunk {first:,} to {end:,}"
            )
        size += part
    at += RECORD * (2 * count if flags & WITH_CHECKS else count)
    sha256 = word(bytes(_records(shard, at, 1)[:32]))
    return Assembly(sha256, size, records), at + RECORD


def _records(shard: bytes, at: int, count: int) -> memoryview:
    """Return `count` records; a shard that ends before them is refused."""
    end = at + count * RECORD
    if end > len(shard):
        raise Malformed(f"shard: ends after {len(shard):,} bytes, inside its list of files")
    return memoryview(shard)[at:end]
