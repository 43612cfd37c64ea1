"""What no single field of a card can tell: whether its fields go together."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from registry.cards.claim import Claim, Measured
from registry.cards.kinds import Benchmark, Card, Dataset, Mixture, Model, Recipe
from registry.cards.mixing import Ingredient, Template
from registry.cards.shapes import fields_of, is_claims
from registry.cards.tuning import contradictions
from registry.cards.vocabulary import METRICS, RANKED
from registry.cards.wordings import ALLOWED, NEEDED, WORDINGS, folded, is_id, slots, text_of
from registry.errors import near

Found = Iterator[tuple[str, str]]
"""Pairs of a field and what is wrong with it."""


def incoherent(card: Card) -> Found:
    """Find fields that contradict each other, or that need one another."""
    yield from _claims(card)
    checks: dict[type, Callable[[Any], Found]] = {
        Dataset: _fetched,
        Benchmark: _benchmark,
        Model: _model,
        Mixture: _mixture,
        Recipe: _recipe,
    }
    if check := checks.get(type(card)):
        yield from check(card)


def _fetched(card: Dataset | Benchmark | Model) -> Found:
    if card.source:
        yield from _twice("source.files", (one.path for one in card.source.files))
    if isinstance(card, Model):
        return
    if card.convert and not card.source:
        yield "convert", "has no source to read; add source, or remove convert"
    if card.source and card.unavailable:
        yield "unavailable", "stands beside a source; keep the one that is true"


def _benchmark(card: Benchmark) -> Found:
    yield from _fetched(card)
    yield from _twice("metrics", card.metrics)
    if card.rows and card.convert:
        yield "rows", "stands beside convert; a benchmark's rows come from one of the two"
    if card.rank and card.generate:
        yield "rank", "stands beside generate; answers are generated, or options ranked"
    if card.rank and card.rank.prompt == "chat" and card.rank.shots:
        yield "rank.shots", "goes with prompt: text; remove one of the two"
    for metric in card.metrics:
        if card.rank and metric not in RANKED:
            known = " and ".join(RANKED)
            yield "metrics", f"'{metric}' is not of ranked options; theirs are {known}"
        if card.generate and metric in RANKED:
            yield "metrics", f"'{metric}' is of ranked options; add rank in place of generate"


def _model(card: Model) -> Found:
    yield from _fetched(card)
    if card.build and card.weights:
        yield "build", "stands beside weights; a model is built here or fetched, not both"
    if card.not_reproduced and (card.build or card.weights):
        made = "build" if card.build else "weights"
        yield "not_reproduced", f"stands beside {made}; keep the one that is true"
    if card.evaluate:
        yield from _twice("evaluate.benchmarks", card.evaluate.benchmarks)
        if not card.build and not card.weights:
            yield "evaluate", "has no model to run; add build or weights, or remove evaluate"
    if card.weights:
        yield from _weights(card)


def _weights(card: Model) -> Found:
    paths = [one.path for one in card.source.files] if card.source else []
    named = card.weights.file.partition("!")[0] if card.weights else ""
    if not paths:
        yield "weights", "has no source to read; add source"
    elif named not in paths:
        hint = near(named, paths) or f"; write one of {', '.join(paths)}"
        yield "weights.file", f"'{named}' is no path of source.files{hint}"


def _mixture(card: Mixture) -> Found:
    yield from _twice("mix.datasets", (one.dataset for one in card.mix.datasets))
    for at, one in enumerate(card.mix.datasets):
        if one.template:
            for field, message in _template(one.template):
                yield f"mix.datasets[{at}].template.{field}", message
        for field, message in _switches(one):
            yield f"mix.datasets[{at}].{field}", message


_APART = {
    "symbols": ("template", "sequence"),
    "sequence": ("template", "rejected"),
}
"""The switches of an ingredient that do not go together."""


def _switches(one: Ingredient) -> Found:
    """Find switches that contradict each other."""
    given = {
        "template": one.template is not None,
        "sequence": one.sequence is not None,
        "rejected": one.rejected != "published",
    }
    for field, others in _APART.items():
        if getattr(one, field) is not None:
            for other in others:
                if given[other]:
                    yield field, f"does not go with {other}; remove one of the two"
    if one.symbols:
        yield from _twice("symbols.kinds", one.symbols.kinds)
    if one.sequence and one.sequence.length < 2:
        yield "sequence.length", f"{one.sequence.length} is no sequence; write 2 or more"
    if one.rejected == "negatives":
        if one.symbols:
            yield "rejected", "symbols stand for labels, and a bad output is none; write labels"
        if one.template and one.template.family != "human":
            yield "rejected", "negatives go with family human, or without a template"


def _template(template: Template) -> Found:
    family, known = template.family, NEEDED[template.family] + ALLOWED[template.family]
    filled = dict(_filled(template))
    for slot, field in filled.items():
        if slot not in known:
            yield field, f"goes with family human, not {family}; remove one of the two"
    needed = (*NEEDED[family], *(slot for slot in filled if slot in known))
    yield from _twice("wordings", (text_of(family, one) for one in template.wordings))
    for at, wording in enumerate(template.wordings):
        for message in _wording(family, wording, dict.fromkeys(needed), known):
            yield f"wordings[{at}]", message
    yield from _verbaliser(template)
    for field in ("entailed", "not_entailed"):
        if getattr(template, field) and family != "nli":
            yield field, f"goes with family nli, not {family}; remove one of the two"
    yes, no = template.entailed or "entailment", template.not_entailed or "not entailment"
    if folded(yes) == folded(no):
        yield "entailed", f"is the same as not_entailed, '{no}'; nobody could tell them apart"


def _filled(template: Template) -> Iterator[tuple[str, str]]:
    """Yield the slots that a template has something for, with its field."""
    for field in ("definition", "avoid"):
        if getattr(template, field):
            yield field, field
    for field in ("positive", "negative"):
        if template.demonstrations and getattr(template.demonstrations, field):
            yield f"{field}s", f"demonstrations.{field}"


def _wording(
    family: str, wording: str, needed: Iterable[str], known: tuple[str, ...]
) -> Iterator[str]:
    if is_id(wording) and wording not in WORDINGS[family]:
        hint = near(wording, WORDINGS[family]) or f"; ours are {', '.join(WORDINGS[family])}"
        yield f"'{wording}' is no wording of family {family}{hint}"
        return
    found = slots(text_of(family, wording))
    for slot in needed:
        if slot not in found:
            yield f"'{wording}' has no slot {{{slot}}}; write it in, a template like this needs it"
    for slot in dict.fromkeys(found):
        if slot not in known:
            hint = near(slot, known) or f"; known are {', '.join(known)}"
            yield f"'{wording}' has a slot {{{slot}}} that family {family} does not fill{hint}"


def _verbaliser(template: Template) -> Found:
    if not template.verbaliser:
        return
    if template.family == "human":
        yield "verbaliser", "goes with family nli or llm; people read a label as it is"
    if len(template.verbaliser) == 1:
        yield "verbaliser", "names one label; name all of them"
    yield from _twice("verbaliser", (one.label for one in template.verbaliser))
    words = (folded(word) for one in template.verbaliser for word in one.words)
    for word, count in Counter(words).items():
        if count > 1:
            yield "verbaliser", f"has the word '{word}' {count} times; a word means one label"


def _recipe(card: Recipe) -> Found:
    yield from ((f"tune.{field}", said) for field, said in contradictions(card.tune))


def _claims(card: Card) -> Found:
    for one in fields_of(type(card)):
        if not is_claims(one.hint):
            continue
        claims: tuple[Claim[Any], ...] = getattr(card, one.name)
        if any(claims.count(claim) > 1 for claim in claims):
            yield one.name, "makes the same claim twice; keep one of the two"
        for claim in claims:
            if isinstance(claim.evidence, Measured):
                yield from _measured(card, one.name, claim, claim.evidence.stage)


def _measured(card: Card, name: str, claim: Claim[Any], stage: str) -> Found:
    parts = {
        "fetch": ("source",),
        "convert": ("convert", "weights"),
        "mix": ("mix",),
        "tune": ("build",),
        "evaluate": ("evaluate", "build", "weights"),
    }[stage]
    if not any(getattr(card, part, None) for part in parts):
        known = {one.name for one in fields_of(type(card))}
        missing = " or ".join(part for part in parts if part in known)
        advice = f"add {missing}, or write" if missing else "write"
        yield name, f"is measured by {stage}, which does nothing here; {advice} cited or declared"
    elif name == "results" and isinstance(card, Model) and claim.metric not in METRICS:
        hint = near(claim.metric or "", METRICS) or f"; ours are {', '.join(METRICS)}"
        yield name, f"'{claim.metric}' is no metric that we measure{hint}"


def _twice(field: str, values: Iterable[str]) -> Found:
    for value, count in Counter(values).items():
        if count > 1:
            yield field, f"names '{value}' {count} times; name it once"
