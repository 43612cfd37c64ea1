"""A tuned model's card as the Markdown that MLflow shows: what is known and how to rebuild it.

Card text is data from anybody: whatever Markdown or HTML would act on is escaped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from registry import baselines
from registry.cards import Model
from registry.cards.claim import QUALIFIERS
from registry.index import Registry, name_of
from registry.lineage import Edge, graph, up
from registry.place import stage_of
from registry.query import by_stage, describe
from registry.reports import Known, Measurement, Report, results
from registry.tracking import records

LONGEST = 5000
_ACTIVE = re.compile(r"([\\`*_{}\[\]()#+!|~])")


def plain(text: Any) -> str:
    r"""Return text that Markdown shows as it is, on one line.

    >>> plain("a [link](javascript:x) <b>")
    'a \\[link\\]\\(javascript:x\\) &lt;b&gt;'
    """
    return escape(_ACTIVE.sub(r"\\\1", " ".join(str(text).split())), quote=False)


def describe_model(
    registry: Registry, reports: Iterable[Report], card: Model, revision: str | None
) -> str:
    """Return the card of a tuned model in Markdown, the most wanted first.

    What is longer than MLflow has room for ends where a line ends, and says where the rest is.
    """
    known = tuple(reports)
    lines = [
        plain(card.summary),
        "",
        f"[Card in the catalog](/{name_of(card)})",
        *_facts(card),
        *_scores(by_stage(known), card),
        *_reproduction(by_stage(known), card, stage_of(registry.root, card.id), revision),
        *_lineage(registry, known, card),
        *_claims(describe(card, known)),
    ]
    return _fitting(lines, f"\n… the rest is in [the catalog](/{name_of(card)})")


def _fitting(lines: list[str], otherwise: str) -> str:
    whole = "\n".join(lines) + "\n"
    if len(whole) <= LONGEST:
        return whole
    room = LONGEST - len(otherwise)
    return whole[: whole.rfind("\n", 0, room) + 1] + otherwise


def _facts(card: Model) -> Iterator[str]:
    build = card.build
    said = {"Intended": card.intended, "Not reproduced": card.not_reproduced}
    yield ""
    if build:
        yield f"- Base: {_link('models', build.base)}"
        yield f"- Mixture: {_link('mixtures', build.mixture)}"
        yield f"- Recipe: {_link('recipes', build.recipe)}"
    for name, text in said.items():
        if text:
            yield f"- {name}: {plain(text)}"
    for note in card.notes:
        yield f"- {plain(note)}"


def _scores(known: Mapping[tuple[str, str], Report], card: Model) -> Iterator[str]:
    """Yield the table of scores before and after; a score without spread shows none."""
    after = _results(known, card.id)
    before = _results(known, card.build.base) if card.build else {}
    if not after:
        return
    yield from ["", "### Scores", ""]
    yield "| Benchmark | Metric | Before (base) | After | Change |"
    yield "|---|---|---|---|---|"
    for (benchmark, metric), now in after.items():
        then = before.get((benchmark, metric))
        change = _change(
            baselines.change(known, card.build.base, card.id, now) if card.build else None
        )
        cells = (_link("benchmarks", benchmark), plain(metric), _score(then), _score(now), change)
        yield f"| {' | '.join(cells)} |"
    yield from ["", "± is one standard error of the mean over n answers; of a change, over tasks."]


def _results(known: Known, id: str) -> dict[tuple[str, str], Measurement]:
    return {
        (one.benchmark or "", one.metric or ""): one
        for one in results(known, id)
        if not (one.subset or one.unit) and isinstance(one.value, int | float)
    }


def _change(one: Mapping[str, Any] | None) -> str:
    return f"{one['value']:+.4f} ± {one['stderr']:.4f}" if one else "–"


def _score(one: Measurement | None) -> str:
    if one is None:
        return "not measured"
    spread = f" ± {one.stderr:.4f}" if one.stderr is not None else ""
    return f"{one.value:.4f}{spread}" + (f" (n = {one.n:,})" if one.n else "")


def _claims(said: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (field, claim)
        for field, many in said["claims"].items()
        for claim in many
        if (field, claim["status"]) != ("results", "measured")  # the scores above
    ]
    if rows:
        yield from ["", "### Claims and their evidence", ""]
        yield from ["| Field | Value | How it is known |", "|---|---|---|"]
    for field, claim in rows:
        yield f"| {plain(field)} | {_value(claim)} | {_evidence(claim)} |"
    if said["disagreements"]:
        yield from ["", f"Sources disagree on: {plain(', '.join(said['disagreements']))}."]


def _value(claim: Mapping[str, Any]) -> str:
    value = claim["value"]
    if value is None:
        return "not reported"
    shown = ", ".join(map(str, value)) if isinstance(value, list) else _readable(value)
    narrowed = [claim[name] for name in QUALIFIERS if name in claim]
    return plain(" ".join(map(str, [shown, *narrowed])))


def _readable(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _evidence(claim: Mapping[str, Any]) -> str:
    if claim["status"] == "cited":
        return f"cited: {_link('papers', claim['paper'])}, {plain(claim['at'])}"
    if claim["status"] == "declared":
        place = f", {claim['at']}" if claim.get("at") else ""
        return f"declared: {plain(claim['by'] + place)}"
    return f"measured by stage {plain(claim['stage'])}"


def _lineage(registry: Registry, reports: tuple[Report, ...], card: Model) -> Iterator[str]:
    part = up(graph(registry, reports), name_of(card))
    if not part.edges:
        return
    yield from ["", "### Lineage", ""]
    for edge in part.edges:
        yield f"- {_node(part.nodes[edge.source].sha256, edge)}"


def _node(sha256: str | None, edge: Edge) -> str:
    place = f" ({plain(edge.place)})" if edge.place else ""
    proof = f", sha256 `{sha256}`" if sha256 else ""
    said = f"{edge.relation}, {edge.proof}{place}{proof}"
    return f"{_named(edge.source)} → {_named(edge.target)}: {said}"


def _named(name: str) -> str:
    folder, _, id = name.partition("/")
    return plain(id) if folder in ("files", "scores") else _link(folder, id)


def _reproduction(
    known: Mapping[tuple[str, str], Report], card: Model, stage: str, revision: str | None
) -> Iterator[str]:
    report = known.get(("tune", card.id))
    made = records.weights(report.outputs) if report else None
    yield from ["", "### How to reproduce", "", "```"]
    if revision:
        yield f"git checkout {revision.partition('-')[0]}"
    yield from [f"dvc repro {stage}", "```"]
    if report and made:
        ran = report.environment
        where = ", ".join(str(ran[name]) for name in ("device", "precision") if name in ran)
        took = f" in {ran['seconds']:,} s" if "seconds" in ran else ""
        yield ""
        yield f"Here it gave weights with sha256 `{made.sha256}`{took}" + (
            f" ({plain(where)})." if where else "."
        )


def _link(folder: str, id: str) -> str:
    return f"[{plain(id)}](/{folder}/{id})"
