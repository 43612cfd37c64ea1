import os
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.hub.xet import xorbs
from catalog.hub.xet.xorbs import Malformed
from tests.catalog.hub.xet import pieces

SCHEMES = st.sampled_from([pieces.AS_IS, pieces.LZ4, pieces.GROUPED])


@contextmanager
def on_disk(content: bytes) -> Iterator[int]:
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(content)
        yield file.fileno()


def read(content: bytes) -> list[bytes]:
    with on_disk(content) as file:
        found = xorbs.layout(file, "x")
        return [
            b"".join(xorbs.unpack(file, found, at, at + 1, "x")) for at in range(len(found.sizes))
        ]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=300), SCHEMES), min_size=1, max_size=40))
def test_what_was_packed_comes_back_whatever_the_schemes(
    chunks: list[tuple[bytes, int]],
) -> None:
    assert read(b"".join(pieces.chunk(*one) for one in chunks)) == [one for one, _ in chunks]


def test_a_range_of_chunks_is_unpacked_in_order_across_runs() -> None:
    chunks = [bytes([number]) * (number + 1) for number in range(100)]
    with on_disk(pieces.xorb(chunks, pieces.LZ4)) as file:
        found = xorbs.layout(file, "x")
        assert b"".join(xorbs.unpack(file, found, 3, 98, "x")) == b"".join(chunks[3:98])
        assert found.unpacked(3, 98) == len(b"".join(chunks[3:98]))


def test_a_footer_behind_the_chunks_is_left_alone() -> None:
    assert read(pieces.xorb([b"one", b"two"]) + b"XETBLOB\0 and more") == [b"one", b"two"]


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    try:
        read(noise)
    except Malformed:
        return


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_xorb_is_refused_in_words_or_holds_its_claims(data: st.DataObject) -> None:
    whole = pieces.xorb([b"some text " * 20, b"\x00\x01\x02\x03" * 50], pieces.GROUPED)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    try:
        found = read(damaged[: data.draw(st.integers(0, len(damaged)))])
    except Malformed:
        return
    assert all(0 < len(one) <= xorbs.MOST_CHUNK for one in found)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no chunk"),
        (pieces.header(1, 0, 1), "ends inside chunk 0"),
        (pieces.chunk(b"a")[:5], "ends inside its header"),
        (pieces.header(1, 0, 1, version=1) + b"a", "version 1"),
        (pieces.header(1, 3, 1) + b"a", "scheme 3"),
        (pieces.header(1, 1, 0) + b"a", "claims 0 bytes"),
        (pieces.header(0, 1, 1), "claims 1 bytes in 0"),
        (pieces.header(2, 0, 1) + b"ab", "is as it is"),
        (pieces.header(300, 1, 0xFFFFFF) + bytes(300), "claims 16,777,215 bytes"),
    ],
)
def test_what_breaks_the_format_is_named(content: bytes, said: str) -> None:
    with on_disk(content) as file, pytest.raises(Malformed, match=said):
        xorbs.layout(file, "x")


def test_more_chunks_than_the_limit_are_refused() -> None:
    content = pieces.chunk(b"a") * (xorbs.MOST_CHUNKS + 1)
    with on_disk(content) as file, pytest.raises(Malformed, match="more than 16,384 chunks"):
        xorbs.layout(file, "x")


def test_a_xorb_above_the_limit_is_refused_unread() -> None:
    with tempfile.TemporaryFile() as file:
        os.truncate(file.fileno(), xorbs.MOST_BYTES + xorbs.MOST_FOOTER + 1)
        with pytest.raises(Malformed, match="at most 67,108,864"):
            xorbs.layout(file.fileno(), "x")


@pytest.mark.parametrize("claimed", [99, 101, 1000, xorbs.MOST_CHUNK])
@pytest.mark.parametrize("scheme", [pieces.LZ4, pieces.GROUPED])
def test_a_wrong_claim_is_refused_and_shows_no_memory(claimed: int, scheme: int) -> None:
    with pytest.raises(Malformed, match="claims"):
        read(pieces.chunk(b"a" * 100, scheme, claimed=claimed))


def test_a_bomb_in_a_chunk_is_not_unpacked_beyond_its_claim() -> None:
    bomb = pieces.chunk(bytes(16 << 20), pieces.LZ4, claimed=xorbs.MOST_CHUNK)
    tracemalloc.start()
    try:
        with pytest.raises(Malformed, match="claims"):
            read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_frames_behind_the_first_are_refused() -> None:
    twice = pieces.chunk(b"a" * 100, pieces.LZ4)[8:] * 2
    with pytest.raises(Malformed, match="claims 100"):
        read(pieces.header(len(twice), pieces.LZ4, 100) + twice)
