"""Hashes of files and of rows.

A file is known by its sha256. A table is known by a digest of its rows that is blind to file
format, compression and column order. Digests have the form `md5:` and 32 hex digits: 36
characters, the most that MLflow keeps of a dataset's digest. They identify, they do not protect;
protection is the sha256 beside them.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20
_MD5 = partial(hashlib.md5, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class FileHash:
    """A file's sha256 (64 hex digits), md5 (32 hex digits) and size in bytes."""

    sha256: str
    md5: str
    bytes: int


def hash_file(path: Path) -> FileHash:
    """Hash the file at `path` in one pass and constant memory."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return FileHash(sha256.hexdigest(), md5.hexdigest(), size)


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, text as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """Return the digest of one JSON value.

    >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    True
    """
    text = canonical_json(value).encode("utf-8", "surrogatepass")
    return "md5:" + hashlib.md5(text, usedforsecurity=False).hexdigest()


class RowDigest:
    """The digest of a table, fed a row at a time; order-free unless `ordered`.

    Order-free, the rows' md5s are added modulo 2^128, so a repeated row counts each time (an XOR
    would cancel pairs).
    """

    def __init__(self, *, ordered: bool = False) -> None:
        self.ordered = ordered
        self.rows = 0
        self._sum = 0
        # A hash in the making cannot be handed to another process; only ordered digests need one.
        self._chain = hashlib.md5(usedforsecurity=False) if ordered else None

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one row in."""
        self.add_texts([canonical_json(row).encode("utf-8", "surrogatepass")])

    def add_texts(self, texts: Iterable[bytes]) -> None:
        """Count rows in, given as their canonical JSON in UTF-8."""
        hashes = [_MD5(text).digest() for text in texts]
        self.rows += len(hashes)
        if self._chain:
            self._chain.update(b"".join(hashes))
        self._sum += sum(map(int.from_bytes, hashes))

    def merge(self, other: "RowDigest") -> None:
        """Count in the rows of another part of the table, read anywhere in any order."""
        if self.ordered or other.ordered:
            raise ValueError("ordered digests cannot be merged")
        self.rows += other.rows
        self._sum += other._sum

    def value(self) -> str:
        """Return the digest of all rows so far; the number of rows is part of it."""
        body = self._chain.digest() if self._chain else (self._sum % (1 << 128)).to_bytes(16, "big")
        whole = hashlib.md5(f"{self.rows}:".encode() + body, usedforsecurity=False)
        return "md5:" + whole.hexdigest()


def digest_rows(rows: Iterable[Mapping[str, Any]], *, ordered: bool = False) -> str:
    """Return the digest of a table's rows.

    >>> digest_rows([{"a": 1}, {"a": 2}]) == digest_rows([{"a": 2}, {"a": 1}])
    True
    >>> digest_rows([{"a": 1}]) == digest_rows([{"a": 1}, {"a": 1}])
    False
    """
    total = RowDigest(ordered=ordered)
    for row in rows:
        total.add(row)
    return total.value()
