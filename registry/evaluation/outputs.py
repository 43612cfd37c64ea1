"""Answers from anywhere: JSON lines or JSON, as those publish them who ran the models.

Only the response is needed, and something to know its prompt by: a key, the prompt, or its place in
the file. Nothing that a line holds in the response's place makes it fall out: null, a number and a
list are responses that say nothing, and are scored as that.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import InvalidCards, Problem, RegistryError

RESPONSES = (
    "response",
    "prediction",
    "completion",
    "generation",
    "generated_text",
    "model_output",
    "resps",
    "choices",
    "output",
    "answer",
    "text",
)
"""Names of a response; those that some files give the reference answer come late."""

KEYS = ("key", "id", "question_id", "instance_id", "doc_id", "idx")
PROMPTS = ("prompt", "input", "instruction", "question")
TARGETS = ("references", "target", "targets", "reference")
_TEMPLATED = re.compile(r"_few_shot_template_\d+-\d+$")
"""What follows the task in the names of BIG-Bench Hard's files of outputs."""
_LISTS = ("outputs", "predictions", "examples", "data", "samples")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One answer: `where` it stands, what was said, and by what its prompt may be known.

    `response` is None where what stands there is no text. `targets` are the references that the
    line itself brings along, `task` the file's or line's task.
    """

    where: str
    response: str | None
    key: str | None = None
    prompt: str | None = None
    task: str = ""
    targets: tuple[str, ...] = ()


def read(path: Path) -> list[Given]:
    """Read a file of answers, or every file of a folder in the order of names.

    Raises with every line that is no JSON, or that has no place for a response. Files with the
    scores that BIG-Bench Hard's owners put beside its outputs are no answers.
    """
    files = (
        sorted(one for one in path.rglob("*.json*") if _of_answers(one)) if path.is_dir() else []
    )
    if path.is_dir() and not files:
        raise RegistryError(f"{path}: holds no JSON file; name the file of answers")
    found: list[Given] = []
    problems: list[Problem] = []
    for file in files or [path]:
        for line, value in records(file, problems):
            name = field(value, RESPONSES)
            if name is None:
                said = f"there is no response; write it as '{RESPONSES[0]}'"
                problems.append(Problem(str(file), line, "response", said))
                continue
            found.append(_given(f"{file}:{line}", value, name, task=_task(path, file, value)))
    if problems:
        raise InvalidCards(problems)
    if not found:
        raise RegistryError(f"{path}: holds no answers")
    return found


def records(
    path: Path, problems: list[Problem], lists: Sequence[str] = _LISTS
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON or JSON lines file with their lines; of a list, their places."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RegistryError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise RegistryError(f"{path}: is not UTF-8 at byte {error.start}") from error
    whole = _whole(text)
    if isinstance(whole, dict):
        inside = next((whole[name] for name in lists if isinstance(whole.get(name), list)), None)
        whole = inside if inside is not None else [whole]
    if isinstance(whole, list):
        for place, value in enumerate(whole, 1):
            if isinstance(value, dict):
                yield place, value
            else:
                problems.append(Problem(str(path), place, "entry", "is no JSON object"))
        return
    for line, said in enumerate(text.split("\n"), 1):
        if not said.strip():
            continue
        try:
            value = json.loads(said)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(str(path), line, "line", f"is no JSON ({error})"))
            continue
        if isinstance(value, dict):
            yield line, value
        else:
            problems.append(Problem(str(path), line, "line", "is no JSON object"))


def _whole(text: str) -> Any:
    """Return the value of a file that is one JSON value; None where it is lines of them."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def field(value: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Return the first of the names that an object has."""
    return next((name for name in names if name in value), None)


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of what is one, or a list of them; numbers are texts as they are printed.

    >>> texts("a"), texts(["a", 4]), texts(None)
    (('a',), ('a', '4'), ())
    """
    many = value if isinstance(value, list | tuple) else [value]
    return tuple(
        str(one) for one in many if isinstance(one, str | int | float) and not isinstance(one, bool)
    )


def _given(where: str, value: Mapping[str, Any], name: str, *, task: str) -> Given:
    doc = value.get("doc")
    inner: Mapping[str, Any] = doc if isinstance(doc, dict) else {}
    key = next((value[one] for one in KEYS if value.get(one) is not None), None)
    key = next((inner[one] for one in KEYS if inner.get(one) is not None), key)
    prompt = next((one for name in PROMPTS if isinstance(one := value.get(name), str)), None)
    prompt = prompt or next((one for n in PROMPTS if isinstance(one := inner.get(n), str)), None)
    targets = next((value[one] for one in TARGETS if one in value), None)
    return Given(
        where=where,
        response=response_of(value[name]),
        key=str(key) if isinstance(key, str | int) else None,
        prompt=prompt,
        task=task,
        targets=texts(targets),
    )


def response_of(value: Any) -> str | None:
    """Return the text of a response; of turns and samples the first, None where there is no text.

    >>> response_of("yes"), response_of([["yes"], ["no"]]), response_of({"turns": ["yes", "and"]})
    ('yes', 'yes', 'yes')
    >>> response_of(4) is response_of(None) is response_of([]) is None
    True
    """
    for _ in range(4):
        if isinstance(value, str):
            return value
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict):
            name = field(value, ("turns", "text", "content", "message", "response"))
            value = value[name] if name else None
        else:
            return None
    return value if isinstance(value, str) else None


def _of_answers(file: Path) -> bool:
    return file.is_file() and not file.stem.endswith("_eval_metrics")


def _task(path: Path, file: Path, value: Mapping[str, Any]) -> str:
    """Return the task that a line says, else its file's, with the folders between."""
    said = value.get("task")
    if isinstance(said, str):
        return said
    folders = file.relative_to(path).parent.parts if file != path else ()
    return "/".join([*folders, _TEMPLATED.sub("", file.stem)])
