import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch

from registry.canonical import Row
from registry.files import write_json
from registry.reward_model import open_judge

ANSWERS = ("la", "", "a much longer song", "lo", "la la")


@pytest.mark.parametrize("padded", [True, False])
def test_what_a_judge_says_of_an_answer_does_not_depend_on_its_company(
    tiny_folder: Path,
    tmp_path: Path,
    tokenizer: Any,
    make_rows: Callable[..., list[Row]],
    padded: bool,
) -> None:
    folder = copytree(tiny_folder, tmp_path / "judge")
    config = json.loads((folder / "config.json").read_text())
    write_json(
        folder / "config.json", config | {"architectures": ["LlamaForSequenceClassification"]}
    )
    if not padded:  # no token is left to pad with: the end token has to be read
        bare = type(tokenizer).from_pretrained(folder)
        bare.unk_token = bare.pad_token = None
        bare.save_pretrained(folder)
    torch.manual_seed(1)
    says = open_judge(folder, device="cpu", precision="fp32")
    rows = make_rows(5)
    together = says(rows, ANSWERS)
    alone = [
        says([replace(row, references=())], [said])[0]
        for row, said in zip(rows, ANSWERS, strict=True)
    ]
    assert together == pytest.approx(alone, abs=1e-5)
    assert len(set(together)) == 5
