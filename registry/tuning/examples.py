"""Which rows can be trained on under a recipe, and what identifies a run."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from registry.canonical import Row, to_dict
from registry.cards.kinds import Tune
from registry.errors import RegistryError
from registry.hashing import digest, digest_rows, hash_file
from registry.rendering import Rendered


def check(settings: Tune) -> None:
    """Refuse switches that contradict each other."""
    if (settings.method == "lora") != (settings.lora is not None):
        said = "missing" if settings.lora is None else "given"
        raise RegistryError(
            f"tune.lora: it is {said} and the method is '{settings.method}'; "
            "give it with method 'lora', and only then"
        )
    if settings.max_tokens > settings.tokens_per_step:
        raise RegistryError(
            f"tune.max_tokens: a row of {settings.max_tokens} tokens fits no step of "
            f"{settings.tokens_per_step}; raise tokens_per_step or lower max_tokens"
        )


def fitting(examples: Iterable[Rendered], max_tokens: int) -> tuple[list[Rendered], int]:
    """Return the examples of at most `max_tokens`, and how many are longer.

    Refuses when nothing is left, and when nothing that is left has a token to learn.
    """
    kept, longer = [], 0
    for example in examples:
        if len(example.tokens) <= max_tokens:
            kept.append(example)
        else:
            longer += 1
    if not kept:
        raise RegistryError(
            f"rows: 0 of {longer} are left after the length limit of {max_tokens} tokens; "
            "raise max_tokens or change the mixture"
        )
    if not any(any(example.labels_mask[1:]) for example in kept):
        raise RegistryError(
            f"rows: no token of the {len(kept)} rows is supervised, so nothing would be learned; "
            "give them references"
        )
    return kept, longer


def fingerprint(base: Path, rows: Sequence[Row], settings: Tune, **others: Any) -> str:
    """Return the digest of all that decides a run's losses, but for the machine.

    How often a checkpoint is written decides nothing and may be changed in between.
    """
    switches = asdict(settings)
    del switches["checkpoint_every"]
    files = sorted(each for each in base.iterdir() if each.is_file())
    return digest(
        {
            "settings": switches,
            "rows": digest_rows((to_dict(row) for row in rows), ordered=True),
            "base": {each.name: hash_file(each).sha256 for each in files},
            **others,
        }
    )
