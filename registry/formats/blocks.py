"""Native rows in blocks of some megabytes, so that several processes can convert one file.

A JSON array is cut at commas between its elements. Whether a comma is one of those is not guessed:
a block starts where the one before ended, and a cut is good if and only if the text up to it is a
whole list of JSON values. What cannot be cut so (a file that is cut off, an element that is no
JSON) goes through the reader of `native`, which knows what to say about it.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, TypeGuard

import msgspec

from registry.errors import RegistryError
from registry.formats.native import (
    Rows,
    Unusable,
    not_utf8,
    parse,
    parse_bytes,
    read_array,
    read_lines,
    records,
)

SIZE = 1 << 22
_LARGEST = 1 << 28
_TRIES = 8
_SPACE = b" \t\r\n"
_SKIP = msgspec.json.Decoder(list[msgspec.Raw])
_LOADS = msgspec.json.Decoder().decode
_ROUGH = 256

Numbered = tuple[int, Any | Unusable]


@dataclass(frozen=True, slots=True)
class Block:
    """Some native rows: the number of the first, and the place of their text in the file.

    `data` is that text if it had to be kept: whole lines, or an array, whose brackets may stand
    where the file has commas. `read` is what a slow reader made of rows that could not be cut out.
    """

    first: int
    start: int = 0
    length: int = 0
    data: bytes = b""
    array: bool = False
    read: tuple[Numbered, ...] = ()


def can_be_cut(format: Any) -> TypeGuard[Rows]:
    """Tell whether a format's files can be converted in blocks."""
    return isinstance(format, Rows) and format.find in (None, records, read_lines, read_array)


def blocks(
    stream: IO[bytes], name: str, format: Rows, *, size: int = SIZE, keep: bool = True
) -> Iterator[Block]:
    """Yield the blocks of a file, in order; without their text unless it is to be kept."""
    begun = stream.read(len(codecs.BOM_UTF8))
    head = begun.removeprefix(codecs.BOM_UTF8)
    mark = len(begun) - len(head)
    if format.find is read_lines:
        return _lines(stream, head, mark, size, keep)
    while not head.strip(_SPACE):
        more = stream.read(size)
        if not more and format.find is not read_array:
            raise RegistryError(f"{name}: is empty; fetch the file again")
        if not more:
            break
        head += more
    if format.find is read_array or head.lstrip(_SPACE).startswith(b"["):
        return _array(stream, name, head, mark, size, keep)
    return _lines(stream, head, mark, size, keep)


def read_block(block: Block, stream: IO[bytes]) -> Block:
    """Return a block with its text, taken from the file."""
    if block.read:
        return block
    stream.seek(block.start)
    data = stream.read(block.length)
    if block.array:
        data = b"".join([b"[", memoryview(data)[1:-1], b"]"])
    return Block(block.first, block.start, block.length, data, block.array)


def values(block: Block, name: str) -> Iterator[Numbered]:
    """Yield the number and the value of each row of a block of the file called `name`."""
    if block.read:
        yield from block.read
    elif block.array:
        yield from _of_array(block, name)
    else:
        for row, line in enumerate(block.data.split(b"\n"), block.first):
            if bare := line.strip(_SPACE):
                try:
                    yield row, _LOADS(bare)
                except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                    yield row, parse_bytes(bare)


def _of_array(block: Block, name: str) -> Iterator[Numbered]:
    try:
        yield from enumerate(_LOADS(block.data), block.first)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        try:
            block.data.decode()
        except UnicodeDecodeError as error:
            raise RegistryError(not_utf8(name, block.start + error.start)) from error
        for row, raw in enumerate(_SKIP.decode(block.data), block.first):
            yield row, parse(bytes(raw).decode())


def _lines(stream: IO[bytes], head: bytes, mark: int, size: int, keep: bool) -> Iterator[Block]:
    first, start = 0, mark
    for data in _whole_lines(stream, head, size):
        yield Block(first, start, len(data), data if keep else b"")
        first += data.count(b"\n")
        start += len(data)


