"""Large files by Git LFS: a batch says where to, a PUT brings the bytes, a check ends it.

An address to upload to carries no token, only what we signed. A file that has arrived is kept if
its SHA-256 is the one that was announced, and belongs to whoever announced it.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from starlette.responses import Response

from catalog.hub.api import intake, signed
from catalog.hub.api.ask import Ask
from catalog.hub.api.errors import Refused, said
from catalog.hub.api.raw import Body, Need, Route, of_pages
from catalog.hub.api.signed import Grant
from catalog.hub.store import Store, blobs, possession
from catalog.hub.xet.assembly import MOST_FILE, SPARE

LASTING = 3600
"""Seconds that an address is good for; an upload that began in time may take longer."""
MOST_OBJECTS = 1000
PART = 256 << 20
MULTIPART = 1 << 30
"""Larger files come in parts, so that a broken connection does not cost all of it."""

_OID = re.compile(r"[0-9a-f]{64}")
_COPIED = 1 << 20
_JSON = "application/vnd.git-lfs+json"


def batch(ask: Ask) -> Response:
    """Say for each object that it is here already, or where it is to be sent."""
    asked = ask.json()
    if asked.get("operation") != "upload":
        raise Refused(422, "operation: only 'upload' is known here; files are read by resolve/")
    if asked.get("hash_algo", "sha256") != "sha256":
        raise Refused(409, "hash_algo: only 'sha256' is known here")
    objects = [_announced(one) for one in _listed(asked, "objects")]
    transfers = _transfers(asked)
    assert ask.who, "the route needs a token"
    here = possession.nameable(ask.store, ask.who, [oid for oid, _ in objects])
    possession.lend(ask.store, ask.who.user, list(here))
    free = _free(ask.store)
    answers = [
        _object(ask, oid, size, here.get(oid), free, "multipart" in transfers)
        for oid, size in objects
    ]
    in_parts = any(
        "chunk_size" in one.get("actions", {}).get("upload", {}).get("header", {})
        for one in answers
    )
    transfer = "multipart" if in_parts else "basic"
    return _lfs({"transfer": transfer, "objects": answers, "hash_algo": "sha256"})


def _listed(values: dict[str, Any], name: str) -> list[Any]:
    found = values.get(name)
    if not isinstance(found, list) or not 0 < len(found) <= MOST_OBJECTS:
        raise Refused(422, f"{name}: is no list of 1 to {MOST_OBJECTS:,}")
    return found


def _transfers(values: dict[str, Any]) -> list[Any]:
    found = values.get("transfers", ["basic"])
    if not isinstance(found, list):
        raise Refused(422, "transfers: is no list")
    return found


def _announced(one: Any) -> tuple[str, int]:
    """Return oid and size of an object in a batch."""
    oid, size = (one.get("oid"), one.get("size")) if isinstance(one, dict) else (None, None)
    if not isinstance(oid, str) or not _OID.fullmatch(oid):
        raise Refused(422, f"objects: {oid!r} is no SHA-256 in lower-case hexadecimal")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Refused(422, f"objects: {oid}: has no size")
    return oid, size


def _object(
    ask: Ask, oid: str, size: int, here: int | None, free: int, may_part: bool
) -> dict[str, Any]:
    """Return the answer for one object of a batch."""
    answer: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
    if here is not None and here != size:
        return answer | _error(422, f"the object has {here:,} bytes")
    if here is not None:
        return answer
    if size > MOST_FILE:
        return answer | _error(422, f"a file has at most {MOST_FILE:,} bytes")
    if size > free:
        return answer | _error(507, "the server's disk has no room for it")
    upload = _in_parts(ask, oid, size) if may_part and size > MULTIPART else _whole(ask, oid, size)
    verify = {"href": _address(ask, "verify", oid=oid, size=size)}
    return answer | {"actions": {"upload": upload, "verify": verify}}


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _whole(ask: Ask, oid: str, size: int) -> dict[str, Any]:
    return {"href": _address(ask, "put", oid=oid, size=size), "expires_in": LASTING, "header": {}}


def _in_parts(ask: Ask, oid: str, size: int) -> dict[str, Any]:
    """Return the address of each part, by its number, and the one that puts them together."""
    upload = token_hex(16)
    header = {"chunk_size": str(PART)}
    for part, start in enumerate(range(0, size, PART), start=1):
        length = min(PART, size - start)
        header[str(part)] = _address(ask, "part", oid=oid, size=length, upload=upload, part=part)
    href = _address(ask, "complete", oid=oid, size=size, upload=upload)
    return {"href": href, "expires_in": LASTING, "header": header}


def _address(ask: Ask, act: str, **bound: Any) -> str:
    assert ask.who, "the route needs a token"
    repo, until = f"{ask.repo.type}/{ask.repo.id}", int(ask.store.clock()) + LASTING
    grant = Grant(act=act, repo=repo, user=ask.who.user, until=until, **bound)
    return f"{ask.base}/lfs/{act}/{grant.oid}/{signed.seal(ask.store.secret, grant)}"


def _granted(ask: Ask, act: str) -> Grant:
    """Return what the address allows; its oid is in it twice, for those who read logs."""
    grant = signed.opened(ask.store.secret, ask.params["word"], act, now=ask.store.clock())
    if grant.oid != ask.params["oid"]:
        raise Refused(403, "the signature is for another object")
    return grant


async def put(ask: Ask) -> Response:
    """Store a whole file, hashed as it comes."""
    grant = _granted(ask, "put")
    async with intake.receiving(ask.store, grant.user) as batch:
        spool = batch.spool()
        await intake.into(spool.write, ask.request, grant.size)
        _agree(await intake.hop(spool.done), grant)
    return Response(headers={"etag": f'"{grant.oid}"'})


async def part(ask: Ask) -> Response:
    """Write one part of a file to the scratch folder."""
    grant = _granted(ask, "part")
    path = _part(ask.store, grant, grant.part)
    arriving = path.with_name(f"{path.name}-{token_hex(8)}")
    try:
        with arriving.open("xb") as file:
            size = await intake.into(file.write, ask.request, grant.size)
        if size != grant.size:
            raise Refused(400, f"the part has {size:,} bytes; {grant.size:,} were announced")
        arriving.replace(path)
    finally:
        arriving.unlink(missing_ok=True)
    return Response(headers={"etag": f'"{path.name}"'})


def complete(ask: Ask) -> Response:
    """Put the parts of a file together; they go, whether they fit or not."""
    grant = _granted(ask, "complete")
    count = -(-grant.size // PART)
    paths = [_part(ask.store, grant, number) for number in range(1, count + 1)]
    if _named(ask.json().get("parts")) != [f'"{path.name}"' for path in paths]:
        raise Refused(400, f"parts: are not the {count} of this upload, in their order")
    try:
        with blobs.receiving(ask.store, grant.user) as batch:
            spool = batch.spool()
            for run in _runs(paths):
                spool.write(run)
            _agree(spool.done(), grant)
    except FileNotFoundError as error:
        raise Refused(400, "parts: not all of them arrived") from error
    finally:
        for path in paths:
            with suppress(FileNotFoundError):
                path.unlink()
    return _lfs({"oid": grant.oid, "size": grant.size})


def _named(parts: Any) -> list[Any]:
    """Return what the client was told of each part, as it says it back."""
    if not isinstance(parts, list):
        return []
    return [part.get("etag") if isinstance(part, dict) else None for part in parts]


def _part(store: Store, grant: Grant, number: int) -> Path:
    return store.scratch / f"part-{grant.upload}-{number}"


def _runs(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while run := file.read(_COPIED):
                yield run


def _agree(written: blobs.Written, grant: Grant) -> None:
    """Refuse what is not the file that was announced; nothing of it is kept then."""
    if written.size != grant.size:
        raise Refused(400, f"the file has {written.size:,} bytes; {grant.size:,} were announced")
    if written.sha256 != grant.oid:
        raise Refused(400, f"the file has the SHA-256 {written.sha256}; {grant.oid} was announced")


def verify(ask: Ask) -> Response:
    """Say whether an upload arrived."""
    grant = _granted(ask, "verify")
    if ask.store.blobs.size(grant.oid) != grant.size:
        raise Refused(404, f"{grant.oid}: did not arrive")
    return _lfs({"oid": grant.oid, "size": grant.size})


def _free(store: Store) -> int:
    return shutil.disk_usage(store.folder).free - SPARE


def _lfs(values: Any) -> Response:
    answer = said(values)
    answer.headers["content-type"] = _JSON
    return answer


ROUTES: tuple[Route, ...] = (
    *of_pages("POST", ".git/info/lfs/objects/batch", batch, Need.PROPOSE, Body.JSON),
    Route("PUT", "/lfs/put/{oid}/{word}", put, Need.SIGNED, Body.STREAM),
    Route("PUT", "/lfs/part/{oid}/{word}", part, Need.SIGNED, Body.STREAM),
    Route("POST", "/lfs/complete/{oid}/{word}", complete, Need.SIGNED, Body.JSON),
    Route("POST", "/lfs/verify/{oid}/{word}", verify, Need.SIGNED, Body.JSON),
)
