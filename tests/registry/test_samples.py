import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import samples
from registry.canonical import Message, Origin, Row, write_rows
from registry.convert import convert_files
from registry.errors import RegistryError
from registry.files import write_text
from registry.samples import CELL, Text, native_row, rows_by_id, rows_of, shares, with_native


def row(number: int, task: str = "sing", **others: Any) -> Row:
    given: dict[str, Any] = {
        "id": f"songs:{number}",
        "dataset": "songs",
        "task": task,
        "split": "train",
        "messages": (Message("user", f"Sing {number}."),),
        "references": ("la",),
        "origin": Origin("songs.jsonl", number),
    }
    return Row(**given | others)


def table(folder: Path, rows: Sequence[Row], batch: int = 4096, name: str = "train") -> Path:
    path = folder / f"{name}.parquet"
    write_rows(path, rows, batch=batch)
    return path


def alpaca(number: int) -> dict[str, str]:
    return {"instruction": f"Sing {number}.", "input": "", "output": "la"}


def lines(rows: Sequence[Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in rows)


def test_rows_are_of_as_many_tasks_as_there_are(tmp_path: Path) -> None:
    rows = [row(n, task=f"task {n % 3}") for n in range(60)]
    found = rows_of(table(tmp_path, rows), number=4)
    assert len({one.id for one in found}) == 4
    assert {one.task for one in found} == {"task 0", "task 1", "task 2"}


def test_the_same_rows_in_another_order_and_other_row_groups_are_chosen(tmp_path: Path) -> None:
    rows = [row(n) for n in range(100)]
    one = rows_of(table(tmp_path, rows))
    other = rows_of(table(tmp_path, rows[::-1], batch=30, name="again"))
    assert [each.id for each in one] == [each.id for each in other]
    assert len(one) == samples.ROWS


def test_rows_early_in_their_files_come_first(tmp_path: Path) -> None:
    late = [row(n + samples.EARLY, id=f"songs:late{n}") for n in range(50)]
    found = rows_of(table(tmp_path, [*late, row(3)]))
    assert found[0].id == "songs:3"
    assert len(found) == samples.ROWS


def test_row_groups_are_sought_all_over_a_table(tmp_path: Path) -> None:
    rows = [row(n, task=f"task {n // 10}") for n in range(400)]
    found = rows_of(table(tmp_path, rows, batch=10), number=30)
    assert len({one.task for one in found}) > 15


def test_row_groups_that_are_too_large_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path, [row(n) for n in range(9)])
    monkeypatch.setattr(samples, "GROUP_BYTES", 10)
    with pytest.raises(RegistryError, match="are not looked into"):
        rows_of(path)
    assert rows_by_id(path, ["songs:1"]) == {}


def test_a_table_without_rows_has_no_samples(tmp_path: Path) -> None:
    assert rows_of(table(tmp_path, [])) == ()


def test_a_table_that_is_none_is_told(tmp_path: Path) -> None:
    write_text(tmp_path / "train.parquet", "la")
    with pytest.raises(RegistryError, match=r"train\.parquet: cannot be read"):
        rows_of(tmp_path / "train.parquet")


def test_the_training_table_comes_before_others(tmp_path: Path) -> None:
    assert samples.table_of(tmp_path) is None
    table(tmp_path, [], name="dev")
    assert samples.table_of(tmp_path) == tmp_path / "dev.parquet"
    train = table(tmp_path, [])
    assert samples.table_of(tmp_path) == train


def test_a_row_is_found_by_its_id(tmp_path: Path) -> None:
    path = table(tmp_path, [row(n) for n in range(50)], batch=8)
    found = rows_by_id(path, ["songs:41", "songs:2", "songs:absent"])
    assert {id: one.row for id, one in found.items()} == {"songs:41": 41, "songs:2": 2}


def test_every_part_of_a_row_has_its_name(tmp_path: Path) -> None:
    full = row(
        1,
        messages=(Message("system", "Be brief."), Message("user", "Sing.")),
        references=("la", "lo", "lu"),
        rejected=("no",),
        options=("la", "lo"),
    )
    (found,) = rows_of(table(tmp_path, [full]))
    assert [(part.name, part.text.text) for part in found.parts] == [
        ("system", "Be brief."),
        ("user", "Sing."),
        ("answer", "la"),
        ("other answers", "lo\nlu"),
        ("rejected", "no"),
        ("options", "la\nlo"),
    ]


def test_the_middle_of_a_long_conversation_is_left_out_and_counted(tmp_path: Path) -> None:
    roles = ["user", "assistant"] * 5 + ["user"]
    turns = tuple(Message(role, str(n)) for n, role in enumerate(roles))
    (found,) = rows_of(table(tmp_path, [row(1, messages=turns)]))
    said = [part.text.text for part in found.parts[:-1]]
    assert said == ["0", "1", "5 turns", "7", "8", "9", "10"]


def test_a_long_row_says_how_much_more_it_has(tmp_path: Path) -> None:
    turns = (Message("user", "x" * 5_000),)
    (found,) = rows_of(table(tmp_path, [row(1, messages=turns)]))
    asked, answer = (part.text for part in found.parts)
    assert answer == Text("la")
    assert len(asked.text) + len(answer.text) <= CELL
    assert len(asked.text) + asked.more == 5_000


