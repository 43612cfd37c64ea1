import csv
import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registry import reports
from registry.cli import EXTRAS, main
from registry.files import write_text
from registry.reports import Measurement


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def said(root: Path, *words: str) -> object:
    done = run(*words, "--root", str(root), "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_check_counts_the_cards(root: Path) -> None:
    done = run("check", "--root", str(root))
    assert done.exit_code == 0
    assert done.stdout.startswith("1 dataset, 1 benchmark, 2 models, 1 mixture")


def test_check_tells_problems_on_stderr_and_exits_with_1(root: Path) -> None:
    path = root / "cards" / "datasets" / "songs.yaml"
    write_text(path, path.read_text().replace("human", "humam"))
    done = run("check", "--root", str(root))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "'humam' is not known here; did you mean 'human'?" in done.stderr
    assert "Traceback" not in done.output


def test_check_tells_problems_as_json(root: Path) -> None:
    write_text(root / "cards" / "papers" / "b.yaml", "kind: paper\nid: b\n")
    done = run("check", "--root", str(root), "--json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert done.exit_code == 1
    assert (problem["file"], problem["field"]) == ("cards/papers/b.yaml", "title")


def test_list_filters_by_words_and_facets(root: Path) -> None:
    names = [one["name"] for one in said(root, "list", "song", "--kind", "dataset")]
    assert names == ["datasets/songs"]
    assert said(root, "list", "--annotator", "gpt-4") == []


def test_list_refuses_an_unknown_column_as_wrong_usage(root: Path) -> None:
    done = run("list", "--root", str(root), "--sort", "beauty")
    assert done.exit_code == 2
    assert "no column 'beauty'" in done.output


def test_show_names_the_evidence_of_each_claim(root: Path) -> None:
    done = run("show", "songs", "--root", str(root))
    assert "3 instances  [cited: a-paper, Table 1]" in done.stdout
    assert "not measured yet instances  [measured: convert]" in done.stdout


def test_verify_claims_holds_each_claim_against_the_measured_one(root: Path) -> None:
    measured = {"scale": (Measurement(value=4, unit="instances"),)}
    reports.write(root, reports.Report(stage="convert", id="songs", measured=measured))
    done = run("verify-claims", "songs", "--root", str(root))
    assert done.exit_code == 0
    assert re.search(
        r"3 instances +cited: a-paper, Table 1 +differs by -25.0% +4 inst", done.stdout
    )
    found = said(root, "verify-claims", "songs")
    assert found["differing"] == ["scale"]
    assert found["claims"]["scale"][0]["says"] == "differs by -25.0%"
    assert run("verify-claims", "songs", "--strict", "--root", str(root)).exit_code == 1


def test_verify_claims_is_content_where_nothing_differs(root: Path) -> None:
    assert run("verify-claims", "songs", "--strict", "--root", str(root)).exit_code == 0


def test_show_offers_the_nearest_id(root: Path) -> None:
    done = run("show", "song", "--root", str(root))
    assert done.exit_code == 1
    assert "did you mean 'songs'?" in done.stderr


def test_new_writes_a_card_that_check_has_questions_about(root: Path) -> None:
    assert run("new", "dataset", "tunes", "--root", str(root)).exit_code == 0
    done = run("check", "--root", str(root))
    assert done.exit_code == 1
    assert "cards/datasets/tunes.yaml" in done.stderr


def test_new_never_overwrites(root: Path) -> None:
    done = run("new", "dataset", "songs", "--root", str(root))
    assert done.exit_code == 1
    assert "is there already" in done.stderr


def test_lineage_goes_up_to_the_files(root: Path) -> None:
    found = said(root, "lineage", "singer", "--up")
    assert isinstance(found, dict)
    names = {node["name"] for node in found["nodes"]}
    assert {"files/songs/songs.json", "datasets/songs", "mixtures/songs-only"} <= names


def test_lineage_goes_down_to_the_scores(root: Path) -> None:
    found = said(root, "lineage", "datasets/songs", "--down")
    assert isinstance(found, dict)
    assert "scores/singer/new-songs" in {node["name"] for node in found["nodes"]}


def test_lineage_tells_the_models_that_were_tuned_on_it_and_how(root: Path) -> None:
    found = said(root, "lineage", "datasets/songs", "--models")
    assert [(one["model"], one["way"], one["proof"]) for one in found] == [
        ("models/singer", "mixture", "built")
    ]
    assert [edge["target"] for edge in found[0]["path"]] == ["mixtures/songs-only", "models/singer"]
    done = run("lineage", "datasets/songs", "--models", "--root", str(root))
    assert (
        "datasets/songs -[mixed in]-> mixtures/songs-only -[tuned on]-> models/singer"
        in done.stdout
    )


def test_report_run_says_what_to_type_when_nothing_has_run(root: Path) -> None:
    done = run("report", "run", "--root", str(root))
    assert "nothing has run yet; type: make repro" in done.stdout


def test_a_tuning_names_all_that_is_missing_at_once(root: Path) -> None:
    done = run("tune", "singer", "--root", str(root))
    assert done.exit_code == 1
    assert "run `registry convert nightingale` first\n" in done.stderr
    assert "run `registry mix songs-only` first\n" in done.stderr


def test_a_stage_without_its_input_names_the_stage_to_run(root: Path) -> None:
    done = run("mix", "songs-only", "--root", str(root))
    assert done.exit_code == 1
    assert "run `registry convert songs` first" in done.stderr


@pytest.mark.parametrize(
    "words", [[], ["check"], ["list"], ["lineage"], ["tune"], ["show-batch"], ["report", "run"]]
)
def test_every_help_text_holds_an_example(words: list[str]) -> None:
    done = run(*words, "--help")
    assert done.exit_code == 0
    assert "    registry" in done.stdout or "=" in done.stdout


def test_a_missing_package_is_named_with_the_extra_that_has_it(root: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from registry.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "mix", "songs-only", "--root", str(root)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "pyarrow: is not installed, and this command needs it; pip install 'tunedeck[data]'\n"
    )


def test_every_extra_that_a_message_names_is_there() -> None:
    text = (Path(__file__).parent.parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    named = tomllib.loads(text)["project"]["optional-dependencies"]
    assert set(EXTRAS.values()) <= set(named)


def test_list_takes_wishes_as_people_type_them(root: Path) -> None:
    names = said(root, "list", "--min-instances", "2", "--license", "permissive")
    assert [one["name"] for one in names] == ["datasets/songs"]
    assert said(root, "list", "--min-instances", "1M") == []


def test_list_refuses_a_wish_it_does_not_understand_as_wrong_usage(root: Path) -> None:
    done = run("list", "--root", str(root), "--released", "april")
    assert done.exit_code == 2
    assert "'april' is no date or range" in done.output


def test_list_prints_csv_with_every_column(root: Path) -> None:
    done = run("list", "--root", str(root), "--kind", "dataset", "--csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["id"], row["instances"], row["licence"]) == ("songs", "3", "CC-BY-4.0")


def test_a_second_check_reads_only_what_changed(root: Path) -> None:
    first = said(root, "check")
    path = root / "cards" / "datasets" / "songs.yaml"
    write_text(path, path.read_text() + "# edited\n")
    again, fresh = said(root, "check"), said(root, "check", "--fresh")
    assert isinstance(first, dict)
    assert isinstance(again, dict)
    assert isinstance(fresh, dict)
    assert (first["read"], again["read"], fresh["read"]) == (7, 1, 7)


def test_compare_puts_cards_side_by_side(root: Path) -> None:
    done = run("compare", "songs", "nightingale", "--root", str(root))
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("licence")]
    assert line.split() == ["licence", "CC-BY-4.0", "Apache-2.0"]


def test_compare_needs_two_cards(root: Path) -> None:
    done = run("compare", "songs", "--root", str(root))
    assert done.exit_code == 2
    assert "name two or more" in done.output


def test_import_writes_a_draft_once(root: Path) -> None:
    page = root / "README.md"
    write_text(page, "---\nlicense: mit\n---\n# Poems\n\nPoems by birds.\n")
    words = ("import", str(page), "--from", "hub:datasets/owl/poems", "--root", str(root))
    shown = run(*words, "--dry-run")
    assert shown.stdout.startswith("kind: dataset\nid: poems\ntitle: Poems\n")
    assert not (root / "cards" / "datasets" / "poems.yaml").exists()
    assert run(*words).exit_code == 0
    assert run(*words).exit_code == 1
    assert said(root, "show", "poems")


def test_coverage_exits_with_1_while_something_is_missing(root: Path) -> None:
    write_text(root / "coverage.yaml", "a-paper: {abstract: [datasets/songs, models/owl]}\n")
    done = run("report", "coverage", "--root", str(root))
    assert done.exit_code == 1
    assert "models/owl      NO " in done.stdout
    assert "2 of 3 have a card (66.7%)" in done.stdout
    write_text(root / "coverage.yaml", "a-paper: {abstract: [datasets/songs]}\n")
    assert run("report", "coverage", "--root", str(root)).exit_code == 0


def test_the_timeline_is_shown_and_drawn(root: Path) -> None:
    path = root / "timeline.svg"
    done = run("report", "timeline", "--root", str(root), "--out", str(path))
    assert done.exit_code == 0, done.output
    assert path.read_text().startswith("<?xml")
    assert done.stdout.splitlines()[1].split()[:3] == ["unknown", "█", "1"]


def test_files_are_converted_by_format(tmp_path: Path) -> None:
    path = tmp_path / "songs.json"
    rows = [{"instruction": "Sing.", "input": "", "output": answer} for answer in ("La.", "")]
    write_text(path, json.dumps(rows))
    words = ("convert", "--format", "alpaca", str(path), "--out", str(tmp_path / "out"))
    found = json.loads(run(*words, "--root", str(tmp_path), "--json").stdout)
    assert (found["records"], found["usable"], found["quarantined"]) == (2, 1, 1)
    assert found["reasons"] == {"the output is empty": 1}
    assert found["digest"].startswith("md5:")
    assert Path(found["tables"][0]).is_file()
    assert "digest       md5:" in run(*words, "--root", str(tmp_path)).stdout


def test_files_need_a_folder_to_go_to(tmp_path: Path) -> None:
    done = run("convert", "--format", "alpaca", "x.json", "--root", str(tmp_path))
    assert done.exit_code == 2
    assert "say with --out" in done.output
