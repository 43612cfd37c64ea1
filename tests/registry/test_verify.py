from pathlib import Path

from registry import reports
from registry.files import write_text
from registry.place import Place
from registry.reports import Report, artefact
from registry.verify import verify


def wrote(root: Path, text: str = "abc") -> Path:
    path = root / "data" / "x.txt"
    write_text(path, text)
    report = Report(stage="convert", id="x", outputs=(artefact(root, path),))
    reports.write(root, report)
    return path


def test_verify_finds_nothing_in_untouched_files(tmp_path: Path) -> None:
    wrote(tmp_path)
    assert verify(Place(root=tmp_path)) == (1, [])


def test_verify_names_both_hashes_of_a_changed_file(tmp_path: Path) -> None:
    path = wrote(tmp_path)
    said = reports.read(tmp_path, "convert", "x")
    path.write_text("abd")
    _, (difference,) = verify(Place(root=tmp_path))
    assert said is not None
    assert said.outputs[0].sha256 in difference.message
    assert artefact(tmp_path, path).sha256 in difference.message
    assert difference.reports == ("reports/convert/x.json",)


def test_verify_names_a_missing_file(tmp_path: Path) -> None:
    wrote(tmp_path).unlink()
    _, (difference,) = verify(Place(root=tmp_path))
    assert difference.message.startswith("is missing")


def test_a_file_beside_the_main_job_may_be_missing_but_not_changed(tmp_path: Path) -> None:
    path = wrote(tmp_path)
    write_text(tmp_path / "params.yaml", "datasets: [y]\ntuned:\n  z: {mixture: w}\n")
    path.write_text("abd")
    assert len(verify(Place(root=tmp_path))[1]) == 1
    path.unlink()
    assert verify(Place(root=tmp_path)) == (0, [])
    write_text(tmp_path / "params.yaml", "datasets: [x]\n")
    assert len(verify(Place(root=tmp_path))[1]) == 1
