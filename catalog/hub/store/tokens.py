"""Tokens: who somebody is and what they may do, kept so that a stolen database opens nothing."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from catalog.hub.store import names, tables
from catalog.hub.store.errors import NoToken, Refused

if TYPE_CHECKING:
    from catalog.hub.store.repos import Repo
    from catalog.hub.store.store import Store

Role = Literal["read", "write", "admin"]

ROLES: tuple[Role, ...] = ("read", "write", "admin")
_START = "hf_"
_PREFIX = 8


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with a token; no namespaces means all of them.

    Two tokens of one name are the same person.
    """

    user: str
    role: Role
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of a token; its text is not."""

    id: str
    name: str
    role: Role
    namespaces: tuple[str, ...]
    prefix: str
    created: float
    expires: float | None
    revoked: float | None


def allows(who: Who | None, role: Role, namespace: str) -> bool:
    """Say whether somebody has a role, or a higher one, in a namespace."""
    if who is None or ROLES.index(who.role) < ROLES.index(role):
        return False
    folded = namespace.casefold()
    return not who.namespaces or any(one.casefold() == folded for one in who.namespaces)


def readable(who: Who | None, repo: "Repo") -> bool:
    """Say whether somebody may know of a repo."""
    return not repo.private or allows(who, "read", repo.namespace)


def create(
    store: "Store",
    name: str,
    *,
    role: Role,
    namespaces: Iterable[str] = (),
    expires: float | None = None,
) -> tuple[Token, str]:
    """Make a token and return it with its text, which cannot be had again.

    `expires` is a POSIX time.
    """
    if role not in ROLES:
        raise Refused(f"{role!r}: is no role; there are {', '.join(ROLES)}")
    if not name.isprintable() or not 0 < len(name) <= 96:
        raise Refused(f"{name!r}: a name has 1 to 96 characters that can be printed")
    text = _START + secrets.token_hex(20)
    made = Token(
        id=secrets.token_hex(6),
        name=name,
        role=role,
        namespaces=tuple(namespaces),
        prefix=text[:_PREFIX],
        created=store.clock(),
        expires=expires,
        revoked=None,
    )
    row = {one: getattr(made, one) for one in Token.__slots__}
    row |= {"namespaces": json.dumps(made.namespaces), "hash": _hash(text)}
    with store.writing() as connection:
        connection.execute(tables.token.insert().values(row))
    return made, text


def check(store: "Store", text: str) -> Who:
    """Return who a token's text stands for."""
    table = tables.token
    prefix = text[:_PREFIX] if names.storable(text) else ""
    with store.reading() as connection:
        rows = connection.execute(table.select().where(table.c.prefix == prefix)).all()
    wanted, now = _hash(text), store.clock()
    found = [row for row in rows if hmac.compare_digest(row.hash, wanted)]
    live = [row for row in found if row.revoked is None and (row.expires or now + 1) > now]
    if not live:
        raise NoToken("token: is not known or no longer valid; make one with: catalog token create")
    token = _token(live[0])
    return Who(token.name, token.role, token.namespaces)


def listed(store: "Store") -> list[Token]:
    """Return all tokens, oldest first."""
    table = tables.token
    with store.reading() as connection:
        rows = connection.execute(table.select().order_by(table.c.created, table.c.id)).all()
    return [_token(row) for row in rows]


def any_there(store: "Store") -> bool:
    """Say whether a token was ever made."""
    with store.reading() as connection:
        return connection.execute(tables.token.select().limit(1)).first() is not None


def revoke(store: "Store", id: str) -> None:
    """End a token at once; one that is revoked stays as it is."""
    table = tables.token
    with store.writing() as connection:
        if connection.execute(table.select().where(table.c.id == id)).first() is None:
            raise NoToken(f"{id}: is no token's id; see: catalog token list")
        change = table.update().where(table.c.id == id, table.c.revoked.is_(None))
        connection.execute(change.values(revoked=store.clock()))


def _hash(text: str) -> str:
    """Return what is kept of a token's text; it is 160 random bits, so that no salt is needed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Any) -> Token:
    values = {one: getattr(row, one) for one in Token.__slots__}
    return Token(**values | {"namespaces": tuple(json.loads(row.namespaces))})
