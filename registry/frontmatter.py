"""The YAML front matter of a README.md, edited without touching the bytes of what stays.

A page is cut into texts that joined are the page again. Of the front matter only the top-level keys
that change are written anew; comments, quotes, odd scalars and line ends of the others stay. What
cannot be edited so (repeated keys, anchors, no mapping) is refused, never guessed. Values are
resolved by the rules for cards, so that `no` is Norwegian and `1_000` is text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import yaml

from registry.cards.nodes import LOADER, MAX_BYTES, parse
from registry.cards.writing import style
from registry.errors import InvalidCards, Problem, RegistryError
from registry.hashing import canonical_json

DEEPEST = 60
"""Features of nested records are as deep as their data, so the bound is the parser's."""

_OPENING = re.compile(r"\ufeff?\s*---[ \t]*(?:\r\n|[\r\n])")
_CLOSING = re.compile(r"(?<![^\r\n])---[ \t]*(?:\r\n|[\r\n]|\Z)")
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Page:
    """A README; its four texts, joined, are the file. Without front matter only `body` is filled.

    `opening` and `closing` are the lines of dashes.
    """

    opening: str
    front: str
    closing: str
    body: str

    @property
    def above(self) -> int:
        """How many lines stand above the front matter."""
        return len(_BREAK.findall(self.opening))

    @property
    def unclosed(self) -> bool:
        """Whether it begins as front matter does, and no line of dashes ends that."""
        return not self.opening and bool(_OPENING.match(self.body))

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        return (self.opening + self.front + self.closing + self.body).encode()


def split(page: bytes | str, file: str = "README.md") -> Page:
    """Cut a README into its parts."""
    text = page if isinstance(page, str) else _decoded(page, file)
    opening = _OPENING.match(text)
    closing = _CLOSING.search(text, opening.end()) if opening else None
    if not (opening and closing):
        return Page("", "", "", text)
    front = text[opening.end() : closing.start()]
    return Page(opening[0], front, closing[0], text[closing.end() :])


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        said = f"is not UTF-8 at byte {error.start}; save it as UTF-8"
        raise RegistryError(f"{file}: {said}") from error


def load(page: Page, file: str = "README.md") -> dict[str, Any]:
    """Return the front matter's values, or raise with everything that is wrong with it."""
    return _values(page.front, file, before=page.above)


def update(page: Page, changes: Mapping[str, Any], file: str = "README.md") -> Page:
    """Return the page with these keys changed; None removes a key.

    A key that has its value already keeps its bytes, so one that is null stays when it is to go.
    New keys stand at the end.
    """
    newline = _newline(page)
    if not page.opening:
        bom = "\ufeff" if page.body.startswith("\ufeff") else ""
        body = page.body.removeprefix("\ufeff")
        if all(value is None for value in changes.values()):
            return page
        front = edit("", changes, file, newline=newline)
        return Page(f"{bom}---{newline}", front, f"---{newline}", body)
    load(page, file)
    return replace(page, front=edit(page.front, changes, file, newline=newline))


def edit(
    text: str, changes: Mapping[str, Any], file: str, *, newline: str = "\n", quoted: bool = True
) -> str:
    """Return the text of a YAML mapping with these top-level keys changed; None removes one.

    `quoted` quotes the codes of `language` always, as readers of YAML 1.1 take `no` for false.
    """
    before = _values(text, file)
    wanted = {key: value for key, value in changes.items() if not _same(before.get(key), value)}
    if not wanted:
        return text
    made = _spliced(text, _blocks(text, file), wanted, newline, quoted)
    after = {key: value for key, value in before.items() if wanted.get(key, 0) is not None}
    after |= {key: value for key, value in wanted.items() if value is not None}
    if not _same(_values(made, file), after):
        raise RegistryError(
            f"{file}: its YAML cannot be edited in place; write one `key: value` a line"
        )
    return made


def _same(one: Any, other: Any) -> bool:
    return canonical_json(one) == canonical_json(other)


def _newline(page: Page) -> str:
    """Return how the page ends its lines: as its first line does."""
    found = re.search(r"\r\n|\n|\r", page.opening or page.body)
    return found[0] if found else "\n"


