"""YAML text to plain values that know their line; strict, because a card is data.

Scalars follow YAML 1.2's core: only `true`, `false`, `null` and decimal numbers are anything but
text, so `no`, dates and `012` stay what was written. Refused: repeated keys, aliases and anchors,
tags, more than one document, and what is larger or deeper than a card can sensibly be.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

import yaml

MAX_BYTES = 1 << 20
MAX_DEPTH = 12
MAX_DIGITS = 30

Complain = Callable[[int, str, str], None]
"""Called with line (from 1), field and message for each problem."""

_BOOLS = {"true": True, "false": False}
_NULLS = {"", "~", "null"}
_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_STANDARD = "tag:yaml.org,2002:"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it starts on: text, number, bool, None, list or dict of nodes.

    `keys` has the line of each key of a dict.
    """

    value: Any
    line: int
    keys: dict[str, int]

    def plain(self) -> Any:
        """Return the value without its lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def parse(text: str, complain: Complain, *, deepest: int = MAX_DEPTH) -> Node | None:
    """Read one YAML document; problems are told to `complain`, and None means there was no card.

    `deepest` is how deep lists and mappings may nest.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        complain(1, "file", f"is larger than {MAX_BYTES:,} bytes; a card is a few kilobytes")
        return None
    if unprintable := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line, code = _line_at(text, unprintable.start()), ord(unprintable.group())
        complain(line, "yaml", f"holds the character U+{code:04X}, which YAML forbids; remove it")
        return None
    document = _Document(yaml.parse(text, Loader=LOADER), complain, deepest)
    try:
        root = document.root()
    except _TooDeep:
        return None
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        complain(line, "yaml", _sentence(error, text, line))
        return None
    if root is None:
        complain(1, "file", "is empty; start from `registry new`")
    return root if document.data else None


def scalar(text: str) -> Any:
    """Resolve an unquoted scalar.

    >>> [scalar(text) for text in ("no", "012", "2023-04", "12", "1e-4", "true", "~")]
    ['no', '012', '2023-04', 12, 0.0001, True, None]
    """
    if text in _BOOLS:
        return _BOOLS[text]
    if text in _NULLS:
        return None
    if len(text) <= MAX_DIGITS:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text) and isfinite(number := float(text)):
            return number
    return text


class _Document:
    """Makes nodes of a parser's events, and tells of what a card may not have.

    `data` turns False where going on would say wrong things: at an alias, which is not expanded,
    and at a second document.
    """

    def __init__(self, events: Iterator[Any], complain: Complain, deepest: int) -> None:
        self.events = events
        self.complain = complain
        self.deepest = deepest
        self.data = True

    def root(self) -> Node | None:
        """Return the first document's node, or None if there is no document."""
        found: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    said = "starts a second document; write one card in a file"
                    self.complain(_line(event), "yaml", said)
                    self.data = False
            elif isinstance(event, yaml.NodeEvent):
                node = self._node(event, "", 1)
                found = found or node
        return found

    def _node(self, event: Any, path: str, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            self.complain(line, f"*{event.anchor}", "is an alias; write the value out")
            self.data = False
            return Node(None, line, {})
        if event.anchor:
            said = "is an anchor; write the value out where it is used"
            self.complain(line, f"&{event.anchor}", said)
        if event.tag not in (None, "!"):
            tag = event.tag.replace(_STANDARD, "!!")
            self.complain(line, tag, "is a tag; a card is plain data, remove it")
        if isinstance(event, yaml.ScalarEvent):
            return Node(event.value if event.style else scalar(event.value), line, {})
        if depth > self.deepest:
            said = f"is nested more than {self.deepest} deep; a card is flat"
            self.complain(line, "yaml", said)
            raise _TooDeep
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(line, path, depth)
        return self._mapping(line, path, depth)

    def _list(self, line: int, path: str, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, f"{path}[{len(items)}]", depth + 1))
        return Node(items, line, {})

    def _mapping(self, line: int, path: str, depth: int) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            at = _line(event)
            word = event.value if isinstance(event, yaml.ScalarEvent) else None
            name = f"{path}.{word}" if path else word or path
            self._node(event, name, depth + 1)
            value = self._node(next(self.events), name, depth + 1)
            if word is None:
                said = "has a key that is a list or a mapping; keys are words"
                self.complain(at, path or "yaml", said)
            elif word in found:
                said = f"stands on line {keys[word]} already; keep one of the two"
                self.complain(at, name, said)
            else:
                found[word], keys[word] = value, at
        return Node(found, line, keys)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _TooDeep(Exception):
    """A card is nested so deep that reading on makes no sense."""


def _sentence(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    """Say what stopped the parser, and the usual reason for it."""
    written = text.splitlines()[line - 1] if line <= len(text.splitlines()) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "is indented with a tab; indent with spaces"
    said = " ".join(part for part in (error.context, error.problem) if part)
    return f"is no YAML here: {said}; quote text that holds ': ' or ' #', and close what is open"


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
