import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.hashing import RowDigest, canonical_json, digest, digest_rows, hash_file

ROWS = st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5)))


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, (1 << 20) + 1])
def test_a_file_is_hashed_whole_whatever_its_size(tmp_path: Path, size: int) -> None:
    body = b"x" * size
    (tmp_path / "f").write_bytes(body)
    found = hash_file(tmp_path / "f")
    assert found.sha256 == hashlib.sha256(body).hexdigest()
    assert found.md5 == hashlib.md5(body).hexdigest()
    assert found.bytes == size


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=5))
def test_a_digest_does_not_see_the_order_of_keys(value: dict[str, int]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


@given(ROWS, st.randoms(use_true_random=False))
def test_a_table_s_digest_does_not_see_the_order_of_rows(rows: list[Any], chance: Any) -> None:
    shuffled = chance.sample(rows, len(rows))
    assert digest_rows(shuffled) == digest_rows(rows)


@given(ROWS, st.data())
def test_a_repeated_row_counts_each_time(rows: list[Any], data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(rows)) if rows else {}
    more = [digest_rows(rows + [row] * count) for count in range(4)]
    assert len(set(more)) == 4


def test_an_ordered_digest_sees_the_order() -> None:
    rows = [{"a": 1}, {"a": 2}]
    assert digest_rows(rows, ordered=True) != digest_rows(rows[::-1], ordered=True)
    assert digest_rows(rows, ordered=True) != digest_rows(rows)


def test_text_that_no_file_could_hold_is_hashed_all_the_same() -> None:
    assert digest("\ud800") != digest("\ud801")


def test_a_digest_fits_where_mlflow_keeps_it() -> None:
    for found in (digest({}), RowDigest().value()):
        assert found.startswith("md5:")
        assert len(found) == 36


def test_canonical_json_keeps_text_and_sorts_keys() -> None:
    assert canonical_json({"b": "é", "a": [1, None]}) == '{"a":[1,null],"b":"é"}'
