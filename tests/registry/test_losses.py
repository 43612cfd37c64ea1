from pathlib import Path

from registry.losses import Losses


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


def test_the_ends_of_a_measure_are_those_of_the_whole_run(tmp_path: Path) -> None:
    losses = Losses(tmp_path / "losses.jsonl")
    for step in range(1, 13):
        losses(step, {"reward": float(step)})
    for step in range(11, 21):  # again after a kill
        losses(step, {"reward": 100.0 + step})
    losses(21, {"reward": 0.0})  # of an older, longer run
    assert losses.ends(["reward"], 20) == {"reward": (1.5, 119.5)}


def test_a_short_run_ends_in_one_step(tmp_path: Path) -> None:
    losses = Losses(tmp_path / "losses.jsonl")
    for step, reward in ((1, 0.25), (2, 0.5), (3, 1.0)):
        losses(step, {"reward": reward} if step > 1 else {})
    assert losses.ends(["reward"], 3) == {"reward": (0.5, 1.0)}
