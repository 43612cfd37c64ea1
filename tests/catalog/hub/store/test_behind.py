import os
from pathlib import Path

import pytest

from catalog.hub.store import behind
from catalog.hub.store.behind import STEP, STEPS, Behind


def test_only_the_last_steps_are_advised_and_each_byte_at_least_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    advised: list[tuple[int, int]] = []
    monkeypatch.setattr(
        behind, "forget", lambda file, start, length: advised.append((start, length))
    )
    one = Behind(0)
    for _ in range(20):
        one.wrote(STEP // 2)
    assert [start + length for start, length in advised] == [STEP * n for n in range(1, 11)]
    assert all(length <= STEPS * STEP for _, length in advised)
    assert sum(length for _, length in advised) >= 2 * 8 * STEP


def test_a_small_file_is_left_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "forget", lambda *_: pytest.fail("too early"))
    Behind(0).wrote(STEP - 1)


def test_what_is_forgotten_is_still_in_the_file(tmp_path: Path) -> None:
    path, content = tmp_path / "file", os.urandom(1 << 20)
    with path.open("wb", buffering=0) as file:
        file.write(content)
        behind.forget(file.fileno(), 0, len(content))
        os.fsync(file.fileno())
        behind.forget(file.fileno(), 0, len(content))
    assert path.read_bytes() == content


def test_where_there_is_no_advice_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    behind.forget(-1, 0, 1)
