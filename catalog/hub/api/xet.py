"""Large files by Xet, which clients choose by themselves: tokens, and the store of pieces.

Pieces (xorbs) come first, then a shard that says how files are put together from them. Files are
put together at once and kept by their SHA-256 like all others, so that reading needs no Xet.
Its address holds who writes, since clients take pieces for known that they sent to one address.
"""

import asyncio
import hmac
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from starlette.responses import Response

from catalog.hub.api import intake, signed
from catalog.hub.api.ask import Ask
from catalog.hub.api.errors import Refused, said
from catalog.hub.api.raw import Body, Need, Route, of_kinds
from catalog.hub.api.signed import Grant
from catalog.hub.store import Store, refs
from catalog.hub.xet import assembly, shards, xorbs

LASTING = 900
"""Seconds that a token is good for; clients ask for the next one by themselves."""
WRITE, READ = "xet-write", "xet-read"

_ASSEMBLERS = ThreadPoolExecutor(2, "hub-xet")
"""So few, because each holds a shard in memory while it works."""


def write_token(ask: Ask) -> Response:
    """Give the address for pieces and a token to send them there."""
    return _token(ask, WRITE)


def read_token(ask: Ask) -> Response:
    """Give a token that can ask and not send; files are read without Xet."""
    return _token(ask, READ)


def _token(ask: Ask, act: str) -> Response:
    if not ask.says("create_pr"):  # huggingface_hub 1.20 then asks for the revision `None`
        refs.resolve(ask.store, ask.repo, ask.params["rev"])
    user = ask.who.user if ask.who else ""
    until = int(ask.store.clock()) + LASTING
    grant = Grant(act=act, repo=f"{ask.repo.type}/{ask.repo.id}", user=user, until=until)
    address = f"{ask.base}/xet/{ask.store.instance()}/{_place(ask.store, user)}"
    token = signed.seal(ask.store.secret, grant)
    headers = {
        "x-xet-cas-url": address,
        "x-xet-access-token": token,
        "x-xet-token-expiration": str(until),
        "cache-control": "no-store",
    }
    return said({"casUrl": address, "exp": until, "accessToken": token}, headers=headers)


def _place(store: Store, user: str) -> str:
    """Return a word for this user in addresses, which says nothing to others."""
    return hmac.new(store.secret, f"xet\0{user}".encode(), sha256).hexdigest()[:32]


def _granted(ask: Ask, *acts: str) -> Grant:
    """Return what the token allows, at this user's own address only."""
    scheme, _, word = ask.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not word:
        raise Refused(401, "a Xet token is needed; ask for one at xet-write-token")
    grant = signed.opened(ask.store.secret, word.strip(), *acts, now=ask.store.clock())
    if ask.params["place"] != _place(ask.store, grant.user):
        raise Refused(403, "the Xet token is for another address")
    return grant


def unknown(ask: Ask) -> Response:
    """Say that a chunk is not known from others; what a client sent itself it remembers."""
    _granted(ask, WRITE, READ)
    raise Refused(404, "not known here")


async def xorb(ask: Ask) -> Response:
    """Keep a xorb; what it holds is looked at when a shard names it."""
    grant, name = _granted(ask, WRITE), _hash(ask.params["hash"])
    arriving = ask.store.scratch / f"xorb-{token_hex(16)}"
    try:
        await _written(ask, arriving, xorbs.MOST_BYTES + xorbs.MOST_FOOTER)
        new = await intake.hop(_kept, ask.store, grant.user, name, arriving)
    finally:
        arriving.unlink(missing_ok=True)
    return said({"was_inserted": new})


def _kept(store: Store, user: str, name: str, arriving: Path) -> bool:
    try:
        return assembly.keep(store, user, name, arriving)
    except xorbs.Malformed as error:
        raise Refused(400, str(error)) from error


async def shard(ask: Ask) -> Response:
    """Store the files of a shard."""
    grant = _granted(ask, WRITE)
    arriving = ask.store.scratch / f"shard-{token_hex(16)}"
    try:
        await _written(ask, arriving, shards.MOST_BYTES)
        await asyncio.get_running_loop().run_in_executor(
            _ASSEMBLERS, _put_together, ask.store, grant.user, arriving
        )
    finally:
        arriving.unlink(missing_ok=True)
    return said({"result": 1})


def _put_together(store: Store, user: str, arrived: Path) -> None:
    try:
        assembly.put_together(store, user, arrived.read_bytes())
    except xorbs.Malformed as error:
        raise Refused(400, str(error)) from error
    except assembly.NoRoom as error:
        raise Refused(507, str(error)) from error


async def _written(ask: Ask, path: Path, most: int) -> None:
    with path.open("xb") as file:
        await intake.into(file.write, ask.request, most)


def _hash(text: str) -> str:
    if len(text) != 64 or text.strip("0123456789abcdef"):
        raise Refused(400, f"hash {text!r}: is not 64 digits in lower-case hexadecimal")
    return text


_PIECES = "/xet/{instance}/{place}/v1"

ROUTES: tuple[Route, ...] = (
    *of_kinds("GET", "xet-write-token/{rev}", write_token, Need.PROPOSE),
    *of_kinds("GET", "xet-read-token/{rev}", read_token, Need.READ),
    Route("GET", f"{_PIECES}/chunks/{{prefix}}/{{hash}}", unknown, Need.SIGNED),
    Route("GET", f"{_PIECES}/reconstructions/{{hash}}", unknown, Need.SIGNED),
    Route("POST", f"{_PIECES}/xorb-grants/{{prefix}}/{{hash}}", unknown, Need.SIGNED, Body.JSON),
    Route("POST", f"{_PIECES}/xorbs/{{prefix}}/{{hash}}", xorb, Need.SIGNED, Body.STREAM),
    Route("POST", f"{_PIECES}/shards", shard, Need.SIGNED, Body.STREAM),
)
