"""The body of a repo's README.md, which people read: what is known of a card and how.

Card text is data from anybody: whatever Markdown or HTML would act on is escaped. The text stands
between two comments, so that what people write around it stays.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from registry.cards import Card, Mixture, Model, Paper
from registry.cards.claim import QUALIFIERS
from registry.hub.mapping import Said, Scene
from registry.index import Registry, name_of
from registry.lineage import Edge, edges_of
from registry.links import arxiv, download, origin, outside
from registry.query import by_stage, describe, verdicts
from registry.reports import Known, Report, scored

BEGIN = "<!-- made from card.yaml: what stands above and below these two comments is kept -->"
END = "<!-- end of what is made from card.yaml -->"
_MADE = re.compile(f"{re.escape(BEGIN)}(.*?){re.escape(END)}", re.DOTALL)
_ACTIVE = re.compile(r"([\\`*_{}\[\]()#!|~$])")
_LEADING = re.compile(r"([-+=]|\d+(?=[.)]))")


def plain(text: Any) -> str:
    r"""Return text that Markdown shows as it is, on one line.

    >>> plain("a [link](javascript:x) <b>")
    'a \\[link\\]\\(javascript:x\\) &lt;b&gt;'
    >>> plain("1. No list"), plain("--- no rule")
    ('1\\. No list', '\\--- no rule')
    """
    said = " ".join(str(text).split())
    marked = _ACTIVE.sub(r"\\\1", said)
    if found := _LEADING.match(marked):
        at = found.end() if found[0].isdigit() else 0
        marked = f"{marked[:at]}\\{marked[at:]}"
    return escape(marked, quote=False)


def link(text: Any, address: str | None) -> str:
    """Return a link, or the text alone where there is no safe address."""
    if not address or not address.startswith(("https://", "http://")):
        return plain(text)
    target = re.sub(r"[\s<>\\]", "", address)
    return f"[{plain(text)}](<{target}>)"


def code(text: str) -> str:
    """Return a name in a code span, in which nothing can be escaped.

    >>> code("a`b|c.parquet")
    '`a_b_c.parquet`'
    """
    return f"`{re.sub(r'[`|<>]|[^ -~]', '_', text)}`"


def made(body: str) -> str | None:
    """Return what stands between our two comments, or None where they are not there."""
    found = _MADE.search(body)
    return found[1] if found else None


def remade(body: str, text: str) -> str:
    """Return a body with what stands between our two comments replaced."""
    return _MADE.sub(lambda _: f"{BEGIN}{text}{END}", body, count=1)


def wrapped(text: str) -> str:
    """Return the whole body of a new page."""
    return f"\n{BEGIN}{text}{END}\n"


def body(card: Card, scene: Scene) -> str:
    """Return the Markdown between the two comments, the most wanted first."""
    known = by_stage(scene.reports)
    said = describe(card, scene.reports)
    lines = [
        "",
        f"# {plain(card.title)}",
        "",
        plain(card.summary or "Nobody has described it yet."),
        *_intended(card),
        *_scale(said["claims"].get("scale", []), scene.registry),
        *_results(card, said["claims"].get("results", []), scene),
        *_claims(said["claims"], scene.registry),
        *_disagreements(card, known),
        *_lineage(card, scene, known),
        *_notes(card),
        *_reproduction(card, known),
        *_citation(card, scene.registry),
        "",
        f"Made from the card `{name_of(card)}`, which stands whole in [card.yaml](./card.yaml).",
        "",
    ]
    return "\n".join(lines)


def _section(title: str) -> list[str]:
    return ["", f"## {title}", ""]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _intended(card: Card) -> Iterator[str]:
    said = {
        "Meant for": getattr(card, "intended", None),
        "Not reproduced": getattr(card, "not_reproduced", None),
        "Unavailable": getattr(card, "unavailable", None),
    }
    for name, text in said.items():
        if text:
            yield from ["", f"**{name}.** {plain(text)}"]


def _scale(many: list[Said], registry: Registry) -> Iterator[str]:
    if not many:
        return
    yield from _section("How big")
    yield from _table(
        ("Number", "Of", "How it is known"),
        ((_value(one), _narrowed(one), _source(one, registry)) for one in many),
    )


def _results(card: Card, many: list[Said], scene: Scene) -> Iterator[str]:
    """Yield the scores; of our own also the base's, measured on the same rows."""
    if not many:
        return
    build = getattr(card, "build", None)
    known = by_stage(scene.reports)
    yield from _section("Results")
    rows = []
    for one in many:
        benchmark = scene.registry.benchmarks.get(one["benchmark"])
        name = plain(benchmark.title if benchmark else one["benchmark"])
        more = [one[key] for key in ("split", "subset", "turn", "evaluator", "unit") if key in one]
        metric = plain(" ".join([one["metric"], *map(str, more)]))
        rows.append(
            (name, metric, _score(one), _before(one, known, build), _source(one, scene.registry))
        )
    yield from _table(("Benchmark", "Metric", "Score", "Base", "How it is known"), rows)
    if any("stderr" in one for one in many):
        yield from ["", "± is one standard error of the mean over n answers."]


