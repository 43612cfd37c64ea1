import pytest

from registry import Registry
from registry.errors import RegistryError
from registry.tracking import links, trace
from tests.registry.tracking.made import (
    BIRD,
    SONGS,
    client_of,
    publish,
    run_of,
    runs_of,
)

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


def test_a_champion_is_traced_to_the_sha256_of_its_native_files(published: str) -> None:
    found = trace(published, "singer@champion")
    assert [one.get("stage") or one["step"] for one in found][:3] == ["version", "model", "tune"]
    runs = {(one["stage"], one["card"]) for one in found if one["step"] == "run"}
    assert runs == {
        ("tune", "models/singer"),
        ("mix", "mixtures/songs-only"),
        ("convert", "datasets/songs"),
        ("convert", "models/nightingale"),
    }
    files = {one["path"]: one["sha256"] for one in found if one["step"] == "file"}
    assert files == {
        "data/native/songs/songs.json": SONGS,
        "data/native/nightingale/bird.safetensors": BIRD,
    }


@pytest.mark.parametrize("name", ["singer", "singer@", "@champion", "models:/singer/1"])
def test_a_trace_needs_a_name_and_an_alias(uri: str, name: str) -> None:
    with pytest.raises(RegistryError, match=r"names no version; write NAME@champion"):
        trace(uri, name)


def test_a_trace_of_an_unknown_model_is_one_sentence(uri: str) -> None:
    with pytest.raises(RegistryError, match=r"MLflow at sqlite:.*not found"):
        trace(uri, "nobody@champion")


def test_the_pages_of_a_card_are_found_newest_first(published: str) -> None:
    found = links(client_of(published), "models/singer")["models/singer"]
    assert [one.stage for one in found] == ["evaluate", "tune"]
    run = run_of(published, "tune").info
    assert found[1].run.startswith(f"#/experiments/{run.experiment_id}/runs/{run.run_id}")
    assert (found[1].model or "").startswith("#/models/singer/versions/1")
    assert found[0].model is None


def test_the_store_itself_answers_for_the_pages_of_every_card(registry: Registry, uri: str) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    assert links(client_of(uri)) == {}
    publish(registry, uri)
    found = links(SqlAlchemyStore(uri, "mlflow-artifacts:/"))
    assert set(found) == {one.data.tags["catalog.card"] for one in runs_of(uri)}
    assert found == links(client_of(uri))
