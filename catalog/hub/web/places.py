"""Addresses of a repo's pages, quoted so that any name of a file or branch is one of them."""

from urllib.parse import quote

from catalog.hub.store.repos import Repo


def home(repo: Repo) -> str:
    """Return the address of a repo's page."""
    return f"/datasets/{repo.id}" if repo.type == "datasets" else f"/{repo.id}"


def at(repo: Repo, word: str, revision: str, path: str = "") -> str:
    """Return the address of a page at a revision: `word` is tree, blob, resolve, commits, commit.

    >>> at(Repo(key=1, type="models", namespace="a", name="m", private=False, risky=False,
    ...     gated=False, author="", created=0, changed=0, head=""), "blob", "refs/pr/1", "a b/#1?")
    '/a/m/blob/refs%2Fpr%2F1/a%20b/%231%3F'
    """
    return f"{home(repo)}/{word}/{quote(revision, safe='')}" + (path and f"/{quote(path)}")


def talk(repo: Repo, number: int) -> str:
    """Return the address of a discussion."""
    return f"{home(repo)}/discussions/{number}"
