"""A hub from the client's side: what a repo holds, and single files of it.

Nothing that a hub says is believed: names are checked before they become paths, sizes are capped
while bytes come in, and hashes are made of the bytes. The client's own cache is not used, because
it makes file names of what a server sends in headers, and does not know which hub a file is from.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from registry.cards.cache import FOLDER
from registry.errors import RegistryError
from registry.files import whole
from registry.hashing import FileHash, hash_file
from registry.hub import names
from registry.hub.merge import CARD
from registry.hub.vocabulary import PUBLIC
from registry.sources.hub import bar, failures, plainly

README = "README.md"
MAX_PAGE = 8 << 20
MAX_CARD = 1 << 20
MAX_FILES = 100_000
MAX_FILE = 50 << 30

TYPES = {"models": "model", "datasets": "dataset"}


@dataclass(frozen=True, slots=True)
class Hub:
    """An endpoint and the token that belongs to it; the token is shown nowhere."""

    endpoint: str
    token: str | None = field(default=None, repr=False)
    logged_in: bool = False

    def address(self, type: str, id: str) -> str:
        """Return the address of a repo."""
        return f"{self.endpoint}/{'datasets/' * (type == 'datasets')}{id}"

    def said_by(self, type: str, id: str) -> str:
        """Return how claims name a repo: a home."""
        return f"hub:{type}/{id}" if self.endpoint == PUBLIC else self.address(type, id)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a repo as the hub lists it: git's sha1, and a sha256 where it is a large one."""

    size: int
    oid: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A repo at a commit: its files, and the two that decide."""

    commit: str
    files: Mapping[str, Entry]
    readme: bytes | None = None
    card: bytes | None = None


def endpoint(said: str | None, environ: Mapping[str, str]) -> str:
    """Return the address of a hub; `hub` is the one that HF_ENDPOINT names, or the public one.

    >>> endpoint("hub", {}), endpoint("http://127.0.0.1:5000/", {})
    ('https://huggingface.co', 'http://127.0.0.1:5000')
    """
    if said in (None, "", "hub"):
        said = environ.get("HF_ENDPOINT") or PUBLIC
    address = str(said).strip().rstrip("/")
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
        parts = urlsplit("")
    if not fits or parts.username or parts.query or parts.fragment or re.search(r"\s", address):
        raise RegistryError(f"{said}: is no address of a hub; write hub, or https://HOST")
    return address.replace(
        f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{parts.netloc.casefold()}", 1
    )


def variable(endpoint: str) -> str:
    """Return the environment variable that holds the token of a hub.

    >>> variable("http://127.0.0.1:5000"), variable("https://hub.example.org")
    ('TUNEDECK_TOKEN_127_0_0_1_5000', 'TUNEDECK_TOKEN_HUB_EXAMPLE_ORG')
    """
    return "TUNEDECK_TOKEN_" + re.sub(r"[^A-Z0-9]+", "_", urlsplit(endpoint).netloc.upper())


def connect(said: str | None, environ: Mapping[str, str]) -> Hub:
    """Return a hub with its own token and nobody else's.

    HF_TOKEN belongs to the endpoint that HF_ENDPOINT names, or else to the public hub; so does the
    token that `hf auth login` keeps.
    """
    address = endpoint(said, environ)
    own = environ.get(variable(address))
    if own:
        return Hub(address, own)
    token = environ.get("HF_TOKEN") or environ.get("HUGGING_FACE_HUB_TOKEN")
    if token:
        return Hub(address, token if endpoint("hub", environ) == address else None)
    return Hub(address, None, logged_in=address == PUBLIC)


def api(hub: Hub) -> Any:
    """Return a client of a hub; without a token of its own it sends none."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.endpoint, token=credential(hub), library_name="tunedeck")


def credential(hub: Hub) -> str | bool:
    """Return the token to send: True is the one that the client keeps itself, False is none."""
    if hub.token:
        return hub.token
    if hub.logged_in:
        from huggingface_hub import get_token

        return bool(get_token())
    return False


def split_repo(said: str) -> tuple[str | None, str]:
    """Return the type and id of `datasets/NS/NAME`, `models/NS/NAME` or `NS/NAME`.

    >>> split_repo("datasets/team/songs"), split_repo("team/songs")
    (('datasets', 'team/songs'), (None, 'team/songs'))
    """
    type, _, id = said.partition("/")
    found = (type, id) if type in TYPES and "/" in id else (None, said)
    names.repo(found[1])
    return found


