"""Row groups made apart make the file that one writer makes, byte for byte."""

from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.canonical import PARQUET, SCHEMA
from registry.rowgroups import GroupWriter, RowGroup, put_down, read, row_group

TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
ROWS = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "split": st.sampled_from(["train", "test"]),
        "messages": st.lists(st.fixed_dictionaries({"role": TEXTS, "content": TEXTS}), max_size=2),
        "references": st.lists(TEXTS, max_size=2),
        "language": st.none() | TEXTS,
        "origin": st.fixed_dictionaries({"file": TEXTS, "row": st.integers(0, 2**40)}),
    }
)
BATCHES = st.lists(st.lists(ROWS, max_size=8), min_size=1, max_size=20)


def batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, SCHEMA)


def by_one_writer(batches: list[pa.RecordBatch]) -> bytes:
    out = BytesIO()
    with pq.ParquetWriter(out, SCHEMA, **PARQUET) as writer:
        for one in batches:
            writer.write_batch(one)
    return out.getvalue()


def together(groups: list[RowGroup]) -> bytes:
    out = BytesIO()
    writer = GroupWriter(out)
    for one in groups:
        writer.add(one)
    writer.finish()
    return out.getvalue()


@given(BATCHES)
@settings(max_examples=60)
def test_a_file_of_row_groups_is_the_one_that_a_single_writer_makes(
    rows: list[list[dict[str, object]]],
) -> None:
    batches = [batch(some) for some in rows]
    groups = [row_group(one, **PARQUET) for one in batches]
    assert together(groups) == by_one_writer(batches)


def test_places_far_into_a_file_are_told() -> None:
    group = row_group(batch([{"id": "a" * 1000, "split": "train"}]), **PARQUET)
    out = BytesIO()
    writer = GroupWriter(out)
    for far in (0, 1 << 31, 1 << 40):
        writer._at += far
        writer.add(group)
    writer.finish()
    found = pq.ParquetFile(out).metadata
    first, *others = (found.row_group(nth).column(0).data_page_offset for nth in range(3))
    length = len(group.pages)
    wanted = first + (1 << 31) + length, first + (1 << 31) + (1 << 40) + 2 * length
    assert tuple(others) == wanted


def test_many_row_groups_are_counted_in_more_bytes() -> None:
    batches = [batch([{"id": str(nth), "split": "train"}]) for nth in range(300)]
    made = together([row_group(one, **PARQUET) for one in batches])
    assert made == by_one_writer(batches)
    assert pq.ParquetFile(BytesIO(made)).num_row_groups == 300


def test_a_row_group_in_a_file_is_the_same(tmp_path: Path) -> None:
    group = row_group(batch([{"id": "a", "messages": [{"role": "user", "content": "Sing."}]}]))
    there = put_down(group, tmp_path / "group")
    assert there.pages == tmp_path / "group"
    assert together([there, there]) == together([group, group])
    assert read(there) == read(group) == pa.table(batch([read(group).to_pylist()[0]]))


def test_no_row_is_a_row_group_too() -> None:
    assert together([row_group(batch([]), **PARQUET)]) == by_one_writer([batch([])])
