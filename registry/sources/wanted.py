"""One native file on its way: where its bytes go, how they are counted, what may be told."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry import progress
from registry.cards.kinds import NativeFile
from registry.errors import HashMismatch, Offline, RegistryError

CHUNK = 1 << 20
_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_UNREACHABLE = re.compile(
    "could ?n[o']t (resolve|connect)|failed to (connect|establish)|name resolution|timed? ?out"
    "|unable to look up|connection refused|unreachable|max retries|proxyerror|connection reset",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file to bring.

    `address` is its origin without the scheme, `partial` what an interrupted download left,
    `scratch` a folder on the same disk that goes with the call, `root` where relative paths start.
    """

    file: NativeFile
    address: str
    partial: Path
    scratch: Path
    root: Path
    progress: bool


def pour(chunks: Iterable[bytes], into: Path, wanted: Wanted, *, start: int = 0) -> None:
    """Write chunks to a file, after its first `start` bytes; stop at more than the card says."""
    size = start
    with into.open("r+b" if start else "wb") as stream, bar(wanted, start) as advance:
        stream.seek(start)
        for chunk in chunks:
            size += len(chunk)
            fits(size, wanted.file, "more than ")
            stream.write(chunk)
            advance(len(chunk))


def fits(size: int, file: NativeFile, roughly: str = "") -> None:
    """Refuse a file that is bigger than its card says, before all of it is read."""
    if size > file.bytes:
        said = file.bytes if roughly else size
        raise HashMismatch(
            f"has {roughly}{said:,} bytes, the card says {file.bytes:,} and sha256 {file.sha256};"
            " update the card if the source moved"
        )


@contextmanager
def bar(wanted: Wanted, start: int = 0) -> Iterator[Callable[[int], object]]:
    """Show on stderr how many bytes came, and how fast."""
    file, shown = wanted.file, wanted.progress
    with progress.bar(
        file.path, file.bytes, "B", done=start, shown=shown, scaled=True, stays=False
    ) as counted:
        yield counted.add


def told(text: str) -> str:
    """Return what a program or server said as one line without passwords and tokens.

    >>> told("fatal: unable to access 'https://me:secret@host/x'")
    "fatal: unable to access 'https://***@host/x'"
    """
    for secret in filter(None, map(os.environ.get, _SECRETS)):
        text = text.replace(secret, "***")
    return re.sub(r"(?<=://)[^/\s]+@", "***@", " ".join(text.split())).rstrip(".")


def refusal(said: str, begins: str, otherwise: str) -> RegistryError:
    """Return the error in what a failed program said: its first line that begins like this."""
    lines = [line for line in said.splitlines() if line.strip()] or ["it gave no reason"]
    line = next((line for line in lines if line.startswith(begins)), lines[-1])
    reason = told(line.removeprefix(begins))
    return Offline(reason) if _UNREACHABLE.search(said) else RegistryError(f"{reason}; {otherwise}")
