from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.canonical import (
    SCHEMA,
    Constraint,
    Demonstration,
    Message,
    Origin,
    Row,
    digest_table,
    from_dict,
    read_rows,
    to_dict,
    write_rows,
)
from registry.hashing import digest_rows

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
MANY = st.lists(TEXTS, max_size=3).map(tuple)
DEMONSTRATIONS = st.lists(st.builds(Demonstration, TEXTS, TEXTS, TEXTS), max_size=2).map(tuple)
ROWS = st.builds(
    Row,
    id=TEXTS,
    dataset=TEXTS,
    task=TEXTS,
    split=TEXTS,
    messages=st.lists(st.builds(Message, TEXTS, TEXTS), max_size=3).map(tuple),
    references=MANY,
    rejected=MANY,
    definition=TEXTS,
    positives=DEMONSTRATIONS,
    negatives=DEMONSTRATIONS,
    options=MANY,
    constraints=st.lists(st.builds(Constraint, TEXTS, TEXTS), max_size=2).map(tuple),
    kind=st.none() | TEXTS,
    language=st.none() | TEXTS,
    annotator=st.none() | TEXTS,
    origin=st.builds(Origin, TEXTS, st.integers(0, 2**62)),
)
LAW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def song(row: int = 0) -> Row:
    return Row(
        id=f"songs:{row}",
        dataset="songs",
        task="sing",
        split="train",
        messages=(Message("system", "Be loud."), Message("user", "Sing.")),
        references=("La.", "Lala."),
        options=("La.", "Do."),
        constraints=(Constraint("length:words", '{"n": 1}'),),
        language="eng",
        origin=Origin("songs.json", row),
    )


@LAW
@given(rows=st.lists(ROWS, max_size=6), batch=st.integers(1, 4))
def test_rows_come_back_from_parquet_as_they_went_in(
    tmp_path: Path, rows: list[Row], batch: int
) -> None:
    path = tmp_path / "rows.parquet"
    table = write_rows(path, rows, batch=batch)
    assert list(read_rows(path, batch=2)) == rows
    assert table.rows == len(rows)
    assert table == digest_table(path)


@LAW
@given(rows=st.lists(ROWS, max_size=5), chance=st.randoms(use_true_random=False))
def test_a_table_s_digest_is_of_its_rows_not_of_its_file(
    tmp_path: Path, rows: list[Row], chance: Any
) -> None:
    there = write_rows(tmp_path / "a.parquet", rows)
    back = write_rows(tmp_path / "b.parquet", chance.sample(rows, len(rows)), batch=1)
    assert there == back
    assert there.digest == digest_rows(map(to_dict, rows))


@given(ROWS)
def test_a_row_is_what_its_plain_values_say(row: Row) -> None:
    assert from_dict(to_dict(row)) == row
    assert list(to_dict(row)) == SCHEMA.names


def test_a_repeated_row_changes_the_digest(tmp_path: Path) -> None:
    once = write_rows(tmp_path / "a", [song()])
    twice = write_rows(tmp_path / "b", [song(), song()])
    assert once.digest != twice.digest


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_rows(tmp_path / name, (song(row) for row in range(50)), batch=7)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    write_rows(tmp_path / "a", [])
    assert pq.read_schema(tmp_path / "a").names == SCHEMA.names
    assert list(read_rows(tmp_path / "a")) == []


def test_a_failure_on_the_way_leaves_no_table(tmp_path: Path) -> None:
    def rows() -> Any:
        yield song()
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write_rows(tmp_path / "a", rows(), batch=1)
    assert list(tmp_path.iterdir()) == []


def test_datasets_opens_a_table_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    write_rows(tmp_path / "rows.parquet", [song(0), song(1)])
    found = datasets.load_dataset(
        "parquet",
        data_files=str(tmp_path / "rows.parquet"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert [from_dict(one) for one in found] == [song(0), song(1)]
