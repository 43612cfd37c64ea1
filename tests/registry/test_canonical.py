import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.canonical import (
    SCHEMA,
    TEMPLATED,
    Constraint,
    Demonstration,
    Example,
    Message,
    Origin,
    Row,
    batch_of,
    digest_table,
    from_dict,
    read_rows,
    record_batch,
    row_text,
    to_dict,
    write_rows,
)
from registry.hashing import RowDigest, canonical_json, digest_rows

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
RENDERED = st.builds(replace, ROWS, template=st.none() | TEXTS)
LAW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


@LAW
@given(rows=st.lists(RENDERED, max_size=6), batch=st.integers(1, 4))
def test_rendered_rows_come_back_with_their_wording(
    tmp_path: Path, rows: list[Row], batch: int
) -> None:
    path = tmp_path / "rows.parquet"
    table = write_rows(path, rows, schema=TEMPLATED, batch=batch)
    assert list(read_rows(path, batch=2)) == rows
    assert table == digest_table(path)


@LAW
@given(rows=st.lists(ROWS, max_size=5))
def test_rows_without_a_wording_have_one_digest_in_both_kinds_of_table(
    tmp_path: Path, rows: list[Row]
) -> None:
    plain = write_rows(tmp_path / "a.parquet", rows)
    assert plain == write_rows(tmp_path / "b.parquet", rows, schema=TEMPLATED)


def test_the_wording_is_part_of_the_digest(tmp_path: Path) -> None:
    found = {
        write_rows(tmp_path / "a", [replace(song(), template=one)], schema=TEMPLATED).digest
        for one in (None, "about", "label")
    }
    assert len(found) == 3


def test_a_wording_is_not_lost_in_a_table_that_has_no_place_for_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="write it with schema=TEMPLATED"):
        write_rows(tmp_path / "a", [replace(song(), template="about")])


def test_the_digest_of_a_row_is_what_it_was_before_templates(tmp_path: Path) -> None:
    table = write_rows(tmp_path / "a", [song(0), song(1)])
    assert table.digest == "md5:42da4c219743d19b426b836fc9b7c616"
    assert pq.read_schema(tmp_path / "a").names[-1] == "origin"


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


@LAW
@given(row=ROWS)
def test_a_row_s_text_is_its_canonical_json(row: Row) -> None:
    assert row_text(to_dict(row)) == canonical_json(to_dict(row)).encode()


@LAW
@given(rows=st.lists(ROWS, max_size=5))
def test_flat_columns_make_the_batch_that_arrow_makes(rows: list[Row]) -> None:
    plain = [to_dict(row) for row in rows]
    made = record_batch(plain)
    assert made.schema == SCHEMA
    assert made.to_pylist() == plain


SHARED = Example.__struct_fields__


@LAW
@given(rows=st.lists(ROWS, max_size=5))
def test_examples_become_the_rows_that_they_say(rows: list[Row]) -> None:
    examples = [Example(**{name: getattr(row, name) for name in SHARED}) for row in rows]
    ids, origins = [row.id for row in rows], [row.origin for row in rows]
    made = batch_of("songs", "human", examples, ids, origins)
    wanted = [
        to_dict(replace(row, dataset="songs", annotator=row.annotator or "human")) for row in rows
    ]
    assert made.columns.to_pylist() == wanted
    assert made.digest.value() == digest_rows(wanted)


@LAW
@given(row=ROWS, data=st.data())
def test_one_other_character_is_another_digest(row: Row, data: st.DataObject) -> None:
    plain = to_dict(row)
    edited, changed = json.loads(json.dumps(plain)), False
    places = [
        (one, key)
        for one in walk(edited)
        for key, text in (one.items() if isinstance(one, dict) else enumerate(one))
        if isinstance(text, str)
    ]
    holder, key = data.draw(st.sampled_from(places))
    text = holder[key]
    at = data.draw(st.integers(0, len(text)))
    other = data.draw(st.characters(exclude_categories=["Cs"]))
    holder[key] = text[:at] + other + text[at + data.draw(st.integers(0, 1)) :]
    changed = edited != plain
    assert (digest_rows([plain]) != digest_rows([edited])) == changed


def walk(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from walk(one)


@LAW
@given(rows=st.lists(ROWS, max_size=6), cut=st.integers(0, 6))
def test_parts_of_a_table_are_digested_anywhere_and_merged(rows: list[Row], cut: int) -> None:
    plain = [to_dict(row) for row in rows]
    whole, first, second = RowDigest(), RowDigest(), RowDigest()
    for one in plain:
        whole.add(one)
    for at, one in enumerate(plain):
        (first if at < cut else second).add(one)
    second.merge(first)
    assert second.value() == whole.value()
