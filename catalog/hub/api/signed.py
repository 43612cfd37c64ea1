"""Words that allow one act for a short while, signed with a key that never leaves the server.

An address to upload to is called without a token. What stands in its place says what may be
done, with which object, for which repo and by whom, until when; changing any of it breaks the
signature. It cannot be used for anything else, and the same upload twice changes nothing.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import asdict, dataclass
from hashlib import sha256

from catalog.hub.api.errors import Refused

LONGEST = 4096
"""Of a signed word; a repo id, a user and an oid need some hundred characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One act that is allowed: `repo` says its kind too, `until` is in seconds since 1970.

    The parts of a large file are one `upload`, numbered from 1.
    """

    act: str
    repo: str
    user: str
    until: int
    oid: str = ""
    size: int = 0
    upload: str = ""
    part: int = 0


def seal(key: bytes, grant: Grant) -> str:
    """Return the grant as one word that fits into an address.

    >>> word = seal(bytes(32), Grant(act="put", repo="models/a/b", user="ann", until=9, oid="00"))
    >>> opened(bytes(32), word, "put", now=8).user
    'ann'
    """
    said = json.dumps(asdict(grant), separators=(",", ":"), sort_keys=True).encode()
    return f"{_text(said)}.{_text(_mac(key, said))}"


def opened(key: bytes, word: str, *acts: str, now: float) -> Grant:
    """Return what a word allows, if we signed it for one of these acts and its time is not over."""
    said, _, mac = word.partition(".")
    try:
        plain, given = _bytes(said), _bytes(mac)
    except (NotBase64, ValueError):
        raise _refused("is not one of this server's") from None
    if len(word) > LONGEST or not hmac.compare_digest(_mac(key, plain), given):
        raise _refused("is not one of this server's")
    grant = Grant(**json.loads(plain))
    if grant.act not in acts:
        raise _refused(f"is for '{grant.act}', not for this")
    if grant.until <= now:
        raise _refused("is too old; ask for a new one")
    return grant


def _refused(what: str) -> Refused:
    return Refused(403, f"the signature {what}")


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, said, sha256).digest()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