def _score(one: Said) -> str:
    if one["value"] is None:
        return "not measured yet" if one["status"] == "measured" else "not reported"
    shown = f"{one['value']:.4g}"
    if "delta" in one:
        shown = f"{one['value']:+.4g} ({one['delta']}, over {one.get('baseline', 'a baseline')})"
    spread = f" ± {one['stderr']:.2g}" if "stderr" in one else ""
    count = f" (n = {one['n']:,})" if "n" in one else ""
    return plain(f"{shown}{spread}{count}") if "delta" in one else f"{shown}{spread}{count}"


def _before(one: Said, known: Known, build: Any) -> str:
    if build is None or one["status"] != "measured":
        return "–"
    wanted = {key: one[key] for key in QUALIFIERS if key in one}
    found = scored(known, build.base, wanted)
    if found is None:
        return "–"
    spread = f" ± {found.stderr:.2g}" if found.stderr is not None else ""
    return f"{found.value:.4g}{spread}"


def _claims(claims: Mapping[str, list[Said]], registry: Registry) -> Iterator[str]:
    rows = [
        (plain(name.replace("_", " ")), _value(one), _narrowed(one), _source(one, registry))
        for name, many in claims.items()
        if name not in ("scale", "results")
        for one in many
    ]
    if rows:
        yield from _section("What is known, and how")
        yield from _table(("Field", "Value", "Of", "How it is known"), rows)


def _value(one: Said) -> str:
    value = one["value"]
    if value is None:
        return "not measured yet" if one["status"] == "measured" else "not reported"
    hedge = f"{one['hedge']} " if "hedge" in one else ""
    if isinstance(value, dict):
        return plain(", ".join(f"{name} ({count:,})" for name, count in list(value.items())[:12]))
    if isinstance(value, list):
        return plain(", ".join(map(str, value)))
    return plain(hedge + (f"{value:,}" if isinstance(value, int) else str(value)))


def _narrowed(one: Said) -> str:
    wanted = [name for name in QUALIFIERS if name in one and name not in ("benchmark", "metric")]
    return plain(" ".join(str(one[name]) for name in wanted)) if wanted else ""


def _source(one: Said, registry: Registry) -> str:
    note = f" {plain(one['note'])}" if one.get("note") else ""
    if one["status"] == "cited":
        paper = registry.papers.get(one["paper"])
        named = link(one["paper"], _address(paper)) if paper else plain(one["paper"])
        return f"cited: {named}, {plain(one['at'])}{_printed(one)}.{note}"
    if one["status"] == "declared":
        place = f", {one['at']}" if one.get("at") else ""
        return f"declared: {plain(one['by'] + place)}{_printed(one)}.{note}"
    by = f" ({code(one['report'])})" if "report" in one else ""
    return f"measured by the stage {plain(one['stage'])}{by}.{note}"


def _printed(one: Said) -> str:
    return f", printed “{plain(one['printed'])}”" if one.get("printed") else ""


def _address(paper: Paper | None) -> str | None:
    if paper is None:
        return None
    return arxiv(paper.arxiv) if paper.arxiv else paper.url


