"""Variants of a canonical row, each made by rule from a seed: the same call gives the same row.

Inputs, references, options and constraints stay as they are. The n-th variant of all rows has the
same wording, so that the spread over variants is that of wordings and does not average out.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import blake2b
from itertools import count, islice
from math import factorial

from registry.canonical import Demonstration, Message, Row
from registry.cards.mixing import Demonstrations, Template
from registry.cards.wordings import folded
from registry.evaluation.robustness.instruction import (
    Instruction,
    Unable,
    asks,
    find,
    put,
    sentences,
)
from registry.evaluation.robustness.wordings import (
    AT_ONCE,
    EQUALS,
    LEADS,
    PADDING,
    REFUSALS,
    REQUESTS,
    VERBS,
)
from registry.templates import Renderer, input_of

MARK = "~"
LAYOUT = "super-natural-instructions"

_QUOTED = re.compile(r"(\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`|(?<!\w)'[^'\n]*'(?!\w))")
_NEGATIVE = re.compile(r"\b(?:not|never|avoid|without|nothing|none)\b|n't\b", re.IGNORECASE)
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(rf"\A(\s*)(please\s+)?({'|'.join(VERBS)})\b", re.IGNORECASE),
        lambda old: f"{old[1]}{f'{old[2]}do' if old[2] else 'Do'} not {old[3].lower()}",
    ),
    (
        re.compile(r"\b(your (?:task|job|goal) is) to\b", re.IGNORECASE),
        lambda old: f"{old[1]} not to",
    ),
    (re.compile(r"\b(you) (?:need|have) to\b", re.IGNORECASE), lambda old: f"{old[1]} must not"),
    (re.compile(r"\b(you (?:should|must))\b", re.IGNORECASE), lambda old: f"{old[1]} not"),
)


@dataclass(frozen=True, slots=True)
class Done:
    """A row that was changed, and in which way."""

    row: Row
    way: str


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A variant; where nothing could be done, the row as it was but for its id, and why."""

    row: Row
    changed: bool
    way: str


def perturb(row: Row, kind: str, n: int, seed: int = 0) -> Perturbed:
    """Return the n-th variant of a row, from 1; its id is the row's, `~`, the kind, `.` and n."""
    made = KINDS[kind](row, n, seed)
    id = f"{row.id}{MARK}{kind}.{n}"
    if isinstance(made, Unable):
        return Perturbed(replace(row, id=id), changed=False, way=made.reason)
    return Perturbed(replace(made.row, id=id), changed=True, way=made.way)


def origin_of(id: str) -> tuple[str, str]:
    """Return the id of a variant's origin, and the variant's name; none for other rows.

    >>> origin_of("dolly:0f~paraphrase.2"), origin_of("dolly:0f")
    (('dolly:0f', 'paraphrase.2'), ('dolly:0f', ''))
    """
    origin, mark, name = id.rpartition(MARK)
    known = mark and name.partition(".")[0] in KINDS
    return (origin, name) if known else (id, "")


def paraphrase(row: Row, n: int, seed: int) -> Done | Unable:
    """Say the same in other words: another lead, and other phrases for those that are usual."""
    at = find(row)
    if isinstance(at, Unable):
        return at
    lead = _in_order(LEADS if at.apart else REQUESTS, seed, "paraphrase")[n - 1]
    text = at.text(row)
    if not at.apart:
        return Done(_led(row, at, lead), lead)
    other = _reworded(text, n, seed)
    # An option or an answer that a phrase is part of has to stand where it stood.
    kept = all(one in other for one in (*row.options, *row.references) if one in text)
    return Done(put(row, at, f"{lead} {other if kept else text}"), lead)


def _reworded(text: str, n: int, seed: int) -> str:
    """Swap phrases for equal ones; what stands in quotation marks stays."""
    for equals in EQUALS:
        chosen = _in_order(equals, seed, f"phrase {n}")[0]
        phrase = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, equals))})(?!\w)", re.IGNORECASE)
        parts = _QUOTED.split(text)
        parts[::2] = [phrase.sub(partial(_cased, chosen), one) for one in parts[::2]]
        text = "".join(parts)
    return text


def _cased(phrase: str, old: re.Match[str]) -> str:
    return phrase[0].upper() + phrase[1:] if old[0][0].isupper() else phrase


def shorter(row: Row, n: int, seed: int) -> Done | Unable:
    """Cut the instruction after the n-th sentence that asks for something."""
    at = find(row)
    if isinstance(at, Unable):
        return at
    if not at.apart:
        return Unable("its instruction is not apart from its input")
    text = at.text(row)
    said = sentences(text)
    asking = [place for place, one in enumerate(said) if asks(one)]
    if len(asking) < n or asking[n - 1] == len(said) - 1:
        return Unable(f"its instruction does not go on after {_asking(n)}")
    cut = put(row, at, "".join(said[: asking[n - 1] + 1]))
    if any(_shows(row, one) and not _shows(cut, one) for one in row.options):
        return Unable("its options stand in what would be cut")
    return Done(cut, _asking(n))


def _asking(n: int) -> str:
    return "1 sentence that asks" if n == 1 else f"{n} sentences that ask"


def _shows(row: Row, text: str) -> bool:
    return any(text in one.content for one in row.messages)


def longer(row: Row, n: int, seed: int) -> Done | Unable:
    """Put neutral sentences before the instruction: 2 in the first variant, then 2 more each."""
    at = find(row)
    if isinstance(at, Unable):
        return at
    padding = _in_order(PADDING, seed, "longer")[: AT_ONCE * n]
    return Done(_led(row, at, " ".join(padding)), f"{len(padding)} sentences more")


