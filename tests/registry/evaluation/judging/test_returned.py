import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidCards, RegistryError
from registry.evaluation.judging import returned, sheets
from registry.evaluation.judging.protocols import Given, Pair
from registry.evaluation.judging.returned import Choice
from registry.evaluation.judging.sheets import Key


def preference(n: int = 8) -> Key:
    made = [Pair(f"k{at}", "Sing.", ("low", "high"), ("base", "mine")) for at in range(n)]
    return sheets.preference(made, seed=1).key


def acceptance() -> Key:
    answers = [Given(f"{m}{at}", "Sing.", "la", m) for m in ("base", "mine") for at in range(5)]
    return sheets.acceptance(answers, seed=1).key


def side(key: Key, model: str) -> list[str]:
    """Return the choices of one who always prefers a model."""
    return ["AB"[one.models.index(model)] for one in key.items]


def choices(values: list[str], name: str = "anna") -> list[Choice]:
    return [Choice(name, at, value) for at, value in enumerate(values, 1)]


def filled(key: Key, values: list[str], path: Path, delimiter: str = ",") -> Path:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(["item", "instruction", key.asked, "annotator", "comment"])
    for at, value in enumerate(values, 1):
        writer.writerow([at, "Sing,\nplease;", value, "", ""])
    path.write_text("\ufeff" + out.getvalue(), encoding="utf-8", newline="")
    return path


def saved(key: Key, values: list[Any], path: Path, **more: Any) -> Path:
    answers = [{"item": at, key.asked: value} for at, value in enumerate(values, 1)]
    made = {"schema": 1, "sheet": key.sheet, "annotator": "ben", "answers": answers} | more
    path.write_text(json.dumps(made))
    return path


def test_who_always_prefers_the_model_gives_it_all_wins() -> None:
    key = preference()
    made = returned.returned(key, choices(side(key, "mine")))
    assert made.preference
    assert made.preference.win_rate == 100
    assert made.first_shown == 0.5
    assert (made.baseline, made.model) == ("base", "mine")


def test_who_always_takes_the_first_gives_half_the_wins() -> None:
    made = returned.returned(preference(), choices(["A"] * 8))
    assert made.preference
    assert made.preference.win_rate == 50
    assert made.first_shown == 1


@given(st.lists(st.sampled_from(["A", "B", "tie", ""]), min_size=8, max_size=8))
def test_turning_every_choice_turns_the_rate(values: list[str]) -> None:
    key = preference()
    turned = [{"A": "B", "B": "A"}.get(one, one) for one in values]
    ours, theirs = (returned.returned(key, choices(one)).preference for one in (values, turned))
    assert ours
    assert theirs
    assert (ours.n_wins, ours.n_draws) == (theirs.n_wins_base, theirs.n_draws)


def test_the_majority_of_an_item_counts_once() -> None:
    key = preference(1)
    (best,) = side(key, "mine")
    (worst,) = side(key, "base")
    votes = [("a", best), ("b", best), ("c", worst)]
    made = returned.returned(key, [Choice(name, 1, value) for name, value in votes])
    assert made.by_majority
    assert made.preference
    assert (made.by_majority.n_wins, made.preference.n_total) == (1, 3)
    split = returned.returned(key, [Choice("a", 1, best), Choice("b", 1, worst)])
    assert split.by_majority
    assert split.by_majority.n_draws == 1


def test_acceptance_is_counted_by_model_with_its_interval() -> None:
    key = acceptance()
    values = ["yes" if one.models[0] == "mine" else "no" for one in key.items]
    made = returned.returned(key, choices(values))
    assert (made.acceptance["mine"].ratio, made.acceptance["base"].ratio) == (1, 0)
    low, high = made.acceptance["mine"].interval
    assert round(low, 3) == 0.566
    assert high == 1
    assert made.preference is None


def test_two_annotators_are_compared_by_cohen_and_more_by_fleiss() -> None:
    key = acceptance()
    yes, mixed = ["yes", "no"] * 5, ["yes", "no"] * 4 + ["no", "yes"]
    two = returned.returned(key, [*choices(yes, "a"), *choices(mixed, "b")]).agreement
    assert (two.annotators, two.shared, two.raw) == (2, 10, 0.8)
    assert two.kappa == pytest.approx(0.6)
    three = [*choices(yes, "a"), *choices(yes, "b"), *choices(yes, "c")]
    assert returned.returned(key, three).agreement.kappa == pytest.approx(1)


def test_open_items_are_counted_by_annotator_and_have_no_part() -> None:
    made = returned.returned(acceptance(), choices(["yes", "", ""]))
    assert made.open == {"anna": 9}
    assert made.judgements == 1


def test_csv_and_json_are_read_together(tmp_path: Path) -> None:
    key = preference(3)
    made = returned.read(
        key,
        [
            filled(key, ["a", "B ", "TIE"], tmp_path / "anna.csv"),
            filled(key, ["A", "B", ""], tmp_path / "carl.csv", delimiter=";"),
            saved(key, ["A", None, "tie"], tmp_path / "x.json"),
        ],
    )
    assert made.open == {"anna": 0, "ben": 1, "carl": 1}
    assert made.judgements == 7


def test_every_faulty_row_is_named_with_its_place(tmp_path: Path) -> None:
    key = preference(3)
    sheet = filled(key, ["A", "C", "tie", "A"], tmp_path / "anna.csv")
    form = saved(key, ["yes", "A", "B"], tmp_path / "ben.json")
    with pytest.raises(InvalidCards) as caught:
        returned.read(key, [sheet, form])
    said = [(Path(one.file).name, one.line, one.field) for one in caught.value.problems]
    assert said == [
        ("anna.csv", 4, "preference"),
        ("anna.csv", 8, "item"),
        ("ben.json", 1, "preference"),
    ]
    assert "'C' is no choice; give one of A, B, tie, or nothing" in str(caught.value)


def test_the_form_of_another_sheet_is_refused(tmp_path: Path) -> None:
    key = preference(3)
    with pytest.raises(InvalidCards, match="is another sheet's"):
        returned.read(key, [saved(key, ["A"] * 3, tmp_path / "b.json", sheet="md5:other")])


def test_the_same_judgement_twice_is_refused(tmp_path: Path) -> None:
    key = preference(2)
    files = [saved(key, ["A", "B"], tmp_path / name) for name in ("1.json", "2.json")]
    with pytest.raises(InvalidCards, match="ben has judged item 1 before"):
        returned.read(key, files)


def test_a_sheet_without_its_column_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "anna.csv"
    file.write_text("item,preferense\n1,A\n")
    with pytest.raises(InvalidCards, match="no column 'preference'; did you mean 'preferense'"):
        returned.read(preference(1), [file])


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    with pytest.raises(RegistryError, match="no key is here"):
        returned.read_key(file)
    file.write_text('{"schema": 2}')
    with pytest.raises(RegistryError, match="is no key of a sheet"):
        returned.read_key(file)