def _values(text: str, file: str, before: int = 0) -> dict[str, Any]:
    """Return the values of a YAML mapping; `before` is how many lines stand above it."""
    if not re.sub(r"(?m)^[ \t]*#.*$", "", text).strip("\ufeff \t\r\n"):
        return {}
    problems: list[Problem] = []

    def complain(line: int, field: str, message: str) -> None:
        problems.append(Problem(file, line + before, field, message))

    node = parse(text, complain, deepest=DEEPEST)
    if problems:
        raise InvalidCards(problems)
    values = node.plain() if node else None
    if not isinstance(values, dict):
        said = "is no mapping; write `key: value` lines between the dashes"
        raise InvalidCards([Problem(file, before + 1, "front matter", said)])
    return values


@dataclass(frozen=True, slots=True)
class _Block:
    """A top-level key: the lines from it to the end of its value, by their offsets."""

    key: str
    start: int
    end: int


def _blocks(text: str, file: str) -> list[_Block]:
    """Find the lines of each top-level key; what follows a value, such as comments, is in none."""
    if len(text) > MAX_BYTES or not _values(text, file):
        return []
    lines = [0, *(found.end() for found in _BREAK.finditer(text))]
    lines += [len(text)] * (lines[-1] != len(text))
    found: list[_Block] = []
    for key, start, end in _spans(text, file):
        last = end.line if end.column == 0 and end.line > start.line else end.line + 1
        stop = lines[min(last, len(lines) - 1)]
        found.append(_Block(key, lines[start.line], stop))
    if any(one.end > other.start for one, other in pairwise(found)):
        raise RegistryError(f"{file}: two keys share a line; write one `key: value` a line")
    return found


def _spans(text: str, file: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield each top-level key with the mark it starts at and the mark its value ends at."""
    depth, key = 0, None
    start: Any = None
    end: Any = None
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if not depth and event.flow_style and text.strip() != "{}":
                said = "is written in braces; write one `key: value` a line"
                raise RegistryError(f"{file}: front matter: {said}")
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
            # A block ends where the next token begins, a flow where its bracket closes.
            if _width(event):
                end = event.end_mark
        elif isinstance(event, yaml.ScalarEvent):
            end = event.end_mark
            if depth == 1 and key is None:
                key, start = event.value, event.start_mark
                continue
        if depth == 1 and key is not None and not isinstance(event, yaml.DocumentStartEvent):
            yield key, start, end
            key = None


def _width(event: Any) -> int:
    return int(event.end_mark.index - event.start_mark.index)


def _spliced(
    text: str, blocks: list[_Block], wanted: Mapping[str, Any], newline: str, quoted: bool
) -> str:
    # The first key's line tells how far all are indented; `? ` may stand before a key.
    indented = re.match(r" *", text[blocks[0].start :]) if blocks else None
    column = len(indented[0]) if indented else 0
    written = {
        key: "" if value is None else _dump(key, value, newline, column, quoted)
        for key, value in wanted.items()
    }
    parts, at = [], 0
    for block in blocks:
        if block.key in written:
            parts += [text[at : block.start], written.pop(block.key)]
            at = block.end
    rest = text[at:]
    if not blocks:
        rest = re.sub(r"^\{\}[ \t]*(\r\n|[\r\n])?", "", rest, count=1, flags=re.MULTILINE)
    made = "".join([*parts, rest])
    if made and not made.endswith(("\n", "\r")) and any(written.values()):
        made += newline
    return made + "".join(written.values())


class _Quoted(str):
    """A text that is quoted even where it need not be."""

    __slots__ = ()


def _marked(value: Any) -> Any:
    return _Quoted(value) if isinstance(value, str) else value


_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_DUMPER):  # type: ignore[misc]
    """Writes as the Hub's client does, but quotes what either version of YAML would not read back.

    Objects that stand twice are written twice: aliases are refused.
    """

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dump(key: str, value: Any, newline: str, column: int, quoted: bool) -> str:
    if quoted and key == "language":
        value = [_marked(one) for one in value] if isinstance(value, list) else _marked(value)
    text: str = yaml.dump(
        {key: value},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1 << 30,
        default_flow_style=False,
    )
    lines = (" " * column + line if line else line for line in text.split("\n"))
    return newline.join(lines).rstrip(" ")


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style(text)),
)
_Dumper.add_representer(
    _Quoted,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"'),
)
