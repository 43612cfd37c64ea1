"""What client and server refuse is the same, though each says it in its own words."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.hub.store import names as served
from registry.errors import RegistryError
from registry.hub import names as pulled


def refuses(work: Callable[..., object], *given: str) -> bool:
    try:
        work(*given)
    except RegistryError:
        return True
    return False


def test_both_sides_hold_the_same_files_to_be_risky() -> None:
    assert {f".{one}" for one in served.RISKY} == set(pulled.RISKY)


parts = st.sampled_from(["a", "A", ".", "..", "con", "NUL.txt", ".git", "x\0", "é", " ", "~", ""])


@given(st.text(max_size=12) | st.lists(parts, max_size=4).map("/".join))
@example("a\\b")
@example("/etc/passwd")
@example("a/../b")
def test_both_sides_refuse_the_same_paths(path: str) -> None:
    assert refuses(served.path, path) == refuses(pulled.path, path)


@pytest.mark.parametrize("id", ["team/CON", "team/con", "team/NUL.txt", "Aux/x", "team/lpt1"])
def test_no_repo_is_called_like_a_device(id: str) -> None:
    assert refuses(served.repo, "datasets", id)
    assert refuses(pulled.repo, id)