def _whole_lines(stream: IO[bytes], head: bytes, size: int) -> Iterator[bytes]:
    """Yield pieces that end with the end of a line; the last one ends where the file does."""
    held = [head]
    while more := stream.read(size):
        at = more.rfind(b"\n") + 1
        if not at:
            held.append(more)
            continue
        yield b"".join([*held, more[:at]])
        held = [more[at:]]
    if rest := b"".join(held):
        yield rest


class _Held:
    """What has been read of an array and not been cut off yet, as an array of its own.

    It stays in one place in memory, because new pages cost more time than all that is done here.
    """

    def __init__(self, begun: bytes) -> None:
        self.text = bytearray(begun)
        self.end = len(begun)

    def read(self, stream: IO[bytes], size: int) -> int:
        """Read so many more bytes; return how many there were."""
        lacking = self.end + size - len(self.text)
        if lacking > 0:
            self.text.extend(bytes(lacking))
        with memoryview(self.text) as text:
            many = stream.readinto(text[self.end : self.end + size])  # type: ignore[attr-defined]
        self.end += many
        return int(many)

    def rows(self, end: int) -> int:
        """Return how many rows there are if the byte at `end` closes the array; 0 if it cannot."""
        there, self.text[end] = self.text[end], ord("]")
        try:
            with memoryview(self.text)[: end + 1] as text:
                # What msgspec skips it does not decode: bad UTF-8 is found when it is decoded.
                return len(_SKIP.decode(text))
        except (msgspec.DecodeError, RecursionError):
            return 0
        finally:
            self.text[end] = there

    def drop(self, end: int) -> None:
        """Let the array begin where it was cut."""
        rest = self.text[end : self.end]
        rest[:1] = b"["
        self.text[: len(rest)] = rest
        self.end = len(rest)


def _array(
    stream: IO[bytes], name: str, head: bytes, mark: int, size: int, keep: bool
) -> Iterator[Block]:
    blank = len(head) - len(head.lstrip(_SPACE))
    if not head[blank:].startswith(b"["):
        yield from _slowly(stream, name, head, 0, mark)
        return
    held, first, passed = _Held(head[blank:]), 0, mark + blank
    usual = b"},"
    while more := held.read(stream, size):
        found = _cut(held, usual)
        if found is None:
            if held.end > _LARGEST:
                break
            continue
        at, rows = found
        # What stands around one good comma mostly stands around the next, and seldom inside a row.
        usual = bytes(held.text[max(1, at - 2) : at + 3])
        data = b"".join([memoryview(held.text)[:at], b"]"]) if keep else b""
        yield Block(first, passed, at + 1, data, array=True)
        held.drop(at)
        first, passed = first + rows, passed + at
    inside = bytes(held.text[: held.end])
    whole = inside.rstrip(_SPACE)
    ended = not more and whole.endswith(b"]") and (first or whole[1:-1].strip(_SPACE))
    if ended and held.rows(len(whole) - 1):
        yield Block(first, passed, len(whole), whole if keep else b"", array=True)
    else:
        yield from _slowly(stream, name, inside, first, passed)


def _cut(held: _Held, usual: bytes) -> tuple[int, int] | None:
    """Return the place of a late good comma, and how many rows stand before it.

    `usual` holds the comma and what stood around an earlier one.
    """
    for end in (usual, b"},", b"],", b'",', b","):
        at = held.end
        for _ in range(_TRIES):
            at = held.text.rfind(end, 1, at)
            if at < 0:
                break
            comma = at + end.index(b",")
            if rows := held.rows(comma):
                return comma, rows
    return None


def _slowly(stream: IO[bytes], name: str, head: bytes, first: int, start: int) -> Iterator[Block]:
    """Read the rest of an array row by row; errors name the byte as if there had been no blocks."""
    waiting: list[Numbered] = []
    for row, value in read_array(stream, name, head=head, start=start, again=bool(first)):
        waiting.append((first + row, value))
        if len(waiting) == _ROUGH:
            yield Block(waiting[0][0], read=tuple(waiting))
            waiting = []
    if waiting:
        yield Block(waiting[0][0], read=tuple(waiting))
