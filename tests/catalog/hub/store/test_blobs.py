import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.hub.store import Store, blobs, possession, repos, tables
from catalog.hub.store.blobs import git_sha1
from catalog.hub.store.commits import Put
from catalog.hub.store.errors import NoBlob, Refused, StoreError
from catalog.hub.store.tokens import Who

LARGE = bytes(range(256)) * 10_000


def scratch(store: Store) -> list[str]:
    return [path.name for path in store.scratch.iterdir()]


def test_what_is_written_is_what_is_read(people: Any) -> None:
    store = people.store
    with blobs.receiving(store, "ann") as batch:
        spool = batch.spool(git=True)
        for start in range(0, len(LARGE), 100_000):
            spool.write(memoryview(LARGE)[start : start + 100_000])
        found = [spool.done(), batch.add(io.BytesIO(LARGE)), batch.add(b""), batch.add(b"x")]
    assert found[0] == found[1] == spool.done()
    for written, content in zip(found, (LARGE, LARGE, b"", b"x"), strict=True):
        assert written.sha256 == hashlib.sha256(content).hexdigest()
        assert (written.oid, written.size) == (git_sha1(content), len(content))
        assert blobs.read(store, written.sha256) == content
        assert store.blobs.size(written.sha256) == len(content)
    assert scratch(store) == []


def test_any_part_can_be_read(people: Any) -> None:
    sha256 = people.upload(LARGE)
    for start, length in ((0, 1), (5, 0), (3, 2_000_000), (len(LARGE) - 1, 9), (len(LARGE), 1)):
        found = b"".join(people.store.blobs.open(sha256, start, length))
        assert found == LARGE[start : start + length]
    assert b"".join(people.store.blobs.open(sha256, 2_000_000)) == LARGE[2_000_000:]
    assert blobs.read(people.store, sha256, most=10) == LARGE[:10]


def test_what_fails_leaves_nothing(people: Any) -> None:
    store = people.store
    sha256 = hashlib.sha256(b"content").hexdigest()

    def fail() -> None:
        with blobs.receiving(store, "ann") as batch:
            assert batch.add(b"content").sha256 == sha256
            batch.spool().write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.blobs.size(sha256) is None
    assert not possession.may_name(store, people.ann, sha256)
    with blobs.receiving(store, "ann") as batch:
        batch.spool().write(b"never done")
    assert scratch(store) == []
    assert list(store.blobs.listed()) == []


def test_a_file_of_this_disk_is_taken_over(people: Any) -> None:
    file = people.store.scratch / "part"
    file.write_bytes(LARGE)
    with blobs.receiving(people.store, "ann") as batch:
        written = batch.take(file, git=True)
    assert blobs.read(people.store, written.sha256) == LARGE
    assert written.oid == git_sha1(LARGE)
    assert not file.exists()


def test_what_is_absent_is_told_before_the_first_byte(store: Store) -> None:
    with pytest.raises(NoBlob):
        store.blobs.open("0" * 64)
    assert store.blobs.size("0" * 64) is None
    assert store.blobs.path("0" * 64) is None
    store.blobs.remove("0" * 64)
    for bad in ("../" + "a" * 61, "A" * 64, ""):
        with pytest.raises(Refused):
            store.blobs.open(bad)


def test_files_are_listed_and_removed(people: Any) -> None:
    wanted = {people.upload(content) for content in (b"1", b"2", b"3")}
    assert {one.sha256 for one in people.store.blobs.listed()} == wanted
    gone = wanted.pop()
    people.store.blobs.remove(gone)
    assert {one.sha256 for one in people.store.blobs.listed()} == wanted


def test_uploaded_chunks_lie_in_a_room_of_their_own(people: Any) -> None:
    file = people.store.scratch / "xorb"
    file.write_bytes(b"chunks")
    people.store.xorbs.place("f" * 64, file)
    assert b"".join(people.store.xorbs.open("f" * 64)) == b"chunks"
    assert list(people.store.blobs.listed()) == []


@given(st.binary(max_size=200))
def test_gits_id_is_the_same_in_chunks(content: bytes) -> None:
    chunks = [content[start : start + 7] for start in range(0, len(content), 7)]
    assert blobs.git_sha1_of(chunks, len(content)) == git_sha1(content)


def test_an_upload_may_be_named_for_a_while(people: Any) -> None:
    sha256 = people.upload(b"x")
    others = (None, people.bob, Who("root", "admin"))
    assert possession.may_name(people.store, people.ann, sha256)
    assert not any(possession.may_name(people.store, who, sha256) for who in others)
    people.clock.now += blobs.LENT - 1
    possession.lend(people.store, "ann", [sha256], seconds=10)
    people.clock.now += 9
    assert possession.may_name(people.store, people.ann, sha256)
    people.clock.now += 1
    assert not possession.may_name(people.store, people.ann, sha256)


def test_who_can_read_a_repo_may_name_what_is_in_it(people: Any) -> None:
    repo = people.repo("team/hidden", private=True)
    sha256 = people.upload(b"x")
    people.commit(repo, Put("x", sha256))
    people.clock.now += blobs.LENT
    store = people.store
    reader = Who("eve", "read", ("team",))
    assert possession.nameable(store, reader, [sha256, "0" * 64]) == {sha256: 1}
    assert not possession.may_name(store, people.bob, sha256)
    repos.settings(store, repo, private=False)
    assert possession.may_name(store, people.bob, sha256)
    assert possession.may_name(store, None, sha256)
    repos.delete(store, repo)
    assert not possession.may_name(store, people.ann, sha256)


def test_what_is_lent_but_not_there_cannot_be_named(people: Any) -> None:
    possession.lend(people.store, "ann", ["0" * 64])
    assert not possession.may_name(people.store, people.ann, "0" * 64)


def test_many_files_are_asked_for_at_once(people: Any) -> None:
    with blobs.receiving(people.store, "ann") as batch:
        wanted = {batch.add(b"%d" % number).sha256 for number in range(60)}
    asked = [*wanted, *(f"{number:064x}" for number in range(1500))]
    assert possession.nameable(people.store, people.ann, asked).keys() == wanted


def test_a_place_for_files_that_is_none_is_refused(tmp_path: Any) -> None:
    with pytest.raises(StoreError, match="s3://"):
        Store.open(tmp_path / "hub", blobs="ftp://x")


@pytest.mark.parametrize(
    "url", ["no url", "oracle9://x/y", "postgresql://ann:secret@127.0.0.1:1/hub", "sqlite:////no/x"]
)
def test_a_database_that_cannot_be_opened_is_told_without_its_password(
    tmp_path: Any, url: str
) -> None:
    with pytest.raises(StoreError, match=r"opened") as told:
        Store.open(tmp_path / "hub", database=url)
    assert "secret" not in str(told.value)


def test_a_store_of_another_version_is_not_touched(tmp_path: Any) -> None:
    with Store.open(tmp_path / "hub") as one, one.writing() as connection:
        version = tables.setting.c.key == "version"
        connection.execute(tables.setting.update().where(version).values(value="2"))
    with pytest.raises(StoreError, match="version 2"):
        Store.open(tmp_path / "hub")


def test_two_openings_share_one_secret(tmp_path: Any) -> None:
    with Store.open(tmp_path / "hub") as one, Store.open(tmp_path / "hub") as two:
        assert one.secret == two.secret
        assert one.instance() == two.instance()
    assert (tmp_path / "hub").stat().st_mode & 0o077 == 0
