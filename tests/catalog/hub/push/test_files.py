"""Data and weights that go along with a card, and come back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from registry import reports
from registry.canonical import Message, Row, write_rows
from registry.hashing import hash_file
from registry.reports import Report
from tests.catalog.hub.push.checkouts import Checkout, front


@pytest.fixture(params=["xet", "lfs"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
    return str(request.param)


def table(root: Path, count: int = 300) -> Path:
    """Convert songs: write their table and its report."""
    path = root / "data/canonical/songs/train.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        Row(
            id=f"songs:{number}",
            dataset="songs",
            task="sing",
            split="train",
            messages=(Message("user", f"Sing {number}."),),
            references=("la " * (number % 7),),
        )
        for number in range(count)
    ]
    write_rows(path, rows)
    made = reports.artefact(root, path, rows=count)
    reports.write(root, Report(stage="convert", id="songs", outputs=(made,)))
    return path


def test_data_goes_along_and_comes_back_the_same(
    here: Checkout, fresh: Callable[..., Checkout], name: str, way: str
) -> None:
    path = table(here.root)
    here.run("push", "songs", "--repo", name, "--with-data")
    assert "nothing to push" in here.run("push", "songs", "--with-data").stdout
    assert "nothing to push" in here.run("push", "songs").stdout
    assert front(here.hub, name)["configs"][0]["data_files"][0]["path"] == "data/train.parquet"
    (entry,) = here.hub.api().get_paths_info(name, "data/train.parquet", repo_type="dataset")
    assert entry.lfs.sha256 == hash_file(path).sha256
    other = fresh("datasets/songs")
    done = other.told("pull", name, "--with-data")
    assert done["files"] == ["data/train.parquet"]
    brought = other.root / path.relative_to(here.root)
    assert hash_file(brought) == hash_file(path)
    table(here.root, 301)
    here.run("push", "songs", "--with-data")
    other.run("pull", name, "--with-data")
    assert hash_file(brought) == hash_file(path)


def weights(root: Path) -> Any:
    """Tune the singer: write its model's folder and its report; return the model."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 32}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "num_hidden_layers": 1}
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, max_position_embeddings=32))
    folder = root / "models/singer"
    model.save_pretrained(folder)
    (folder / "training.py").write_text("raise SystemExit")
    made = reports.artefact(root, folder / "model.safetensors")
    reports.write(root, Report(stage="tune", id="singer", outputs=(made,)))
    return model


def test_weights_go_along_and_load_where_they_come_back(
    here: Checkout, fresh: Callable[..., Checkout], name: str, way: str
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = weights(here.root)
    done = here.told("push", "singer", "--repo", name, "--with-weights")
    assert done["left_out"] == ["training.py"]
    assert here.hub.api().model_info(name).pipeline_tag == "text-generation"
    found = here.hub.api().get_safetensors_metadata(name)
    assert sum(found.parameter_count.values()) == model.num_parameters()
    assert "nothing to push" in here.run("push", "singer", "--with-weights").stdout
    other = fresh("models/singer")
    other.run("pull", name, "--with-weights")
    loaded = AutoModelForCausalLM.from_pretrained(other.root / "models/singer")
    for key, value in model.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[key]), key


def test_weights_that_may_run_code_are_refused_by_the_server_too(here: Checkout, name: str) -> None:
    weights(here.root)
    refused = here.run("push", "singer", "--repo", name, "--with-weights", "--risky", code=1)
    assert "training.py" in refused.output
    assert "run code" in refused.output
    assert here.hub.api().list_repo_files(name) == []
