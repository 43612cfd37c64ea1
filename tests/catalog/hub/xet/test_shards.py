import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.hub.xet import shards
from catalog.hub.xet.shards import Term
from catalog.hub.xet.xorbs import MOST_CHUNKS, Malformed
from tests.catalog.hub.xet import pieces

X, Y = "0123456789abcdef" * 4, "fedcba9876543210" * 4


def test_a_shard_gives_its_files_with_their_terms_in_order() -> None:
    first = pieces.file(b"ab", [(X, 10, 0, 2), (Y, 5, 7, 8)])
    second = pieces.file(b"c", [(X, 3, 1, 2)], checks=False)
    one, two = shards.files(pieces.shard(first, second))
    assert list(one.terms()) == [Term(X, 10, 0, 2), Term(Y, 5, 7, 8)]
    assert (one.sha256, one.size) == (hashlib.sha256(b"ab").hexdigest(), 15)
    assert (two.sha256, two.size) == (hashlib.sha256(b"c").hexdigest(), 3)


def test_a_hash_is_written_as_four_little_endian_numbers() -> None:
    assert shards.word(bytes(range(32))) == (
        "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has 0 bytes"),
        (pieces.shard(tag=b"something else"), "does not begin"),
        (pieces.shard(version=3), "version 3"),
        (pieces.shard()[:48], "ends after 48 bytes"),
        (pieces.shard(pieces.file(b"", [(X, 1, 0, 1)]))[:100], "ends after 100 bytes"),
        (pieces.shard(pieces.file(b"", [(X, 1, 1, 1)])), "from chunk 1 to 1"),
        (pieces.shard(pieces.file(b"", [(X, 1, 2, 1)])), "from chunk 2 to 1"),
        (pieces.shard(pieces.file(b"", [(X, 0, 0, 1)])), "has 0 bytes"),
        (pieces.shard(pieces.file(b"", [(X, 1, 0, MOST_CHUNKS + 1)])), "to 16,385"),
        (pieces.shard(struct.pack("<32sII8x", bytes(32), 0, 0)), "carries no SHA-256"),
        (pieces.shard(struct.pack("<32sII8x", bytes(32), 1 << 30, 0xFFFFFFFF)), "ends after"),
    ],
)
def test_what_breaks_the_format_is_named(content: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        list(shards.files(content))


@settings(max_examples=300)
@given(st.binary(max_size=400), st.booleans())
def test_noise_is_refused_in_words_or_ends(noise: bytes, begins: bool) -> None:
    content = pieces.shard()[:48] + noise if begins else noise
    try:
        found = list(shards.files(content))
    except Malformed:
        return
    assert sum(len(one.records) for one in found) <= len(content)
