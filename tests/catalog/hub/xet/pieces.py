"""Xorbs and shards made by hand, as a client would make them, and as none should."""

import hashlib
import struct
from collections.abc import Iterable, Sequence

import pyarrow

AS_IS, LZ4, GROUPED = 0, 1, 2


def chunk(plain: bytes, scheme: int = AS_IS, *, claimed: int | None = None) -> bytes:
    """Return one chunk of a xorb; `claimed` is a size that it does not have."""
    said = grouped(plain) if scheme == GROUPED else plain
    packed = said if scheme == AS_IS else pyarrow.Codec("lz4").compress(said, asbytes=True)
    return header(len(packed), scheme, len(plain) if claimed is None else claimed) + packed


def header(packed: int, scheme: int, size: int, version: int = 0) -> bytes:
    sizes = packed.to_bytes(3, "little"), size.to_bytes(3, "little")
    return bytes([version]) + sizes[0] + bytes([scheme]) + sizes[1]


def grouped(plain: bytes) -> bytes:
    return b"".join(plain[place::4] for place in range(4))


def xorb(chunks: Iterable[bytes], scheme: int = AS_IS) -> bytes:
    return b"".join(chunk(one, scheme) for one in chunks)


def raw(word: str) -> bytes:
    """Return the bytes of a hash as Xet writes it."""
    return b"".join(bytes.fromhex(word[at : at + 16])[::-1] for at in range(0, 64, 16))


def file(
    content: bytes | str, terms: Sequence[tuple[str, int, int, int]], *, checks: bool = True
) -> bytes:
    """Return a file's records; a term is xorb, size, first chunk and end."""
    sha256 = content if isinstance(content, str) else hashlib.sha256(content).hexdigest()
    flags = 1 << 30 | (1 << 31 if checks else 0)
    records = [struct.pack("<32sII8x", b"\x07" * 32, flags, len(terms))]
    records += [struct.pack("<32sIIII", raw(x), 0, size, a, b) for x, size, a, b in terms]
    records += [bytes(48) for _ in terms if checks]
    return b"".join([*records, raw(sha256) + bytes(16)])


def shard(*files: bytes, version: int = 2, tag: bytes = b"HFRepoMetaData\0") -> bytes:
    head = struct.pack("<32sQQ", tag + bytes(32 - len(tag)), version, 0)
    end = b"\xff" * 32 + bytes(16)
    return head + b"".join(files) + end + end
