"""A site of repos with pages."""

from collections.abc import Iterator

import pytest

from catalog.hub.store import repos
from registry.files import write_text
from tests.catalog.hub.paged import (
    CARD,
    README,
    propose,
    put,
)
from tests.catalog.hub.served import Hub, hub


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    root = tmp_path_factory.mktemp("hub")
    write_text(root / "cards" / "datasets" / "songs.yaml", CARD)
    with hub(root) as made:
        songs = repos.create(made.store, "datasets", "team/songs")
        files = {"README.md": README, "card.yaml": CARD.encode(), "config.json": b"{}\n"}
        put(made.store, songs, files | {"data/birds.txt": b"robin\nwren\n"}, title="Add birds")
        propose(made.store, songs, {"data/birds.txt": b"robin\nowl\n"}, title="Owl, not wren")
        yield made
