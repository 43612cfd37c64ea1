"""Files of a model hub: `hub:datasets/OWNER/NAME@COMMIT:PATH`, `hub:models/…`, by its own client.

The hub is the one that HF_ENDPOINT names.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from registry.archives import inside
from registry.errors import Offline, RegistryError
from registry.sources.wanted import Wanted, fits, told

ADDRESS = re.compile(r"(model|dataset)s/([^/@\s]+/[^/@\s]+)@([0-9a-f]{40}):(\S+)")
ENDPOINT = "https://huggingface.co"


def bring(wanted: Wanted) -> Path:
    """Download a file at a pinned commit.

    The client's shared cache does not know which hub a file came from, so it is not looked at.
    """
    try:
        import huggingface_hub
    except ImportError:
        raise RegistryError("needs huggingface-hub; run `pip install huggingface-hub`") from None
    found = ADDRESS.fullmatch(wanted.address)
    if not found:
        raise RegistryError("is no address on a hub; write datasets/OWNER/NAME@COMMIT:PATH")
    kind, repository, commit, path = found.groups()
    folder = wanted.scratch / "hub"
    inside(folder, path)
    asked: dict[str, Any] = {
        "repo_id": repository,
        "filename": path,
        "repo_type": kind,
        "revision": commit,
        "local_dir": folder / repository / commit,
        "cache_dir": wanted.scratch / "hub-cache",
        "tqdm_class": bar(wanted.progress),
    }
    endpoint = os.environ.get("HF_ENDPOINT") or ENDPOINT
    api = huggingface_hub.HfApi(endpoint=endpoint)
    try:
        place = huggingface_hub.hf_hub_url(
            repository, path, repo_type=kind, revision=commit, endpoint=endpoint
        )
        # Asked once: the download itself would ask an unreachable hub for 24 seconds.
        fits(api.get_hf_file_metadata(url=place).size or 0, wanted.file)
        return Path(api.hf_hub_download(**asked))
    except failures() as error:
        raise plainly(error, endpoint) from error


def failures() -> tuple[type[Exception], ...]:
    """Return what the client raises about hubs and networks, and not about disks."""
    from huggingface_hub import errors

    asked = (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, errors.FileMetadataError)
    of_its_http_library = errors.HfHubHTTPError.__mro__[1]
    of_xet = RuntimeError
    network = (ConnectionError, TimeoutError, of_its_http_library, of_xet)
    return (*asked, *network, errors.HFValidationError)


@cache
def bar(progress: bool) -> type[Any]:
    """Return the client's own bar, shown or not as the caller says; each class has a thread."""
    from huggingface_hub.utils.tqdm import tqdm

    def begin(self: Any, *args: Any, **settings: Any) -> None:
        start: Any = tqdm.__init__
        start(self, *args, **settings | {"disable": not progress, "leave": False})

    return type("Bar", (tqdm,), {"__init__": begin})


def plainly(error: Exception, endpoint: str) -> RegistryError:
    """Return what the client raised in words for people."""
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    log_in = "check the name, or log in with `hf auth login`"
    known: tuple[tuple[type[Exception], str], ...] = (
        (errors.GatedRepoError, f"asks who you are; accept its terms at {endpoint} and log in"),
        (errors.RepositoryNotFoundError, f"{endpoint} shows no such repository; {log_in}"),
        (errors.RevisionNotFoundError, f"{endpoint} has no such commit; check it"),
        (errors.RemoteEntryNotFoundError, "no such file is at that commit; check the path"),
        (errors.HFValidationError, "is no name of a repository; write OWNER/NAME"),
        (errors.FileMetadataError, f"{endpoint} does not answer like a hub; check HF_ENDPOINT"),
    )
    for kind, message in known:
        if isinstance(error, kind):
            return RegistryError(message)
    if isinstance(error, errors.HfHubHTTPError):
        return RegistryError(f"{endpoint} answers {error.response.status_code}; try again later")
    if isinstance(error, RuntimeError):
        return RegistryError(f"{told(str(error))}; try again")
    return Offline(told(str(error)) or type(error).__name__)
