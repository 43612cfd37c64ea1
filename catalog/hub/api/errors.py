"""The Hub's one shape of errors: a status, two headers and `{"error": …}`."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from catalog.hub.store import errors as store

REPO = "RepoNotFound"
REVISION = "RevisionNotFound"
ENTRY = "EntryNotFound"


class Refused(Exception):
    """A request is not answered as asked.

    `code` is what the clients make their exceptions of (X-Error-Code); `extra` adds fields to the
    body and `headers` to the head.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


def no_repo() -> Refused:
    """Return what is said of a repo that is not there, and of one that must not be seen."""
    return Refused(404, "there is no such repo, or it is private and not yours to read", REPO)


def no_revision(revision: str) -> Refused:
    """Return what is said of a branch, tag or commit that is not there."""
    return Refused(404, f"revision {revision!r}: is not in this repo", REVISION)


def no_entry(path: str, commit: str) -> Refused:
    """Return what is said of a path that is not there; with the commit, clients remember it."""
    return Refused(
        404,
        f"{path!r}: is not in this repo at {commit}",
        ENTRY,
        headers={"x-repo-commit": commit},
    )


STATUS: Mapping[type[Exception], tuple[int, str | None]] = {
    store.NoRepo: (404, REPO),
    store.NoRevision: (404, REVISION),
    store.NoEntry: (404, ENTRY),
    store.NoPull: (404, None),
    store.NoBlob: (400, None),
    store.Denied: (400, None),
    store.NoToken: (401, None),
    store.RepoExists: (409, None),
    store.RefExists: (409, None),
    store.Moved: (412, None),
    store.Conflict: (409, None),
    store.Damaged: (500, None),
    store.Refused: (400, None),
}
"""What each error of the store is over HTTP. Bytes that nobody has or that the caller may not name
are the fault of a commit that names them, so they are no 404."""


def translated(error: Exception) -> Refused:
    """Return the refusal that an error stands for."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, store.NoRepo):
        return no_repo()
    status, code = STATUS.get(type(error), (400, None))
    extra: dict[str, Any] = {"head": error.head} if isinstance(error, store.Moved) else {}
    if isinstance(error, store.Conflict):
        extra = {"paths": list(error.paths)}
    return Refused(status, str(error), code, extra=extra)


def response(refused: Refused) -> Response:
    """Return the answer for a refusal."""
    headers = {"x-error-message": _one_line(refused.message), **refused.headers}
    if refused.code:
        headers["x-error-code"] = refused.code
    return said({"error": refused.message, **refused.extra}, refused.status, headers)


def said(values: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return values as JSON; a lone surrogate from somebody's card becomes a question mark."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers, "application/json")


def _one_line(message: str) -> str:
    """Return a message that a header can hold.

    >>> _one_line("é\\r\\nset-cookie: x")
    '\\\\xe9 set-cookie: x'
    """
    line = " ".join(message.split()).encode("ascii", "backslashreplace").decode("ascii")
    return "".join(char for char in line if " " <= char <= "~")[:500]
