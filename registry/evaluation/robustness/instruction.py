"""Where a row's instruction stands, and its sentences.

A definition that the prompt shows is the instruction; else a system message is, unless it only says
that there is an assistant; else instruction and input are one text, the last turn.
"""

import json
import re
from dataclasses import dataclass, replace

from registry.canonical import Message, Row

ENGLISH = (None, "eng", "mul", "und")
"""The languages of rows whose instruction may be English: that of a translation task is `mul`."""

_POLITE = re.compile(r"you are an?(?: \w+){0,2} assistant\.?", re.IGNORECASE)
_STOP = re.compile(r"[.!?][\"'”’)\]]*(?=\s|$)|\n")
_NEXT = re.compile(r"\s*(\S)")
_SHORT = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|no|mr|mrs|ms|dr|st|fig|eq|\w)|\d)\.$", re.IGNORECASE
)
_GIVEN = re.compile(
    r"\byou(?:'re| are| will be|'ll be| will)\b.*\b(?:given|provided|shown|presented|see|read)\b",
    re.IGNORECASE | re.DOTALL,
)
_ASKING = re.compile(
    r"\b(?:(?:task|job|goal) is|you (?:need|have|must|should|are asked|are expected)|please)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unable:
    """Nothing can be done to a row, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """The turn of a row that holds its instruction, and from where to where.

    It is not `apart` where it is a whole turn in which instruction and input are one.
    """

    turn: int
    start: int
    end: int
    apart: bool

    def text(self, row: Row) -> str:
        """Return its words."""
        return row.messages[self.turn].content[self.start : self.end]


def find(row: Row) -> Instruction | Unable:
    """Return where the instruction of a row stands, if English rules can reword it."""
    if not row.messages or row.messages[-1].role != "user":
        return Unable("its last turn is not the user's")
    if row.language not in ENGLISH:
        return Unable(f"its language is '{row.language}', and the wordings are English")
    if any(json.loads(one.arguments).get("prompt_to_repeat") for one in row.constraints):
        return Unable("its answer has to repeat the prompt")
    return _defined(row) if row.definition.strip() else _undefined(row)


def _defined(row: Row) -> Instruction | Unable:
    """Return where the definition stands: at the start of the last turn, or once in any turn."""
    last, size = len(row.messages) - 1, len(row.definition)
    if row.messages[last].content.startswith(row.definition):
        return Instruction(last, 0, size, apart=True)
    shown = [one.content.count(row.definition) for one in row.messages]
    if sum(shown) != 1:
        return Unable("its prompt does not show its definition once")
    turn = shown.index(1)
    start = row.messages[turn].content.index(row.definition)
    return Instruction(turn, start, start + size, apart=True)


def _undefined(row: Row) -> Instruction | Unable:
    for turn, one in enumerate(row.messages):
        said = one.content.strip()
        if one.role == "system" and said and not _POLITE.fullmatch(said):
            return Instruction(turn, 0, len(one.content), apart=True)
    last = row.messages[-1].content
    if not last.strip():
        return Unable("its prompt is empty")
    return Instruction(len(row.messages) - 1, 0, len(last), apart=False)


def put(row: Row, at: Instruction, text: str) -> Row:
    """Return the row with another instruction; nothing before or after it changes."""
    turns = list(row.messages)
    old = turns[at.turn]
    turns[at.turn] = Message(old.role, old.content[: at.start] + text + old.content[at.end :])
    definition = text if row.definition.strip() else row.definition
    return replace(row, messages=tuple(turns), definition=definition)


def sentences(text: str) -> list[str]:
    r"""Return a text's sentences, so that together they are the text; a line ends one as well.

    >>> sentences("Say who, e.g. Ann. Be brief.\nStop")
    ['Say who, e.g. Ann.', ' Be brief.', '\nStop']
    """
    found, start = [], 0
    for stop in _STOP.finditer(text):
        end = stop.start() if stop[0] == "\n" else stop.end()
        if text[start:end].strip() and _ends(text, stop):
            found.append(text[start:end])
            start = end
    if text[start:].strip():
        return [*found, text[start:]]
    return [*found[:-1], found[-1] + text[start:]] if found else []


def _ends(text: str, stop: re.Match[str]) -> bool:
    if stop[0] == "\n":
        return True
    after = _NEXT.match(text, stop.end())
    if after is None:
        return True
    before = max(0, stop.start() - 6)
    return not after[1].islower() and not _SHORT.search(text, before, stop.start() + 1)


def asks(sentence: str) -> bool:
    """Tell a sentence that asks for something from one that only says what is given.

    >>> asks("In this task, you are given a review."), asks("Say whether it is good.")
    (False, True)
    """
    return not _GIVEN.search(sentence) or bool(_ASKING.search(sentence))
