"""Answering prompts: our batches beside transformers' `generate`, one prompt and sixteen at a time.

    python benchmarks/generate.py models/smollm2-135m-instruct [--prompts 48] [--tokens 64]

Prompts are the first of a canonical table (default: the mixture's held-out instances), rendered
by the model's own template; answers are greedy. Each way answers the same prompts, in the same
precision and with as many threads; printed are answers' tokens a second and the ratios.
"""

import argparse
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

TABLE = Path("data/mixtures/evals-small/held_out_instances.parquet")

Ids = list[list[int]]


def main() -> None:
    """Load the model once and answer three times."""
    asked = argparse.ArgumentParser(description="Measure the generation of answers.")
    asked.add_argument("model", type=Path)
    asked.add_argument("--table", type=Path, default=TABLE)
    asked.add_argument("--prompts", type=int, default=48)
    asked.add_argument("--tokens", type=int, default=64, help="The longest answer.")
    told = asked.parse_args()
    from registry import checkpoints, devices, rendering
    from registry.canonical import read_rows

    place = devices.choose("auto")
    dtype = devices.compute_dtype(place, "auto")
    model, tokenizer = checkpoints.open_model(told.model, place, dtype)
    rows = islice(read_rows(told.table), told.prompts)
    ids = [list(rendering.prompt(tokenizer, row.messages)) for row in rows]
    lengths = sorted(map(len, ids))
    print(f"{len(ids)} prompts of {lengths[0]} to {lengths[-1]} tokens, {place.type}, {dtype}")
    ways: dict[str, Callable[[], int]] = {
        "generate, 1 at a time": lambda: plainly(model, tokenizer, ids, told.tokens, 1),
        "generate, 16 at a time": lambda: plainly(model, tokenizer, ids, told.tokens, 16),
        "ours": lambda: ours(model, tokenizer, ids, told.tokens, place.type),
    }
    ours(model, tokenizer, ids[:2], 2, place.type)
    speeds = {name: timed(way) for name, way in ways.items()}
    for name, speed in speeds.items():
        print(f"{name:24} {speed:8.1f} tokens/s   ours is {speeds['ours'] / speed:.2f} times it")


def timed(way: Callable[[], int]) -> float:
    """Return tokens a second."""
    begun = time.perf_counter()
    tokens = way()
    return tokens / (time.perf_counter() - begun)


def ours(model: Any, tokenizer: Any, ids: Ids, tokens: int, device: str) -> int:
    """Answer as evaluations do; return the tokens of the answers."""
    from registry.decoding import BATCH_TOKENS, Prompt, answer

    prompts = [Prompt(str(at), tuple(one)) for at, one in enumerate(ids)]
    found = answer(
        model, tokenizer, prompts, max_new_tokens=tokens, batch_tokens=BATCH_TOKENS[device]
    )
    return sum(one.tokens for one in found)


def plainly(model: Any, tokenizer: Any, ids: Ids, tokens: int, size: int) -> int:
    """Answer with `generate`, so many prompts at a time in the order of the file."""
    import torch

    total = 0
    for start in range(0, len(ids), size):
        batch = tokenizer.pad(
            {"input_ids": ids[start : start + size]}, padding_side="left", return_tensors="pt"
        ).to(model.device)
        with torch.inference_mode():
            made = model.generate(**batch, max_new_tokens=tokens, do_sample=False)
        ends = {*_ends(model), tokenizer.eos_token_id}
        for row in made[:, batch["input_ids"].shape[1] :].tolist():
            stop = next((at for at, one in enumerate(row) if one in ends), None)
            total += len(row) if stop is None else stop + 1
    return total


def _ends(model: Any) -> list[int]:
    declared = model.generation_config.eos_token_id
    return declared if isinstance(declared, list) else [declared]


if __name__ == "__main__":
    main()
