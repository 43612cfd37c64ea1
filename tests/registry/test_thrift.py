"""Numbers are cut out of Thrift's bytes, and everything between them is kept."""

from hypothesis import given
from hypothesis import strategies as st

from registry.thrift import Piece, cut, list_head, number, varint, whole


def put(pieces: tuple[Piece, ...]) -> bytes:
    """Put pieces together again; the mark behind a list's elements says nothing."""
    made, lists = b"", 0
    for piece in pieces:
        if isinstance(piece, bytes):
            made += piece
        elif piece[0] == "many":
            made += list_head(piece[1]) if lists % 2 == 0 else b""
            lists += 1
        else:
            made += number(piece[1])
    return made


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_is_read_as_it_was_written(value: int) -> None:
    data = b"\x16" + number(value) + b"\x00"
    assert cut(data, {1: "it"}) == (b"\x16", ("it", value), b"\x00")


def test_numbers_are_written_as_thrift_does() -> None:
    assert [number(value) for value in (0, -1, 1, 63, 64, -65)] == [
        b"\x00",
        b"\x01",
        b"\x02",
        b"\x7e",
        b"\x80\x01",
        b"\x81\x01",
    ]
    assert varint(300) == b"\xac\x02"
    assert whole(2**64 - 1) == -(2**63)


def test_what_is_not_wanted_is_passed_and_kept() -> None:
    inner = b"\x15" + number(7) + b"\x00"
    data = b"".join(
        [
            *(b"\x11", b"\x12"),  # true, false
            *(b"\x13", b"\x05"),  # a byte
            *(b"\x17", b"\x00" * 8),  # a double
            *(b"\x18", b"\x03", b"\xff\x15\x00"),  # bytes that look like something
            *(b"\x1c", inner),  # a struct
            *(b"\x05", number(99), number(-5)),  # field 99, its number in bytes of its own
            *(b"\x19", list_head(2), inner, inner),
            b"\x00",
        ]
    )
    assert cut(data, {}) == (data,)
    found = cut(data, {6: {1: "inner"}, 99: "far", 100: {0: "many", 1: "inner"}})
    assert [piece for piece in found if not isinstance(piece, bytes)] == [
        ("inner", 7),
        ("far", -5),
        ("many", 2),
        ("inner", 7),
        ("inner", 7),
        ("many", 2),
    ]
    assert put(found) == data


@given(st.integers(0, 400))
def test_lists_of_any_length_are_found(many: int) -> None:
    data = b"\x19" + list_head(many) + (b"\x15\x02\x00" * many) + b"\x00"
    found = cut(data, {1: {0: "many", 1: "one"}})
    assert found[1] == ("many", many)
    assert sum(piece == ("one", 1) for piece in found) == many
    assert put(found) == data
