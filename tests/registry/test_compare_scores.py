"""`registry compare-scores`: models by id or files by path, as a table or as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from registry import reports
from registry.cli import main
from registry.evaluation import items
from registry.files import write_text
from registry.place import Place
from registry.reports import Report, artefact

MINE, THEIRS = [1, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0]


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["compare-scores", *words, "--root", str(root)])


def verdicts(path: Path, scores: list[int], *, tasks: int = 3) -> Path:
    rows = [{"key": f"r{at}", "exact_match": one} for at, one in enumerate(scores)]
    if tasks:
        rows = [{**row, "task": f"t{at % tasks}"} for at, row in enumerate(rows)]
    write_text(path, "".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def answered(root: Path, model: str, scores: list[int], *, tried: bool = False) -> Path:
    place = Place(root=root)
    answers = (place.tried if tried else place.answers)(model, "new-songs")
    return verdicts(items.beside(answers), scores)


def reported(root: Path, model: str, path: Path, part: str | None = None) -> None:
    outputs = (artefact(root, path),)
    reports.write(root, Report(stage="evaluate", id=model, part=part, outputs=outputs))


def said(root: Path, *words: str) -> dict[str, Any]:
    done = run(root, *words, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_models_are_compared_by_the_verdicts_on_their_answers(root: Path) -> None:
    answered(root, "singer", MINE)
    answered(root, "nightingale", THEIRS, tried=True)
    done = run(root, "singer", "nightingale", "new-songs")
    assert done.exit_code == 0, done.output
    first, head, line, how = done.stdout.splitlines()
    assert first == "first: singer, second: nightingale, on new-songs"
    assert head.split()[:5] == ["metric", "rows", "tasks", "first", "second"]
    cells = "exact_match 6 3 83.3 33.3 +50.0 22.4 28.9 +16.7 to +83.3 3 0 0.250"
    assert " ".join(line.split()) == cells
    assert "larger of ± rows and ± tasks" in how
    assert "3 tasks" in how


def test_scripts_read_fractions_and_the_files(root: Path) -> None:
    mine = answered(root, "singer", MINE)
    theirs = answered(root, "nightingale", THEIRS, tried=True)
    found = said(root, "models/singer", "nightingale", "benchmarks/new-songs")
    assert found["files"] == [str(mine), str(theirs)]
    (one,) = found["differences"]
    assert one["difference"] == 0.5
    assert one["mcnemar"] == {"only_first": 3, "only_second": 0, "p": 0.25}


def test_files_are_compared_without_any_card(tmp_path: Path) -> None:
    mine = verdicts(tmp_path / "a.jsonl", MINE, tasks=0)
    theirs = verdicts(tmp_path / "b.jsonl", THEIRS, tasks=0)
    done = run(tmp_path, str(mine), str(theirs))
    assert done.exit_code == 0, done.output
    assert " – " in done.stdout
    assert done.stdout.endswith("No row says its task: all of this takes rows as independent.\n")


@pytest.mark.parametrize(
    ("tasks", "how"), [(1, "All rows are of one task"), (50, "Go by ± tasks: ")]
)
def test_how_to_read_it_depends_on_the_tasks(tmp_path: Path, tasks: int, how: str) -> None:
    path = verdicts(tmp_path / "a.jsonl", MINE * 10, tasks=tasks)
    done = run(tmp_path, str(path), str(path))
    assert done.stdout.splitlines()[-1].startswith(how)
    assert " +0.0 " in done.stdout


def test_a_small_chance_is_not_printed_as_none(tmp_path: Path) -> None:
    mine, theirs = (verdicts(tmp_path / name, [one] * 20) for name, one in (("a", 1), ("b", 0)))
    assert run(tmp_path, str(mine), str(theirs)).stdout.splitlines()[2].endswith("<0.001")


def test_nothing_has_no_sign_of_its_own(tmp_path: Path) -> None:
    write_text(tmp_path / "a", '{"key": "r0", "rouge_l": 0.4999}')
    write_text(tmp_path / "b", '{"key": "r0", "rouge_l": 0.5}')
    line = run(tmp_path, str(tmp_path / "a"), str(tmp_path / "b")).stdout.splitlines()[2]
    assert "+0.0 to +0.0" in line
    assert "-0.0" not in line


def test_metrics_of_one_file_alone_are_told(tmp_path: Path) -> None:
    mine = tmp_path / "a.jsonl"
    write_text(mine, '{"key": "r0", "exact_match": 1, "rouge_l": 0.5}\n')
    theirs = verdicts(tmp_path / "b.jsonl", [1])
    assert f"only {mine} has rouge_l" in run(tmp_path, str(mine), str(theirs)).stderr


def test_of_two_files_that_is_taken_which_a_report_names(root: Path) -> None:
    old, new = answered(root, "singer", THEIRS), answered(root, "singer", MINE, tried=True)
    answered(root, "nightingale", THEIRS)
    words = ("singer", "nightingale", "new-songs")
    assert said(root, *words)["files"][0] == str(old)
    reported(root, "singer", new, part="new-songs")
    assert said(root, *words)["files"][0] == str(new)
    reported(root, "singer", old)
    done = run(root, *words, "--json")
    assert json.loads(done.stdout)["files"][0] == str(old)
    assert done.stderr == ""


def test_verdicts_that_changed_since_their_report_are_told_once(root: Path) -> None:
    path = answered(root, "singer", THEIRS)
    reported(root, "singer", path)
    answered(root, "singer", MINE)
    answered(root, "nightingale", THEIRS)
    done = run(root, "singer", "nightingale", "new-songs")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "data/answers/singer/items/new-songs.jsonl: is not the file that"
        " reports/evaluate/singer.json names by hash; it changed since"
    ]


def test_a_benchmark_that_was_not_answered_is_refused_with_what_to_do(root: Path) -> None:
    answered(root, "nightingale", THEIRS)
    done = run(root, "nightingale", "singer", "new-songs")
    assert done.exit_code == 1
    assert "there are no verdicts on its answers to new-songs; registry evaluate singer" in (
        done.stderr
    )
    done = run(root, "nightingale", "singer", "new-song")
    assert "did you mean 'new-songs'?" in done.stderr


def test_an_unknown_model_is_refused_with_the_nearest(root: Path) -> None:
    done = run(root, "singers", "nightingale", "new-songs")
    assert done.exit_code == 1
    assert "'singer'" in done.stderr


def test_models_without_a_benchmark_are_wrong_usage(root: Path) -> None:
    done = run(root, "singer", str(root))
    assert done.exit_code == 2
    assert f"no file: singer, {root};" in done.output


def test_verdicts_on_the_first_rows_are_found_by_their_name(root: Path) -> None:
    place = Place(root=root)
    for model, scores in (("singer", MINE), ("nightingale", THEIRS)):
        verdicts(items.beside(place.tried(model, "new-songs.first-6")), scores)
    assert said(root, "singer", "nightingale", "new-songs.first-6")["differences"][0]["n"] == 6
