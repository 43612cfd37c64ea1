"""What learns: a model and, where a method has them, the virtual tokens before its rows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry import checkpoints, hypernetwork, virtual
from registry.canonical import Row
from registry.cards.tuning import Tune, Virtual
from registry.checkpoints import ADAPTER
from registry.errors import RegistryError
from registry.files import write_json
from registry.hypernetwork import Network
from registry.tuning import attention
from registry.tuning.batches import Packed
from registry.tuning.weights import Trained, add_adapters, check_targets, unite
from registry.virtual import Start

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Learner:
    """A model as it is trained, and its tokenizer.

    `adapted` wraps `model` where there are adapters; they act in place, so that `model` is what
    computes. `size` counts the model's own parameters. `tokens` are what is trained of virtual
    tokens, in float32: (tokens, width) of a prompt, (tokens, layers x 2 x heads x size of a head)
    of a prefix. `network` makes adapters of what rows are `told`.
    """

    model: Any
    adapted: Any
    tokenizer: Any
    dtype: "torch.dtype"
    method: str
    size: int
    tokens: "torch.nn.Parameter | None" = None
    network: Network | None = None
    told: "Told | None" = None

    @property
    def device(self) -> "torch.device":
        """Where the weights are."""
        found: torch.device = self.model.device
        return found

    @property
    def virtual(self) -> int:
        """How many places each packed row begins with."""
        return len(self.tokens) if self.tokens is not None and self.method == "prompt" else 0

    def parameters(self) -> "list[tuple[str, torch.nn.Parameter]]":
        """Return what is trained, by name."""
        found = list(self.adapted.named_parameters())
        if self.tokens is not None:
            found.append(("virtual", self.tokens))
        if self.network is not None:
            found += [(f"hypernetwork.{n}", each) for n, each in self.network.tensors.items()]
        return [(name, each) for name, each in found if each.requires_grad]


def open_learner(
    base: Path, settings: Tune, device: "torch.device", dtype: "torch.dtype"
) -> Learner:
    """Open the model of a folder and make it learn by a recipe's method.

    New parameters are drawn from torch's generator: seed it before.
    """
    if virtual.tensors(base / ADAPTER) or hypernetwork.tensors_of(base):
        raise RegistryError(
            f"{base.name}: it has virtual tokens or a hypernetwork, which tuning would leave "
            "behind; tune the model that it was made of"
        )
    opened = checkpoints.open_model
    if settings.objective == "reward":
        opened = checkpoints.open_reward_model
    model, tokenizer = opened(base, device, dtype)
    if fitted := settings.lora or settings.hypernetwork:
        check_targets(model, fitted.targets, base.name)
    tokens = None
    if settings.virtual is not None:
        tokens = _first_tokens(model, tokenizer, settings.virtual, settings.method)
    network = hypernetwork.begin(model, settings.hypernetwork) if settings.hypernetwork else None
    if tokens is not None or network is not None:
        model.requires_grad_(False)
    size = sum(each.numel() for each in model.parameters())
    attention.use(model)
    if settings.precision == "fp8":
        from registry.tuning import eight_bit

        eight_bit.use(model)
    if settings.recompute:
        model.activation_checkpointing_enable({"use_reentrant": False})
    adapted = add_adapters(model, settings.lora, base) if settings.lora else model
    if settings.lora and settings.objective == "reward":
        model.score.float().requires_grad_(True)
    return Learner(model.train(), adapted, tokenizer, dtype, settings.method, size, tokens, network)


@dataclass(frozen=True, slots=True)
class Told:
    """What a hypernetwork reads: each instruction once, and which of them a row follows."""

    encoded: "torch.Tensor"
    by_row: Mapping[str, int]


def told(learner: Learner, rows: Sequence[Row]) -> Learner:
    """Return a learner that knows the rows' instructions, if its method asks for them."""
    if learner.network is None:
        return learner
    asked = {row.id: hypernetwork.instruction_of(row.messages) for row in rows}
    numbers = {text: at for at, text in enumerate(dict.fromkeys(asked.values()))}
    with attention.plain(learner.model):
        encoded = hypernetwork.encode(learner.model.eval(), learner.tokenizer, list(numbers))
    learner.model.train()
    return replace(learner, told=Told(encoded, {id: numbers[text] for id, text in asked.items()}))


def save(learner: Learner, weights: Trained, base: Path, out: Path) -> None:
    """Write the model's folder: merged weights, or the base's with the virtual tokens beside."""

    def beside(folder: Path) -> None:
        if learner.tokens is not None:
            kind: virtual.Kind = "prompt" if learner.virtual else "prefix"
            made = weights.masters[-1]
            virtual.write(folder / ADAPTER, kind, made, learner.model, base.name)
        if learner.network is not None:
            hypernetwork.write(folder / hypernetwork.FOLDER, learner.network)
        if learner.method == "lora" and hasattr(learner.model, "score"):
            _add_head(folder / ADAPTER, learner.model.score.weight)

    checkpoints.save_model(unite(learner.adapted, weights), learner.tokenizer, out, beside)


