"""The small table at the end of `make repro`: what came in, what was trained, what it scores."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from registry import baselines
from registry.cards import Model
from registry.index import Registry
from registry.query import by_stage
from registry.reports import Known, Report, mean_of, number, results, scored

NOTE = (
    "In per cent, ± one standard error; that of a change is over tasks, where there are several.\n"
    "guess: each task's most frequent answer, or any option."
)
"""What a table of scores before and after says below itself."""


def overview(
    registry: Registry, found: Iterable[Report], main: Container[str] | None = None
) -> dict[str, Any]:
    """Return the numbers of the last run as plain values; what has not run is absent.

    Of `main` models only, where the main job has some; `others` counts the other tuned ones.
    """
    known = by_stage(found)
    converted = [known["convert", id] for id in registry.datasets if ("convert", id) in known]
    every = [card for id, card in registry.models.items() if ("tune", id) in known]
    tuned = [card for card in every if main is None or card.id in main] or every
    return {
        "converted": [_converted(report) for report in converted],
        "tuned": [_tuned(known["tune", card.id]) for card in tuned],
        "scores": [line for card in tuned for line in _scores(registry, card, known)],
        "others": len(every) - len(tuned),
    }


def as_text(made: Mapping[str, Any]) -> str:
    """Return the same as the text people read, with what to do next."""
    blocks = [
        _block(
            ("dataset", "instances", "tasks", "quarantined"),
            [
                (c["dataset"], c["instances"], c["tasks"], c["quarantined"])
                for c in made["converted"]
            ],
        ),
        _block(
            ("model", "device", "steps", "tokens", "tokens/s", "first loss", "last loss"),
            [
                (
                    t["model"],
                    f"{t['device']} {t['precision']}",
                    t["steps"],
                    t["tokens"],
                    f"{t['tokens_per_second']:.0f}",
                    f"{t['first_loss']:.3f}",
                    f"{t['last_loss']:.3f}",
                )
                for t in made["tuned"]
            ],
        ),
        _block(
            ("model", "benchmark", "metric", "n", "guess", "before", "after", "change"),
            [
                (
                    s["model"],
                    s["benchmark"],
                    s["metric"],
                    s["n"],
                    percent(s["guess"]),
                    percent(s["before"]),
                    percent(s["after"]),
                    percent(s["change"], "+"),
                )
                for s in made["scores"]
            ],
        ),
    ]
    if blocks[-1]:
        blocks[-1] += f"\n{NOTE}"
    said = [block for block in blocks if block] or ["nothing has run yet; type: make repro"]
    following = "\n".join(
        (
            "Look at it:  make catalog, then open http://127.0.0.1:5000",
            "And after    . .venv/bin/activate",
            "Prove it:    registry verify",
            "Trace it:    registry lineage MODEL --up",
        )
    )
    if made["others"]:
        following += f"\nCompare it:  registry report recipes, with {made['others']} models more"
    return "\n\n".join([*said, following])


def _converted(report: Report) -> dict[str, Any]:
    return {
        "dataset": report.id,
        "instances": number(report, "scale", unit="instances"),
        "tasks": number(report, "scale", unit="tasks"),
        "quarantined": number(report, "quarantined", unit="instances"),
    }


def _tuned(report: Report) -> dict[str, Any]:
    return {
        "model": report.id,
        "device": report.environment.get("device"),
        "precision": report.environment.get("precision"),
        "steps": number(report, "steps"),
        "tokens": number(report, "scale", unit="tokens"),
        "tokens_per_second": number(report, "tokens_per_second"),
        "first_loss": number(report, "loss", part="first"),
        "last_loss": number(report, "loss", part="last"),
    }


def _scores(registry: Registry, card: Model, known: Known) -> list[dict[str, Any]]:
    """Return a line for each benchmark and metric, with the base model's score and a guess's."""
    base = card.build.base if card.build else None
    return [
        {
            "model": card.id,
            "benchmark": one.benchmark,
            "metric": one.metric,
            "n": one.n,
            "guess": baselines.guess(registry, known, one),
            "before": mean_of(scored(known, base, one.qualifiers)) if base else None,
            "after": mean_of(one),
            "change": baselines.change(known, base, card.id, one) if base else None,
        }
        for one in results(known, card.id)
        if one.subset is None and one.unit is None
    ]


def percent(one: Mapping[str, Any] | None, sign: str = "") -> str:
    """Return a score as people read it, with its standard error; a dash where there is none.

    >>> percent({"value": 0.125, "stderr": 0.02}, "+"), percent({"value": 0.5}), percent(None)
    ('+12.5 ± 2.0', '50.0', '-')
    """
    if one is None:
        return "-"
    stderr = f" ± {100 * one['stderr']:.1f}" if one.get("stderr") is not None else ""
    return f"{100 * one['value']:{sign}.1f}{stderr}"


def _block(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    cells = [head, *(tuple(_cell(one) for one in row) for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)
