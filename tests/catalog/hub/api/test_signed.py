import json
from base64 import urlsafe_b64encode
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.hub.api.errors import Refused
from catalog.hub.api.signed import Grant, opened, seal

KEY = b"k" * 32
GRANT = Grant(act="put", repo="models/a/b", user="ann", until=100, oid="0" * 64, size=5)


def test_a_grant_comes_back_as_it_was_sealed_until_its_time_is_over() -> None:
    word = seal(KEY, GRANT)
    assert opened(KEY, word, "put", now=99.9) == GRANT
    assert opened(KEY, word, "put", now=0) == GRANT
    with pytest.raises(Refused, match="too old"):
        opened(KEY, word, "put", now=100)


def test_a_grant_serves_no_other_act() -> None:
    with pytest.raises(Refused, match="'put'"):
        opened(KEY, seal(KEY, GRANT), "complete", "verify", now=0)


@pytest.mark.parametrize(
    "change",
    [
        {"act": "complete"},
        {"repo": "models/a/c"},
        {"user": "bob"},
        {"until": 1000},
        {"oid": "1" * 64},
        {"size": 6},
        {"upload": "x"},
        {"part": 1},
    ],
)
def test_a_grant_that_was_changed_in_any_field_is_refused(change: dict[str, object]) -> None:
    mac = seal(KEY, GRANT).partition(".")[2]
    said = json.dumps(asdict(GRANT) | change, separators=(",", ":"), sort_keys=True).encode()
    forged = urlsafe_b64encode(said).rstrip(b"=").decode() + "." + mac
    with pytest.raises(Refused, match="not one of this server's"):
        opened(KEY, forged, str(change.get("act", "put")), now=0)


def test_a_grant_of_another_server_is_refused() -> None:
    with pytest.raises(Refused, match="not one of this server's"):
        opened(b"x" * 32, seal(KEY, GRANT), "put", now=0)


@given(st.text(max_size=100))
def test_noise_is_refused_in_words(noise: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(KEY, noise, "put", now=0)
    assert refused.value.status == 403


def test_a_word_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refused):
        opened(KEY, seal(KEY, replace(GRANT, repo="a" * 5000)), "put", now=0)
