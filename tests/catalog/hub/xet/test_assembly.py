import hashlib
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.hub.store import Store
from catalog.hub.store.blobs import Folder
from catalog.hub.xet import assembly
from catalog.hub.xet.xorbs import MOST_CHUNK, Malformed
from tests.catalog.hub.xet import pieces


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "hub") as one:
        yield one


def keep(store: Store, xorb: str, content: bytes) -> bool:
    arrived = store.scratch / "arrived"
    arrived.write_bytes(content)
    return assembly.keep(store, "ann", xorb, arrived)


def name(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def read(store: Store, content: bytes) -> bytes:
    return b"".join(store.blobs.open(hashlib.sha256(content).hexdigest()))


class Elsewhere(Folder):
    """A place for files that is not this machine's disk."""

    def path(self, sha256: str) -> Path | None:
        return None


def test_pieces_that_lie_elsewhere_are_fetched(store: Store) -> None:
    far = replace(store, xorbs=Elsewhere(store.folder / "xorbs"))
    content = b"from far away " * 1000
    keep(far, name(1), pieces.xorb([content], pieces.LZ4))
    shard = pieces.shard(pieces.file(content, [(name(1), len(content), 0, 1)]))
    assert assembly.put_together(far, "ann", shard) == 1
    assert read(store, content) == content
    with pytest.raises(Malformed, match="is not here"):
        assembly.put_together(far, "bob", shard)
    assert list(store.scratch.iterdir()) == []


def test_a_file_may_come_from_more_xorbs_than_are_open_at_once(store: Store) -> None:
    parts = [b"part %d " % number for number in range(80)]
    for number, part in enumerate(parts):
        keep(store, name(number), pieces.xorb([part]))
    order = [*range(80), *range(0, 80, 7)]
    content = b"".join(parts[number] for number in order)
    terms = [(name(number), len(parts[number]), 0, 1) for number in order]
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    shard = pieces.shard(pieces.file(content, terms), pieces.file(parts[3], [terms[3]]))
    assert assembly.put_together(store, "ann", shard) == 2
    assert read(store, content) == content
    assert read(store, parts[3]) == parts[3]
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_before + 2


def test_memory_does_not_grow_with_the_file(store: Store) -> None:
    chunk = bytes(range(256)) * (MOST_CHUNK // 256)
    keep(store, name(1), pieces.xorb([chunk] * 64, pieces.LZ4))
    content = chunk * 64 * 8
    terms = [(name(1), len(chunk) * 64, 0, 64)] * 8
    shard = pieces.shard(pieces.file(hashlib.sha256(content).hexdigest(), terms))
    tracemalloc.start()
    try:
        assembly.put_together(store, "ann", shard)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(content) == 64 << 20
    assert peak < 8 << 20


def test_a_damaged_xorb_is_refused_until_it_is_sent_again(store: Store) -> None:
    content = b"precious"
    assert keep(store, name(1), pieces.xorb([content]))
    path = store.xorbs.path(assembly.key("ann", name(1)))
    assert path
    path.write_bytes(pieces.xorb([b"precioux"]))
    shard = pieces.shard(pieces.file(content, [(name(1), len(content), 0, 1)]))
    with pytest.raises(Malformed, match="comes to the SHA-256"):
        assembly.put_together(store, "ann", shard)
    assert not keep(store, name(1), pieces.xorb([content]))
    assert assembly.put_together(store, "ann", shard) == 1


def test_a_xorb_that_is_no_xorb_is_not_kept(store: Store) -> None:
    with pytest.raises(Malformed):
        keep(store, name(1), b"noise")
    assert list(store.xorbs.listed()) == []
