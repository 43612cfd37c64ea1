import sys

import pytest

from registry.progress import bar, watched


def test_things_pass_through_a_bar_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(watched(iter("abc"), "singing", "song", total=3)) == ["a", "b", "c"]
    drawn = capsys.readouterr()
    assert "singing: 100%" in drawn.err
    assert "3/3" in drawn.err
    assert drawn.out == ""


def test_a_bar_goes_on_where_an_earlier_run_was(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("singing", 4, "song", done=3) as counted:
        counted.add(says="loud")
    said = capsys.readouterr().err
    assert "75%" in said
    assert "4/4" in said
    assert "loud" in said


def test_nobody_sees_a_bar_that_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(watched("abc", "singing", "song", shown=False)) == ["a", "b", "c"]
    with bar("singing", 4, "song", shown=False) as counted:
        counted.add(2, says="loud")
        assert counted.seconds == 0
    assert capsys.readouterr().err == ""


def test_without_tqdm_work_goes_on_unseen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "tqdm", raising=False)
    monkeypatch.setattr("registry.progress.find_spec", lambda name: None)
    assert list(watched("abc", "singing", "song")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def _hoarse() -> None:
    with bar("singing", 4, "song") as counted:
        counted.add()
        raise ValueError("hoarse")


def test_what_fails_within_a_bar_passes_through_it() -> None:
    with pytest.raises(ValueError, match="hoarse"):
        _hoarse()
