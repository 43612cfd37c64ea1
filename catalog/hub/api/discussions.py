"""Discussions, and the pull requests among them, whose commits lie under refs/pr/N."""

from itertools import takewhile
from typing import Any, cast, get_args

from starlette.responses import Response

from catalog.hub.api import who
from catalog.hub.api.ask import Ask, number, text
from catalog.hub.api.errors import Refused, said
from catalog.hub.api.shapes import moment
from catalog.hub.store import commits, names, pulls, trees
from catalog.hub.store.pulls import Event, Pull
from catalog.hub.store.repos import Repo

PAGE = 50
MAX_TITLE = 300
MAX_TEXT = 65_536
MAX_COMMITS = 250


def listed(ask: Ask) -> Response:
    """Answer `get_repo_discussions`, newest first, a page at a time."""
    status, kind = ask.one("status"), ask.one("type")
    if status not in ("", "all", *get_args(pulls.Status)):
        raise Refused(400, f"status {status!r}: there are {', '.join(get_args(pulls.Status))}")
    found = pulls.listed(
        ask.store,
        ask.repo,
        status=None if status in ("", "all") else cast(pulls.Status, status),
        author=ask.one("author") or None,
        pull={"pull_request": True, "discussion": False}.get(kind),
    )
    start = number(ask.one("p"), "p", default=0, most=10**6, least=0) * PAGE
    shown = found[start : start + PAGE]
    entries = [_outline(ask.repo, pull) for pull in shown]
    return said({"discussions": entries, "count": len(found), "start": start})


def open(ask: Ask) -> Response:
    """Open a discussion or a pull request."""
    values = ask.json()
    opened = pulls.open(
        ask.store,
        ask.repo,
        title=_short(text(values, "title"), "title", MAX_TITLE),
        description=_short(text(values, "description", ""), "description", MAX_TEXT, least=0),
        author=_user(ask),
        pull=values.get("pullRequest") is True,
        draft=values.get("pullRequest") is True,
    )
    return said({"num": opened.number, "url": f"{ask.page}/discussions/{opened.number}"})


def details(ask: Ask) -> Response:
    """Answer `get_discussion_details`; the diff names files and does not show their insides."""
    pull = _found(ask)
    events = pulls.events(ask.store, ask.repo, pull.number)
    shown = [_event(event, n) for n, event in enumerate(events, start=1)] + _commits(ask, pull)
    shown.sort(key=lambda event: event["createdAt"])
    answer = _outline(ask.repo, pull) | {"events": [_comment_of(pull), *shown]}
    if pull.pull:
        changes: dict[str, Any] = {"base": names.MAIN}
        if pull.merged:
            changes["mergeCommitId"] = pull.merged
        answer |= {"changes": changes, "filesWithConflicts": []}
        if ask.says("diff"):
            answer["diff"] = _diff(ask, pull)
    return said(answer)


def comment(ask: Ask) -> Response:
    """Add a comment."""
    pull = _found(ask)
    content = _short(text(ask.json(), "comment"), "comment", MAX_TEXT)
    event = pulls.comment(ask.store, ask.repo, pull.number, author=_user(ask), text=content)
    return said({"newMessage": _event(event, _count(ask, pull))})


def status(ask: Ask) -> Response:
    """Close a discussion or open it again; its author may, and who may write to the repo."""
    pull, values = _mine(ask), ask.json()
    wanted = text(values, "status")
    if wanted not in ("open", "closed"):
        raise Refused(400, f"status {wanted!r}: there are open and closed")
    new = cast(pulls.Status, wanted)
    content = _short(text(values, "comment", ""), "comment", MAX_TEXT, least=0)
    pulls.status(ask.store, ask.repo, pull.number, new, author=_user(ask), text=content)
    made = {"status": wanted}
    return said({"newStatus": _shown(ask, _count(ask, pull), "status-change", made)})


