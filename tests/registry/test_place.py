from pathlib import Path

import pytest

from registry.errors import RegistryError
from registry.files import write_text
from registry.place import here, stage_of


def test_the_environment_comes_before_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "params.yaml", "mirror: /from/params\ndevice: cpu\n")
    monkeypatch.setenv("TUNEDECK_MIRROR", "/from/environment")
    place = here(tmp_path)
    assert (place.mirror, place.device) == (Path("/from/environment"), "cpu")


def test_without_params_the_device_is_chosen_automatically(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TUNEDECK_MIRROR", "TUNEDECK_DEVICE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    place = here(tmp_path)
    assert (place.mirror, place.device) == (None, "auto")


def test_a_faulty_params_file_is_named_with_its_line(tmp_path: Path) -> None:
    write_text(tmp_path / "params.yaml", "device: cpu\ndevice: cuda\n")
    with pytest.raises(RegistryError, match=r"params\.yaml:2: device: stands on line 1"):
        here(tmp_path)


def test_the_stage_of_a_model_is_named_with_its_file_where_it_is_no_part_of_the_main_job(
    tmp_path: Path,
) -> None:
    assert stage_of(tmp_path, "any") == "tune@any"
    write_text(tmp_path / "params.yaml", "tuned: {main: {}}\n")
    assert stage_of(tmp_path, "main") == "tune@main"
    assert stage_of(tmp_path, "other") == "recipes/dvc.yaml:tune@other"
    write_text(tmp_path / "recipes" / "params.yaml", "trials: {other: {}}\nearning: {policy: {}}\n")
    assert stage_of(tmp_path, "other") == "recipes/dvc.yaml:tune@other"
    assert stage_of(tmp_path, "policy") == "recipes/dvc.yaml:earn@policy"
