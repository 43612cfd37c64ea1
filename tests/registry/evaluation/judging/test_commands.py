import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from registry.checkpoints import save_model
from registry.cli import main

SECRET = "sk-very-secret"
HEAD = ",np.tanh(std_delta_len),instruction_difficulty,not_gamed_baseline.astype(float)\n"


def run(*words: Any, **more: Any) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], **more)


def told(*words: Any) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def annotation(preference: float | None) -> dict[str, Any]:
    outputs = {"output_1": "No.", "generator_1": "base", "output_2": "La.", "generator_2": "mine"}
    return {"instruction": "Sing.", **outputs, "annotator": "j", "preference": preference}


@pytest.fixture
def answers(tmp_path: Path) -> tuple[Path, Path]:
    def rows(model: str, *ids: int) -> list[dict[str, Any]]:
        return [{"id": at, "prompt": f"Sing {at}.", "response": f"{model} {at}"} for at in ids]

    base = write(tmp_path / "base.jsonl", *rows("low", 1, 2, 3))
    return base, write(tmp_path / "mine.jsonl", *rows("high", 2, 3, 4))


def test_what_a_file_holds_is_told_by_a_look(tmp_path: Path) -> None:
    shapes: dict[str, dict[str, Any]] = {
        "alpaca-eval": annotation(2.0),
        "vicuna": {"question_id": 1, "answer1_id": "a", "answer2_id": "b", "text": "8 9\nx"},
        "llmbar": {"label": 1, "results": [{"swap = False": {"winner": "1"}}]},
        "pairwise": {"id": 1, "verdict": "tie"},
        "checklist": {"id": 1, "decomposed_questions": ["A?"], "eval": [True]},
    }
    for kind, row in shapes.items():
        file = write(tmp_path / f"{kind}.jsonl", row)
        assert told("judge-stats", file)["kind"] == kind
        assert run("judge-stats", file).exit_code == 0
    done = run("judge-stats", write(tmp_path / "x.jsonl", {"a": 1}))
    assert (done.exit_code, "--kind" in done.stderr) == (1, True)


