import json
from pathlib import Path
from typing import Any

import pytest

from registry.evaluation.judging import alpaca
from registry.evaluation.judging.length import Weights
from registry.evaluation.judging.rows import InvalidRows, Line, read_lines

WEIGHTS = {"base": Weights(0, 0, 0), "mine": Weights(-1.0, 1.0, 0.0)}


def row(preference: Any, output: str = "La la.", **more: Any) -> dict[str, Any]:
    return {
        "instruction": "Sing.",
        "output_1": "No.",
        "generator_1": "base",
        "dataset": "koala",
        "output_2": output,
        "generator_2": "mine",
        "annotator": "weighted",
        "preference": preference,
        "raw_completion": {"text": "m"},
    } | more


def lines(*rows: dict[str, Any]) -> list[Line]:
    return [Line("a.json", at, one) for at, one in enumerate(rows, 1)]


def test_the_leaderboards_figures() -> None:
    (made,) = alpaca.standings(lines(row(1.9), row(1.2), row(0), row(None), row(2)))
    assert (made.model, made.baseline, made.annotator) == ("mine", "base", "weighted")
    assert made.rates.win_rate == pytest.approx(100 * (0.9 + 0.2 + 0.5 + 1) / 4)
    assert made.rates.discrete_win_rate == 62.5
    assert (made.rates.n_wins, made.rates.n_wins_base, made.rates.n_draws) == (2, 1, 1)
    assert (made.rates.n_total, made.missing, made.out_of_range) == (4, 1, 0)


def test_the_mean_length_is_that_of_all_outputs_cut_to_a_whole_number() -> None:
    (made,) = alpaca.standings(lines(row(2, "a" * 5), row(None, "a" * 10), row(1, "a" * 5)))
    assert made.avg_length == 6


def test_a_preference_out_of_range_is_counted_apart() -> None:
    (made,) = alpaca.standings(lines(row(2), row(-1), row(3.5), row(float("nan"))))
    assert (made.rates.n_total, made.out_of_range, made.missing) == (1, 2, 1)


def test_models_and_annotators_stand_apart() -> None:
    made = alpaca.standings(lines(row(2), row(1, generator_2="other"), row(1, annotator="gpt")))
    assert [(one.model, one.rates.win_rate) for one in made] == [
        ("mine", 100),
        ("other", 0),
        ("mine", 0),
    ]


def test_published_weights_are_used_where_given() -> None:
    (made,) = alpaca.standings(lines(row(2), row(1)), weights=WEIGHTS)
    assert made.length_controlled
    assert not made.length_controlled.fitted
    assert made.length_controlled.estimated
    (fitted,) = alpaca.standings(lines(row(2), row(1)))
    assert fitted.length_controlled
    assert fitted.length_controlled.fitted


def test_the_weight_of_length_is_negative_where_the_longer_output_wins() -> None:
    rows = [row(2 if long else 1, "La." * (300 if long else 1)) for long in [True, False] * 10]
    (made,) = alpaca.standings(lines(*rows))
    assert made.length_controlled
    assert made.length_controlled.weights.length < 0


def test_a_model_does_not_beat_itself() -> None:
    (made,) = alpaca.standings(lines(*[row(1.5, generator_2="base")] * 3))
    assert made.length_controlled
    assert (made.length_controlled.win_rate, made.length_controlled.stderr) == (50, 0)


def test_without_any_preference_there_are_no_rates() -> None:
    (made,) = alpaca.standings(lines(row(None), row(None)))
    assert made.rates.win_rate is None
    assert made.length_controlled is None


def test_all_faulty_rows_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "annotations.json"
    rows = [row("better"), row(True), {"instruction": "Sing."}, row("1.5"), row(2, output=3)]
    file.write_text(json.dumps(rows, indent=None).replace("}, {", "},\n{"))
    with pytest.raises(InvalidRows) as caught:
        alpaca.standings(read_lines(file))
    said = [(one.line, one.field) for one in caught.value.problems]
    assert said == [(1, "preference"), (2, "preference"), (3, "output_1"), (5, "output_2")]


def test_a_null_output_counts_as_empty() -> None:
    (made,) = alpaca.standings(lines(row(2, output_2=None), row(1, "ab")))
    assert made.avg_length == 1
