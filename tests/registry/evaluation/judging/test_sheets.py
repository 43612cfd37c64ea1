import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RegistryError
from registry.evaluation.judging import returned, sheets
from registry.evaluation.judging.protocols import Given, Pair


def pairs(n: int) -> list[Pair]:
    return [
        Pair(f"k{at}", f"Sing {at}.", (f"low {at}", f"high {at}"), ("base-model", "my-model"))
        for at in range(n)
    ]


def cells(sheet: sheets.Sheet) -> list[list[str]]:
    return list(csv.reader(io.StringIO(sheets.as_csv(sheet).removeprefix("\ufeff"))))


@given(st.integers(1, 30), st.integers())
def test_every_pair_is_shown_once_and_half_of_them_turned(n: int, seed: int) -> None:
    sheet = sheets.preference(pairs(n), seed=seed)
    assert sorted(one.id for one in sheet.key.items) == sorted(f"k{at}" for at in range(n))
    turned = sum(one.models[0] == "my-model" for one in sheet.key.items)
    assert turned == n // 2
    for shown, hidden in zip(sheet.items, sheet.key.items, strict=True):
        at = hidden.id[1:]
        said = {"base-model": f"low {at}", "my-model": f"high {at}"}
        assert shown.answers == tuple(said[model] for model in hidden.models)
        assert shown.instruction == f"Sing {at}."


def test_the_same_seed_gives_the_same_sheet_whatever_the_order_of_the_files() -> None:
    one, other = (sheets.preference(given, seed=5) for given in (pairs(20), pairs(20)[::-1]))
    assert one == other
    assert sheets.preference(pairs(20), seed=6) != one


def test_a_limit_draws_by_the_seed() -> None:
    drawn = [sheets.preference(pairs(20), seed=seed, limit=5) for seed in range(5)]
    assert all(len(one.items) == 5 for one in drawn)
    assert len({tuple(hidden.id for hidden in one.key.items) for one in drawn}) > 1
    with pytest.raises(RegistryError, match="leaves nothing"):
        sheets.preference(pairs(2), seed=1, limit=0)


def test_nothing_that_is_handed_out_names_a_model_or_a_key(tmp_path: Path) -> None:
    sheets.write(sheets.preference(pairs(6), seed=1), tmp_path)
    for name in (sheets.SHEET, sheets.FORM):
        text = (tmp_path / name).read_text()
        assert "base-model" not in text
        assert "my-model" not in text
        assert "k3" not in text


def test_of_one_model_or_of_several_each_answer_is_asked_about() -> None:
    answers = [Given(f"k{at}", "Sing.", f"la {model}", model) for model in "ab" for at in range(3)]
    sheet = sheets.acceptance(answers, seed=1)
    assert Counter(one.models[0] for one in sheet.key.items) == {"a": 3, "b": 3}
    assert cells(sheet)[0] == [
        "item", "instruction", "answer", "acceptance", "annotator", "comment",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+1", "-1", "\t=1"])
def test_no_cell_starts_a_formula(text: str) -> None:
    sheet = sheets.preference([Pair("k", text, (text, "b"), ("x", "y"))], seed=1)
    assert all(not cell.startswith(sheets.FORMULA) for row in cells(sheet) for cell in row)


def test_a_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    sheet = sheets.preference(pairs(4), seed=1)
    sheets.write(sheet, tmp_path)
    assert returned.read_key(tmp_path / sheets.KEY) == sheet.key


def test_a_sheet_compares_two_models() -> None:
    mixed = [*pairs(1), Pair("other", "Sing.", ("a", "b"), ("x", "y"))]
    with pytest.raises(RegistryError, match="compares two models"):
        sheets.preference(mixed, seed=1)


def test_half_an_emoji_does_not_stop_a_sheet(tmp_path: Path) -> None:
    halves = [Pair("k\ud83d", "Sing \ud83d.", ("\ud83d", "b"), ("one", "two"))]
    sheets.write(sheets.preference(halves, seed=1), tmp_path)
    assert "Sing ?." in (tmp_path / sheets.SHEET).read_text(encoding="utf-8")


def test_the_key_of_another_sheet_is_not_written_over(tmp_path: Path) -> None:
    first = sheets.preference(pairs(20), seed=1)
    sheets.write(first, tmp_path)
    sheets.write(first, tmp_path)
    kept = (tmp_path / sheets.KEY).read_text()
    with pytest.raises(RegistryError, match="key of another sheet; write to another folder"):
        sheets.write(sheets.preference(pairs(20), seed=2), tmp_path)
    assert (tmp_path / sheets.KEY).read_text() == kept
