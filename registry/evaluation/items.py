"""What was decided of each row, one JSON line each, so that every score can be counted again."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from registry.files import write_text


def beside(answers: Path) -> Path:
    """Return where the verdicts on a file of answers lie.

    They have a folder of their own, so that a pattern for files of answers matches none of them.

    >>> beside(Path("answers/songs.jsonl")).as_posix()
    'answers/items/songs.jsonl'
    """
    return answers.parent / "items" / answers.name


def write(
    answers: Path, keys: Sequence[str], tasks: Sequence[str], verdicts: Sequence[Mapping[str, Any]]
) -> None:
    """Write a line for each answer, its key and its verdict, beside the answers.

    Lines are those of `registry score --items`.
    """
    lines = (
        json.dumps({"key": key, **({"task": task} if task else {}), **verdict}, ensure_ascii=False)
        for key, task, verdict in zip(keys, tasks, verdicts, strict=True)
    )
    write_text(beside(answers), "".join(f"{line}\n" for line in lines))
