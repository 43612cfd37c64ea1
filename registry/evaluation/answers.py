"""Raw answers on disk, as JSON lines: scoring can be done again from them, without a model.

The first line says under which conditions the answers were given, each other line is one answer.
Answers stream to a `.partial` file as they come, so that a killed evaluation goes on where it was;
once all are there they become the whole file, in the order of the benchmark.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TextIO, TypeVar

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What the likelihoods of options depend on, as `Conditions` do for answers.

    `template` is None where prompts are text alone.
    """

    weights: str
    benchmark: str
    template: str | None
    show: str
    shots: int
    precision: str

    @property
    def fingerprint(self) -> str:
        """One digest of them all."""
        return digest([SCHEMA, "options", asdict(self)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The options of one prompt with the log-likelihood of each, in the order of the row.

    `tokens` and `characters` are how long the options are, `answer` is the place of the right one;
    `read` counts the tokens of the prompt.
    """

    id: str
    task: str
    prompt: str
    options: tuple[str, ...]
    scores: tuple[float, ...]
    tokens: tuple[int, ...]
    characters: tuple[int, ...]
    answer: int
    read: int


class Kept(Protocol):
    """What a line of such a file may hold: something with the id of its row."""

    @property
    def id(self) -> str:
        """The id of the row."""


class Given(Protocol):
    """What the first line says."""

    @property
    def fingerprint(self) -> str:
        """One digest of it all."""


K = TypeVar("K", bound=Kept)


@dataclass(slots=True)
class Collection(Generic[K]):
    """The answers so far, and the file that takes the next ones."""

    answers: dict[str, K]
    _stream: TextIO = field(repr=False)

    def add(self, answer: K) -> None:
        """Keep an answer, on disk at once."""
        self.answers[answer.id] = answer
        self._stream.write(_line(_plain(answer)))
        self._stream.flush()


def answer_of(value: Mapping[str, Any]) -> Answer:
    """Return the answer that a line holds."""
    return Answer(**{**value, "references": tuple(value["references"])})


def choice_of(value: Mapping[str, Any]) -> Choice:
    """Return the options and scores that a line holds."""
    said: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in value.items()
    }
    return Choice(**said)


@contextmanager
def collect(
    path: Path, conditions: Given, order: Sequence[str], read: Callable[[Mapping[str, Any]], K]
) -> Iterator[Collection[K]]:
    """Give the answers kept from earlier under these conditions, and take the missing ones.

    `read` makes an answer of a line. When the block ends and no id of `order` is missing, they
    become the file at `path`. When it fails, what has come so far stays for the next time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = set(order)
    kept = {id: one for id, one in _kept(path, conditions, read).items() if id in wanted}
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
        return _conditions(json.loads(header)), [answer_of(json.loads(line)) for line in lines]
    except FileNotFoundError:
        raise RegistryError(f"{path}: no answers are here; evaluate the model first") from None
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"{path}: holds no answers of this version ({error}); evaluate the model again"
        ) from error


def _kept(path: Path, conditions: Given, read: Callable[[Mapping[str, Any]], K]) -> dict[str, K]:
    """Return the answers that an earlier run left, whole or not, under these conditions."""
    for file in (partial(path), path):
        if file.is_file():
            header, *values = _unbroken(file) or [{}]
            if header.get("fingerprint") == conditions.fingerprint:
                return {value["id"]: read(value) for value in values}
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


def _write(path: Path, conditions: Given, answers: Sequence[Kept]) -> None:
    temporary = path.with_name(path.name + ".new")
    header = {"schema": SCHEMA, "fingerprint": conditions.fingerprint, **_plain(conditions)}
    with temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(_line(value) for value in (header, *map(_plain, answers)))
    settle(temporary, path)


def _plain(value: Any) -> dict[str, Any]:
    return asdict(value)


def _line(value: Mapping[str, Any]) -> str:
    # ASCII, so that no text can hold what some reader takes for the end of a line.
    return json.dumps(value) + "\n"


def _conditions(header: Mapping[str, Any]) -> Conditions:
    if header["schema"] != SCHEMA:
        raise ValueError(f"schema {header['schema']}")
    rest = {name: header[name] for name in header if name not in ("schema", "fingerprint")}
    return Conditions(**rest)