@given(st.lists(st.integers(0, 900), max_size=8), st.integers(0, 2_000))
def test_shares_fit_into_the_room_and_waste_none(lengths: list[int], room: int) -> None:
    given = shares(lengths, room)
    assert all(0 <= share <= length for share, length in zip(given, lengths, strict=True))
    assert sum(given) <= room
    if sum(lengths) <= room:
        assert given == lengths
    else:
        assert room - sum(given) < len(lengths)


@pytest.mark.parametrize("name", ["songs.jsonl", "songs.json", "songs.whl", "songs.tar.gz"])
def test_a_native_row_is_found_in_lines_arrays_and_archives(tmp_path: Path, name: str) -> None:
    rows = [alpaca(n) for n in range(9)]
    body = (json.dumps(rows) if name == "songs.json" else lines(rows)).encode()
    if name.endswith(".whl"):
        with zipfile.ZipFile(tmp_path / name, "w") as zipped:
            zipped.writestr("in/songs.jsonl", body)
    elif name.endswith(".gz"):
        opened: Any = tarfile.open
        with opened(tmp_path / name, "w:gz") as tar:
            member = tarfile.TarInfo("in/songs.jsonl")
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    else:
        (tmp_path / name).write_bytes(body)
    address = name if "json" in name else f"{name}!in/songs.jsonl"
    assert json.loads(native_row(tmp_path, "alpaca", address, 7).text) == alpaca(7)


def test_a_native_line_of_cells_stays_a_line(tmp_path: Path) -> None:
    write_text(tmp_path / "a_train.tsv", "Sing.\tla\nCry.\tlu\n")
    assert native_row(tmp_path, "flan-cot", "a_train.tsv", 1).text == "Cry.\tlu"


def test_a_row_of_a_task_file_is_its_instance(tmp_path: Path) -> None:
    task = {"Definition": ["Sing."], "Instances": [{"input": "a"}, {"input": "b"}]}
    write_text(tmp_path / "task1.json", json.dumps(task))
    found = native_row(tmp_path, "natural-instructions", "task1.json", 1)
    assert json.loads(found.text) == {"input": "b"}


def test_a_row_that_was_no_json_is_shown_as_it_stands(tmp_path: Path) -> None:
    write_text(tmp_path / "songs.jsonl", '{"a": 1}\n{"instruction": \n')
    assert native_row(tmp_path, "alpaca", "songs.jsonl", 1).text == '{"instruction":'


def test_a_long_native_row_is_cut_with_its_count(tmp_path: Path) -> None:
    write_text(tmp_path / "songs.jsonl", lines([{"instruction": "x" * 4_000}]))
    found = native_row(tmp_path, "alpaca", "songs.jsonl", 0)
    assert len(found.text) == CELL
    assert found.more > 2_500


def test_a_row_far_into_a_large_file_is_not_sought_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "BYTES", 1 << 20)
    with (tmp_path / "songs.jsonl").open("w") as stream:
        stream.write(lines([alpaca(0)]) + "x" * (3 << 20))
    assert json.loads(native_row(tmp_path, "alpaca", "songs.jsonl", 0).text) == alpaca(0)
    with pytest.raises(RegistryError, match="not among the first 1 MiB"):
        native_row(tmp_path, "alpaca", "songs.jsonl", 1)


def test_a_long_tar_is_not_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_TAR", 3)
    write_text(tmp_path / "songs.tar", "long")
    with pytest.raises(RegistryError, match="too long to be looked into"):
        native_row(tmp_path, "alpaca", "songs.tar!a.json", 0)


@pytest.mark.parametrize(
    ("file", "number", "why"),
    [
        ("absent.jsonl", 0, "absent.jsonl: is not there; fetch it first"),
        ("songs.jsonl", 3, "has no row 3"),
        ("../songs.jsonl", 0, "is no place in"),
        ("songs.whl!a.json", 0, "is not there"),
    ],
)
def test_a_native_row_that_cannot_be_had_is_left_out_with_the_reason(
    tmp_path: Path, file: str, number: int, why: str
) -> None:
    write_text(tmp_path / "native" / "songs.jsonl", lines([alpaca(n) for n in range(3)]))
    found = rows_of(table(tmp_path, [row(1, origin=Origin(file, number))]))
    (one,) = with_native(found, "alpaca", tmp_path / "native")
    assert one.native is None
    assert one.why
    assert why in one.why
    assert str(tmp_path / "native") + "/" not in one.why


def test_a_format_that_is_not_known_is_told(tmp_path: Path) -> None:
    write_text(tmp_path / "songs.jsonl", "{}\n")
    with pytest.raises(RegistryError, match="has no rows that stand alone"):
        native_row(tmp_path, "unheard-of", "songs.jsonl", 0)


@pytest.mark.parametrize(
    "format", sorted(path.name for path in Path(__file__).parents[1].glob("samples/*/"))
)
def test_rows_of_every_format_are_found_again(tmp_path: Path, format: str) -> None:
    folder = Path(__file__).parents[1] / "samples" / format
    made = convert_files(format, [folder], tmp_path / "out")
    for path in (one.path for one in made.tables):
        for one in with_native(rows_of(path, number=50), format, folder):
            assert one.native, one.why
