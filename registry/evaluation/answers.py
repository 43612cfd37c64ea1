"""Raw answers on disk, as JSON lines: scoring can be done again from them, without a model.

The first line says under which conditions the answers were given, each other line is one answer.
Answers stream to a `.partial` file as they come, so that a killed evaluation goes on where it was;
once all are there they become the whole file, in the order of the benchmark.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from registry.errors import RegistryError
from registry.files import partial, settle
from registry.hashing import digest

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What answers depend on; only answers given under equal conditions may share a file.

    `weights` is the sha256 of the model's weights, `benchmark` the digest of the rows, `template`
    the digest of the chat template.
    """

    weights: str
    benchmark: str
    template: str
    max_new_tokens: int
    precision: str

    @property
    def fingerprint(self) -> str:
        """One digest of them all."""
        return digest([SCHEMA, asdict(self)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: what was shown (special tokens included), what came back, what was wanted.

    `tokens` counts those generated; `truncated` means that the answer met the limit, not an end.
    """

    id: str
    task: str
    prompt: str
    answer: str
    references: tuple[str, ...]
    tokens: int
    truncated: bool


@dataclass(slots=True)
class Collection:
    """The answers so far, and the file that takes the next ones."""

    answers: dict[str, Answer]
    _stream: TextIO = field(repr=False)

    def add(self, answer: Answer) -> None:
        """Keep an answer, on disk at once."""
        self.answers[answer.id] = answer
        self._stream.write(_line(asdict(answer)))
        self._stream.flush()


@contextmanager
def collect(path: Path, conditions: Conditions, order: Sequence[str]) -> Iterator[Collection]:
    """Give the answers kept from earlier under these conditions, and take the missing ones.

    When the block ends and no id of `order` is missing, they become the file at `path`. When it
    fails, what has come so far stays for the next time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = set(order)
    kept = {id: one for id, one in _kept(path, conditions).items() if id in wanted}
    # A torn or foreign file is replaced in one step: a kill here loses no answer.
    _write(partial(path), conditions, list(kept.values()))
    with partial(path).open("a", encoding="utf-8", newline="\n") as stream:
        collection = Collection(kept, stream)
        yield collection
    missing = len(wanted - collection.answers.keys())
    if missing:
        raise RegistryError(f"{path}: {missing} of {len(wanted)} answers are missing; run it again")
    _write(path, conditions, [collection.answers[id] for id in order])
    partial(path).unlink()


def read(path: Path) -> tuple[Conditions, list[Answer]]:
    """Read a whole file of answers."""
    try:
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        return _conditions(json.loads(header)), [_answer(json.loads(line)) for line in lines]
    except FileNotFoundError:
        raise RegistryError(f"{path}: no answers are here; evaluate the model first") from None
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path}: holds no answers of this version ({error}); evaluate the model again"
        ) from error


def _kept(path: Path, conditions: Conditions) -> dict[str, Answer]:
    """Return the answers that an earlier run left, whole or not, under these conditions."""
    for file in (partial(path), path):
        if file.is_file():
            header, *values = _unbroken(file) or [{}]
            if header.get("fingerprint") == conditions.fingerprint:
                return {value["id"]: _answer(value) for value in values}
    return {}


def _unbroken(path: Path) -> list[dict[str, Any]]:
    """Return the values of the lines up to the first that was torn, as by a kill in a write."""
    values = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            value = json.loads(line)
        except ValueError:
            break
        if not line.endswith(b"\n") or not isinstance(value, dict):
            break
        values.append(value)
    return values


def _write(path: Path, conditions: Conditions, answers: Sequence[Answer]) -> None:
    temporary = path.with_name(path.name + ".new")
    header = {"schema": SCHEMA, "fingerprint": conditions.fingerprint, **asdict(conditions)}
    with temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(_line(value) for value in (header, *map(asdict, answers)))
    settle(temporary, path)


def _line(value: Mapping[str, Any]) -> str:
    # ASCII, so that no text can hold what some reader takes for the end of a line.
    return json.dumps(value) + "\n"


def _conditions(header: Mapping[str, Any]) -> Conditions:
    if header["schema"] != SCHEMA:
        raise ValueError(f"schema {header['schema']}")
    rest = {name: header[name] for name in header if name not in ("schema", "fingerprint")}
    return Conditions(**rest)


def _answer(value: Mapping[str, Any]) -> Answer:
    return Answer(**{**value, "references": tuple(value["references"])})