def title(ask: Ask) -> Response:
    """Call a discussion something else."""
    pull = _mine(ask)
    wanted = _short(text(ask.json(), "title"), "title", MAX_TITLE)
    pulls.retitle(ask.store, ask.repo, pull.number, wanted)
    made = {"from": pull.title, "to": wanted}
    return said({"newTitle": _shown(ask, _count(ask, pull), "title-change", made)})


def merge(ask: Ask) -> Response:
    """Merge a pull request into main, as one commit."""
    pull = _found(ask)
    assert ask.who
    content = _short(text(ask.json(), "comment", ""), "comment", MAX_TEXT, least=0)
    made = pulls.merge(ask.store, ask.repo, pull.number, who=ask.who, message=content)
    return said({"success": True, "commitOid": made.id})


def _found(ask: Ask) -> Pull:
    said_number = ask.params["num"]
    if not (said_number.isascii() and said_number.isdecimal() and len(said_number) < 10):
        raise Refused(404, f"discussion {said_number!r}: is no number")
    return pulls.get(ask.store, ask.repo, int(said_number))


def _mine(ask: Ask) -> Pull:
    """Return the discussion if the caller opened it or may write to the repo."""
    pull = _found(ask)
    if pull.author != _user(ask):
        who.require_writer(ask.store, ask.who, ask.repo.namespace)
    return pull


def _user(ask: Ask) -> str:
    assert ask.who, "the route needs a token"
    return ask.who.user


def _short(said_text: str, name: str, most: int, *, least: int = 1) -> str:
    found = said_text.strip()
    if not least <= len(found) <= most:
        raise Refused(400, f"{name}: has {len(found):,} characters; {least} to {most:,} may be")
    return found


def _count(ask: Ask, pull: Pull) -> int:
    return len(pulls.events(ask.store, ask.repo, pull.number))


def _outline(repo: Repo, pull: Pull) -> dict[str, Any]:
    return {
        "num": pull.number,
        "title": pull.title,
        "status": pull.status,
        "author": {"name": pull.author},
        "createdAt": moment(pull.created),
        "isPullRequest": pull.pull,
        "repo": {"name": repo.id, "type": repo.type.removesuffix("s")},
    }


def _comment_of(pull: Pull) -> dict[str, Any]:
    """Return the description as the first event, where clients look for it."""
    return _event(Event("comment", pull.author, pull.created, pull.description), 0)


def _event(event: Event, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"{number:024x}",
        "createdAt": moment(event.time),
        "author": {"name": event.author},
    }
    if event.kind == "status":
        return made | {"type": "status-change", "data": {"status": event.text}}
    latest = {
        "raw": event.text,
        "html": "",
        "updatedAt": moment(event.time),
        "author": {"name": event.author},
    }
    data = {"edited": False, "hidden": False, "latest": latest, "history": []}
    return made | {"type": "comment", "data": data}


def _commits(ask: Ask, pull: Pull) -> list[dict[str, Any]]:
    """Return the commits of a pull request, as events."""
    if pull.head is None:
        return []
    found = commits.history(ask.store, ask.repo, pull.head, limit=MAX_COMMITS)
    mine = takewhile(lambda commit: commit.id != pull.base, found)
    return [
        {
            "id": commit.id[:24],
            "type": "commit",
            "createdAt": moment(commit.time),
            "author": {"name": commit.author},
            "data": {"oid": commit.id, "subject": commit.title},
        }
        for commit in mine
    ]


def _shown(ask: Ask, number: int, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{number:024x}",
        "type": kind,
        "createdAt": moment(ask.store.clock()),
        "author": {"name": _user(ask)},
        "data": data,
    }


def _diff(ask: Ask, pull: Pull) -> str:
    if pull.head is None or pull.base is None:
        return ""
    lines = []
    for change in trees.changes(ask.store, ask.repo, pull.base, pull.head):
        old, new = (f"{side}/{change.path}" for side in ("a", "b"))
        lines.append(f"diff --git {old} {new}")
        lines.append(f"--- {old if change.before else '/dev/null'}")
        lines.append(f"+++ {new if change.after else '/dev/null'}")
    return "".join(f"{line}\n" for line in lines)
