"""The floors of ARCHITECTURE.md hold, and what should be light is light."""

import subprocess
import sys

HEAVY = (
    "torch",
    "transformers",
    "mlflow",
    "dvc",
    "datasets",
    "huggingface_hub",
    "pyarrow",
    "numpy",
)


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as l; l()"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_help_loads_nothing_heavy() -> None:
    assert not _loaded("from registry import cli") & set(HEAVY)


def test_cards_and_lineage_load_nothing_heavy() -> None:
    code = "from registry import index, lineage, overview, query, reports"
    assert not _loaded(code) & {*HEAVY, "click"}


def test_making_columns_does_not_load_pandas() -> None:
    code = (
        "from registry.canonical import Row, to_dict, record_batch, Message\n"
        "row = Row(id='a', dataset='b', task='', split='train', messages=(Message('user', 'x'),))\n"
        "record_batch([to_dict(row)] * 3)"
    )
    assert not _loaded(code) & {"pandas"}


def test_the_data_floors_load_no_model_library() -> None:
    code = "from registry import convert, mixtures, sources"
    assert not _loaded(code) & {"torch", "transformers", "mlflow", "dvc", "huggingface_hub"}
