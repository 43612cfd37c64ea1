"""Thrift's compact protocol, as far as the footers of Parquet files need it.

A text in it is walked once, and the numbers that are wanted are cut out; nothing else is decoded.
"""

from collections.abc import Mapping
from typing import Any

Piece = bytes | tuple[str, int]
"""Bytes as they are, or a number: what it means, and its value."""

Wanted = Mapping[int, Any]
"""What is wanted of a struct, or of the structs in a list, by the numbers of its fields: again such
a mapping for a struct or a list in it, a word of one's own for a number. At 0 stands a word for the
list's length, which is cut out before the elements and, as a mark, once more after them."""

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_NUMBERS = (4, 5, 6)
_MANY = 15
"""A list with so many elements, or more, says how many in bytes of their own."""


def cut(data: bytes, wanted: Wanted) -> tuple[Piece, ...]:
    """Return a struct in pieces: the numbers wanted, and the bytes before, between and after."""
    walk = _Walk(data)
    walk.struct(wanted)
    walk.keep(walk.at)
    return tuple(walk.pieces)


class _Walk:
    """A place in a text, and the pieces of what was passed."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.kept = 0
        self.pieces: list[Piece] = []

    def struct(self, wanted: Wanted) -> None:
        field = 0
        while head := self.data[self.at]:
            self.at += 1
            field = field + (head >> 4) if head >> 4 else whole(self.varint())
            self.value(head & 15, wanted.get(field))
        self.at += 1

    def value(self, kind: int, wanted: Any) -> None:
        if kind in _NUMBERS:
            begun = self.at
            value = self.varint()
            if wanted:
                self.mark(begun, wanted, whole(value))
        elif kind == _BINARY:
            length = self.varint()
            self.at += length
        elif kind == _STRUCT:
            self.struct(wanted or {})
        elif kind in (_LIST, _SET):
            self.list(wanted or {})
        elif kind in (_BYTE, _DOUBLE):
            self.at += 1 if kind == _BYTE else 8
        elif kind not in (_TRUE, _FALSE):
            raise ValueError(f"a footer holds no values of type {kind}")

    def list(self, wanted: Wanted) -> None:
        begun, head = self.at, self.data[self.at]
        self.at += 1
        many = self.varint() if head >> 4 == _MANY else head >> 4
        if 0 in wanted:
            self.mark(begun, wanted[0], many)
        for _ in range(many):
            self.value(head & 15, wanted)
        if 0 in wanted:
            self.mark(self.at, wanted[0], many)

    def varint(self) -> int:
        """Pass a number from 0 up, in bytes of 7 bits, the lowest first."""
        value, shift = 0, 0
        while True:
            one = self.data[self.at]
            self.at += 1
            value |= (one & 127) << shift
            if one < 128:
                return value
            shift += 7

    def mark(self, end: int, meaning: str, value: int) -> None:
        """Keep the bytes up to `end`, and a number instead of those from there."""
        self.keep(end)
        self.pieces.append((meaning, value))
        self.kept = self.at

    def keep(self, end: int) -> None:
        self.pieces.append(self.data[self.kept : end])


def whole(value: int) -> int:
    """Return the whole number that is written as one from 0 up.

    >>> [whole(value) for value in range(5)]
    [0, -1, 1, -2, 2]
    """
    return (value >> 1) ^ -(value & 1)


def number(value: int) -> bytes:
    """Return how a whole number is written."""
    return varint(2 * value if value >= 0 else -2 * value - 1)


def list_head(many: int) -> bytes:
    """Return what stands before the elements of a list of structs.

    >>> list_head(2).hex(), list_head(300).hex()
    ('2c', 'fcac02')
    """
    if many < _MANY:
        return bytes([many << 4 | _STRUCT])
    return bytes([_MANY << 4 | _STRUCT]) + varint(many)


def varint(value: int) -> bytes:
    """Return a number from 0 up in bytes of 7 bits, the lowest first."""
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)
