"""YAML text to plain values that know their line; strict, because a card is data.

Scalars follow YAML 1.2's core: only `true`, `false`, `null` and decimal numbers are anything but
text, so `no`, dates and `012` stay what was written. Refused: repeated keys, aliases and anchors,
tags, more than one document, and what is larger or deeper than a card can sensibly be.
"""

import re
from collections.abc import Callable
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
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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


def parse(text: str, complain: Complain) -> Node | None:
    """Read one YAML document; problems are told to `complain`, and None means there was no card."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        complain(1, "file", f"is larger than {MAX_BYTES:,} bytes; a card is a few kilobytes")
        return None
    if unprintable := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line, code = _line_at(text, unprintable.start()), ord(unprintable.group())
        complain(line, "yaml", f"holds the character U+{code:04X}, which YAML forbids; remove it")
        return None
    try:
        if not _plain_events(text, complain):
            return None
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        complain(line, "yaml", _sentence(error, text, line))
        return None
    if root is None:
        complain(1, "file", "is empty; start from `registry new`")
        return None
    return _node(root, "", complain)


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


def _plain_events(text: str, complain: Complain) -> bool:
    """Tell of anchors, aliases, tags, documents and depth; False if composing would be unsafe."""
    safe, depth, documents = True, 0, 0
    event: Any
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            complain(line, f"*{event.anchor}", "is an alias; write the value out")
            safe = False
        elif getattr(event, "anchor", None):
            complain(line, f"&{event.anchor}", "is an anchor; write the value out where it is used")
        if getattr(event, "tag", None) not in (None, "!"):
            tag = event.tag.replace(_STANDARD, "!!")
            complain(line, tag, "is a tag; a card is plain data, remove it")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                complain(line, "yaml", "starts a second document; write one card in a file")
                safe = False
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            complain(line, "yaml", f"is nested more than {MAX_DEPTH} deep; a card is flat")
            return False
    return safe


def _node(node: yaml.Node, path: str, complain: Complain) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        value = node.value if node.style else scalar(node.value)
        return Node(value, line, {})
    if isinstance(node, yaml.SequenceNode):
        items = [_node(one, f"{path}[{at}]", complain) for at, one in enumerate(node.value)]
        return Node(items, line, {})
    found: dict[str, Node] = {}
    keys: dict[str, int] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            complain(at, path or "yaml", "has a key that is a list or a mapping; keys are words")
            continue
        name = f"{path}.{key.value}" if path else key.value
        if key.value in found:
            complain(at, name, f"stands on line {keys[key.value]} already; keep one of the two")
            continue
        found[key.value] = _node(value, name, complain)
        keys[key.value] = at
    return Node(found, line, keys)


def _sentence(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    """Say what stopped the parser, and the usual reason for it."""
    written = text.splitlines()[line - 1] if line <= len(text.splitlines()) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "is indented with a tab; indent with spaces"
    said = " ".join(part for part in (error.context, error.problem) if part)
    return f"is no YAML here: {said}; quote text that holds ': ' or ' #', and close what is open"


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
