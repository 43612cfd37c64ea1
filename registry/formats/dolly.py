"""Databricks Dolly: JSON lines of `instruction`, `context`, `response` and `category`.

{"instruction": "Who ..?", "context": "... [12]", "response": "...", "category": "closed_qa"}
"""

from collections.abc import Iterator
from typing import IO, Any

from registry.canonical import Example, Message
from registry.formats.native import EMPTY_OUTPUT, Unusable, missing, not_text, records, text_of


def read(stream: IO[bytes], name: str) -> Iterator[tuple[int, Example | Unusable]]:
    """Yield the one exchange that each row holds; its category is its task.

    Citation marks such as [12], left over from Wikipedia, stay: they are what the people who
    wrote the responses saw.
    """
    for row, value in records(stream, name):
        yield row, value if isinstance(value, Unusable) else _exchange(value)


def _exchange(value: Any) -> Example | Unusable:
    keys = ("instruction", "context", "response", "category")
    if wrong := missing(value, *keys) or not_text(value, *keys):
        return Unusable(wrong, text_of(value))
    if not value["response"].strip():
        return Unusable(EMPTY_OUTPUT, text_of(value))
    asked = [part for part in (value["instruction"], value["context"]) if part.strip()]
    return Example(
        messages=(Message("user", "\n\n".join(asked)),),
        references=(value["response"],),
        task=value["category"],
    )
