from pathlib import Path

import pytest

from registry import reports, stages
from registry.errors import RegistryError
from registry.files import write_text
from registry.reports import Report, artefact
from registry.stages import Losses, Place


def wrote(root: Path, text: str = "abc") -> Path:
    path = root / "data" / "x.txt"
    write_text(path, text)
    report = Report(stage="convert", id="x", outputs=(artefact(root, path),))
    reports.write(root, report)
    return path


def test_the_environment_comes_before_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "params.yaml", "mirror: /from/params\ndevice: cpu\n")
    monkeypatch.setenv("TUNEDECK_MIRROR", "/from/environment")
    place = stages.here(tmp_path)
    assert (place.mirror, place.device) == (Path("/from/environment"), "cpu")


def test_without_params_the_device_is_chosen_automatically(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TUNEDECK_MIRROR", "TUNEDECK_DEVICE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    place = stages.here(tmp_path)
    assert (place.mirror, place.device) == (None, "auto")


def test_a_faulty_params_file_is_named_with_its_line(tmp_path: Path) -> None:
    write_text(tmp_path / "params.yaml", "device: cpu\ndevice: cuda\n")
    with pytest.raises(RegistryError, match=r"params\.yaml:2: device: stands on line 1"):
        stages.here(tmp_path)


def test_verify_finds_nothing_in_untouched_files(tmp_path: Path) -> None:
    wrote(tmp_path)
    assert stages.verify(Place(root=tmp_path)) == (1, [])


def test_verify_names_both_hashes_of_a_changed_file(tmp_path: Path) -> None:
    path = wrote(tmp_path)
    said = reports.read(tmp_path, "convert", "x")
    path.write_text("abd")
    _, (difference,) = stages.verify(Place(root=tmp_path))
    assert said is not None
    assert said.outputs[0].sha256 in difference.message
    assert artefact(tmp_path, path).sha256 in difference.message
    assert difference.reports == ("reports/convert/x.json",)


def test_verify_names_a_missing_file(tmp_path: Path) -> None:
    wrote(tmp_path).unlink()
    _, (difference,) = stages.verify(Place(root=tmp_path))
    assert difference.message.startswith("is missing")


def test_the_learning_curve_keeps_the_second_try_of_a_step(tmp_path: Path) -> None:
    losses = Losses(tmp_path / "losses.jsonl")
    for step, loss in ((1, 3.0), (2, 2.0), (3, 9.0), (2, 2.5), (3, 1.5)):
        losses(step, {"loss": loss, "learning_rate": 0.1})
    losses.finish(tmp_path / "loss.csv", steps=3)
    lines = (tmp_path / "loss.csv").read_text().splitlines()
    assert lines[0] == "step,loss,learning_rate,gradient_norm"
    assert [line.split(",")[:2] for line in lines[1:]] == [["1", "3"], ["2", "2.5"], ["3", "1.5"]]


def test_the_learning_curve_drops_a_torn_line_and_an_older_longer_run(tmp_path: Path) -> None:
    path = tmp_path / "losses.jsonl"
    losses = Losses(path)
    for step in (1, 2, 3):
        losses(step, {"loss": 1.0})
    path.write_text(path.read_text() + '{"step": 4, "lo')
    losses(1, {"loss": 2.0})
    losses.finish(tmp_path / "loss.csv", steps=2)
    assert len((tmp_path / "loss.csv").read_text().splitlines()) == 3
