"""Xorbs: chunks of files, each packed by itself, one behind the other.

A chunk begins with eight bytes: version (0), packed size (three bytes), scheme, unpacked size
(three bytes); numbers are little-endian. Nothing that a xorb claims is believed before it is
held against a limit, and nothing is unpacked before that.
"""

import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow

from catalog.hub.store.behind import forget
from registry.errors import RegistryError

MOST_BYTES = 64 << 20
"""Of a xorb as it is sent, by the specification; its footer may come on top."""
MOST_FOOTER = 1 << 20
MOST_CHUNK = 128 << 10
"""Of a chunk's own bytes, by the specification."""
MOST_PACKED = MOST_CHUNK + 1024
"""A frame adds some bytes to what cannot be packed."""
MOST_CHUNKS = 16 << 10
"""Twice what the reference client puts into a xorb."""

AS_IS, LZ4, GROUPED = 0, 1, 2
FOOTER = b"XETBLOB"
_HEADER = 8
_RUN = 16


class Malformed(RegistryError):
    """A xorb or a shard that is not what the specification describes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each chunk of a xorb lies: `starts` has one number more, the end of the last."""

    starts: Sequence[int]
    sizes: Sequence[int]
    schemes: bytes

    def unpacked(self, first: int, end: int) -> int:
        """Return how many bytes the chunks from `first` up to `end` hold."""
        return sum(self.sizes[first:end])


def layout(xorb: int, where: str) -> Layout:
    """Read the headers of the xorb in the open file `xorb`, and refuse what breaks a limit."""
    whole = os.fstat(xorb).st_size
    if whole > MOST_BYTES + MOST_FOOTER:
        raise Malformed(f"{where}: has {whole:,} bytes; a xorb has at most {MOST_BYTES:,}")
    starts, sizes, schemes = array("Q"), array("I"), bytearray()
    at = 0
    while at < whole:
        header = os.pread(xorb, _HEADER, at)
        if header.startswith(FOOTER):
            break
        packed, scheme, size = _header(header, f"{where}: chunk {len(sizes)}")
        starts.append(at)
        sizes.append(size)
        schemes.append(scheme)
        at += _HEADER + packed
        if at > whole:
            raise Malformed(f"{where}: ends inside chunk {len(sizes) - 1}")
        if len(sizes) > MOST_CHUNKS:
            raise Malformed(f"{where}: has more than {MOST_CHUNKS:,} chunks")
    starts.append(at)
    if not sizes:
        raise Malformed(f"{where}: holds no chunk")
    return Layout(starts, sizes, bytes(schemes))


def _header(header: bytes, where: str) -> tuple[int, int, int]:
    """Return packed size, scheme and unpacked size."""
    if len(header) < _HEADER:
        raise Malformed(f"{where}: ends inside its header")
    version, scheme = header[0], header[4]
    packed = int.from_bytes(header[1:4], "little")
    size = int.from_bytes(header[5:8], "little")
    if version != 0:
        raise Malformed(f"{where}: version {version} is not known; there is only 0")
    if scheme not in (AS_IS, LZ4, GROUPED):
        raise Malformed(f"{where}: scheme {scheme} is not known; there are 0, 1 and 2")
    if not 0 < size <= MOST_CHUNK or not 0 < packed <= MOST_PACKED:
        raise Malformed(
            f"{where}: claims {size:,} bytes in {packed:,}; a chunk has 1 to {MOST_CHUNK:,}"
        )
    if scheme == AS_IS and packed != size:
        raise Malformed(f"{where}: is as it is, yet claims {size:,} bytes in {packed:,}")
    return packed, scheme, size


def unpack(xorb: int, found: Layout, first: int, end: int, where: str) -> Iterator[bytes]:
    """Yield the bytes of the chunks from `first` up to `end`, in runs of some chunks.

    Sixteen chunks are read at once, so that memory does not grow with the range. A file that is
    put together needs each of its chunks once, so that the system need not remember them.
    """
    starts = found.starts
    while first < end:
        until = min(first + _RUN, end)
        base = starts[first]
        read = memoryview(os.pread(xorb, starts[until] - base, base))
        if len(read) != starts[until] - base:
            raise Malformed(f"{where}: is shorter than it was")
        yield b"".join(
            opened(
                read[starts[chunk] + _HEADER - base : starts[chunk + 1] - base],
                found.schemes[chunk],
                found.sizes[chunk],
                f"{where}: chunk {chunk}",
            )
            for chunk in range(first, until)
        )
        forget(xorb, base, len(read))
        first = until


def opened(packed: memoryview, scheme: int, size: int, where: str) -> bytes | memoryview:
    """Return the `size` bytes that are packed by `scheme`.

    Read as a stream, and one byte more than claimed: `Codec.decompress` takes a claimed size at
    its word and gives back what happens to lie in memory behind a shorter text.
    """
    if scheme == AS_IS:
        return packed
    try:
        stream = pyarrow.CompressedInputStream(pyarrow.BufferReader(packed), "lz4")
        plain: bytes = stream.read(size + 1)
    except OSError as error:
        raise Malformed(f"{where}: cannot be unpacked ({error})") from error
    if len(plain) != size:
        raise Malformed(f"{where}: claims {size:,} bytes, which is not what it unpacks to")
    return ungrouped(plain) if scheme == GROUPED else plain


def ungrouped(grouped: bytes) -> bytes:
    """Return bytes in their order that were grouped by their place in each four.

    >>> ungrouped(b"aeibfjcgdh")
    b'abcdefghij'
    """
    read = np.frombuffer(grouped, np.uint8)
    put = np.empty_like(read)
    whole, rest = divmod(len(read), 4)
    at = 0
    for place in range(4):
        count = whole + (place < rest)
        put[place::4] = read[at : at + count]
        at += count
    return put.tobytes()
