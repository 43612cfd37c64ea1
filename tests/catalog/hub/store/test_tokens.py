from typing import Any

import pytest
from sqlalchemy import text

from catalog.hub.store import Store, tokens
from catalog.hub.store.errors import NoToken, Refused
from catalog.hub.store.tokens import Who, allows, readable


def test_a_token_says_who_somebody_is(store: Store) -> None:
    assert not tokens.any_there(store)
    made, secret = tokens.create(store, "ann", role="write", namespaces=["team"])
    assert secret.startswith("hf_")
    assert tokens.check(store, secret) == Who("ann", "write", ("team",))
    assert tokens.listed(store) == [made]
    assert tokens.any_there(store)


def test_the_database_holds_nothing_that_opens_it(store: Store) -> None:
    _, secret = tokens.create(store, "ann", role="admin")
    with store.reading() as connection:
        row = connection.execute(text("SELECT * FROM hub_token")).one()
    assert secret not in str(row)
    assert secret[8:] not in str(row)
    for stored in row:
        with pytest.raises(NoToken):
            tokens.check(store, str(stored))


def test_unknown_expired_and_revoked_say_the_same(store: Store, clock: Any) -> None:
    _, late = tokens.create(store, "ann", role="read", expires=clock.now + 60)
    made, gone = tokens.create(store, "ann", role="read")
    assert tokens.check(store, late).user == tokens.check(store, gone).user == "ann"
    clock.now += 60
    tokens.revoke(store, made.id)
    said = set()
    for secret in (late, gone, "hf_" + "0" * 40, "", late[:-1], late + "0", "\udc80", "hf_ä"):
        with pytest.raises(NoToken) as told:
            tokens.check(store, secret)
        said.add(str(told.value))
    assert len(said) == 1


def test_a_revoked_token_stays_in_the_list(store: Store, clock: Any) -> None:
    made, _ = tokens.create(store, "ann", role="read")
    tokens.revoke(store, made.id)
    when = tokens.listed(store)[0].revoked
    clock.now += 5
    tokens.revoke(store, made.id)
    assert when == tokens.listed(store)[0].revoked == clock.now - 5
    with pytest.raises(NoToken):
        tokens.revoke(store, "absent")


def test_roles_hold_in_their_namespaces() -> None:
    roles = ("read", "write", "admin")
    for place, role in enumerate(roles):
        for wanted, ask in enumerate(roles):
            here, all_over = Who("a", role, ("team",)), Who("a", role)  # type: ignore[arg-type]
            assert allows(here, ask, "Team") == (place >= wanted)  # type: ignore[arg-type]
            assert not allows(here, ask, "other")  # type: ignore[arg-type]
            assert allows(all_over, ask, "other") == (place >= wanted)  # type: ignore[arg-type]
    assert not allows(None, "read", "team")


def test_a_private_repo_is_for_its_namespace(people: Any) -> None:
    public, private = people.repo("team/a"), people.repo("team/b", private=True)
    for who in (None, people.ann, people.bob):
        assert readable(who, public)
        assert readable(who, private) == (who is people.ann)


@pytest.mark.parametrize("name", ["", "a\n", "a" * 97])
def test_a_name_that_cannot_be_shown_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Refused):
        tokens.create(store, name, role="read")
    role: Any = "owner"
    with pytest.raises(Refused):
        tokens.create(store, "ann", role=role)
