"""Which rows can be trained on under a recipe, and what identifies a run."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from registry.canonical import Row, to_dict
from registry.cards.tuning import Hypernetwork, Tune, contradictions
from registry.errors import RegistryError
from registry.hashing import digest, digest_rows, hash_file
from registry.hypernetwork import without_instruction
from registry.rendering import Rendered, prompt, render_rows
from registry.tuning.batches import Unit


def check(settings: Tune, base: Path) -> None:
    """Refuse switches that contradict each other or the model in folder `base`, all at once."""
    found = [f"tune.{field}: {said}" for field, said in contradictions(settings)]
    found += _beyond(settings, base)
    if found:
        raise RegistryError("\n".join(found))


def _beyond(settings: Tune, base: Path) -> Iterator[str]:
    """Yield what a model's own settings say against the recipe."""
    file = base / "config.json"
    config = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    context = config.get("text_config", config).get("max_position_embeddings")
    # Virtual tokens of a prompt count as tokens of the row; those of a prefix come before it.
    before = settings.virtual.tokens if settings.virtual and settings.method == "prefix" else 0
    if context and settings.max_tokens + before > context:
        yield (
            f"tune.max_tokens: rows of {settings.max_tokens + before} tokens are longer than the "
            f"{context} that the model {base.name} was made for (max_position_embeddings); lower "
            f"max_tokens to {context - before}"
        )
    if quantised := config.get("quantization_config"):
        yield (
            f"{base.name}: its weights are quantised ({quantised.get('quant_method')}), which "
            "cannot be trained; use the model's bfloat16 or float32 weights"
        )


def units(tokenizer: Any, rows: Sequence[Row], settings: Tune) -> tuple[list[Unit], int]:
    """Return what can be learned from of the rows, and how many of them are too long.

    Refuses when nothing is left, and when nothing that is left has a token to learn.
    """
    if settings.hypernetwork:
        rows = [_shown(row, settings.hypernetwork) for row in rows]
    if settings.policy:
        _check_rewarded(rows, settings.policy.reward)
        made = [Unit((_asked(tokenizer, row),)) for row in rows]
    elif settings.objective in ("preference", "reward"):
        made = _pairs(tokenizer, rows)
    elif settings.unlikelihood:
        made = _with_rejected(tokenizer, rows, settings)
    else:
        rendered = render_rows(tokenizer, rows, loss_on=settings.loss_on)
        made = [Unit((one,)) for one in rendered]
    return fitting(made, settings)


def fitting(made: Sequence[Unit], settings: Tune) -> tuple[list[Unit], int]:
    """Return the units whose rows are all short enough, and how many are not."""
    if not made:
        raise RegistryError("rows: there are none to train on; add datasets to the mixture")
    most = settings.max_tokens
    if settings.virtual and settings.method == "prompt":
        most -= settings.virtual.tokens
    if settings.policy:
        most -= settings.policy.max_new_tokens
    kept = [one for one in made if all(len(row.tokens) <= most for row in one.rows)]
    if not kept:
        raise RegistryError(
            f"rows: 0 of {len(made)} are left after the length limit of {most} tokens; "
            "raise max_tokens or change the mixture"
        )
    if settings.objective != "policy" and not any(unit.supervised for unit in kept):
        raise RegistryError(
            f"rows: no token of the {len(kept)} rows is supervised, so nothing would be learned; "
            "give them references"
        )
    room = settings.tokens_per_step
    if over := [one for one in kept if one.tokens > room]:
        raise RegistryError(
            f"{over[0].rows[0].id}: its {len(over[0].rows)} answers have {over[0].tokens} tokens "
            f"and a step {room}; raise tokens_per_step"
        )
    return kept, len(made) - len(kept)


def plan(made: Sequence[Unit], settings: Tune) -> tuple[list[int], int]:
    """Return how much each unit takes of a step, and how much a step holds: tokens, or rows."""
    if settings.policy:
        return [1] * len(made), settings.policy.rows
    return [unit.tokens for unit in made], settings.tokens_per_step


def _check_rewarded(rows: Sequence[Row], reward: str) -> None:
    """Refuse rows with nothing that an answer could be measured by, before anything is answered."""
    if reward == "model":
        return
    field, what = "references", "reference to compare an answer with"
    if reward == "constraints":
        field, what = "constraints", "instruction that a program verifies"
    without = [row.id for row in rows if not getattr(row, field)]
    if without:
        raise RegistryError(
            f"rows: {len(without)} of the {len(rows)} have no {what}, the first is {without[0]}; "
            f"leave them out, or use another reward than {reward}"
        )


def _asked(tokenizer: Any, row: Row) -> Rendered:
    """Return a row's prompt alone, with nothing to learn in it."""
    tokens = prompt(tokenizer, row.messages)
    return Rendered(row.id, tokens, (False,) * len(tokens))


def _shown(row: Row, settings: Hypernetwork) -> Row:
    return replace(row, messages=without_instruction(row.messages, settings))


def _pairs(tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
    given = [row for row in rows if row.references and row.rejected]
    if not given:
        raise RegistryError(
            f"rows: none of the {len(rows)} has a better and a worse answer; "
            "mix rows with rejected answers"
        )
    better, worse = render_rows(tokenizer, given), render_rows(tokenizer, map(_worse, given))
    return [Unit(pair) for pair in zip(better, worse, strict=True)]


def _with_rejected(tokenizer: Any, rows: Sequence[Row], settings: Tune) -> list[Unit]:
    """Return answers with their rejected ones; a row may have a rejected answer alone."""
    answered = (row for row in rows if row.references or not row.rejected)
    better = render_rows(tokenizer, answered, loss_on=settings.loss_on)
    worse = render_rows(tokenizer, (_worse(row) for row in rows if row.rejected))
    made = []
    for row in rows:
        first = next(better) if row.references or not row.rejected else _asked(tokenizer, row)
        made.append(Unit((first, next(worse)) if row.rejected else (first,)))
    return made


def _worse(row: Row) -> Row:
    return replace(row, references=row.rejected[:1])


def fingerprint(
    base: Path, rows: Sequence[Row], settings: Tune, judge: Path | None = None, **others: Any
) -> str:
    """Return the digest of all that decides a run's losses, but for the machine.

    `judge` is the folder of the reward model, where there is one.
    How often a checkpoint is written decides nothing and may be changed in between.
    """
    switches = asdict(settings)
    del switches["checkpoint_every"]
    if judge is not None:
        others["judge"] = _hashes(judge)
    return digest(
        {
            "settings": switches,
            "rows": digest_rows((to_dict(row) for row in rows), ordered=True),
            "base": _hashes(base),
            **others,
        }
    )


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(each for each in folder.iterdir() if each.is_file())
    return {each.name: hash_file(each).sha256 for each in files}
