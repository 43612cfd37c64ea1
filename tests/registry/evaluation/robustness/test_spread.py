"""The spread of scores over variants: figures computed by hand, files as they come."""

import json
from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from registry.canonical import Constraint, Message, Row, read_rows, write_rows
from registry.cli import main
from registry.errors import InvalidCards, RegistryError
from registry.evaluation.robustness import KINDS, Spread, read, spread

Lines = list[dict[str, Any]]


def written(path: Path, lines: Lines) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def verdicts(folder: Path, variant: str, scores: Mapping[str, float]) -> Path:
    """Write verdicts as `registry score --items` does; without a variant, of the benchmark."""
    end = f"~{variant}" if variant else ""
    lines = [{"key": f"{key}{end}", "exact_match": one} for key, one in scores.items()]
    return written(folder / f"{variant or 'origin'}.items", lines)


def only(*files: Path, **more: Any) -> Spread:
    (found,) = spread(read(files, **more))
    return found


def row(id: str, **more: Any) -> Row:
    said = (Message("user", "Judge it."),)
    return Row(id=id, dataset="d", task="t", split="test", messages=said, **more)


def test_mean_extremes_and_deviation_are_those_of_the_variants(tmp_path: Path) -> None:
    found = only(
        verdicts(tmp_path, "paraphrase.1", {"a": 1, "b": 1, "c": 0, "d": 1}),
        verdicts(tmp_path, "paraphrase.2", {"a": 1, "b": 0, "c": 0, "d": 0}),
    )
    assert (found.kind, found.metric, found.items, found.left_out) == (
        *("paraphrase", "exact_match"),
        *(4, 0),
    )
    assert (found.mean, found.low, found.high) == (0.5, 0.25, 0.75)
    assert found.deviation == pytest.approx(sqrt(2 * 0.25**2))
    assert found.stderr == pytest.approx(0.25)
    assert found.flips == 0.5
    assert found.origin is None
    assert [one.n for one in found.variants.values()] == [4, 4]


def test_the_benchmark_as_it_is_flips_too_but_is_no_variant(tmp_path: Path) -> None:
    found = only(
        verdicts(tmp_path, "", {"a": 0, "b": 0}), verdicts(tmp_path, "longer.1", {"a": 1, "b": 0})
    )
    assert (found.mean, found.deviation, found.flips) == (0.5, None, 0.5)
    assert found.origin is not None
    assert found.origin.mean == 0.0


def test_items_that_one_file_lacks_are_left_out_of_all(tmp_path: Path) -> None:
    found = only(
        verdicts(tmp_path, "paraphrase.1", {"a": 1, "b": 0}),
        verdicts(tmp_path, "paraphrase.2", {"b": 1, "c": 1}),
    )
    assert (found.items, found.left_out, found.mean, found.flips) == (1, 2, 0.5, 1.0)


def test_scores_that_are_no_verdicts_do_not_flip(tmp_path: Path) -> None:
    found = only(
        verdicts(tmp_path, "paraphrase.1", {"a": 0.4}),
        verdicts(tmp_path, "paraphrase.2", {"a": 0.5}),
    )
    assert found.flips is None
    assert found.stderr is None


def test_kinds_stand_apart_and_variants_in_their_order(tmp_path: Path) -> None:
    names = ("negated.1", "paraphrase.10", "paraphrase.9")
    found = spread(read([verdicts(tmp_path, name, {"a": 1}) for name in names]))
    assert [tuple(one.variants) for one in found] == [
        ("paraphrase.9", "paraphrase.10"),
        ("negated.1",),
    ]


def test_one_file_may_hold_several_variants(tmp_path: Path) -> None:
    lines = [{"key": f"a~longer.{n}", "rouge_l": n / 2} for n in (1, 2)]
    assert only(written(tmp_path / "all.jsonl", lines)).mean == 0.75


