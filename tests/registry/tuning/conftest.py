from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from registry.canonical import Row
from tests.registry.tuning.runs import Run


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def run(tiny_folder: Path, tmp_path: Path, make_rows: Callable[..., list[Row]]) -> Run:
    return Run(tiny_folder, tmp_path / "run", make_rows(24))


@pytest.fixture
def other(tiny_folder: Path, tmp_path: Path, make_rows: Callable[..., list[Row]]) -> Run:
    return Run(tiny_folder, tmp_path / "other", make_rows(24))
