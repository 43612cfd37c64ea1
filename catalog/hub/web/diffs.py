"""What differs between two texts, in the form that everybody reads: unified, by line.

The pages are anybody's to ask for, so that a comparison may not take long whatever the texts are:
what they begin and end with alike is cut off first, and where the rest is large, all of it counts
as replaced. That is a true answer too, only longer than it had to be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import StringIO
from itertools import takewhile

AROUND = 3
"""Lines that are the same and are shown around those that differ."""
MOST_PAIRS = 40_000
"""Pairs of lines up to which the least difference is looked for."""

Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: `sign` is what stands before it, a space where both sides have it.

    `ends` is false where the file ends within it, without a line break.
    """

    sign: str
    text: str
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand together, and where they stand on both sides."""

    head: str
    lines: tuple[Line, ...]


def unified(before: str, after: str) -> list[Hunk]:
    """Return what differs between two texts.

    >>> [hunk] = unified("a\\nb\\n", "a\\nc\\n")
    >>> hunk.head, [line.sign + line.text for line in hunk.lines]
    ('@@ -1,2 +1,2 @@', [' a', '-b', '+c'])
    """
    old, new = _lines(before), _lines(after)
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    room = min(len(old), len(new)) - start
    ends = zip(reversed(old), reversed(new), strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    stop = min(same, room)
    if start == len(old) == len(new):
        return []
    begin, tail = max(start - AROUND, 0), max(stop - AROUND, 0)
    one, two = old[begin : len(old) - tail], new[begin : len(new) - tail]
    groups = _groups(one, two, start - begin, stop - tail)
    return [_hunk(one, two, group, begin) for group in groups]


def _lines(text: str) -> list[str]:
    """Cut a text at its line feeds only; other breaks are characters of a line."""
    return StringIO(text, newline="\n").readlines()


def _groups(one: list[str], two: list[str], head: int, tail: int) -> list[list[Opcode]]:
    """Return the changes, each with what stands around it; `head` and `tail` lines are the same."""
    if len(one) * len(two) <= MOST_PAIRS:
        matcher = SequenceMatcher(None, one, two)
        return [list(group) for group in matcher.get_grouped_opcodes(AROUND)]
    olds, news = len(one) - tail, len(two) - tail
    replaced: list[Opcode] = [
        ("equal", 0, head, 0, head),
        ("replace", head, olds, head, news),
        ("equal", olds, len(one), news, len(two)),
    ]
    return [replaced]


def _hunk(one: list[str], two: list[str], group: list[Opcode], begin: int) -> Hunk:
    _, old, _, new, _ = group[0]
    _, _, old_end, _, new_end = group[-1]
    sides = f"-{_span(begin + old, old_end - old)} +{_span(begin + new, new_end - new)}"
    return Hunk(f"@@ {sides} @@", tuple(_signed(one, two, group)))


def _span(start: int, length: int) -> str:
    """Return lines as a hunk's head names them; an empty span is named by the line before it."""
    return f"{start + 1 if length else start},{length}"


def _signed(one: list[str], two: list[str], group: list[Opcode]) -> Iterator[Line]:
    for tag, old, old_end, new, new_end in group:
        if tag == "equal":
            yield from (_line(" ", text) for text in one[old:old_end])
            continue
        yield from (_line("-", text) for text in one[old:old_end])
        yield from (_line("+", text) for text in two[new:new_end])


def _line(sign: str, text: str) -> Line:
    return Line(sign, text.removesuffix("\n"), text.endswith("\n"))