def test_the_files_name_tells_the_variant_where_ids_do_not(tmp_path: Path) -> None:
    lines = [{"key": 1, "strict": [True, False], "loose": [True, True]}]
    file = written(tmp_path / "ifeval.shorter.2.jsonl", lines)
    found = {one.metric: one for one in spread(read([file]))}
    assert {name: one.mean for name, one in found.items()} == {
        "prompt_strict": 0.0,
        "prompt_loose": 1.0,
    }
    assert found["prompt_loose"].variants.keys() == {"shorter.2"}


def test_our_own_files_of_answers_bring_their_references_along(tmp_path: Path) -> None:
    lines: Lines = [
        {"schema": 1, "fingerprint": "md5:0"},
        {"id": "a~longer.1", "task": "t", "answer": "yes", "references": ["yes"], "tokens": 1},
        {"id": "b~longer.1", "task": "t", "answer": None, "references": ["yes"], "tokens": 1},
    ]
    found = {one.metric: one for one in spread(read([written(tmp_path / "a.jsonl", lines)]))}
    assert {name: one.mean for name, one in found.items()} == {"exact_match": 0.5, "rouge_l": 0.5}


def test_other_answers_are_held_against_the_rows(tmp_path: Path) -> None:
    rows = [
        row("a", references=("yes",)),
        row("b", constraints=(Constraint("punctuation:no_comma"),)),
    ]
    lines = [{"id": "a~longer.1", "response": "yes"}]
    assert (
        only(
            written(tmp_path / "a.jsonl", lines), rows=rows, metrics={"sure": lambda *_: 0.25}
        ).mean
        == 0.25
    )
    lines = [{"id": "b~longer.1", "response": "a, b"}, {"id": "b~longer.2", "response": "a b"}]
    found = spread(read([written(tmp_path / "b.jsonl", lines)], rows))
    assert [(one.metric, one.low, one.high) for one in found] == [
        ("prompt_strict", 0.0, 1.0),
        ("prompt_loose", 0.0, 1.0),
    ]


def test_scores_as_score_prints_them_have_no_items(tmp_path: Path) -> None:
    files = []
    for n in (1, 2):
        results = [
            {"metric": "exact_match", "value": n / 4, "stderr": 0.1, "n": 9},
            {"metric": "exact_match", "value": 1.0, "n": 3, "subset": "t"},
            {"metric": "exact_match", "value": 1.0, "n": 3, "unit": "tasks"},
        ]
        files.append(tmp_path / f"paraphrase.{n}.json")
        files[-1].write_text(json.dumps({"benchmark": "b", "results": results}))
    found = only(*files)
    assert (found.mean, found.stderr, found.flips, found.items) == (0.375, 0.1, None, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"response": "yes"}, "a.jsonl:1: key: there is none"),
        ({"id": "a~longer.1", "response": "yes"}, "a.jsonl:1: a~longer.1: is neither verdict nor"),
        ({"id": "a~longer.1", "note": "?"}, "a.jsonl:1: a~longer.1: is neither verdict nor"),
    ],
)
def test_lines_that_cannot_be_scored_are_named(tmp_path: Path, line: Any, said: str) -> None:
    with pytest.raises(InvalidCards, match=said):
        read([written(tmp_path / "a.jsonl", [line])])


def test_one_variant_in_two_files_is_refused(tmp_path: Path) -> None:
    one = verdicts(tmp_path, "longer.1", {"a": 1})
    with pytest.raises(InvalidCards, match=r"longer\.1 is there already"):
        read([one, one])


def test_a_second_answer_to_an_item_is_refused(tmp_path: Path) -> None:
    line = {"id": "a~longer.1", "response": "yes", "references": ["yes"]}
    with pytest.raises(InvalidCards, match=r"a\.jsonl:2: a~longer\.1: is there already"):
        read([written(tmp_path / "a.jsonl", [line, line])])


def test_a_metric_that_one_variant_lacks_is_of_the_others(tmp_path: Path) -> None:
    one = written(tmp_path / "1.jsonl", [{"key": "a~longer.1", "this": 1, "that": 1}])
    two = written(tmp_path / "2.jsonl", [{"key": "a~longer.2", "this": 0}])
    found = {each.metric: tuple(each.variants) for each in spread(read([one, two]))}
    assert found == {"this": ("longer.1", "longer.2"), "that": ("longer.1",)}


