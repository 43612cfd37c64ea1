import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from registry.files import (
    partial,
    pass_on,
    whole,
    whole_alone,
    whole_folder,
    write_json,
    write_text,
)


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "c.txt", "é\n")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == "é\n".encode()


def test_a_failure_leaves_what_was_there_and_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_text(path, "old")

    def fail_half_way() -> None:
        with whole(path) as temporary:
            temporary.write_text("new")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_passed_on_to_the_disk_stays_in_the_file(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as stream:
        for nth in range(3):
            stream.write(bytes([nth]) * 10_000)
            pass_on(stream)
            assert (tmp_path / "x").stat().st_size == 10_000 * (nth + 1)
    assert (tmp_path / "x").read_bytes() == b"".join(bytes([nth]) * 10_000 for nth in range(3))


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_text(path, "old")
    with whole(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary == partial(path)
    assert path.read_text() == "new"


def test_a_block_that_writes_nothing_is_an_error_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole(tmp_path / "x"):
        pass
    assert not (tmp_path / "x").exists()


def test_what_a_writer_left_beside_its_file_goes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_text(partial(path) / ".tmpDrawn", "of a killed one")
    with whole_alone(path) as temporary:
        assert list(temporary.parent.iterdir()) == []
        write_text(temporary.parent / ".tmpOther", "left by this one")
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_of_nothing_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_text(path, "old")
    with pytest.raises(FileNotFoundError), whole_alone(path):
        pass
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "d" / "old", "old")
    with whole_folder(tmp_path / "d") as temporary:
        write_text(temporary / "new", "new")
        assert (tmp_path / "d" / "old").exists()
    assert [one.name for one in (tmp_path / "d").iterdir()] == ["new"]
    assert [one.name for one in tmp_path.iterdir()] == ["d"]


def test_a_folder_survives_a_failure_as_it_was(tmp_path: Path) -> None:
    write_text(tmp_path / "d" / "old", "old")
    with pytest.raises(ValueError, match="stop"), whole_folder(tmp_path / "d"):
        raise ValueError("stop")
    assert [one.name for one in (tmp_path / "d").iterdir()] == ["old"]
    assert [one.name for one in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_who_may_read_a_folder_may_read_its_files(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        with whole_folder(tmp_path / "d") as temporary:
            save_file({"a": torch.zeros(1)}, temporary / "a.safetensors")
            write_text(temporary / "below" / "b", "b")
            (temporary / "run").touch(0o700)
    finally:
        os.umask(before)
    found = {one.name: one.stat().st_mode & 0o777 for one in (tmp_path / "d").rglob("*")}
    assert found["a.safetensors"] == found["b"] == mode
    assert found["run"] == mode | 0o100


def test_json_is_indented_keeps_its_text_and_ends_in_a_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"é": [1]})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text == '{\n "é": [\n  1\n ]\n}\n'
    assert json.loads(text) == {"é": [1]}
