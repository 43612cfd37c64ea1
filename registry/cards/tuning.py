"""What the cards of recipes say under `tune`: the switches of the training loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from registry.cards.rules import COUNT, FILLED, MODEL, POSITIVE, SHARE, WEIGHT

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """Low-rank adapters (Hu et al., 2021), trained instead of the weights."""

    rank: Annotated[int, POSITIVE, "Rank of the update."]
    alpha: Annotated[int, POSITIVE, "The update is scaled by alpha / rank."]
    dropout: Annotated[float, SHARE, "Dropout on the adapter's input."] = 0.0
    dora: Annotated[
        bool, "Learn each weight's length apart from its direction (DoRA; Liu et al., 2024)."
    ] = False
    targets: Annotated[
        tuple[str, ...], FILLED, "Names of the linear layers that get an adapter."
    ] = LINEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Virtual:
    """Virtual tokens before every row, trained instead of the weights."""

    tokens: Annotated[int, POSITIVE, "How many."]
    text: Annotated[
        str | None, "A soft prompt starts as this text's embeddings; empty: as drawn ones."
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypernetwork:
    """A network from an instruction to adapters, trained instead of the weights."""

    rank: Annotated[int, POSITIVE, "Rank of the adapters that it makes."]
    alpha: Annotated[int, POSITIVE, "An adapter's update is scaled by alpha / rank."]
    size: Annotated[int, POSITIVE, "Width of its inner layer."] = 128
    instruction: Annotated[
        Literal["kept", "removed"],
        "Whether the model itself reads the instruction too, where that is the system's turn.",
    ] = "kept"
    targets: Annotated[
        tuple[str, ...], FILLED, "Names of the linear layers that get an adapter."
    ] = ("q_proj", "v_proj", "o_proj", "down_proj")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Learning from pairs of answers: a row's first reference is better than its first rejected."""

    loss: Annotated[
        Literal["dpo", "ipo", "simpo"],
        "dpo: Rafailov et al., 2023; ipo: Azar et al., 2023; simpo: Meng et al., 2024, without an"
        " initial model.",
    ] = "dpo"
    beta: Annotated[float, POSITIVE, "How dear it is to part from the initial model."] = 0.1
    margin: Annotated[float, WEIGHT, "A better answer has to lead by so much (simpo)."] = 0.0
    per_token: Annotated[
        bool, "Compare means over an answer's tokens, not sums; ipo and simpo always do."
    ] = False
    likelihood: Annotated[float, WEIGHT, "Weight of the better answers' own loss, added."] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Learning from rewards for the model's own answers (GRPO; Shao et al., 2024).

    Each step answers some rows several times and learns once from these answers: an answer is worth
    its reward less the mean of its row's.
    """

    reward: Annotated[
        Literal["constraints", "exact_match", "rouge_l", "model"],
        "What an answer earns: the share of its verifiable instructions that it follows, a metric"
        " against the references, or what a reward model says.",
    ]
    model: Annotated[
        str | None, MODEL, "The reward model's card, for and only for reward model."
    ] = None
    rows: Annotated[int, POSITIVE, "Rows answered in a step."]
    answers: Annotated[int, POSITIVE, "Answers to each, 2 at least."]
    max_new_tokens: Annotated[int, POSITIVE, "The longest answer, in tokens."]
    temperature: Annotated[float, POSITIVE, "Of the drawing of answers."] = 1.0
    kl: Annotated[
        float,
        WEIGHT,
        "lambda in reward - lambda * KL(policy || initial model), per token; 0: no initial model is"
        " held.",
    ] = 0.0
    scaled: Annotated[bool, "Divide by the standard deviation of a row's rewards."] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """The switches of the training loop. Editing one re-runs the tuning."""

    method: Annotated[
        Literal["full", "lora", "prompt", "prefix", "hypernetwork"],
        "What is trained: every weight, adapters, virtual tokens as embeddings (prompt; Lester"
        " et al., 2021) or as keys and values of every layer (prefix; Li and Liang, 2021), or a"
        " network that makes adapters of an instruction (Ye and Ren, 2021).",
    ]
    lora: Annotated[Lora | None, "Needed by, and only by, method lora."] = None
    virtual: Annotated[Virtual | None, "Needed by, and only by, methods prompt and prefix."] = None
    hypernetwork: Annotated[Hypernetwork | None, "Needed by, and only by, method hypernetwork."] = (
        None
    )
    objective: Annotated[
        Literal["likelihood", "preference", "reward", "policy"],
        "likelihood of the answers; preference between two; a reward model, which says how good an"
        " answer is (pairwise logistic loss; Ouyang et al., 2022); or a policy that earns rewards.",
    ] = "likelihood"
    loss_on: Annotated[
        Literal["answer", "turns", "all"],
        "The tokens that likelihood counts: the answer's, those of all the assistant's turns, all.",
    ] = "answer"
    unlikelihood: Annotated[
        float,
        WEIGHT,
        "With likelihood: weight of the loss -log(1 - p) on a row's first rejected answer (Welleck"
        " et al., 2019); 0: rejected answers are not looked at.",
    ] = 0.0
    preference: Annotated[Preference | None, "Needed by, and only by, objective preference."] = None
    policy: Annotated[Policy | None, "Needed by, and only by, objective policy."] = None
    steps: Annotated[int, POSITIVE, "Optimiser steps."]
    tokens_per_step: Annotated[
        int, POSITIVE, "Real tokens in one optimiser step, at most; a policy counts rows instead."
    ]
    max_tokens: Annotated[int, POSITIVE, "Longer rows are left out, and counted."]
    tokens_at_once: Annotated[
        int | None,
        POSITIVE,
        "Tokens that go through the model together; a step of more accumulates; empty: by device.",
    ] = None
    learning_rate: Annotated[float, POSITIVE, "At its peak, after the warm-up."]
    warmup_steps: Annotated[int, COUNT, "Steps of linear warm-up from 0."] = 0
    decay: Annotated[Literal["constant", "linear", "cosine"], "From the peak down to 0."] = "linear"
    weight_decay: Annotated[float, SHARE, "Decoupled (AdamW); on matrices only."] = 0.0
    clip: Annotated[float, POSITIVE, "Gradients are scaled down to this norm."] = 1.0
    precision: Annotated[
        Literal["auto", "bf16", "fp32", "fp8"],
        "bf16: compute in bfloat16 over float32 weights; auto: bf16 where the device has it; fp8:"
        " as bf16, but linear layers multiply in 8 bits (Micikevicius et al., 2022; method full).",
    ] = "auto"
    recompute: Annotated[
        bool, "Compute activations again in the backward pass: less memory, a third more work."
    ] = False
    checkpoint_every: Annotated[int, POSITIVE, "Steps between checkpoints."] = 25
    seed: Annotated[int, COUNT, "Decides the order of rows, dropout and new weights."]


_LARGEST_SEED = 2**31 - 1  # torch's are of 64 bits, and ours are multiplied by steps' and ranks'

_NEEDED = {
    "lora": ("method", ("lora",)),
    "virtual": ("method", ("prompt", "prefix")),
    "hypernetwork": ("method", ("hypernetwork",)),
    "preference": ("objective", ("preference",)),
    "policy": ("objective", ("policy",)),
}


def contradictions(settings: Tune) -> Iterator[tuple[str, str]]:
    """Yield switches that do not go together: the field, and what is wrong with it."""
    for block, (switch, values) in _NEEDED.items():
        given, chosen = getattr(settings, block) is not None, getattr(settings, switch)
        wanted = " or ".join(values)
        if given and chosen not in values:
            yield block, f"goes with {switch}: {wanted}, not {chosen}; remove one of the two"
        if not given and chosen in values:
            yield block, f"is missing; {switch}: {chosen} needs it"
    if settings.precision == "fp8" and settings.method != "full":
        yield "precision", f"fp8 goes with method: full, not {settings.method}; use bf16"
    if settings.max_tokens > settings.tokens_per_step:
        said = f"a row of {settings.max_tokens} tokens fits no step of {settings.tokens_per_step}"
        yield "max_tokens", f"{said}; raise tokens_per_step or lower max_tokens"
    if settings.warmup_steps >= settings.steps:
        warm, steps = settings.warmup_steps, settings.steps
        yield "warmup_steps", f"{warm} is not below the {steps} steps; warm up for fewer"
    if settings.seed > _LARGEST_SEED:
        yield "seed", f"{settings.seed} is above {_LARGEST_SEED}; write a smaller one"
    yield from _of_objective(settings)
    if settings.policy:
        yield from _of_policy(settings.policy, settings.max_tokens)


def _of_objective(settings: Tune) -> Iterator[tuple[str, str]]:
    if settings.objective != "likelihood":
        for name, usual in (("unlikelihood", 0.0), ("loss_on", "answer")):
            if getattr(settings, name) != usual:
                yield name, "goes with objective: likelihood alone; leave it out"
    if settings.objective == "reward" and (settings.virtual or settings.hypernetwork):
        yield "method", "a reward model is tuned by method full or lora; use one of these"
    if settings.objective == "policy" and settings.hypernetwork:
        yield "method", "a hypernetwork learns from given answers; use another objective"
    if settings.preference and settings.preference.margin and settings.preference.loss != "simpo":
        yield "preference.margin", "goes with loss: simpo, and only with it; leave it out"


def _of_policy(policy: Policy, max_tokens: int) -> Iterator[tuple[str, str]]:
    if policy.answers < 2:
        yield "policy.answers", "one answer is always its group's mean; ask for 2 or more"
    if (policy.reward == "model") != bool(policy.model):
        yield "policy.model", "goes with reward: model, and only with it"
    if policy.max_new_tokens >= max_tokens:
        said = f"{policy.max_new_tokens} leave no token of max_tokens, {max_tokens}, to a prompt"
        yield "policy.max_new_tokens", f"{said}; lower it or raise max_tokens"