def test_the_leaderboards_names_are_those_of_alpaca_eval(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", annotation(2.0), annotation(1.5), annotation(None))
    (made,) = told("judge-stats", file)["files"]
    assert (made["win_rate"], made["n_draws"], made["missing"]) == (75, 1, 1)
    assert made["length_controlled"]["glm"] == "length_controlled_minimal"
    assert {"standard_error", "discrete_win_rate", "avg_length", "n_total"} <= set(made)


def test_weights_alone_give_every_model_its_rate(tmp_path: Path) -> None:
    weights = tmp_path / "weights.csv"
    weights.write_text(HEAD + "base,0,0,0\nmine,-1,0.9,0.5\n")
    made = told("judge-stats", "--weights", weights)
    assert made["baseline"] == "base"
    assert made["estimated"]
    assert [one["model"] for one in made["files"]] == ["base", "mine"]
    difficulty = tmp_path / "d.csv"
    difficulty.write_text("index,instruction_difficulty\n0,0\n1,0\n")
    file = write(tmp_path / "a.jsonl", annotation(2.0))
    given = ("--weights", weights, "--difficulty", difficulty)
    (one,) = told("judge-stats", file, *given)["files"]
    assert one["length_controlled_winrate"] == pytest.approx(62.2459, abs=1e-4)
    assert run("judge-stats").exit_code == 2


def test_a_line_for_each_verdict_is_written(tmp_path: Path) -> None:
    file = write(tmp_path / "v.jsonl", {"id": 1, "verdict": 2}, {"id": 2, "verdict": None})
    run("judge-stats", file, "--items", tmp_path / "items.jsonl")
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    assert [one["preference"] for one in items] == [2.0, None]


def test_several_judges_are_compared(tmp_path: Path) -> None:
    rows = [{"id": at, "verdict": 1 + at % 2} for at in range(4)]
    files = [write(tmp_path / f"{name}.jsonl", *rows) for name in "ab"]
    assert told("judge-stats", *files)["between"] == {"items": 4, "agreement": 1.0, "kappa": 1.0}


def test_a_fault_is_a_message_and_exit_code_one(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", annotation("good"), annotation("bad"))  # type: ignore[arg-type]
    done = run("judge-stats", file)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    assert f"{file}:1: preference: " in done.stderr


def test_a_server_judges_pairs_and_a_second_run_asks_nothing(
    served: Any, answers: tuple[Path, Path], tmp_path: Path
) -> None:
    out, cache = tmp_path / "out.jsonl", tmp_path / "cache.jsonl"
    words = ("judge", *answers, "--endpoint", served.url, "--name", "j", "--cache", cache)
    done = run(*words, "--out", out, "--json", env={"TUNEDECK_JUDGE_KEY": SECRET})
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["files"][0]["positions"]["pairs"] == 2
    assert "base.jsonl: 1 answers have none beside them and are left out: 1" in done.stderr
    assert served.keys == [f"Bearer {SECRET}"] * 4
    first = out.read_bytes()
    assert run(*words, "--out", out).exit_code == 0
    assert (len(served.asked), out.read_bytes()) == (4, first)
    for file in tmp_path.iterdir():
        assert SECRET not in file.read_text()


def test_a_run_that_failed_goes_on_where_it_was(
    served: Any, answers: tuple[Path, Path], tmp_path: Path
) -> None:
    served.faults = [0, 401, 401, 401, 401]
    words = ("judge", *answers, "--endpoint", served.url, "--name", "j")
    words = (*words, "--cache", tmp_path / "c.jsonl", "--out", tmp_path / "o.jsonl")
    assert run(*words).exit_code == 1
    assert not (tmp_path / "o.jsonl").exists()
    kept = len((tmp_path / "c.jsonl").read_text().splitlines())
    served.faults, before = [], len(served.asked)
    assert run(*words).exit_code == 0
    assert kept >= 1
    assert len(served.asked) - before == 4 - kept


def test_one_file_is_rated_or_checked(served: Any, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.jsonl",
        {"id": 1, "prompt": "p", "response": "r", "decomposed_questions": ["A?", "B?"]},
    )
    words = ("judge", file, "--endpoint", served.url, "--name", "j", "--cache", tmp_path / "c")
    served.say = lambda prompt: "Rating: 4" if "Rating" in prompt else "Answer: yes"
    rated = told(*words, "--out", tmp_path / "r.jsonl")
    assert rated["files"][0]["mean"] == 4
    checked = told(*words, "--out", tmp_path / "k.jsonl", "--protocol", "checklist")
    assert checked["files"][0]["overall"]["drfr"] == 1


def test_a_model_folder_judges(
    answers: tuple[Path, Path], make_tiny: Callable[..., Any], tokenizer: Any, tmp_path: Path
) -> None:
    model = make_tiny()
    model.config.max_position_embeddings = 4096
    save_model(model, tokenizer, tmp_path / "judge")
    words = ("judge", *answers, "--model", tmp_path / "judge", "--max-tokens", 4, "--limit", 1)
    made = told(*words, "--cache", tmp_path / "c.jsonl", "--out", tmp_path / "o.jsonl")
    assert made["files"][0]["verdicts"] == 2
    rows = (tmp_path / "o.jsonl").read_text().splitlines()
    assert all(json.loads(row)["completion"] for row in rows)


def test_a_judge_needs_a_model_or_a_server(answers: tuple[Path, Path], tmp_path: Path) -> None:
    out = ("--out", tmp_path / "o.jsonl")
    assert run("judge", *answers, *out).exit_code == 2
    assert run("judge", *answers, *out, "--endpoint", "http://localhost:1/v1").exit_code == 2
    both = ("--endpoint", "http://localhost:1/v1", "--model", tmp_path)
    assert run("judge", *answers, *out, *both).exit_code == 2
    assert run("judge", answers[0], *out, *both[:2], "--protocol", "pairwise").exit_code == 2


def test_sheets_go_out_and_come_back(answers: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "sheet"
    done = run("human-eval", "export", *answers, "--seed", 3, "--out", folder)
    assert done.exit_code == 0, done.output
    key = json.loads((folder / "key.json").read_text())
    file = tmp_path / "anna.json"
    file.write_text(
        json.dumps(
            {
                "sheet": key["sheet"],
                "annotator": "anna",
                "answers": [{"item": 1, "preference": "tie"}, {"item": 2, "preference": None}],
            }
        )
    )
    made = told("human-eval", "import", folder / "key.json", file)
    assert (made["baseline"], made["model"], made["open"]) == ("base", "mine", {"anna": 1})
    assert made["preference"]["n_draws"] == 1
    shown = run("human-eval", "import", folder / "key.json", file)
    assert "preference.win_rate: 50.00" in shown.stdout


def test_a_sheet_needs_a_seed(answers: tuple[Path, Path], tmp_path: Path) -> None:
    assert run("human-eval", "export", *answers, "--out", tmp_path / "s").exit_code == 2


def test_ratings_are_told_by_turn_and_by_category_of_the_questions(tmp_path: Path) -> None:
    given = {"question_id": 81, "model": "m", "judge": ["gpt-4", "single-v1"], "judgment": "x"}
    rows = ({**given, "score": score, "turn": turn} for score, turn in ((8, 1), (6, 2), (-1, 2)))
    file = write(tmp_path / "gpt-4_single.jsonl", *rows)
    questions = write(tmp_path / "question.jsonl", {"question_id": 81, "category": "writing"})
    made = told("judge-stats", file, "--questions", questions)
    assert made["kind"] == "single"
    (one,) = made["files"]
    assert (one["mean"], one["turns"], one["categories"]) == (7, {"1": 8, "2": 6}, {"writing": 7})
    assert "turns.2" in run("judge-stats", file).stdout


def test_pairs_of_models_are_counted_model_by_model(tmp_path: Path) -> None:
    given = {"question_id": 81, "turn": 1, "judge": ["gpt-4", "pair-v2"], "model_2": "base"}
    won = {**given, "model_1": "a", "g1_winner": "model_1", "g2_winner": "model_1"}
    lost = {**given, "model_1": "b", "g1_winner": "model_2", "g2_winner": "model_2"}
    file = write(tmp_path / "gpt-4_pair.jsonl", won, lost)
    made = told("judge-stats", file, "--baseline", "base")["models"]
    assert [(one["model"], one["win_rate_adjusted"]) for one in made] == [("a", 1), ("b", 0)]
    assert "win_rate_adjusted" in run("judge-stats", file).stdout
    done = run("judge-stats", file, "--baseline", "bas")
    assert (done.exit_code, "did you mean 'base'" in done.stderr) == (1, True)


def test_the_group_of_sheets_shows_how_both_of_its_commands_are_run() -> None:
    shown = run("human-eval", "--help").stdout
    assert "registry human-eval export" in shown
    assert "registry human-eval import" in shown


def test_of_many_models_one_without_weights_has_no_controlled_rate(tmp_path: Path) -> None:
    weights = tmp_path / "weights.csv"
    weights.write_text(HEAD + "base,0,0,0\nmine,-1,0.9,0.5\n")
    files = [
        write(tmp_path / f"{name}.jsonl", annotation(2.0) | {"generator_2": name})
        for name in ("mine", "new")
    ]
    made = told("judge-stats", *files, "--weights", weights)["files"]
    assert [one["length_controlled_winrate"] is None for one in made] == [False, True]
    done = run("judge-stats", files[1], "--weights", weights)
    assert (done.exit_code, "the weights have no such model" in done.stderr) == (1, True)
