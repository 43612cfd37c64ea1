"""What client and server refuse is the same, though each says it in its own words."""

from catalog.hub.store import names as served
from registry.hub import names as pulled


def test_both_sides_hold_the_same_files_to_be_risky() -> None:
    assert {f".{one}" for one in served.RISKY} == set(pulled.RISKY)
