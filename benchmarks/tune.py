"""Tuning beside TRL's trainers: the same rows as the same tokens, losses, speed and memory.

    pip install -c constraints.txt --editable '.[bench]'
    python benchmarks/tune.py models/smollm2-135m-instruct [--rows 160] [--json]
    python benchmarks/tune.py models/smollm2-135m-instruct --trl-python ~/trl/bin/python
    python benchmarks/tune.py models/smollm2-135m-instruct --against none
    python benchmarks/tune.py models/smollm2-evals --objective preference --rows 64

Rows are the first of a canonical table (default: the mixture's), rendered once, with the loss on
the answers. First both sides take the same steps on the same batches, and their losses are printed
side by side. Autocast, which TRL uses, rounds weights to the nearest bfloat16 and so hides small
changes from the model; ours rounds up or down at random and learns from them at once. So ours is
printed twice: rounded to the nearest as well (`nearest`), which has to equal TRL's losses but for
bfloat16's noise, and as it is. With `--precision fp32` nothing is rounded and all three are equal.
Then each way tunes on all rows once, in a process of its own, with as many tokens in a step:
printed are real tokens a second after the first step, padding not counted, the share of the
physical floor (MFU), tokens a second of the processors' time, which tells more on a machine that
does other work, and the peak of memory. The floor is 6 floating-point operations a parameter
and token at the rate of a large matrix product, measured here. All of TRL's ways compute in the
same precision over float32 weights, as ours does. `--trl-python` is the Python of another
environment, where TRL is not to be in this one. `--compiled` measures ours once more, with norms
and feed-forward layers compiled by torch, which falls in the first steps.

With `--objective preference` it is DPO beside DPOTrainer: a row is a pair of answers, and the time
in which a side scores pairs under the initial model before the first step counts as well.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

TABLES = {
    "likelihood": Path("data/mixtures/evals-small/train.parquet"),
    "preference": Path("data/mixtures/evals-labels-rejected/train.parquet"),
}
HERE = Path(__file__).resolve().parent
INSTALL = "pip install -c constraints.txt --editable '.[bench]', or name one with --trl-python"
PLAIN = {"gradient_checkpointing": False}
WAYS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "likelihood": {
        "defaults": {},
        "no checkpointing": PLAIN,
        "by length": PLAIN | {"train_sampling_strategy": "group_by_length"},
        "packing": PLAIN | {"packing": True, "per_device_train_batch_size": 1},
    },
    "preference": {
        "defaults": {},
        "no checkpointing": PLAIN,
        "scored before": PLAIN | {"precompute_ref_log_probs": True},
    },
}
FLASH = {"model_init_kwargs": {"attn_implementation": "flash_attention_2"}}
ON_CUDA: Mapping[str, Mapping[str, Any]] = {
    "packing, flash": WAYS["likelihood"]["packing"] | FLASH,
    "packing, flash, liger": WAYS["likelihood"]["packing"] | FLASH | {"use_liger_kernel": True},
}
"""Ways to tune on answers that need packages of CUDA's, left out where these are missing."""

LEFT_OUT = ("rows", "batches", "way", "nearest")

Answer = dict[str, Any]