def _add_head(adapter: Path, head: "torch.Tensor") -> None:
    """Add what gives a reward model's number to its adapter, where PEFT looks for it."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(adapter / "adapter_model.safetensors")
    tensors["base_model.model.score.weight"] = head.detach().float().cpu().contiguous()
    save_file(tensors, adapter / "adapter_model.safetensors", metadata={"format": "pt"})
    described = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    described |= {"modules_to_save": ["score"], "task_type": "SEQ_CLS"}
    write_json(adapter / "adapter_config.json", described)


def log_probabilities(learner: Learner, batch: Packed, temperature: float = 1.0) -> "torch.Tensor":
    """Return the log-probability of each target of a batch, (targets,), in float32."""
    import torch

    from registry.tuning import vocabulary

    head = learner.model.get_output_embeddings()
    needed = 4 * len(batch.targets) * learner.model.config.vocab_size
    if needed >= vocabulary.LARGE and _is_plain(learner.model, head):
        states = hidden(learner, batch)[batch.keep] / temperature
        return vocabulary.log_probability(states, head.weight.to(states.dtype), batch.targets)
    found = logits(learner, batch)
    if temperature != 1:  # to divide takes memory as large as the logits
        found = found / temperature
    return -torch.nn.functional.cross_entropy(found, batch.targets, reduction="none")


def _is_plain(model: Any, head: Any) -> bool:
    """Say whether logits are hidden states times the head's weights, and nothing else."""
    import torch

    scaled = ("final_logit_softcapping", "logits_scaling", "logit_scale", "lm_head_multiplier")
    others = [getattr(model.config, name, None) for name in scaled]
    with_bias = getattr(head, "bias", None) is not None
    if type(head) is not torch.nn.Linear or with_bias or any(others):
        return False
    # Weights that are split over processes are whole inside the model's own forward alone.
    return type(head.weight) is torch.nn.Parameter


def logits(learner: Learner, batch: Packed) -> "torch.Tensor":
    """Return a batch's logits at the places that are kept, (targets, vocabulary), in float32.

    Only there: the vocabulary's matrix is a fifth of a small model's work, and most tokens are the
    prompt's.
    """
    import torch

    with _half(learner), _adapting(learner, batch):
        found: torch.Tensor = learner.model(
            **_given(learner, batch), logits_to_keep=batch.keep, use_cache=False
        ).logits[0]
    return found.float()


def hidden(learner: Learner, batch: Packed) -> "torch.Tensor":
    """Return the last hidden states of a batch, (tokens, width)."""
    import torch

    with _half(learner), _adapting(learner, batch):
        body = learner.model.base_model
        found: torch.Tensor = body(**_given(learner, batch), use_cache=False).last_hidden_state[0]
    return found


@contextmanager
def answering(learner: Learner) -> Iterator[Start | None]:
    """Let the model generate for a while; give what its answers start from."""
    with attention.plain(learner.model):
        learner.model.eval()
        try:
            yield _start(learner)
        finally:
            learner.model.train()


@contextmanager
def _adapting(learner: Learner, batch: Packed) -> Iterator[None]:
    """Let each row's instruction change the model while it reads a batch."""
    if learner.network is None:
        yield
        return
    assert learner.told is not None
    asked = [learner.told.by_row[id] for id in batch.ids]
    numbers = {number: at for at, number in enumerate(dict.fromkeys(asked))}
    encoded = learner.told.encoded[list(numbers)]
    made = hypernetwork.adapters(learner.network, encoded, learner.model)
    spans = [(length, numbers[n]) for length, n in zip(batch.lengths, asked, strict=True)]
    with hypernetwork.acting(learner.model, learner.network, made, spans):
        yield


def _start(learner: Learner) -> Start | None:
    if learner.tokens is None:
        return None
    made = virtual.of_prompt if learner.virtual else virtual.of_prefix
    return made(learner.tokens.detach(), learner.model)


def _half(learner: Learner) -> "torch.autocast":
    import torch

    half = learner.dtype == torch.bfloat16
    return torch.autocast(learner.device.type, torch.bfloat16, enabled=half)


def _given(learner: Learner, batch: Packed) -> dict[str, Any]:
    """Return what the model's forward is called with."""
    given = {"position_ids": batch.positions, "row_lengths": batch.lengths}
    if learner.tokens is None:
        return given | {"input_ids": batch.tokens}
    if learner.virtual:
        return given | {"inputs_embeds": _embedded(learner, batch)}
    return given | {
        "input_ids": batch.tokens,
        "position_ids": batch.positions + len(learner.tokens),
        "start": virtual.of_prefix(learner.tokens, learner.model),
    }


def _embedded(learner: Learner, batch: Packed) -> "torch.Tensor":
    """Return the tokens' embeddings with the prompt's own in the virtual places."""
    import torch

    assert learner.tokens is not None
    embedded = learner.model.get_input_embeddings()(batch.tokens)
    positions = batch.positions[0]
    prompt = learner.tokens.to(embedded.dtype)[positions.clamp(max=batch.virtual - 1)]
    return torch.where((positions < batch.virtual)[None, :, None], prompt[None], embedded)


def _first_tokens(model: Any, tokenizer: Any, asked: Virtual, method: str) -> "torch.nn.Parameter":
    """Return virtual tokens that mean real ones: those of the text, or drawn ones.

    Keys and values drawn from nowhere learn slowly and badly (Li and Liang, 2021, section 7.4).
    """
    import torch

    embeddings = model.get_input_embeddings().weight
    if asked.text:
        said = tokenizer(asked.text, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([said[at % len(said)] for at in range(asked.tokens)])
    else:
        ids = torch.randint(0, len(embeddings), (asked.tokens,))
    chosen = embeddings.detach()[ids.to(embeddings.device)]
    if method == "prefix":
        chosen = virtual.as_prefix(virtual.of_prompt(chosen, model))
    return torch.nn.Parameter(chosen.float().clone())
