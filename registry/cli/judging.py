"""The commands around judges: statistics of verdicts, a model as judge, sheets for people."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from registry.cli.shell import JSON, print_json, say, table

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
KINDS = (
    "alpaca-eval",
    "vicuna",
    "single",
    "llmbar",
    "pairwise",
    "checklist",
    "levels",
    "dialogues",
)
KEY_VARIABLE = "TUNEDECK_JUDGE_KEY"


@click.command("judge-stats")
@click.argument("files", nargs=-1, type=FILE, metavar="FILE...")
@click.option("--kind", type=click.Choice(KINDS), help="What the files hold; else told by a look.")
@click.option("--weights", type=FILE, help="alpaca-eval: predict with published GLM weights.")
@click.option("--difficulty", type=FILE, help="alpaca-eval: instruction_difficulty.csv.")
@click.option("--gamed", type=FILE, help="alpaca-eval: df_gamed.csv, to fit as the reference.")
@click.option("--questions", type=FILE, help="vicuna, single: question.jsonl, for categories.")
@click.option("--baseline", metavar="MODEL", help="pairwise: count only the pairs with this model.")
@click.option(
    "--items", type=click.Path(dir_okay=False, path_type=Path), help="Write a line per verdict."
)
@JSON
def judge_stats(
    files: tuple[Path, ...],
    kind: str | None,
    weights: Path | None,
    difficulty: Path | None,
    gamed: Path | None,
    questions: Path | None,
    baseline: str | None,
    items: Path | None,
    as_json: bool,
) -> None:
    """Count what judges said, from files of verdicts; no model is needed.

    The files are read as their owners publish them: AlpacaEval's annotations, the reviews of
    Vicuna-bench, ratings of single answers and pairwise verdicts (also MT-Bench's), LLMBar's
    results and checklists. With --weights and no FILE, the length-controlled win rate of every
    model of the weights is printed.

    \b
        registry judge-stats results/alpaca-7b/annotations.json
        registry judge-stats annotations.json --weights baseline_gpt4_1106_preview.csv --json
        registry judge-stats Natural/evaluators/GPT-4/*/result.json --kind llmbar
        registry judge-stats verdicts.jsonl humans.csv --kind pairwise
        registry judge-stats gpt-4_single.jsonl --questions question.jsonl
        registry judge-stats gpt-4_pair.jsonl --baseline gpt-3.5-turbo
    """
    from registry.evaluation.judging import length, rows, single, statistics
    from registry.files import write_text

    known = length.read_weights(weights) if weights else None
    difficulties = length.read_difficulties(difficulty) if difficulty else None
    if not files:
        if known is None:
            raise click.UsageError("Missing argument 'FILE...'.")
        given = difficulties or length.estimated_difficulties()
        _print(statistics.of_weights(known, given), as_json)
        return
    read = {str(file): rows.read_lines(file) for file in files}
    first = str(files[0])
    kind = kind or statistics.kind_of(first, read[first])
    more: dict[str, Any] = {}
    if kind == "alpaca-eval":
        theirs = length.read_gamed(gamed) if gamed else None
        more = {"weights": known, "difficulties": difficulties, "gamed": theirs}
    elif kind in ("vicuna", "single") and questions:
        more = {"categories": single.categories_of(rows.read_lines(questions))}
    elif kind == "pairwise":
        more = {"baseline": baseline}
    made, verdicts = statistics.STATISTICS[kind](read, **more)
    if items:
        write_text(items, "".join(json.dumps(one) + "\n" for one in verdicts))
    _print(made, as_json)


def _print(made: dict[str, Any], as_json: bool) -> None:
    """Print all figures as JSON, or those of the files as a table and the rest by name."""
    if as_json:
        print_json(made)
        return
    for name in TABLES:
        if made.get(name):
            rows = [_figures(one) for one in made[name]]
            head = tuple(dict.fromkeys(name for row in rows for name in row))
            table(head, [tuple(_cell(row.get(name)) for name in head) for row in rows])
    for name, value in made.items():
        if name not in ("kind", *TABLES) and value is not None:
            click.echo(f"{name}: {json.dumps(value, ensure_ascii=False)}")


TABLES = ("files", "models")
HIDDEN = ("length_controlled", "reference", "labels", "groups")


def _figures(value: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return figures at one level; those inside another are named with it."""
    found: dict[str, Any] = {}
    for name, one in value.items():
        if name in HIDDEN:
            continue
        if isinstance(one, dict):
            found |= _figures(one, f"{before}{name}.")
        else:
            found[before + name] = one
    return found


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return "" if value is None else str(value)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="ANSWERS [ANSWERS]")
@click.option(
    "--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A model folder."
)
@click.option("--endpoint", metavar="URL", help="A server with OpenAI's chat completions.")
@click.option("--name", help="What the server calls the model.")
@click.option(
    "--key-from",
    default=KEY_VARIABLE,
    show_default=True,
    metavar="VARIABLE",
    help="The environment variable with the server's key.",
)
@click.option(
    "--protocol",
    type=click.Choice(["pairwise", "single", "checklist"]),
    help="Else pairwise for two files, single for one.",
)
@click.option("--max-tokens", type=click.IntRange(1), default=256, show_default=True)
@click.option(
    "--cache",
    type=click.Path(dir_okay=False, path_type=Path),
    default="annotations.jsonl",
    show_default=True,
    help="Where all that a judge says is kept; a run that was cut off goes on from it.",
)
@click.option("--import", "imported", multiple=True, type=FILE, help="Take annotations from FILE.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The verdicts."
)
@click.option("--limit", type=click.IntRange(1), help="Only the first items.")
@JSON
def judge(
    files: tuple[Path, ...],
    model: Path | None,
    endpoint: str | None,
    name: str | None,
    key_from: str,
    protocol: str | None,
    max_tokens: int,
    cache: Path,
    imported: tuple[Path, ...],
    out: Path,
    limit: int | None,
    as_json: bool,
) -> None:
    """Let a model judge answers: those of two models beside each other, or of one alone.

    ANSWERS are JSON or JSON lines with `response` (or `output`, `answer`), the `prompt` (or
    `instruction`) and an `id` if there is one. Of two files the first is the baseline's. Pairs are
    shown in both orders. What comes out is what judge-stats reads.

    \b
        registry judge baseline.jsonl mine.jsonl --model models/judge --out verdicts.jsonl
        registry judge mine.jsonl --endpoint http://localhost:8000/v1 --name judge --out r.jsonl
    """
    from registry.evaluation.judging import annotations, protocols
    from registry.files import write_text

    if (model is None) == (endpoint is None):
        raise click.UsageError("Give the judge: either --model or --endpoint with --name.")
    if len(files) > 2:
        raise click.UsageError("Give one file of answers, or two.")
    chosen = protocol or ("pairwise" if len(files) == 2 else "single")
    if (chosen == "pairwise") != (len(files) == 2):
        raise click.UsageError("A pairwise judge takes two files of answers, the others one.")
    sides = _answers(files)
    one = _judge(model, endpoint, name, os.environ.get(key_from), max_tokens)
    with annotations.keep(cache, imported) as kept:
        if chosen == "pairwise":
            pairs = protocols.paired(*sides)
            _name_unmatched(files, pairs)
            made = protocols.judge_pairs(one, pairs.pairs[:limit], kept)
        else:
            ask = {"single": protocols.judge_singly, "checklist": protocols.judge_checklists}
            made = ask[chosen](one, sides[0][:limit], kept)
    write_text(out, "".join(json.dumps(row) + "\n" for row in made))
    say(f"wrote {out}")
    _print(_summary(chosen, out), as_json)


def _answers(files: Sequence[Path]) -> list[Any]:
    from registry.evaluation.judging import protocols, rows

    return [protocols.given(rows.read_lines(file), file.stem) for file in files]


def _judge(
    model: Path | None, endpoint: str | None, name: str | None, key: str | None, max_tokens: int
) -> Any:
    from registry.evaluation.judging import judges

    if model is not None:
        return judges.local(model, max_new_tokens=max_tokens, progress=True)
    if endpoint is None or not name:
        raise click.UsageError("--endpoint needs --name, the model's name there.")
    settings = judges.Endpoint(url=endpoint, model=name, key=key, max_new_tokens=max_tokens)
    return judges.endpoint(settings)


def _name_unmatched(files: Sequence[Path], pairs: Any) -> None:
    """Say which answers are left out of pairs, and why."""
    for where, keys, why in (
        (files[0], pairs.only_first, "answers have none beside them"),
        (files[1], pairs.only_second, "answers have none beside them"),
        (f"{files[0]}, {files[1]}", pairs.differing, "items have other instructions in the two"),
    ):
        if keys:
            shown = ", ".join(key[:40] for key in keys[:5]) + (", …" if len(keys) > 5 else "")
            say(f"{where}: {len(keys)} {why} and are left out: {shown}")


def _summary(protocol: str, out: Path) -> dict[str, Any]:
    from registry.evaluation.judging import rows, statistics

    return statistics.STATISTICS[protocol]({str(out): rows.read_lines(out)})[0]


@click.group("human-eval")
def human_eval() -> None:
    """Let people judge answers without knowing whose they are.

    \b
        registry human-eval export baseline.jsonl mine.jsonl --seed 1 --limit 100 --out sheet
        registry human-eval import sheet/key.json answers-anna.json answers-ben.csv
    """


@human_eval.command("export")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="ANSWERS...")
@click.option(
    "--ask",
    type=click.Choice(["preference", "acceptance"]),
    help="Else preference for two files, acceptance for one.",
)
@click.option("--seed", type=int, required=True, help="Gives the order of items and of answers.")
@click.option("--limit", type=click.IntRange(1), help="So many items, drawn by the seed.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
def human_eval_export(
    files: tuple[Path, ...], ask: str | None, seed: int, limit: int | None, out: Path
) -> None:
    """Write a blinded, shuffled sheet: sheet.csv, form.html and, for you alone, key.json.

    The form needs no server: it opens from a disk, and saves what was chosen as JSON.

    \b
        registry human-eval export baseline.jsonl mine.jsonl --seed 1 --limit 100 --out sheet
        registry human-eval export mine.jsonl --seed 1 --out sheet
    """
    from registry.evaluation.judging import protocols, sheets

    chosen = ask or ("preference" if len(files) == 2 else "acceptance")
    sides = _answers(files)
    if chosen == "preference":
        if len(files) != 2:
            raise click.UsageError("A preference takes two files of answers.")
        pairs = protocols.paired(*sides)
        _name_unmatched(files, pairs)
        sheet = sheets.preference(pairs.pairs, seed=seed, limit=limit)
    else:
        every = [one for side in sides for one in side]
        sheet = sheets.acceptance(every, seed=seed, limit=limit)
    sheets.write(sheet, out)
    say(f"wrote {out}: {len(sheet.items)} items; keep {sheets.KEY} from those who judge")


@human_eval.command("import")
@click.argument("key", type=FILE)
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="ANSWERED...")
@JSON
def human_eval_read(key: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Count filled-in sheets (CSV, or JSON from the form), unblinded by KEY.

    Several sheets are several annotators; how far they agree is printed with the rest.

    \b
        registry human-eval import sheet/key.json answers-anna.json answers-ben.csv
    """
    from registry.evaluation.judging import returned

    made = asdict(returned.read(returned.read_key(key), files))
    if as_json:
        print_json(made)
        return
    for name, value in _figures(made).items():
        click.echo(f"{name}: {_cell(value)}")
