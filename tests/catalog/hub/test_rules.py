"""What a name may be is said once, for those who serve and those who pull."""

import pytest

from catalog.hub.store import errors as served_errors
from catalog.hub.store import names as served
from registry.hub import names as shared


def test_client_and_server_share_their_rules() -> None:
    for rule in ("path", "risky", "fold", "is_commit", "is_sha256"):
        assert getattr(served, rule) is getattr(shared, rule)
    assert served_errors.Refused is shared.Refused


@pytest.mark.parametrize("id", ["team/CON", "team/con", "team/NUL.txt", "Aux/x", "team/lpt1"])
def test_no_repo_is_called_like_a_device(id: str) -> None:
    with pytest.raises(shared.Refused):
        served.repo("datasets", id)
