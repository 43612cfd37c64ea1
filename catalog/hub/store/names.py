"""Names that repos, refs and files may have on this server; everything else is refused.

What a path and a repo's id may be is said in one place for client and server, `registry.hub.names`;
here stands what only a server has to know.
"""

import re
from collections.abc import Iterable

from registry.hub import names as shared
from registry.hub.names import Refused, fold, is_commit, is_sha256, path, risky

__all__ = [
    "CHECKOUT",
    "MAIN",
    "TYPES",
    "collision",
    "fold",
    "is_checkouts",
    "is_commit",
    "is_pull",
    "is_sha256",
    "path",
    "ref",
    "repo",
    "risky",
    "sha256",
    "storable",
]

TYPES = ("models", "datasets")
MAIN = "refs/heads/main"
CHECKOUT = "registry"
"""The namespace of the checkout's own cards, which nobody but the server writes to."""

_ADDRESSES = """
api benchmarks cards cas compare datasets hub kernels leaderboards lfs lineage mixtures mlflow
models papers plots recipes resolve spaces static table6 v1 xet
"""
_RESERVED_SPACES = frozenset(_ADDRESSES.split())
_PULL = re.compile(r"refs/pr/[1-9][0-9]{0,8}")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)")


def repo(type: str, id: str) -> tuple[str, str]:
    """Return a repo's namespace and name.

    >>> repo("datasets", "team/songs")
    ('team', 'songs')
    """
    if type not in TYPES:
        raise Refused(f"{type!r}: is no type of repo; there are {' and '.join(TYPES)}")
    namespace, name = shared.repo(id)
    if namespace.casefold() in _RESERVED_SPACES:
        raise Refused(f"{id!r}: the namespace {namespace!r} is an address of the server")
    return namespace, name


def ref(text: str) -> str:
    """Return the name of a branch or tag, by git's rules and ours.

    What reads as a commit's id or begins with `refs/` would be ambiguous.

    >>> ref("v1.0")
    'v1.0'
    """
    bad = (
        not 0 < len(text.encode("utf-8", "replace")) <= 250
        or _BAD_REF.search(text)
        or text.startswith((".", "-", "/", "refs/"))
        or text.endswith((".", "/"))
        or text in ("@", "HEAD")
        or not text.isprintable()
        or is_commit(text)
    )
    if bad:
        raise Refused(f"{text[:200]!r}: cannot name a branch or tag; try letters, digits, '-', '.'")
    return text


def is_checkouts(namespace: str) -> bool:
    """Say whether a namespace is the checkout's, or differs from it in case only.

    >>> is_checkouts("Registry")
    True
    """
    return namespace.casefold() == CHECKOUT


def is_pull(text: str) -> bool:
    """Say whether a text is the ref of a pull request."""
    return bool(_PULL.fullmatch(text))


def storable(text: str) -> bool:
    """Say whether every database can hold a text, or look for it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def sha256(text: str) -> str:
    """Return a sha256 in hexadecimal, refusing everything else; disk paths are made of it."""
    if not is_sha256(text):
        raise Refused(f"{text[:80]!r}: is no sha256; write 64 hexadecimal digits in lower case")
    return text


def collision(wanted: Iterable[str], there: Iterable[str]) -> tuple[str, str] | None:
    """Return one of the wanted names with another in the same folder that looks the same to some.

    >>> collision(["b", "A"], ["A", "a", "b"])
    ('A', 'a')
    """
    spelt: dict[str, list[str]] = {}
    for name in there:
        spelt.setdefault(fold(name), []).append(name)
    for name in wanted:
        for other in spelt.get(fold(name), ()):
            if other != name:
                return name, other
    return None
