"""What the server is told from outside, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = "TUNEDECK_ROOT"
HOSTS = "TUNEDECK_HOSTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the cards are, where MLflow is, and by which names the server may be called.

    `mlflow` is the path that MLflow answers under, None where there is no MLflow. `hosts` adds to
    this machine's own names; a public server needs its name here. One part in `patience` of the
    time goes into looking whether cards have changed; 0 looks before every answer.
    """

    root: Path
    mlflow: str | None = None
    hosts: tuple[str, ...] = ()
    max_body: int = 1 << 20
    patience: float = 20.0


def from_environment(environment: Mapping[str, str], *, mlflow: str | None = None) -> Settings:
    """Read `TUNEDECK_ROOT` (default: here) and `TUNEDECK_HOSTS` (names, separated by commas)."""
    hosts = environment.get(HOSTS, "").split(",")
    return Settings(
        root=Path(environment.get(ROOT) or "."),
        mlflow=mlflow,
        hosts=tuple(host.strip().lower() for host in hosts if host.strip()),
    )
