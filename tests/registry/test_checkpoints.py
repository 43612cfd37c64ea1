import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from registry.cards.tuning import Lora
from registry.checkpoints import (
    count_parameters,
    import_base,
    open_model,
    quiet,
    round_to_bf16,
    save_model,
)
from registry.errors import RegistryError
from registry.tuning.weights import add_adapters

CPU = torch.device("cpu")
PROMPT = torch.arange(3, 40)[None]


@torch.no_grad()
def logits(model: Any) -> torch.Tensor:
    found: torch.Tensor = model(PROMPT).logits
    return found


def files(folder: Path) -> dict[str, bytes]:
    found = (each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in found}


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as made:
        for name, data in files(folder).items():
            made.writestr(f"in/side/{name}", data)
        made.writestr("elsewhere.txt", "not asked for")
    return archive


def write_gguf(path: Path, tokenizer: Any) -> None:
    """Write a Llama of one layer as GGUF; its larger matrices in 4 bits, as Q4_1."""
    import gguf
    import numpy as np

    random = np.random.default_rng(0)
    size, heads, inner = 64, 2, 128
    vocabulary = [*sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get), "la"]
    out = gguf.GGUFWriter(path, "llama")
    out.add_name("A name that a publisher gave")
    out.add_context_length(512)
    out.add_embedding_length(size)
    out.add_block_count(1)
    out.add_feed_forward_length(inner)
    out.add_head_count(heads)
    out.add_head_count_kv(heads)
    out.add_rope_freq_base(10000.0)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_vocab_size(len(vocabulary))
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("default")
    out.add_token_list(vocabulary)
    out.add_token_types([3] * 3 + [1] * (len(vocabulary) - 3))
    out.add_token_merges(["l a"])
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_pad_token_id(2)
    out.add_chat_template(tokenizer.chat_template)
    matrices = {
        "token_embd": (len(vocabulary), size),
        "blk.0.attn_q": (size, size),
        "blk.0.attn_k": (size, size),
        "blk.0.attn_v": (size, size),
        "blk.0.attn_output": (size, size),
        "blk.0.ffn_gate": (inner, size),
        "blk.0.ffn_up": (inner, size),
        "blk.0.ffn_down": (size, inner),
    }
    for name, shape in matrices.items():
        plain = random.normal(0, 0.1, shape).astype(np.float32)
        packed = gguf.quants.quantize(plain, gguf.GGMLQuantizationType.Q4_1)
        out.add_tensor(f"{name}.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q4_1)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        out.add_tensor(f"{name}.weight", np.ones(size, np.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


@pytest.fixture(scope="module")
def imported(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gguf")
    write_gguf(folder / "songs.Q4_1.gguf", tokenizer)
    with zipfile.ZipFile(folder / "songs.whl", "w") as made:
        made.write(folder / "songs.Q4_1.gguf", "songs/songs.Q4_1.gguf")
    import_base(folder / "songs.whl!songs/songs.Q4_1.gguf", "gguf", folder / "base")
    return folder / "base"


def test_quantised_weights_in_a_wheel_become_a_plain_model_folder(imported: Path) -> None:
    assert set(files(imported)) == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((imported / "config.json").read_text("utf-8"))
    assert config["dtype"] == "bfloat16"
    assert not [key for key in config if "quant" in key or "name_or_path" in key]


def test_nothing_is_left_beside_an_imported_model(imported: Path) -> None:
    beside = {each.name for each in imported.parent.iterdir()}
    assert beside == {"base", "songs.whl", "songs.Q4_1.gguf"}


def test_an_imported_model_can_be_opened_tuned_and_saved(imported: Path, tmp_path: Path) -> None:
    model, tokenizer = open_model(imported, CPU, torch.float32)
    model(PROMPT, labels=PROMPT).loss.backward()
    save_model(model, tokenizer, tmp_path / "again")
    assert tokenizer.chat_template


def test_an_imported_model_ends_where_its_publisher_says(imported: Path) -> None:
    said = json.loads((imported / "generation_config.json").read_text("utf-8"))
    assert said["eos_token_id"] == 2


def test_an_import_says_nothing(
    tokenizer: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_gguf(tmp_path / "songs.gguf", tokenizer)
    capfd.readouterr()
    import_base(tmp_path / "songs.gguf", "gguf", tmp_path / "base")
    assert capfd.readouterr() == ("", "")


def test_safetensors_are_imported_with_what_lies_beside_them(
    tiny_folder: Path, tmp_path: Path
) -> None:
    archive = zipped(tiny_folder, tmp_path / "model.whl")
    address = Path(f"{archive}!in/side/model.safetensors")
    import_base(address, "safetensors", tmp_path / "out")
    found, given = files(tmp_path / "out"), files(tiny_folder)
    assert found.keys() == given.keys()
    for name in ("model.safetensors", "tokenizer.json", "chat_template.jinja"):
        assert found[name] == given[name]


@pytest.fixture
def in_parts(tiny: Any, tokenizer: Any, tmp_path: Path) -> Path:
    """Return a folder as publishers of large models lay it out."""
    folder = tmp_path / "in-parts"
    with quiet():
        tiny.to(torch.bfloat16).save_pretrained(folder, max_shard_size="20KB")
        tokenizer.save_pretrained(folder)
    assert len(list(folder.glob("model-*.safetensors"))) == 3
    return folder


@pytest.mark.parametrize(
    "named", ["model.safetensors.index.json", "model-00002-of-00003.safetensors"]
)
def test_weights_in_several_files_become_one(
    in_parts: Path, tiny_folder: Path, tmp_path: Path, named: str
) -> None:
    import_base(in_parts / named, "safetensors", tmp_path / "out")
    assert count_parameters(tmp_path / "out") == count_parameters(tiny_folder)
    found = safetensors.torch.load_file(tmp_path / "out" / "model.safetensors")
    parts = [safetensors.torch.load_file(part) for part in in_parts.glob("model-*")]
    assert found.keys() == {name for part in parts for name in part}
    assert all(torch.equal(found[name], part[name]) for part in parts for name in part)


def test_a_missing_part_of_the_weights_is_named(in_parts: Path, tmp_path: Path) -> None:
    (in_parts / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(
        RegistryError, match=r"names model-00002-of-00003\.safetensors, which is not"
    ):
        import_base(in_parts / "model.safetensors.index.json", "safetensors", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_parts_without_their_index_are_refused(in_parts: Path, tmp_path: Path) -> None:
    (in_parts / "model.safetensors.index.json").unlink()
    with pytest.raises(RegistryError, match=r"from parts with .*index\.json beside them"):
        import_base(in_parts / "model-00001-of-00003.safetensors", "safetensors", tmp_path / "out")


def test_a_missing_weights_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"gone\.gguf: no such file"):
        import_base(tmp_path / "gone.gguf", "gguf", tmp_path / "out")


def test_a_missing_member_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    archive = zipped(tiny_folder, tmp_path / "model.whl")
    with pytest.raises(RegistryError, match=r"no member 'in/x\.gguf'"):
        import_base(Path(f"{archive}!in/x.gguf"), "gguf", tmp_path / "out")
    assert [each.name for each in tmp_path.iterdir()] == ["model.whl"]


def test_an_address_in_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    with pytest.raises(RegistryError, match="no wheel or zip"):
        import_base(tmp_path / "plain!x.gguf", "gguf", tmp_path / "out")


def test_pickled_weights_are_no_format(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="'pickle' is not known"):
        import_base(tmp_path / "model.bin", "pickle", tmp_path / "out")


def test_a_model_without_a_chat_template_is_refused(
    tiny: Any, tokenizer: Any, tmp_path: Path
) -> None:
    from copy import deepcopy

    mute = deepcopy(tokenizer)
    mute.chat_template = None
    with pytest.raises(RegistryError, match="no chat template"):
        save_model(tiny, mute, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_absent_model_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no model is here"):
        open_model(tmp_path / "none", CPU, torch.float32)


def test_a_saved_model_answers_as_before(tiny: Any, tokenizer: Any, tmp_path: Path) -> None:
    for weight in tiny.parameters():  # what lies on bfloat16's grid stays as it is
        weight.data = weight.data.to(torch.bfloat16).float()
    before = logits(tiny)
    save_model(tiny, tokenizer, tmp_path / "out")
    model, _ = open_model(tmp_path / "out", CPU, torch.float32)
    assert torch.equal(logits(model), before)


def test_tied_weights_count_once(tiny: Any, tiny_folder: Path) -> None:
    assert count_parameters(tiny_folder) == sum(each.numel() for each in tiny.parameters())


def test_the_same_model_is_saved_as_the_same_bytes(
    make_tiny: Callable[..., Any], tokenizer: Any, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        torch.manual_seed(1)
        model = add_adapters(make_tiny(), Lora(rank=2, alpha=4), Path("tiny"))
        save_model(model, tokenizer, tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.fixture
def adapted(tiny: Any) -> Any:
    model = add_adapters(tiny, Lora(rank=4, alpha=8), Path("somewhere/tiny"))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model


def test_merged_weights_answer_as_base_and_adapter_do(
    adapted: Any, tokenizer: Any, tmp_path: Path
) -> None:
    before = logits(adapted)
    with adapted.disable_adapter():
        base = logits(adapted)
    save_model(adapted, tokenizer, tmp_path / "out")
    merged, _ = open_model(tmp_path / "out", CPU, torch.float32)
    moved = (before - base).std()
    assert (logits(merged) - before).std() < 0.05 * moved  # bfloat16 keeps 8 bits


def test_the_adapter_lies_beside_the_merged_weights(
    adapted: Any, make_tiny: Callable[..., Any], tokenizer: Any, tmp_path: Path
) -> None:
    from peft import PeftModel

    before = logits(adapted)
    save_model(adapted, tokenizer, tmp_path / "out")
    with quiet():
        again = PeftModel.from_pretrained(make_tiny(), tmp_path / "out" / "adapter")
    assert torch.allclose(logits(again), before, atol=1e-5)


def test_an_adapter_names_its_base_by_id(adapted: Any, tokenizer: Any, tmp_path: Path) -> None:
    save_model(adapted, tokenizer, tmp_path / "out")
    described = json.loads((tmp_path / "out/adapter/adapter_config.json").read_text("utf-8"))
    assert described["base_model_name_or_path"] == "tiny"
    assert described["target_modules"] == sorted(described["target_modules"])


def test_what_lies_on_the_grid_is_not_rounded() -> None:
    values = torch.randn(1000).to(torch.bfloat16).float()
    assert torch.equal(round_to_bf16(values, torch.Generator()).float(), values)


def test_a_value_between_two_is_rounded_to_either_and_right_on_average() -> None:
    value = 1 + 0.25 / 128  # a quarter of a step above 1
    rounded = round_to_bf16(torch.full((500, 40), value), torch.Generator().manual_seed(1)).float()
    assert set(rounded.flatten().tolist()) == {1.0, 1 + 1 / 128}
    assert rounded.mean().item() == pytest.approx(value, abs=0.05 / 128)


def test_negative_values_are_right_on_average_too() -> None:
    value = -(3 + 0.75 / 64)
    rounded = round_to_bf16(torch.full((500, 40), value), torch.Generator().manual_seed(1)).float()
    assert rounded.mean().item() == pytest.approx(value, abs=0.05 / 64)
