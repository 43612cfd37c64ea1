"""How values look in print: numbers, sizes, scores and moments."""

import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from catalog.index.finding import BEGIN, END

_LABELS = {
    "licence": "Licence",
    "instruction_type": "Instruction type",
    "exact_match": "Exact match",
    "rouge_l": "ROUGE-L",
    "annotator": "Written by",
    "type": "Instruction type",
    "evidence": "How we know",
    "reproduced": "Reproduced",
    "origin": "Where from",
    "unnamed": "Metric not named",
    "nli": "NLI",
    "llm": "LLM",
    "kl": "KL(policy || initial), a token",
    "answer_tokens": "Tokens of an answer",
    "margin": "Reward margin",
    "chosen": "Reward of the chosen answer",
}


def label(name: str) -> str:
    """Return a field's or metric's name as people write it.

    >>> label("tuned_on"), label("rouge_l")
    ('Tuned on', 'ROUGE-L')
    """
    words = name.replace("_", " ")
    return _LABELS.get(name, words[:1].upper() + words[1:])


def number(value: Any) -> str:
    """Return a number with its thousands apart, a fraction with four digits that count.

    >>> number(52002), number(0.000213), number(1234.5), number(True)
    ('52,002', '0.000213', '1,234.5', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:,.1f}".removesuffix(".0") if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def size(count: int) -> str:
    """Return a size in bytes in decimal units.

    >>> size(46322659), size(512)
    ('46.3 MB', '512 bytes')
    """
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if count >= 10**power:
            return f"{count / 10**power:.1f} {unit}"
    return f"{count:,} bytes"


def score(value: float | None, stderr: float | None = None) -> str:
    """Return a mean score of 0 to 1 in hundredths, with its standard error.

    >>> score(0.3123, 0.0141), score(0.5)
    ('31.2 ± 1.4', '50.0')
    """
    if value is None:
        return "–"
    spread = f" ± {100 * stderr:.1f}" if stderr is not None else ""
    return f"{100 * value:.1f}{spread}"


def moment(text: str) -> str:
    """Return a moment in ISO form to the minute, for people.

    >>> moment("2026-11-21T10:30:12+00:00")
    '2026-11-21 10:30 UTC'
    """
    zone = " UTC" if text.endswith(("+00:00", "Z")) else ""
    return text[:16].replace("T", " ") + zone


_PLAIN = {
    ("licence", "open"): "open (permissive)",
    ("annotator", "model"): "a model",
    ("annotator", "human"): "people",
    ("annotator", "program"): "a program",
    ("reproduced", "yes"): "run here",
    ("reproduced", "no"): "not run here",
    ("origin", "pushed"): "pushed to the Hub here",
}


def plainly(value: Any, facet: str) -> str:
    """Return a filter's value in words.

    >>> plainly("open", "licence"), plainly("model", "kind")
    ('open (permissive)', 'model')
    """
    return _PLAIN.get((facet, value), str(value))


def short(value: int) -> str:
    """Return a large number in few letters, as it may be typed.

    >>> short(100_000_000), short(5740), short(12_500), short(2023)
    ('100M', '5740', '12.5k', '2023')
    """
    for letter, power in (("B", 9), ("M", 6), ("k", 3)):
        if value >= 10 * 10**power or (value >= 10**power and power > 3):
            return f"{value / 10**power:.3g}{letter}"
    return str(value)


def marked(text: str) -> Markup:
    """Return text from a search with the words that were found marked; all else is escaped.

    >>> marked("a \x02<b>\x03")
    Markup('a <mark>&lt;b&gt;</mark>')
    """
    opened = str(escape(text)).replace(BEGIN, "<mark>").replace(END, "</mark>")
    whole = opened.count("<mark>") == opened.count("</mark>")
    return Markup(opened) if whole else escape(text.replace(BEGIN, "").replace(END, ""))


def shown(value: Any) -> str:
    """Return any plain value on one line.

    >>> shown(["eng", "zho"]), shown({"mean": 12.5, "max": 80})
    ('eng, zho', 'mean 12.5, max 80')
    """
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "none"
    return number(value)
