import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation.judging.rows import InvalidRows, read_lines

ROWS = st.lists(
    st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.none()),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@settings(max_examples=40)
@given(rows=ROWS, indent=st.sampled_from([None, 1]))
def test_an_array_and_json_lines_hold_the_same_rows(
    rows: list[dict[str, object]], indent: int | None, folder: Path
) -> None:
    array, lines = folder / "a.json", folder / "l.jsonl"
    array.write_text(json.dumps(rows, indent=indent, ensure_ascii=False), newline="\n")
    lines.write_text("\n".join(json.dumps(row) for row in rows), newline="\n")
    assert [one.value for one in read_lines(array)] == rows
    assert [one.value for one in read_lines(lines)] == rows


def test_rows_know_their_lines(tmp_path: Path) -> None:
    array, lines = tmp_path / "a.json", tmp_path / "l.jsonl"
    array.write_text('[\n {"a": 1},\n\n {"a":\n 2}\n]')
    lines.write_text('{"a": 1}\n\n{"a": 2}\n')
    assert [one.line for one in read_lines(array)] == [2, 4]
    assert [one.line for one in read_lines(lines)] == [1, 3]


def test_csv_with_semicolons_and_line_ends_in_cells_is_read(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_bytes('\ufeffitem;text\r\n1;"two\r\nlines"\r\n;\r\n2;b\r\n'.encode())
    read = read_lines(file)
    assert [one.value["item"] for one in read] == ["1", "2"]
    assert [one.line for one in read] == [2, 5]


def test_every_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text('{"a": 1}\n{"a": \n{"b": 1}\nnull?\n')
    with pytest.raises(InvalidRows) as caught:
        read_lines(file)
    assert [one.line for one in caught.value.problems] == [2, 4]


@pytest.mark.parametrize("text", ['[{"a": 1}', '[{"a": 1} {"a": 2}]', "[", '[{"a": 1},'])
def test_an_array_that_breaks_off_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(InvalidRows):
        read_lines(file)


@pytest.mark.parametrize("text", ["", "[]", "[1, 2]", "3", "[" * 100_000, "head\n"])
def test_what_holds_no_rows_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    for name in ("a.json", "a.csv"):
        file = tmp_path / name
        file.write_text(text)
        if name == "a.csv" and text not in ("", "head\n"):
            continue
        with pytest.raises(RegistryError):
            read_lines(file)


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(RegistryError, match="not UTF-8 at byte 7"):
        read_lines(file)
