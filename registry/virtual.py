"""Virtual tokens that stand before every conversation, in the files of PEFT.

However they were trained, a model starts from them as from a cache: keys and values of every layer.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from registry.errors import RegistryError
from registry.files import write_json

if TYPE_CHECKING:
    import torch

Start = tuple[tuple["torch.Tensor", "torch.Tensor"], ...]
"""Keys and values of each layer, (1, heads of keys, virtual tokens, size of a head)."""

Kind = Literal["prompt", "prefix"]
_PEFT = {"prompt": "PROMPT_TUNING", "prefix": "PREFIX_TUNING"}
_CONFIG, _TENSORS, _NAME = "adapter_config.json", "adapter_model.safetensors", "prompt_embeddings"


def length(start: Start | None) -> int:
    """Return how many virtual tokens there are."""
    return int(start[0][0].shape[2]) if start else 0


def write(folder: Path, kind: Kind, values: "torch.Tensor", model: Any, base: str) -> None:
    """Write virtual tokens as PEFT reads them: (tokens, what one token has)."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({_NAME: values.detach().to("cpu", torch.float32).contiguous()}, folder / _TENSORS)
    of, layers = model.config, model.config.num_hidden_layers
    described = {
        "peft_type": _PEFT[kind],
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "inference_mode": True,
        "num_virtual_tokens": len(values),
        "token_dim": values.shape[1] if kind == "prompt" else values.shape[1] // (2 * layers),
        "num_transformer_submodules": 1,
        "num_attention_heads": _heads(of) if kind == "prefix" else of.num_attention_heads,
        "num_layers": layers,
    }
    write_json(folder / _CONFIG, described | _OF_KIND[kind])


_OF_KIND: dict[str, dict[str, Any]] = {
    "prompt": {"prompt_tuning_init": "RANDOM"},
    "prefix": {"prefix_projection": False, "encoder_hidden_size": None},
}


def tensors(folder: Path) -> Path | None:
    """Return the file of the virtual tokens in an adapter's folder; None if it has none."""
    return folder / _TENSORS if _kind(folder) else None


def _kind(folder: Path) -> str | None:
    if not (folder / _CONFIG).is_file():
        return None
    described = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    kinds = {name: kind for kind, name in _PEFT.items()}
    return kinds.get(described["peft_type"])


def read(folder: Path, model: Any) -> Start | None:
    """Return what a model starts from by its adapter's folder; None if it has no virtual tokens."""
    kind = _kind(folder)
    if kind is None:
        return None
    from safetensors import safe_open

    with safe_open(folder / _TENSORS, "pt") as opened:
        values = opened.get_tensor(_NAME).to(model.device)
    return of_prefix(values, model) if kind == "prefix" else of_prompt(values, model)


def of_prefix(values: "torch.Tensor", model: Any) -> Start:
    """Cut a prefix, (tokens, layers x 2 x heads x size), into the keys and values of each layer."""
    layers, heads = model.config.num_hidden_layers, _heads(model.config)
    if values.shape[1] % (2 * layers * heads):
        raise RegistryError(
            f"prefix: {values.shape[1]} numbers a token do not fit {layers} layers of {heads}"
            " heads; it belongs to another model"
        )
    parts = values.to(model.dtype).view(len(values), layers, 2, heads, -1).permute(1, 2, 3, 0, 4)
    return tuple((part[0][None], part[1][None]) for part in parts)


def of_prompt(values: "torch.Tensor", model: Any) -> Start:
    """Run the model over embeddings, (tokens, width), and return its keys and values."""
    import torch
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config)
    with torch.no_grad():
        model(inputs_embeds=values.to(model.dtype)[None], past_key_values=cache, use_cache=True)
    layers: list[Any] = list(cache.layers)
    return tuple((layer.keys, layer.values) for layer in layers)


def as_prefix(start: Start) -> "torch.Tensor":
    """Return keys and values as one tensor, the way `of_prefix` reads it."""
    import torch

    parts = torch.stack([torch.stack([keys[0], values[0]]) for keys, values in start])
    return parts.permute(3, 0, 1, 2, 4).reshape(parts.shape[3], -1)


def _heads(config: Any) -> int:
    return int(getattr(config, "num_key_value_heads", None) or config.num_attention_heads)
