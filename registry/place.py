"""Where the stages work, and what of this machine they may use."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.cards.nodes import parse
from registry.errors import RegistryError


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the stages work, and what of this machine they may use."""

    root: Path
    mirror: Path | None = None
    device: str = "auto"
    tracking_uri: str = "sqlite:///mlflow.db"
    processes: int = field(default_factory=cores)
    progress: bool = field(default_factory=lambda: sys.stderr.isatty())

    def native(self, id: str) -> Path:
        """Fetched files of a card."""
        return self.root / "data" / "native" / id

    def canonical(self, id: str) -> Path:
        """The canonical tables of a dataset or benchmark."""
        return self.root / "data" / "canonical" / id

    def mixture(self, id: str) -> Path:
        """The tables of a mixture."""
        return self.root / "data" / "mixtures" / id

    def model(self, id: str) -> Path:
        """A model's folder."""
        return self.root / "models" / id

    def checkpoints(self, id: str) -> Path:
        """What a killed tuning resumes from."""
        return self.root / "checkpoints" / id

    def answers(self, model: str, benchmark: str) -> Path:
        """A model's raw answers to a benchmark."""
        return self.root / "data" / "answers" / model / f"{benchmark}.jsonl"

    def tried(self, model: str, benchmark: str) -> Path:
        """A model's raw answers to a benchmark that its card does not name.

        They lie beside the folder of the pipeline's answers, which is a stage's whole output.
        """
        return self.root / "data" / "answers" / f"{model}+{benchmark}.jsonl"

    def losses(self, id: str) -> Path:
        """The learning curve of a tuned model."""
        return self.root / "reports" / "tune" / f"{id}.loss.csv"

    def shown(self, id: str) -> Path:
        """The first sequences that a tuned model was trained on."""
        return self.root / "reports" / "tune" / f"{id}.samples.jsonl"


def here(root: Path = Path()) -> Place:
    """Return the place described by `params.yaml` and the environment, which comes first."""
    given = said(root)
    mirror = os.environ.get("TUNEDECK_MIRROR") or given.get("mirror")
    return Place(
        root=root,
        mirror=Path(mirror).expanduser() if mirror else None,
        device=os.environ.get("TUNEDECK_DEVICE") or given.get("device") or "auto",
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI")
        or given.get("tracking_uri")
        or "sqlite:///mlflow.db",
    )


def said(root: Path) -> dict[str, Any]:
    """Read what `params.yaml` says: what the main job runs over, and of this machine."""
    path = root / "params.yaml"
    if not path.is_file():
        return {}
    problems: list[str] = []
    node = parse(
        path.read_text(encoding="utf-8"),
        lambda line, field, said: problems.append(f"{path}:{line}: {field}: {said}"),
    )
    if problems:
        raise RegistryError("\n".join(problems))
    found = node.plain() if node else {}
    return found if isinstance(found, dict) else {}


def stage_of(root: Path, id: str) -> str:
    """Return what `dvc repro` takes to tune a model: the main job's stages need no file."""
    main = said(root).get("tuned")
    if main is None or id in main:
        return f"tune@{id}"
    earning = said(root / "recipes").get("earning") or {}
    return f"recipes/dvc.yaml:{'earn' if id in earning else 'tune'}@{id}"