def test_verdicts_and_folded_scores_meet_as_means(tmp_path: Path) -> None:
    results = [{"metric": "exact_match", "value": 0.0}, {"metric": "odd", "value": None}, "?"]
    folded = tmp_path / "longer.2.json"
    folded.write_text(json.dumps({"results": results}))
    found = only(verdicts(tmp_path, "longer.1", {"a": 1, "b": 0}), folded)
    assert (found.mean, found.items, found.flips) == (0.25, None, None)


def test_files_of_no_variant_and_of_other_items_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no file is of a variant"):
        spread(read([verdicts(tmp_path, "", {"a": 1})]))
    files = [verdicts(tmp_path, f"longer.{n}", {str(n): 1}) for n in (1, 2)]
    with pytest.raises(RegistryError, match="longer: the files have no item in common"):
        spread(read(files))


def run(*words: object) -> Any:
    done = CliRunner().invoke(main, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_the_commands_go_from_a_table_to_its_spread(tmp_path: Path) -> None:
    table, out = tmp_path / "test.parquet", tmp_path / "variants"
    rows = [row(str(at), references=("yes",)) for at in range(4)]
    write_rows(table, [*rows, row("4", references=("yes",), language="fra")])
    made = run(
        *("perturb", "--data", table, "--kind", "paraphrase", "--kind", "negated"),
        *("--variants", 2, "--seed", 3, "--out", out, "--json"),
    )
    variants = json.loads(made.stdout)["variants"]
    assert [one["name"] for one in variants] == [
        *("paraphrase.1", "paraphrase.2"),
        *("negated.1", "negated.2"),
    ]
    assert [one["rows"] for one in variants] == [5, 5, 4, 4]
    files = []
    for at, one in enumerate(variants):
        answers = [
            {"id": asked.id, "response": "yes" if int(asked.id[0]) > at else "no"}
            for asked in read_rows(Path(one["path"]))
        ]
        files.append(written(tmp_path / f"answers.{at}.jsonl", answers))
    said = run("spread", *files, "--data", table, "--metric", "exact_match", "--json").stdout
    found = json.loads(said)["spread"]
    assert [(one["kind"], one["mean"], one["flips"]) for one in found] == [
        ("paraphrase", pytest.approx(0.7), 0.2),
        ("negated", 0.125, 0.25),
    ]
    shown = run("spread", *files, "--data", table, "--metric", "exact_match").stdout.split("\n")
    assert shown[1].split() == [
        *("paraphrase", "exact_match", "2", "–", "70.0", "60.0", "80.0", "14.1", "22.2", "20.0"),
        "5",
    ]


def test_perturb_counts_what_it_could_not_change(tmp_path: Path) -> None:
    table = tmp_path / "test.parquet"
    write_rows(table, [row("a"), row("b", language="fra")])
    done = run("perturb", "--data", table, "--kind", "longer", "--out", tmp_path / "variants")
    assert done.stdout.split("\n")[1].split()[:3] == ["longer.1", "2", "1"]
    assert "longer.1: 1 not changed: its language is 'fra'" in done.stderr


def test_perturb_needs_rows(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["perturb", "--kind", "longer", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "name a benchmark, or a table with --data" in done.stderr


def test_a_benchmark_without_its_table_names_the_stage_to_run(root: Path) -> None:
    out = root / "variants"
    words = ["perturb", "new-songs", "--kind", "longer", "--out", str(out), "--root", str(root)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "registry mix" in done.stderr
    assert not out.exists()


def test_the_command_knows_every_kind() -> None:
    (kind,) = (one for one in main.commands["perturb"].params if one.name == "kinds")
    assert isinstance(kind.type, click.Choice)
    assert tuple(kind.type.choices) == tuple(KINDS)
