"""What judges said, kept on disk by content: a question is never paid for twice.

    {"key": "9f...", "judge": {...}, "prompt": "Two answers ...", "completion": "Verdict: 1"}

The key is the sha256 of judge and prompt, so that files may be put together or taken from
elsewhere. A line is written as soon as a judge has answered. What a kill tore off is cut away when
the file is opened again; a last line that lacks nothing but its end is kept and ended.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import SEEK_END
from pathlib import Path
from typing import Any, TextIO

from registry.errors import InvalidCards, Problem
from registry.evaluation.judging.judges import Judge
from registry.hashing import canonical_json

SCHEMA = 1


@dataclass(slots=True)
class Annotations:
    """The completions known so far, by key, and the file that takes the next ones."""

    known: dict[str, str]
    _stream: TextIO | None = field(default=None, repr=False)

    def add(self, judge: Mapping[str, Any], prompt: str, completion: str) -> None:
        """Keep what a judge said, on disk at once."""
        key = key_of(judge, prompt)
        if key in self.known:
            return
        self.known[key] = completion
        if self._stream:
            value = {"key": key, "judge": judge, "prompt": prompt, "completion": completion}
            # ASCII, so that no text can hold what some reader takes for the end of a line.
            self._stream.write(json.dumps(value) + "\n")
            self._stream.flush()


def key_of(judge: Mapping[str, Any], prompt: str) -> str:
    """Return what identifies a question to a judge."""
    text = canonical_json([SCHEMA, judge, prompt]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()


@contextmanager
def keep(path: Path | None, more: Iterable[Path] = ()) -> Iterator[Annotations]:
    """Give the annotations of a file, and of more files, and take new ones; None keeps nothing."""
    if path is None:
        annotations = Annotations({})
        _import(annotations, more)
        yield annotations
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {value["key"]: value["completion"] for value in _sound(path)}
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        annotations = Annotations(known, stream)
        _import(annotations, more)
        yield annotations


def ask(judge: Judge, prompts: Sequence[str], annotations: Annotations) -> list[str]:
    """Return what the judge says to each prompt, asking only what is not known yet."""
    keys = [key_of(judge.identity, prompt) for prompt in prompts]
    missing = {
        key: prompt
        for key, prompt in zip(keys, prompts, strict=True)
        if key not in annotations.known
    }
    asked = list(missing.values())
    for at, completion in judge.answers(asked) if asked else ():
        annotations.add(judge.identity, asked[at], completion)
    return [annotations.known[key] for key in keys]


def _import(annotations: Annotations, files: Iterable[Path]) -> None:
    for file in files:
        for value in _read(file, file.read_bytes().split(b"\n")):
            annotations.add(value["judge"], value["prompt"], value["completion"])


def _sound(path: Path) -> list[dict[str, Any]]:
    """Read a file of annotations; end a last line that is whole, cut off one that is torn."""
    if not path.is_file():
        return []
    whole = path.read_bytes()
    ended = whole.rfind(b"\n") + 1
    last = whole[ended:]
    if last:
        kept = _is_whole(last)
        with path.open("r+b") as stream:
            stream.truncate(len(whole) if kept else ended)
            stream.seek(0, SEEK_END)
            stream.write(b"\n" if kept else b"")
        ended = len(whole) if kept else ended
    return _read(path, whole[:ended].split(b"\n"))


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _read(path: Path, lines: Iterable[bytes]) -> list[dict[str, Any]]:
    values, faults = [], []
    for at, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            if value["key"] != key_of(value["judge"], value["prompt"]):
                said = "does not fit its judge and prompt; drop the line"
                faults.append(Problem(str(path), at, "key", said))
            elif not isinstance(value["completion"], str):
                faults.append(Problem(str(path), at, "completion", "is no text; drop the line"))
            values.append(value)
        except (ValueError, KeyError, TypeError) as error:
            said = f"is no annotation ({type(error).__name__}); drop the line"
            faults.append(Problem(str(path), at, "row", said))
    if faults:
        raise InvalidCards(faults)
    return values
