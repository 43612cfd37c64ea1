"""A server for each module of tests, and checkouts beside it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from catalog.hub.store import Store, tokens
from tests.catalog.hub.push.checkouts import Checkout, Hub
from tests.catalog.hub.served import live

PEOPLE = {"ann": ("write", ("ann", "team")), "bob": ("write", ("bob",)), "eve": ("read", ("team",))}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "cards").mkdir()
    with Store.open(folder / "hub") as store:
        texts = {
            name: tokens.create(store, name, role=role, namespaces=spaces)[1]  # type: ignore[arg-type]
            for name, (role, spaces) in PEOPLE.items()
        }
    with live(folder) as address:
        yield Hub(address, texts)


@pytest.fixture
def hub(kept: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return the server; the environment has ann's token for it and names no other."""
    for name in ("HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(kept.variable, kept.tokens["ann"])
    return kept


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return the id of a repo that no other test has."""
    words = "".join(one if one.isalnum() else "-" for one in request.node.name)
    return f"team/{words[:90].strip('-')}"


@pytest.fixture
def here(hub: Hub, root: Path) -> Checkout:
    return Checkout(hub, root)


@pytest.fixture
def fresh(
    hub: Hub, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Checkout]:
    """Return what makes a checkout that lacks some cards, as somebody else has it."""

    def made(*lacking: str) -> Checkout:
        other = tmp_path_factory.mktemp("other")
        shutil.copytree(root / "cards", other / "cards")
        for one in lacking:
            (other / "cards" / f"{one}.yaml").unlink()
        return Checkout(hub, other)

    return made


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
