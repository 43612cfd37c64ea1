"""How to reach MLflow: quietly, and with one clear sentence when it is not there."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from registry.errors import RegistryError

if TYPE_CHECKING:
    from mlflow import MlflowClient

SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https")
PATIENCE = 5.0
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # By default a dead server is called 7 times, which takes 4 minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def shown(uri: str) -> str:
    """Return a tracking URI without the password in it.

    >>> shown("postgresql://me:se/cr@t@host/mlflow")
    'postgresql://me:***@host/mlflow'
    >>> shown("postgresql://host/mlflow?user=me&password=secret")
    'postgresql://host/mlflow?user=me&password=***'
    """
    before_host = re.sub(r"://([^/@:]*):.*@", r"://\1:***@", uri)
    return re.sub(r"((?:^|[?&])password=)[^&]*", r"\1***", before_host)


def placed(uri: str, root: Path) -> str:
    """Return a tracking URI that means the same from anywhere: a relative SQLite lies under `root`.

    >>> placed("sqlite:///mlflow.db", Path("/cards")), placed("http://host/mlflow", Path("/cards"))
    ('sqlite:////cards/mlflow.db', 'http://host/mlflow')
    """
    scheme, _, path = uri.partition(":///")
    if scheme.partition("+")[0] != "sqlite" or path.startswith("/") or not path:
        return uri
    return f"{scheme}:///{root.resolve() / path}"


def answering(uri: str) -> None:
    """Say in one sentence, without the password, that a database is not to be reached, if so.

    An SQLite file needs no server and is made when it is missing.
    """
    _check(uri)
    if not _is_network(uri):
        return
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    try:
        engine = create_engine(uri, connect_args=_hurried(uri))
        with engine.connect():
            pass
    except SQLAlchemyError as error:
        raise RegistryError(
            f"{shown(uri)}: does not answer ({_first_line(error)}); start the database, or correct "
            "the address"
        ) from error
    engine.dispose()


def _not_installed(error: ModuleNotFoundError) -> RegistryError:
    said = f"{error.name} is not installed; pip install 'tunedeck[track]'"
    return RegistryError(f"MLflow: {said}")


def _is_network(uri: str) -> bool:
    return _scheme(uri) not in ("sqlite", "http", "https")


def _hurried(uri: str) -> dict[str, int]:
    """Return what makes a driver give up in seconds; libpq would wait for minutes."""
    return {"connect_timeout": int(PATIENCE)} if _scheme(uri) == "postgresql" else {}


def _scheme(uri: str) -> str:
    return uri.partition(":")[0].partition("+")[0]


@contextmanager
def reach(uri: str) -> Iterator["MlflowClient"]:
    """Give a client of the MLflow at `uri`; what MLflow refuses becomes a `RegistryError`."""
    _check(uri)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError as error:
        raise _not_installed(error) from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield MlflowClient(tracking_uri=uri, registry_uri=uri)
    except (MlflowException, SQLAlchemyError) as error:
        raise RegistryError(
            f"MLflow at {shown(uri)}: {_first_line(error)}; nothing of the registry is lost: "
            "put that right and publish again"
        ) from error


def _check(uri: str) -> None:
    scheme = _scheme(uri)
    if scheme not in SCHEMES:
        raise RegistryError(
            f"MLflow at '{shown(uri)}': is neither a database nor a server; "
            "write sqlite:///mlflow.db or http://HOST:PORT/mlflow"
        )
    if uri.startswith(("postgresql:", "postgresql+psycopg:")) and find_spec("psycopg") is None:
        raise RegistryError(
            f"{shown(uri)}: psycopg is not installed; pip install 'tunedeck[postgres]'"
        )
    if scheme in ("http", "https"):
        _check_health(uri)


def _check_health(uri: str) -> None:
    try:
        with urlopen(Request(f"{uri.rstrip('/')}/health"), timeout=PATIENCE) as answer:
            said = answer.read(16)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise RegistryError(
            f"MLflow at {shown(uri)}: does not answer ({reason}); start the server, "
            "or set MLFLOW_TRACKING_URI=sqlite:///mlflow.db"
        ) from error
    if said.strip() != b"OK":
        raise RegistryError(
            f"MLflow at {shown(uri)}: what answers there is no MLflow; check the port and the path"
        )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def experiment(client: "MlflowClient", name: str) -> str:
    """Return the id of an experiment, made if it is not there, restored if it was deleted.

    Its artefacts live with whichever server opens the database, never in a folder of this machine.
    """
    found = client.get_experiment_by_name(name)
    if found is None:
        place = f"mlflow-artifacts:/{name}"
        kind = {"mlflow.experimentKind": "custom_model_development"}
        return str(client.create_experiment(name, artifact_location=place, tags=kind))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)
