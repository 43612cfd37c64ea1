"""Read marks out of a text in one pass.

The references use regular expressions that take quadratic time on hostile texts (`\\[.*?\\]` on a
megabyte of brackets); each function here finds what the expression it names finds, in linear time.
"""

import re
from collections.abc import Iterator

OPENING = r"^[^\w\n]*(?:_[^\w\n]*)*"
"""The marks that a line may open with, with re.MULTILINE; `^[\\W_]*` goes on through lines."""

_SOMETHING = re.compile(r"\S")
_ITEM = re.compile(r"\d+\.\s*|[-*]\s*")


def marked_lines(text: str, mark: re.Pattern[str]) -> int:
    """Count the matches of `^\\s*MARK.*$` with re.MULTILINE.

    As there, the space before a mark may span lines, so that a line counts once.

    >>> marked_lines("a\\n * b\\n\\n* c", re.compile(r"\\*[^*]"))
    2
    """
    found = 0
    at = 0
    while first := _SOMETHING.search(text, at):
        match = mark.match(text, first.start())
        found += bool(match)
        end = text.find("\n", match.end() if match else first.start())
        if end < 0:
            break
        at = end + 1
    return found


def bracketed(text: str, opening: str, closing: str) -> list[str]:
    """Return what `OPENING.*?CLOSING` finds, marks of one character included.

    >>> bracketed("[a] [b [c] [", "[", "]")
    ['[a]', '[b [c]']
    """
    return [text[start:end] for start, end in _spans(text, opening, closing)]


def _spans(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    end, line = 0, -1
    while (start := text.find(opening, end)) >= 0:
        if line < start:
            line = text.find("\n", start)
            line = line if line >= 0 else len(text)
        stop = text.find(closing, start + 1, line)
        end = line if stop < 0 else stop + 1
        if stop >= 0:
            yield start, end


def without(text: str, opening: str, closing: str) -> str:
    """Return the text less all that `OPENING.*?CLOSING` finds.

    >>> without("a「b」c「d", "「", "」")
    'ac「d'
    """
    kept, end = [], 0
    for start, stop in _spans(text, opening, closing):
        kept.append(text[end:start])
        end = stop
    return "".join(kept) + text[end:]


def titled(text: str, opening: str, closing: str) -> bool:
    """Say whether `OPENING[^\\n]+CLOSING` finds a title with something between its marks.

    >>> titled("<<A title>> and <b>", "<<", ">>"), titled("<<>>", "<<", ">>")
    (True, False)
    """
    end = 0
    while (start := text.find(opening, end)) >= 0:
        line = text.find("\n", start)
        end = line if line >= 0 else len(text)
        stop = text.rfind(closing, start, end)
        if start < stop - len(opening):
            title = text[start : stop + len(closing)]
            if title.lstrip(opening[0]).rstrip(closing[0]).strip():
                return True
    return False


def wrapped(text: str, opening: str, closing: str) -> bool:
    """Say whether `OPENING[^CLOSING]*CLOSING`, over lines, finds something between its marks.

    >>> wrapped("¿Qué\\nes?", "¿", "?"), wrapped("¿?", "¿", "?")
    (True, False)
    """
    end = 0
    while (start := text.find(opening, end)) >= 0:
        stop = text.find(closing, start)
        if stop < 0:
            return False
        if text[start:stop].lstrip(opening).strip():
            return True
        end = stop + 1
    return False


def without_items(text: str) -> str:
    """Return the text less the marks of its list items.

    Finds what `(^\\s*\\d+\\.\\s*)|(^\\s*[-*]\\s*)` finds with re.MULTILINE.

    >>> without_items("1. One\\n - two\\n3.5 three")
    'One\\ntwo\\n5 three'
    """
    kept = []
    copied = at = 0
    while first := _SOMETHING.search(text, at):
        match = _ITEM.match(text, first.start())
        if match:
            kept.append(text[copied:at])
            copied = match.end()
            if text[copied - 1] == "\n":
                at = copied
                continue
        end = text.find("\n", match.end() if match else first.start())
        if end < 0:
            break
        at = end + 1
    return "".join(kept) + text[copied:]
