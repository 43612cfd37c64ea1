"""What git knows of the cards: which commits changed one, and what they changed in it.

Git runs in a process of its own, and is asked again only when HEAD has moved. Where there is no
git, no repository or no commit, every history is empty.
"""

import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from registry.cards import Card, read_text
from registry.cards.shapes import fields_of, is_claims
from registry.cards.vocabulary import FOLDERS

_FORMAT = "--format=%x00%H%x1f%ct%x1f%an%x1f%s"
_LOG = ("log", _FORMAT, "--raw", "--no-abbrev", "-M", "--date-order", "--relative", "--no-color")
_DONE = {"A": "added", "D": "removed", "R": "renamed"}
_ABSENT = "0" * 40
_LATEST = 253_402_300_799  # the last second of the year 9999, beyond which no date goes
_KINDS = {folder: kind for kind, folder in FOLDERS.items()}
_Log = Mapping[str, tuple["Change", ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A commit that changed one card's file, which lay at `file` then.

    `date` is when it was committed, in UTC. `done` is added, changed, renamed or removed. `before`
    and `after` name the file's content within git, None where there was no file.
    """

    commit: str
    date: str
    author: str
    subject: str
    done: str
    file: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a card that a commit changed, and how: `1 claim added`."""

    field: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of a card with what it changed in it.

    `unread` says why today's rules do not read one of the two versions; then nothing is compared.
    """

    change: Change
    differences: tuple[Difference, ...]
    unread: str | None


def changes(root: Path) -> _Log:
    """Return the commits that changed each card, newest first, by the card's file as it is now."""
    found = head(root)
    return _changes(root.resolve(), found.strip()) if found else {}


def history(root: Path, file: str) -> tuple[Step, ...]:
    """Return the commits that changed one card, newest first, with the fields they changed."""
    found = head(root)
    return _history(root.resolve(), found.strip(), file) if found else ()


def head(root: Path) -> str | None:
    """Return the commit that HEAD is at, read from git's own files where that is possible.

    Starting git takes milliseconds, and pages ask at every request.
    """
    whole = root.resolve()
    if not any((one / ".git").exists() for one in (whole, *whole.parents)):
        return None
    folders = _folders(whole)
    if folders is None:
        return None
    own, common = folders
    with suppress(OSError, UnicodeDecodeError):
        said = (own / "HEAD").read_text(encoding="ascii").strip()
        if not said.startswith("ref: "):
            return said
        return (common / said.removeprefix("ref: ")).read_text(encoding="ascii").strip()
    found = git(root, "rev-parse", "HEAD")  # the branch is packed, or not born yet
    return found.strip() if found else None


@lru_cache(maxsize=64)
def _folders(root: Path) -> tuple[Path, Path] | None:
    """Return where git keeps this checkout's HEAD and where it keeps branches."""
    found = git(root, "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir")
    if found is None:
        return None
    own, common = found.splitlines()
    return Path(own), Path(common)


def git(root: Path, *words: str) -> str | None:
    """Ask git; None where there is no git, no repository or no commit."""
    said = _git(root, *words)
    return None if said is None else said.decode("utf-8", "replace")


def _git(root: Path, *words: str, given: bytes = b"") -> bytes | None:
    command = ["git", "-C", str(root), "-c", "core.quotePath=false", *words]
    try:
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


@lru_cache(maxsize=8)
def _changes(root: Path, head: str) -> _Log:
    said = git(root, *_LOG, head, "--", "cards") or ""
    now: dict[str, str] = {}
    found: dict[str, list[Change]] = {}
    for part in said.split("\0")[1:]:
        first, *lines = part.splitlines()
        made = [_change(first.split("\x1f", 3), line) for line in lines if line.startswith(":")]
        # Two files may swap their names in one commit: look up all, then rename.
        current = [now.get(change.file, change.file) for change, _ in made]
        for name, (change, _) in zip(current, made, strict=True):
            found.setdefault(name, []).append(change)
            if change.done in ("added", "renamed"):
                now.pop(change.file, None)
        now |= {old: name for name, (_, old) in zip(current, made, strict=True) if old}
    return {name: tuple(many) for name, many in found.items()}


def _change(said: list[str], line: str) -> tuple[Change, str | None]:
    """Read one line of `git log --raw`, and return the former name with it if there is one."""
    about, *files = line.split("\t")
    *_, before, after, letter = about.split(" ")
    commit, date, author, subject = said
    change = Change(
        commit=commit,
        date=_date(date),
        author=author,
        subject=subject,
        done=_DONE.get(letter[0], "changed"),
        file=files[-1],
        before=before if before != _ABSENT else None,
        after=after if after != _ABSENT else None,
    )
    return change, files[0] if len(files) > 1 else None


def _date(seconds: str) -> str:
    return datetime.fromtimestamp(min(int(seconds), _LATEST), UTC).isoformat()


@lru_cache(maxsize=2048)
def _history(root: Path, head: str, file: str) -> tuple[Step, ...]:
    found = _changes(root, head).get(file, ())
    texts = _contents(root, {one for each in found for one in (each.before, each.after) if one})
    return tuple(_step(one, texts) for one in found)


def _step(change: Change, texts: Mapping[str, str]) -> Step:
    if not (change.before and change.after):
        return Step(change=change, differences=(), unread=None)
    old, complaint = _read(texts.get(change.before, ""), change.file)
    new, other = _read(texts.get(change.after, ""), change.file)
    if old is None or new is None:
        which, said = ("after", other) if new is None else ("before", complaint)
        unread = f"the card {which} this change cannot be read by today's rules: {said}"
        return Step(change=change, differences=(), unread=unread)
    return Step(change=change, differences=tuple(compare(old, new)), unread=None)


def _read(text: str, file: str) -> tuple[Card | None, str]:
    """Read a version of a card, or say what is wrong with it first."""
    found = read_text(text, file, kind=_KINDS.get(PurePosixPath(file).parent.name))
    first = f"{found.problems[0].field}: {found.problems[0].message}" if found.problems else ""
    return found.card, first


def compare(old: Card, new: Card) -> Iterator[Difference]:
    """Yield the top-level fields in which two versions of a card differ, in the schema's order."""
    for one in fields_of(type(new)):
        before, after = getattr(old, one.name, None), getattr(new, one.name)
        if before != after:
            claims = is_claims(one.hint)
            how = _claims(before or (), after) if claims else _value(before, after)
            yield Difference(one.name, how)


def _claims(before: Iterable[Any], after: Iterable[Any]) -> str:
    old, new = Counter(before), Counter(after)
    added, removed = (new - old).total(), (old - new).total()
    changed = min(added, removed)
    counts = {"changed": changed, "added": added - changed, "removed": removed - changed}
    parts = [f"{count} {_plural(count)} {word}" for word, count in counts.items() if count]
    return ", ".join(parts) or "in another order"


def _plural(count: int) -> str:
    return "claim" if count == 1 else "claims"


def _value(before: Any, after: Any) -> str:
    if before in (None, ()):
        return "added"
    return "removed" if after in (None, ()) else "changed"


def _contents(root: Path, blobs: set[str]) -> dict[str, str]:
    """Return what git keeps under these names."""
    if not blobs:
        return {}
    asked = "".join(f"{one}\n" for one in sorted(blobs)).encode()
    said = _git(root, "cat-file", "--batch", given=asked) or b""
    found: dict[str, str] = {}
    while said:
        head, _, rest = said.partition(b"\n")
        name, *about = head.decode().split(" ")
        size = int(about[-1]) if about[-1].isdecimal() else None
        if size is None:  # git says `missing`, as in a clone without old contents
            said = rest
            continue
        found[name] = rest[:size].decode("utf-8", "replace")
        said = rest[size + 1 :]
    return found


def as_text(step: Step) -> str:
    """Return what a step did to its card, on one line.

    A change that no field shows, such as of a comment, is said too.
    """
    done = step.change.done
    said = [f"{one.field.replace('_', ' ')}: {one.how}" for one in step.differences]
    said += [step.unread] if step.unread else []
    if done != "changed":
        said.insert(0, f"the card was {done}")
    return "; ".join(said) or "no field, only comments or layout"


def as_plain(step: Step) -> dict[str, Any]:
    """Return a step as plain values, for JSON."""
    change = asdict(step.change)
    kept = ("commit", "date", "author", "subject", "done", "file")
    return {
        **{name: change[name] for name in kept},
        "fields": [asdict(one) for one in step.differences],
        "unread": step.unread,
        "says": as_text(step),
    }
