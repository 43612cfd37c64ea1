"""transformers: push_to_hub and from_pretrained, with a tiny model made here."""

import torch
from stage import gathered, main
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)


def tiny(width=16):
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=32,
    )
    return LlamaForCausalLM(config)


def same(one, other):
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(name == also and torch.equal(a, b) for (name, a), (also, b) in pairs)


def a_model_is_pushed_and_loaded(stage):
    id, model = stage.name("model"), tiny()
    model.push_to_hub(id)
    assert same(model, AutoModelForCausalLM.from_pretrained(id))
    assert same(model, AutoModelForCausalLM.from_pretrained(id, revision="main"))
    assert "model.safetensors" in stage.api.list_repo_files(id)


def a_model_of_some_megabytes_is_pushed_and_loaded(stage):
    id, model = stage.name("model"), tiny(256)
    model.push_to_hub(id, private=True)
    assert same(model, AutoModelForCausalLM.from_pretrained(id))


def a_tokenizer_is_pushed_and_loaded(stage):
    id = stage.name("model")
    vocab = {word: n for n, word in enumerate(["<unk>", "a", "b"])}
    plain = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="<unk>")
    made.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    made.push_to_hub(id)
    found = AutoTokenizer.from_pretrained(id)
    assert found("a b c")["input_ids"] == [1, 2, 0]
    assert found.chat_template == made.chat_template


if __name__ == "__main__":
    main(gathered(globals()))