def _disagreements(card: Card, known: Mapping[tuple[str, str], Report]) -> Iterator[str]:
    found = [
        (name, one, many[one["against"]] if "against" in one else None)
        for name, many in verdicts(card, known).items()
        for one in many
        if one.get("verdict") == "differs"
    ]
    if not found:
        return
    yield from _section("Where sources disagree")
    for name, one, other in found:
        beside = f", beside {_value(other)} ({_who(other)})" if other else ""
        said = f"{_value(one)} {_narrowed(one)}".strip()
        field = plain(name.replace("_", " "))
        yield f"- {field}: {said} ({_who(one)}){beside}: {plain(one['says'])}"


def _who(one: Said) -> str:
    return plain(one.get("paper") or one.get("by") or f"measured by {one.get('stage')}")


def _lineage(card: Card, scene: Scene, known: Mapping[tuple[str, str], Report]) -> Iterator[str]:
    edges = [edge for _, edge in edges_of(card, scene.registry, known)]
    mixture = _mixture(card, scene.registry)
    if mixture:
        edges += [edge for _, edge in edges_of(mixture, scene.registry, known)]
    edges = [edge for edge in edges if not edge.target.startswith("scores/")]
    if not edges:
        return
    yield from _section("Where it comes from")
    hashes = {one.path: one.sha256 for one in _files(card)}
    for edge in dict.fromkeys(edges):
        yield f"- {_step(edge, scene.registry, hashes)}"


def _mixture(card: Card, registry: Registry) -> Mixture | None:
    build = card.build if isinstance(card, Model) else None
    return registry.mixtures.get(build.mixture) if build else None


def _files(card: Card) -> tuple[Any, ...]:
    source = getattr(card, "source", None)
    return source.files if source else ()


def _step(edge: Edge, registry: Registry, hashes: Mapping[str, str]) -> str:
    folder, _, id = edge.source.partition("/")
    if folder == "files":
        path = id.partition("/")[2]
        where = edge.place or ""
        named = link(path, origin(where) or download(where))
        return f"{named}, {plain(edge.relation)}, {edge.proof}: sha256 `{hashes.get(path, '?')}`"
    other = registry.of_kind(folder).get(id)
    homes = [claim.value for claim in getattr(other, "homes", ()) if claim.value]
    address = next((found for one in homes if (found := outside(one, folder[:-1]))), None)
    title = getattr(other, "title", id)
    place = f" ({plain(edge.place)})" if edge.place else ""
    return f"{link(title, address)}: {plain(edge.relation)}, {edge.proof}{place}"


def _notes(card: Card) -> Iterator[str]:
    notes = getattr(card, "notes", ())
    if notes:
        yield from _section("Worth knowing")
        yield from (f"- {plain(note)}" for note in notes)


def _reproduction(card: Card, known: Mapping[tuple[str, str], Report]) -> Iterator[str]:
    stages = _stages(card)
    if not stages:
        return
    yield from _section("How to reproduce")
    yield from ["```console", *(f"$ registry {stage} {card.id}" for stage in stages), "```"]
    last = known.get((stages[-1], card.id))
    made = (
        [one for one in last.outputs if one.path.startswith(("data/", "models/"))] if last else []
    )
    if made:
        yield from ["", "Here that gave:", ""]
        for one in made:
            rows = f", {one.rows:,} rows" if one.rows is not None else ""
            yield f"- {code(one.path)}: sha256 `{one.sha256}`{rows}"


def _stages(card: Card) -> list[str]:
    """Return the stages that make what a card describes, in order."""
    if getattr(card, "build", None):
        return ["tune"]
    if card.kind == "mixture":
        return ["mix"]
    fetched = ["fetch"] if getattr(card, "source", None) else []
    converts = getattr(card, "convert", None) or getattr(card, "weights", None)
    return fetched + (["convert"] if converts else [])


def _citation(card: Card, registry: Registry) -> Iterator[str]:
    entries = [
        registry.papers[id].bibtex for id in getattr(card, "papers", ()) if id in registry.papers
    ]
    own = card.bibtex if isinstance(card, Paper) else None
    texts = [one.strip() for one in [own, *entries] if one]
    if not texts:
        return
    text = "\n\n".join(texts)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from [*_section("Citation"), f"{fence}bibtex", text.replace("-->", "-- >"), fence]
