"""What the server is told from outside, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = "TUNEDECK_ROOT"
HOSTS = "TUNEDECK_HOSTS"
HUB = "TUNEDECK_HUB"
PUBLIC_URL = "TUNEDECK_PUBLIC_URL"
HUB_STORE = "TUNEDECK_HUB_STORE"
HUB_BLOBS = "TUNEDECK_HUB_BLOBS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the cards are, where MLflow is, and by which names the server may be called.

    `mlflow` is the path that MLflow answers under, None where there is no MLflow. `hosts` adds to
    this machine's own names; a public server needs its name here. One part in `patience` of the
    time goes into looking whether cards have changed; 0 looks before every answer.

    `hub` says whether the Hub's API is served too. `hub_store` is a PostgreSQL's URL and
    `hub_blobs` an `s3://bucket/prefix`, None for files under `root/hub`. `public_url` is what
    clients call this server by where a proxy stands before it.
    """

    root: Path
    mlflow: str | None = None
    hosts: tuple[str, ...] = ()
    max_body: int = 1 << 20
    patience: float = 20.0
    hub: bool = False
    hub_store: str | None = None
    hub_blobs: str | None = None
    public_url: str | None = None


def from_environment(environment: Mapping[str, str], *, mlflow: str | None = None) -> Settings:
    """Read the variables: the root (default: here), hosts separated by commas, and the Hub's."""
    hosts = environment.get(HOSTS, "").split(",")
    return Settings(
        root=Path(environment.get(ROOT) or "."),
        mlflow=mlflow,
        hosts=tuple(host.strip().lower() for host in hosts if host.strip()),
        hub=environment.get(HUB, "") not in ("", "0"),
        hub_store=environment.get(HUB_STORE) or None,
        hub_blobs=environment.get(HUB_BLOBS) or None,
        public_url=environment.get(PUBLIC_URL, "").rstrip("/") or None,
    )