def main() -> None:
    """Render the rows, run every way, compare."""
    told = arguments()
    job = described(told)
    found = {"job": summary(job), "matmul": matmul_rate(job), "speeds": {}, "losses": {}}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if told.against == "trl":
            batches = whole_batches(len(job["rows"]), told.rows_per_step)[: told.steps]
            same = job | {"batches": batches, "way": PLAIN}
            near = same | {"nearest": True}
            found["losses"] = {
                "trl": run([told.trl_python, HERE / "tune_trl.py"], same, folder)["losses"],
                "nearest": run([sys.executable, HERE / "tune_ours.py"], near, folder)["losses"],
                "ours": run([sys.executable, HERE / "tune_ours.py"], same, folder)["losses"],
            }
            for name, way in ways(told.objective, told.way, job["device"]).items():
                done = run([told.trl_python, HERE / "tune_trl.py"], job | {"way": way}, folder)
                found["speeds"][f"TRL, {name}"] = done
        found["speeds"]["ours"] = run([sys.executable, HERE / "tune_ours.py"], job, folder)
        if told.compiled:
            way = job | {"way": {"compiled": True}}
            done = run([sys.executable, HERE / "tune_ours.py"], way, folder)
            found["speeds"]["ours, compiled"] = done
    found |= compared(found)
    print(json.dumps(found, indent=1) if told.json else "\n".join(lines(found)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    asked = argparse.ArgumentParser(description="Measure tuning beside TRL.")
    asked.add_argument("model", type=Path, nargs="?", default=Path("models/smollm2-135m-instruct"))
    asked.add_argument("--against", choices=["trl", "none"], default="trl")
    asked.add_argument("--objective", choices=list(WAYS), default="likelihood")
    asked.add_argument("--table", type=Path, help="A canonical table.")
    asked.add_argument("--rows", type=int, default=160)
    asked.add_argument("--rows-per-step", type=int, default=8, help="On the mean.")
    asked.add_argument("--steps", type=int, default=20, help="Losses compared.")
    asked.add_argument("--way", action="append", help="Only this of TRL's; may be repeated.")
    asked.add_argument("--compiled", action="store_true", help="Also ours, with torch.compile.")
    asked.add_argument("--precision", choices=["auto", "bf16", "fp32"], default="auto")
    asked.add_argument("--device", default="auto")
    asked.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    asked.add_argument("--trl-python", default=sys.executable, help="A Python that has TRL.")
    asked.add_argument("--json", action="store_true")
    told = asked.parse_args()
    if wrong := list(mistakes(told)):
        sys.exit("\n".join(wrong))
    if told.against == "trl" and not has_trl(told.trl_python):
        sys.exit(f"{told.trl_python}: has no TRL; {INSTALL}")
    return told


def mistakes(told: argparse.Namespace) -> Iterator[str]:
    """Yield what cannot be compared."""
    known = (*WAYS[told.objective], *(ON_CUDA if told.objective == "likelihood" else ()), "none")
    for way in told.way or ():
        if way not in known:
            listed = "; ".join(known)
            yield f"{way}: is no way of TRL to tune by {told.objective}; known are {listed}"
    if min(told.rows, told.rows_per_step) < 1:
        given = f"{told.rows} and {told.rows_per_step}"
        yield f"--rows and --rows-per-step: are 1 at least, and not {given}"
    elif told.rows < told.rows_per_step:
        yield f"--rows: {told.rows} rows fill no step of {told.rows_per_step}; raise it"


def has_trl(python: str) -> bool:
    """Return whether a Python has TRL."""
    look = "import importlib.util as u, sys; sys.exit(u.find_spec('trl') is None)"
    return subprocess.run([python, "-c", look], check=False).returncode == 0


def ways(objective: str, chosen: Sequence[str] | None, device: str) -> dict[str, Mapping[str, Any]]:
    """Return the ways of TRL to measure on a device."""
    from importlib.util import find_spec

    known = dict(WAYS[objective])
    if objective == "likelihood" and device == "cuda" and find_spec("flash_attn"):
        known |= {
            name: way
            for name, way in ON_CUDA.items()
            if "use_liger_kernel" not in way or find_spec("liger_kernel")
        }
    return {name: way for name, way in known.items() if not chosen or name in chosen}


def described(told: argparse.Namespace) -> dict[str, Any]:
    """Return what each side is given: model, rows as tokens, size of a step."""
    import torch

    from registry import checkpoints, devices
    from registry.canonical import read_rows
    from registry.tuning.examples import units

    place = devices.choose(told.device)
    dtype = devices.compute_dtype(place, told.precision)
    torch.set_num_threads(told.threads)
    tokenizer = checkpoints.open_tokenizer(told.model)
    table = told.table or TABLES[told.objective]
    rows = list(islice(read_rows(table), told.rows))
    made, _ = units(tokenizer, rows, recipe(told.objective))
    lengths = [unit.tokens for unit in made]
    return {
        "model": str(told.model.resolve()),
        "parameters": checkpoints.count_parameters(told.model),
        "objective": told.objective,
        "table": str(table.resolve()),
        "read": len(rows),
        "rows": [[as_plain(one.tokens, one.labels_mask) for one in unit.rows] for unit in made],
        "rows_per_step": told.rows_per_step,
        "tokens_per_step": max(*lengths, told.rows_per_step * sum(lengths) // len(lengths)),
        "batches": [],
        "nearest": False,
        "way": {},
        "device": place.type,
        "precision": "bf16" if dtype == torch.bfloat16 else "fp32",
        "threads": told.threads,
        "rate": 2e-5,
        "seed": 17,
    }


def recipe(objective: str) -> Any:
    """Return switches under which every row is short enough to be learned from."""
    from registry.cards.tuning import Preference, Tune

    return Tune(
        method="full",
        objective=objective,
        preference=Preference() if objective == "preference" else None,
        steps=1,
        tokens_per_step=1 << 20,
        max_tokens=1 << 20,
        learning_rate=1e-5,
        seed=0,
    )


def as_plain(tokens: Sequence[int], learned: Sequence[bool]) -> dict[str, list[int]]:
    """Return an answer with its prompt as both sides read it: as tokens, and which are learned."""
    return {"tokens": list(tokens), "learned": list(map(int, learned))}


def whole_batches(rows: int, size: int) -> list[list[int]]:
    """Return batches of rows in order; a rest that fills none is left out.

    >>> whole_batches(5, 2)
    [[0, 1], [2, 3]]
    """
    return [list(range(at, at + size)) for at in range(0, rows - size + 1, size)]


def run(command: Sequence[object], job: Mapping[str, Any], folder: Path) -> Answer:
    """Let a process do a job."""
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    (folder / "answer.json").unlink(missing_ok=True)
    words = [*map(str, command), str(folder / "job.json"), str(folder / "answer.json")]
    quiet = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    threads = {"OMP_NUM_THREADS": str(job["threads"])}
    paths = os.pathsep.join(filter(None, (str(HERE.parent), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        words,
        check=False,
        env={**os.environ, **quiet, **threads, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}: failed\n{done.stderr[-3000:]}")
    answer: Answer = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    return answer


def matmul_rate(job: Mapping[str, Any]) -> float:
    """Return the operations a second of the fastest of some large matrix products."""
    import torch

    dtype = torch.bfloat16 if job["precision"] == "bf16" else torch.float32
    sizes = (4096, 8192) if job["device"] == "cuda" else (1024, 2048)
    return max(product_rate(size, job["device"], dtype) for size in sizes)


def product_rate(size: int, device: str, dtype: Any, times: int = 5) -> float:
    """Return the operations a second of square matrices' product, the best of some."""
    import torch

    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(times + 1):
        begun = time.perf_counter()
        torch.mm(left, right)
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - begun)
    return 2 * size**3 / best


def summary(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job without its rows, and how many tokens these have."""
    kept = {name: value for name, value in job.items() if name not in LEFT_OUT}
    return kept | {
        "rows": len(job["rows"]),
        "tokens": sum(len(one["tokens"]) for row in job["rows"] for one in row),
        "supervised_tokens": sum(sum(one["learned"][1:]) for row in job["rows"] for one in row),
    }


def compared(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the differences, rates, shares of the floor and ratios of what was measured."""
    floor = found["matmul"] / (6 * found["job"]["parameters"])
    rates = {name: one["tokens"] / one["seconds"] for name, one in found["speeds"].items()}
    theirs = {name: rate for name, rate in rates.items() if name.startswith("TRL")}
    made: dict[str, Any] = {
        "floor": floor,
        "tokens_per_second": rates,
        "mfu": {name: rate / floor for name, rate in rates.items()},
        "ratios": {name: rates["ours"] / rate for name, rate in theirs.items()},
    }
    if theirs:
        made["best"] = max(theirs, key=lambda name: theirs[name])
    if found["losses"]:
        pairs = zip(found["losses"]["nearest"], found["losses"]["trl"], strict=True)
        made["largest_difference"] = max(abs(one - other) for one, other in pairs)
    return made


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return what is printed."""
    job = found["job"]
    share = job["supervised_tokens"] / job["tokens"]
    things = "pairs" if job["objective"] == "preference" else "rows"
    out = [
        f"{job['parameters']:,} parameters; {job['rows']:,} {things} of {job['tokens']:,} tokens,"
        f" {share:.0%} of them in the loss; {job['device']}, {job['precision']},"
        f" {job['threads']} threads"
    ]
    if found["losses"]:
        out += ["", f"{'step':>4}{'TRL':>10}{'nearest':>10}{'apart':>10}{'ours':>10}"]
        columns = zip(*(found["losses"][name] for name in ("trl", "nearest", "ours")), strict=True)
        for step, (trl, near, ours) in enumerate(columns, 1):
            out.append(f"{step:4}{trl:10.5f}{near:10.5f}{abs(trl - near):10.5f}{ours:10.5f}")
        out.append(f"largest difference of a loss: {found['largest_difference']:.2g}")
    head = ("tokens/s", "MFU", "/CPU s", "peak MB", "steps")
    out += ["", "{:24}{:>9}{:>8}{:>8}{:>9}{:>7}  ours is".format("", *head)]
    for name, one in found["speeds"].items():
        ratio = f"  {found['ratios'][name]:.2f} times it" if name in found["ratios"] else ""
        best = ", the best of TRL's" if name == found.get("best") else ""
        out.append(
            f"{name:24}{found['tokens_per_second'][name]:9.1f}{found['mfu'][name]:8.1%}"
            f"{one['tokens'] / one['busy']:8.1f}{one['peak'] / 1e6:9,.0f}{one['steps']:7}"
            f"{ratio}{best}"
        )
    return [
        *out,
        f"floor: {6 * job['parameters'] / 1e6:,.0f} MFLOP a token at"
        f" {found['matmul'] / 1e9:,.0f} GFLOP/s is {found['floor']:,.0f} tokens/s",
    ]


if __name__ == "__main__":
    main()
