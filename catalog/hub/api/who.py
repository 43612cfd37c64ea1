"""From a bearer token to rights; a private repo is an absent one to whoever may not read it."""

from starlette.datastructures import Headers

from catalog.hub.api.errors import Refused, no_repo
from catalog.hub.api.raw import Need
from catalog.hub.store import Store, names, repos, tokens
from catalog.hub.store.errors import NoRepo, NoToken
from catalog.hub.store.names import CHECKOUT
from catalog.hub.store.repos import Repo
from catalog.hub.store.tokens import Who

BAD_TOKEN = "Invalid credentials in Authorization header"
"""The words by which clients tell a bad token from a repo that is not there."""
FIXED = f"the repos of {CHECKOUT!r} are this server's own cards; change the cards in its checkout"


def caller(store: Store, headers: Headers) -> Who | None:
    """Return who sends a request, None for anybody; a token that does not hold is refused.

    Unknown, expired and revoked tokens are told apart nowhere.
    """
    said = headers.get("authorization")
    if said is None:
        return None
    scheme, _, token = said.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(401, BAD_TOKEN)
    try:
        return tokens.check(store, token.strip())
    except NoToken as error:
        raise Refused(401, BAD_TOKEN) from error


def located(store: Store, who: Who | None, kind: str, id: str) -> Repo:
    """Return a repo that the caller may read; for all others there is none."""
    try:
        repo = repos.find(store, kind, id)
    except NoRepo as error:
        raise no_repo() from error
    if not tokens.readable(who, repo):
        raise no_repo()
    return repo


def require(store: Store, who: Who | None, need: Need, namespace: str | None) -> None:
    """Refuse callers whose token does not reach; reading was checked before."""
    if need in (Need.TOKEN, Need.NAMED):
        _some_token(store, who)
    if need is Need.PROPOSE and names.is_checkouts(namespace or ""):
        _some_token(store, who)
        raise Refused(403, FIXED)
    if need is Need.PROPOSE and _some_token(store, who).role == "read":
        raise Refused(403, "this token may read only; the change needs one that may write")
    if need is Need.WRITE and namespace is not None:
        require_writer(store, who, namespace)


def require_writer(store: Store, who: Who | None, namespace: str) -> Who:
    """Return the caller if they may write to a namespace."""
    found = _some_token(store, who)
    if names.is_checkouts(namespace):
        raise Refused(403, FIXED)
    if not tokens.allows(found, "write", namespace):
        raise Refused(403, f"this token may not write to {namespace!r}")
    return found


def may_write(who: Who | None, repo: Repo) -> bool:
    """Tell whether the caller may write to a repo."""
    return not names.is_checkouts(repo.namespace) and tokens.allows(who, "write", repo.namespace)


def _some_token(store: Store, who: Who | None) -> Who:
    if who is None:
        raise Refused(401, f"this needs a token; {how_to_get_one(store)}")
    return who


def how_to_get_one(store: Store) -> str:
    """Say where a token comes from."""
    if tokens.any_there(store):
        return "send one that this server's keeper made"
    return (
        "this server has none yet; on its machine:"
        " catalog token create NAME --role write --namespace NAMESPACE"
    )
