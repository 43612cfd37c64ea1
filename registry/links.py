"""Addresses outside: where a card's homes and origins can be looked at and fetched from."""

import re
from urllib.parse import quote, urlsplit

_HUB_FILE = re.compile(r"hub:(models|datasets)/([^/@\s]+/[^/@\s]+)@([0-9a-f]{40}):(\S+)")
_GITHUB_FILE = re.compile(
    r"git:https://github\.com/([^/@\s]+/[^/@\s]+?)(?:\.git)?@([0-9a-f]{40}):(.+)"
)
_HUB = "https://huggingface.co/"


def outside(home: str, kind: str = "") -> str | None:
    """Return the address of a home, or None where the text is not safely an address.

    >>> outside("github:openai/evals"), outside("hub:yahma/alpaca-cleaned", "dataset")
    ('https://github.com/openai/evals', 'https://huggingface.co/datasets/yahma/alpaca-cleaned')
    >>> outside("hub:models/openai/clip", "model")
    'https://huggingface.co/openai/clip'
    >>> outside("javascript:alert(1)") is None
    True
    """
    place, _, name = home.partition(":")
    if place == "github":
        return f"https://github.com/{quote(name)}"
    if place == "hub":
        is_said = name.startswith(("models/", "datasets/", "spaces/"))
        path = name if is_said or kind == "model" else f"datasets/{name}"
        return _HUB + quote(path.removeprefix("models/"))
    return home if _is_web(home) else None


def origin(text: str) -> str | None:
    """Return the page that shows where a native file comes from, if there is one.

    >>> origin("pypi:evals==3.0.1.post1")
    'https://pypi.org/project/evals/3.0.1.post1/'
    """
    place, _, rest = text.partition(":")
    if place == "pypi":
        name, _, version = rest.partition("==")
        return f"https://pypi.org/project/{quote(name)}/{quote(version)}/"
    if found := _HUB_FILE.fullmatch(text):
        folder, repo, commit, path = found.groups()
        return f"{_HUB}{'datasets/' * (folder == 'datasets')}{repo}/blob/{commit}/{quote(path)}"
    if place == "url":
        return rest if _is_web(rest) else None
    return None


def download(text: str) -> str | None:
    """Return the address of a native file's bytes, if its origin has one.

    >>> download(f"git:https://github.com/o/n@{'0' * 40}:data/a b.json")
    'https://raw.githubusercontent.com/o/n/0000000000000000000000000000000000000000/data/a%20b.json'
    >>> download("pypi:evals==3.0.1.post1") is None
    True
    """
    if found := _HUB_FILE.fullmatch(text):
        folder, repo, commit, path = found.groups()
        return f"{_HUB}{'datasets/' * (folder == 'datasets')}{repo}/resolve/{commit}/{quote(path)}"
    if found := _GITHUB_FILE.fullmatch(text):
        repo, commit, path = found.groups()
        return f"https://raw.githubusercontent.com/{repo}/{commit}/{quote(path)}"
    place, _, rest = text.partition(":")
    return rest if place == "url" and _is_web(rest) else None


def arxiv(id: str) -> str:
    """Return the address of an arXiv paper."""
    return f"https://arxiv.org/abs/{quote(id)}"


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