def negated(row: Row, n: int, seed: int) -> Done | Unable:
    """Ask for the opposite: the first variant by rule where one fits, else told not to follow."""
    at = find(row)
    if isinstance(at, Unable):
        return at
    if n == 1 and at.apart and (text := _denied(at.text(row))):
        return Done(put(row, at, text), "by rule")
    told = _in_order(REFUSALS, seed, "negated")[n - 1]
    return Done(_led(row, at, told), told)


def _denied(text: str) -> str | None:
    """Negate an instruction of which one sentence asks; others would go on asking for it."""
    said = sentences(text)
    asking = [place for place, one in enumerate(said) if asks(one)]
    if len(asking) != 1 or _NEGATIVE.search(text):
        return None
    (place,) = asking
    for rule, by in _RULES:
        if len(rule.findall(said[place])) == 1:
            said[place] = rule.sub(by, said[place])
            return "".join(said)
    return None


def _led(row: Row, at: Instruction, words: str) -> Row:
    between = " " if at.apart else "\n\n"
    return put(row, at, f"{words}{between}{at.text(row)}")


def demonstrations(row: Row, n: int, seed: int) -> Done | Unable:
    """Show the same good demonstrations in another order, in the same number.

    A prompt that shows none of the row's is put in the layout of Super-NaturalInstructions with all
    of them, but for one on its own input.
    """
    if not row.messages or row.messages[-1].role != "user":
        return Unable("its last turn is not the user's")
    shown = _shown(row)
    if len(shown) > 1:
        order = _order(list(shown.values()), n, seed, given=True)
        return _reordered(row, shown, order) if order else _FEW
    if len(shown) == 1:
        return Unable("its prompt shows one demonstration")
    first = f"{row.definition}\n\n" if row.definition.strip() else None
    if len(row.messages) > 1 or first is None or not row.messages[0].content.startswith(first):
        return Unable("its prompt is not a definition and an input")
    asked = folded(input_of(row))
    good = [one for one in dict.fromkeys(row.positives) if folded(one.input) != asked]
    if len(good) < 2:
        return Unable("has fewer than two good demonstrations")
    order = _order([_body(one) for one in good], n, seed, given=False)
    if order is None:
        return _FEW
    made = _renderer(len(good)).render(replace(row, positives=tuple(good[at] for at in order)))
    return Done(replace(made, positives=row.positives), f"put in the layout {LAYOUT}")


_FEW = Unable("its demonstrations have too few orders")


@cache
def _renderer(many: int) -> Renderer:
    template = Template(
        family="human", wordings=(LAYOUT,), demonstrations=Demonstrations(positive=many)
    )
    return Renderer(template, 0)


def _body(one: Demonstration) -> str:
    why = f"Explanation: {one.explanation}\n" if one.explanation else ""
    return f"Input: {one.input}\nOutput: {one.output}\n{why}"


def _shown(row: Row) -> dict[int, str]:
    """Return the demonstrations that the last turn shows as templates do, by where they stand."""
    said, found = row.messages[-1].content, {}
    for body in dict.fromkeys(map(_body, row.positives)):
        if body not in said:
            continue
        head = re.compile(rf"Positive Example \d+ -\n{re.escape(body)}\n")
        places = list(head.finditer(said))
        if len(places) == 1:
            found[places[0].end() - len(body) - 1] = body
    return dict(sorted(found.items()))


def _reordered(row: Row, shown: Mapping[int, str], order: Sequence[int]) -> Done:
    said, parts, at = row.messages[-1].content, [], 0
    bodies = list(shown.values())
    for (start, old), new in zip(shown.items(), order, strict=True):
        parts += [said[at:start], bodies[new]]
        at = start + len(old)
    last = Message("user", "".join([*parts, said[at:]]))
    return Done(replace(row, messages=(*row.messages[:-1], last)), "in the prompt as it is")


def _order(many: Sequence[str], n: int, seed: int, *, given: bool) -> tuple[int, ...] | None:
    """Return the n-th order drawn, each another one; without the given one, where that is shown."""
    if n > factorial(len(many)) - given:
        return None
    return next(islice(_orders(many, seed, given=given), n - 1, None))


def _orders(many: Sequence[str], seed: int, *, given: bool) -> Iterator[tuple[int, ...]]:
    seen = {tuple(range(len(many)))} if given else set()
    for time in count():
        keys = [_drawn(seed, str(time), str(at), one) for at, one in enumerate(many)]
        order = tuple(sorted(range(len(many)), key=keys.__getitem__))
        if order not in seen:
            seen.add(order)
            yield order


@cache
def _in_order(many: tuple[str, ...], seed: int, what: str) -> tuple[str, ...]:
    return tuple(sorted(many, key=lambda one: _drawn(seed, what, one)))


def _drawn(seed: int, *what: str) -> bytes:
    return blake2b("\0".join((str(seed), *what)).encode(), digest_size=8).digest()


KINDS: Mapping[str, Callable[[Row, int, int], Done | Unable]] = {
    "paraphrase": paraphrase,
    "shorter": shorter,
    "longer": longer,
    "demonstrations": demonstrations,
    "negated": negated,
}

MOST: Mapping[str, int] = {
    "paraphrase": min(len(LEADS), len(REQUESTS)),
    "longer": len(PADDING) // AT_ONCE,
    "negated": len(REFUSALS),
}
"""How many variants there can be at most, where wordings are counted."""
