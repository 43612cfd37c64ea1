"""An MLflow whose tables are made once, and one that holds the chain of reports."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry import Registry, load
from registry.files import write_text
from tests.registry.tracking.made import (
    BIRD,
    CURVE,
    FIRST_SYNC,
    publish,
)


@pytest.fixture(scope="session")
def first_sync(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """MLflow takes seconds to make its tables: made once, by a sync of nothing in a new process."""
    import registry

    folder = tmp_path_factory.mktemp("mlflow")
    (folder / "cards").mkdir()
    words = [sys.executable, "-c", FIRST_SYNC, "sqlite:///empty.db"]
    where = {**os.environ, "PYTHONPATH": str(Path(registry.__file__).parents[1])}
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=where)
    return folder / "empty.db", done


@pytest.fixture
def empty_database(first_sync: tuple[Path, Any]) -> Path:
    return first_sync[0]


@pytest.fixture
def uri(empty_database: Path, tmp_path: Path) -> str:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture
def fresh(empty_database: Path, tmp_path: Path) -> str:
    """A second MLflow, to compare with."""
    shutil.copy(empty_database, tmp_path / "fresh.db")
    return f"sqlite:///{tmp_path}/fresh.db"


@pytest.fixture
def registry(root: Path) -> Registry:
    card = root / "cards/models/nightingale.yaml"
    write_text(card, card.read_text().replace("0" * 64, BIRD))
    write_text(root / "reports/tune/singer.loss.csv", CURVE)
    return load(root)


@pytest.fixture
def published(registry: Registry, empty_database: Path) -> str:
    """An MLflow that holds the chain; for tests that only look, which share it."""
    path = empty_database.with_name("published.db")
    if not path.exists():
        shutil.copy(empty_database, path)
        publish(registry, f"sqlite:///{path}")
    return f"sqlite:///{path}"
