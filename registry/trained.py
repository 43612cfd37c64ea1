"""What a tuning was shown, token for token: its first sequences, kept beside its report.

A line for each sequence, so that a change of a template or of a mask is seen in a diff. The file
is no report, hence not called `.json`: every `reports/*/*.json` is one.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from registry.errors import RegistryError
from registry.files import write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A run of tokens that are all trained on, or none of them.

    A special token stands alone. A character that two segments share is `\\ufffd` in both. Of a run
    that is left out of the record, only how many tokens it has is kept.
    """

    text: str
    tokens: int
    trained: bool
    special: bool = False
    left_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row as it went into the model: `step` is the optimiser's, from 1; `row` that of the file.

    `trained` of the `tokens` are in the loss; of the `left_out` ones this record has no text. Of a
    row that is learned from by a pair of answers, `answer` says which of them this is.
    """

    id: str
    dataset: str
    task: str
    file: str
    row: int
    step: int
    tokens: int
    trained: int
    left_out: int
    segments: tuple[Segment, ...]
    answer: Literal["better", "worse"] | None = None


def write(path: Path, sequences: Iterable[Shown]) -> None:
    """Write sequences as JSON lines, whole or not at all."""
    lines = (json.dumps(plain(one), ensure_ascii=False) for one in sequences)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read(path: Path) -> tuple[Shown, ...]:
    """Read sequences back; none where there is no file."""
    if not path.is_file():
        return ()
    try:
        # Not splitlines: what a text holds may look like the end of a line to it.
        lines = path.read_text(encoding="utf-8").split("\n")
        return tuple(_shown(json.loads(line)) for line in lines if line)
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path}: holds no sequences of this version ({error}); run `tune` again"
        ) from error


def plain(one: Shown) -> dict[str, Any]:
    """Return a sequence as plain values; what is not so is left out."""
    values = asdict(one)
    if one.answer is None:
        del values["answer"]
    values["origin"] = {"file": values.pop("file"), "row": values.pop("row")}
    values["segments"] = [
        {
            name: value
            for name, value in each.items()
            if name not in ("special", "left_out") or value
        }
        for each in values.pop("segments")
    ]
    return values


def _shown(values: Mapping[str, Any]) -> Shown:
    given = dict(values)
    segments = tuple(Segment(**one) for one in given.pop("segments"))
    return Shown(**given.pop("origin"), **given, segments=segments)
