"""A random model of two small layers and a tokenizer of bytes, made by code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.canonical import Message, Row

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def make_tokenizer() -> Any:
    """Return a tokenizer with a token for each byte; padding is its end token, as in SmolLM2's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    made = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
    )
    tokenizer.chat_template = CHATML
    return tokenizer


def make_model(seed: int = 0) -> Any:
    """Return a random Llama with grouped queries and tied embeddings, in float32."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(SPECIAL) + 256,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        tie_word_embeddings=True,
        initializer_range=0.2,
    )
    return LlamaForCausalLM(config).eval()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """Return the tokenizer of bytes."""
    return make_tokenizer()


@pytest.fixture
def make_tiny() -> Callable[..., Any]:
    """Return a function that makes tiny models, the same for the same seed."""
    return make_model


@pytest.fixture
def tiny() -> Any:
    """Return a new tiny model."""
    return make_model()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny model, to be read and not written."""
    from registry.checkpoints import save_model

    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(make_model(), make_tokenizer(), folder)
    return folder


Rows = Callable[..., list[Row]]


@pytest.fixture
def make_rows() -> Rows:
    """Return a function that makes rows of different lengths."""

    def rows(number: int, answer: str = "la") -> list[Row]:
        return [
            Row(
                id=f"songs:{n}",
                dataset="songs",
                task="sing",
                split="train",
                messages=(Message("user", "Sing." * (1 + n % 4)),),
                references=(answer * (1 + n % 3),),
            )
            for n in range(number)
        ]

    return rows
