"""What the store says when it cannot do what it was asked; the API gives each its status."""

from registry.errors import RegistryError
from registry.hub.names import Refused as Refused  # what the store never takes, no client does


class StoreError(RegistryError):
    """The store cannot do it; the message says what is so and what to do."""


class NoRepo(StoreError):
    """There is no such repo, or none that the caller may know of."""


class NoRevision(StoreError):
    """The repo has no such branch, tag or commit."""


class NoEntry(StoreError):
    """The commit has no such file or folder."""


class NoPull(StoreError):
    """The repo has no such pull request or discussion."""


class NoBlob(StoreError):
    """The store has no such bytes."""


class Denied(NoBlob):
    """The caller may not name these bytes; whether they are there is not said."""


class NoToken(StoreError):
    """The token is unknown, has expired or was revoked; which of them is not said."""


class RepoExists(StoreError):
    """There is a repo of this name, or of one that differs in case only."""


class RefExists(StoreError):
    """There is a branch or tag of this name."""


class Moved(StoreError):
    """The head is not the commit that the caller built on; `head` is what it is."""

    def __init__(self, message: str, head: str) -> None:
        self.head = head
        super().__init__(message)


class Conflict(StoreError):
    """Both sides changed the same `paths`."""

    def __init__(self, message: str, paths: tuple[str, ...] = ()) -> None:
        self.paths = paths
        super().__init__(message)


class Damaged(StoreError):
    """What the store kept is not what was put in; `catalog fsck` says more."""