def read(hub: Hub, root: Path, type: str, id: str) -> Remote | None:
    """Return what a repo holds now, or None where there is no such repo."""
    commit = head(hub, type, id)
    if commit is None:
        return None
    files = listing(hub, type, id, commit)
    return Remote(
        commit=commit,
        files=files,
        readme=_small(hub, root, type, id, commit, README, files, MAX_PAGE),
        card=_small(hub, root, type, id, commit, CARD, files, MAX_CARD),
    )


def head(hub: Hub, type: str, id: str) -> str | None:
    """Return the newest commit of a repo, or None where there is no such repo."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    with told(hub, type, id):
        try:
            sha = api(hub).repo_info(id, repo_type=TYPES[type], timeout=30).sha
        except GatedRepoError:
            raise
        except RepositoryNotFoundError:
            return None
    if not isinstance(sha, str) or not names.is_commit(sha):
        raise RegistryError(f"{hub.address(type, id)}: names no commit; is this a hub?")
    return sha


def listing(hub: Hub, type: str, id: str, commit: str) -> dict[str, Entry]:
    """Return the files of a repo; names are as the hub says, and to be checked before use."""
    found: dict[str, Entry] = {}
    with told(hub, type, id):
        for one in api(hub).list_repo_tree(
            id, repo_type=TYPES[type], revision=commit, recursive=True
        ):
            if hasattr(one, "blob_id"):
                large = getattr(one, "lfs", None)
                sha256 = getattr(large, "sha256", None)
                found[one.path] = Entry(int(one.size), str(one.blob_id), sha256)
            if len(found) > MAX_FILES:
                raise RegistryError(
                    f"{hub.address(type, id)}: lists more than {MAX_FILES:,} files; it is no repo"
                    " that this command can read"
                )
    return found


def _small(
    hub: Hub,
    root: Path,
    type: str,
    id: str,
    commit: str,
    path: str,
    files: Mapping[str, Entry],
    most: int,
) -> bytes | None:
    if path not in files:
        return None
    kept = place(root, hub.endpoint, type, id, commit, path)
    if not kept.is_file():
        fetch(hub, type, id, commit, path, kept, most)
    return kept.read_bytes()


def place(root: Path, endpoint: str, type: str, id: str, commit: str, path: str) -> Path:
    """Return where a small file of a repo is kept: apart by hub, so that no two are mixed up."""
    if type not in TYPES or not names.is_commit(commit):
        raise RegistryError(f"{type}/{id}@{commit}: is no commit of a repo")
    namespace, name = names.repo(id)
    address = re.sub(r"[^a-z0-9.-]+", "_", urlsplit(endpoint).netloc)
    folder = f"{address}-{hashlib.sha256(endpoint.encode()).hexdigest()[:8]}"
    return root / FOLDER / "hub" / folder / type / namespace / name / commit / names.path(path)


def fetch(
    hub: Hub, type: str, id: str, commit: str, path: str, target: Path, most: int
) -> FileHash:
    """Download a file of a repo to exactly `target`, at most so many bytes; return its hash."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    names.path(path)
    url = hf_hub_url(id, path, repo_type=TYPES[type], revision=commit, endpoint=hub.endpoint)
    headers = build_hf_headers(token=credential(hub), library_name="tunedeck")
    headers["Accept-Encoding"] = "identity"
    with whole(target) as temporary:
        with told(hub, type, id, path), _Bounded(temporary, most, f"{id}: {path}") as stream:
            http_get(url, stream, headers=headers, tqdm_class=bar(progress=False))
        return hash_file(temporary)


class _Bounded(FileIO):
    """A file that refuses to grow beyond a size, whatever a server sends."""

    def __init__(self, path: Path, most: int, name: str) -> None:
        super().__init__(path, "wb")
        self._most, self._name = most, name

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._most:
            raise RegistryError(f"{self._name}: is larger than {self._most:,} bytes; not taken")
        return super().write(data)


@contextmanager
def told(hub: Hub, type: str, id: str, path: str = "") -> Iterator[None]:
    """Say plainly what a hub refuses, with the repo in front; never with the token."""
    where = hub.address(type, id) + (f": {path}" if path else "")
    try:
        yield
    except RegistryError:
        raise
    except failures() as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403):
            advice = f"set {variable(hub.endpoint)} to a token that may do this"
            raise RegistryError(f"{where}: refused ({status}); {advice}") from error
        said = str(plainly(error, hub.endpoint))
        message = str(getattr(error, "server_message", "") or "").strip()
        more = f" ({message[:300]})" if message and message not in said else ""
        raise RegistryError(f"{where}: {said}{more}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # A file that no disk takes, or an answer that no hub would give.
        said = f"{error.__class__.__name__}: {str(error)[:300]}"
        raise RegistryError(f"{where}: does not answer like a hub ({said})") from error
