"""Files on the web: `url:https://…`, gone on from where an earlier download broke off."""

import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from string import punctuation
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from registry.errors import HashMismatch, Offline, RegistryError
from registry.hashing import hash_file
from registry.sources.wanted import CHUNK, Wanted, pour, told

PAUSES = (0.5, 1.0, 2.0)  # seconds before each new try; anew whenever bytes were gained
TIMEOUT = 30.0  # seconds without a byte
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class _Broken(Exception):
    """What may be otherwise in a moment; `error` is what to say if it is not."""

    def __init__(self, error: RegistryError, wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def note(partial: Path) -> Path:
    """Return where it is kept which download a partial file belongs to: address and ETag."""
    return partial.with_name(partial.name + ".from")


def bring(wanted: Wanted) -> Path:
    """Download a file; one put together of two downloads is proven here, or downloaded again."""
    reached, pauses, again = 0, iter(PAUSES), False
    while True:
        try:
            resumed = _download(wanted)
        except _Broken as broken:
            gained = wanted.partial.stat().st_size if wanted.partial.exists() else 0
            if gained > reached:
                reached, pauses = gained, iter(PAUSES)
            pause = next(pauses, None)
            if pause is None:
                raise broken.error from broken
            time.sleep(max(pause, broken.wait))
            continue
        if again or not resumed or hash_file(wanted.partial).sha256 == wanted.file.sha256:
            return wanted.partial
        wanted.partial.unlink()
        reached, again = 0, True


def _download(wanted: Wanted) -> bool:
    """Download all or the rest, and tell whether it was the rest."""
    start, validator = _left(wanted)
    if start == wanted.file.bytes:
        return True
    headers = {"User-Agent": "tunedeck", "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-"} | ({"If-Range": validator} if validator else {})
    with closing(_open(wanted, headers)) as response:
        start = start if _goes_on(response, wanted, start) else 0
        _right_length(response, start, wanted)
        if not start:
            wanted.partial.unlink(missing_ok=True)
            note(wanted.partial).write_text(f"{wanted.address}\n{_validator(response)}\n", "utf-8")
        pour(_chunks(response), wanted.partial, wanted, start=start)
    came = wanted.partial.stat().st_size
    if came < wanted.file.bytes:
        raise _Broken(_broke_off(came, wanted.file.bytes))
    return start > 0


def _left(wanted: Wanted) -> tuple[int, str]:
    """Return how many bytes an earlier download of the same address left, and its ETag or date."""
    kept = note(wanted.partial)
    if not (wanted.partial.is_file() and kept.is_file()):
        return 0, ""
    address, validator, *_ = (*kept.read_text("utf-8").split("\n"), "", "")
    size = wanted.partial.stat().st_size
    usable = address == wanted.address and size <= wanted.file.bytes
    return (size, validator) if usable else (0, "")


def _open(wanted: Wanted, headers: dict[str, str]) -> HTTPResponse:
    if urlsplit(wanted.address).username is not None:
        raise RegistryError("has a user name in it, and a card is for all to read; leave it out")
    request = Request(quote(wanted.address, safe=punctuation), headers=headers)
    try:
        response: HTTPResponse = urlopen(request, timeout=TIMEOUT)
    except HTTPError as error:
        with error:
            raise _answered(error, wanted) from error
    except URLError as error:
        raise _unreachable(error.reason) from error
    except (OSError, HTTPException) as error:
        raise _unreachable(error) from error
    return response


def _answered(error: HTTPError, wanted: Wanted) -> Exception:
    said = f"answers {error.code} {told(error.reason)}"
    if error.code == 416:
        wanted.partial.unlink(missing_ok=True)
    elif error.code not in _PASSING:
        return RegistryError(f"{said}; check the address")
    wait = str(error.headers.get("Retry-After", ""))
    return _Broken(
        RegistryError(f"{said}; try again later"), min(float(wait), 60) if wait.isdigit() else 0
    )


def _unreachable(reason: object) -> Exception:
    said = told(str(reason)) or type(reason).__name__
    if isinstance(reason, socket.gaierror):
        return Offline(said)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return RegistryError(f"{said}; check the address, or trust it with SSL_CERT_FILE")
    return _Broken(Offline(said))


def _goes_on(response: HTTPResponse, wanted: Wanted, start: int) -> bool:
    """Tell whether an answer begins where the partial file ends; else it is the whole file."""
    if response.status != 206:
        return False
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if found and int(found[1]) == start:
        return True
    wanted.partial.unlink(missing_ok=True)
    raise _Broken(RegistryError("sends another part than it was asked for; use a mirror"))


def _right_length(response: HTTPResponse, start: int, wanted: Wanted) -> None:
    """Refuse a file of another size before any of it is read, if the server tells its size."""
    said = response.headers.get("Content-Length", "")
    size = start + int(said) if said.isdigit() else wanted.file.bytes
    if size != wanted.file.bytes:
        wanted.partial.unlink(missing_ok=True)
        raise HashMismatch(
            f"has {size:,} bytes, the card says {wanted.file.bytes:,} and sha256"
            f" {wanted.file.sha256}; update the card if the source moved"
        )


def _validator(response: HTTPResponse) -> str:
    """Return what If-Range may carry: a strong ETag or a date."""
    etag = str(response.headers.get("ETag", ""))
    return etag if etag[:1] == '"' else str(response.headers.get("Last-Modified", ""))


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := response.read1(CHUNK):
            yield chunk
    except (OSError, HTTPException) as error:
        raise _Broken(RegistryError(f"broke off ({told(str(error))}); fetch again")) from error


def _broke_off(came: int, size: int) -> RegistryError:
    return RegistryError(f"broke off after {came:,} of {size:,} bytes; fetch again to go on")
