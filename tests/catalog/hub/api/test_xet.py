import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.hub.api import signed, xet
from catalog.hub.store import possession
from catalog.hub.store.tokens import Who
from catalog.hub.xet import assembly, xorbs
from tests.catalog.hub.served import Hub, hub, live
from tests.catalog.hub.xet import pieces

ANN, BOB = Who("ann", "write", ("team",)), Who("bob", "write", ("other",))
X, Y, GONE = "a1" * 32, "b2" * 32, "c3" * 32


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with hub(tmp_path_factory.mktemp("hub")) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Cas:
    """The store of pieces as one user's client sees it."""

    hub: Hub
    url: str
    token: str

    def ask(self, method: str, at: str, content: bytes = b"") -> Any:
        return self.hub.client.request(
            method,
            urlsplit(self.url).path + at,
            content=content,
            headers={"authorization": f"Bearer {self.token}"},
        )

    def xorb(self, name: str, content: bytes) -> Any:
        return self.ask("POST", f"/v1/xorbs/default/{name}", content)

    def shard(self, *files: bytes) -> Any:
        return self.ask("POST", "/v1/shards", pieces.shard(*files))


def token(hub: Hub, user: str, repo: str, kind: str = "write") -> Any:
    at = f"/api/models/{repo}/xet-{kind}-token/main"
    return hub.client.get(at, headers=hub.as_(user))


def cas(hub: Hub, user: str = "ann", repo: str = "team/m") -> Cas:
    said = token(hub, user, repo).json()
    return Cas(hub, said["casUrl"], said["accessToken"])


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stored(hub: Hub, content: bytes) -> bool:
    return hub.store.blobs.size(sha256(content)) is not None


def test_the_token_is_said_in_headers_and_in_json_alike(one: Hub) -> None:
    answer = token(one, "ann", "team/m")
    assert answer.json() == {
        "casUrl": answer.headers["x-xet-cas-url"],
        "exp": int(answer.headers["x-xet-token-expiration"]),
        "accessToken": answer.headers["x-xet-access-token"],
    }
    assert answer.json()["casUrl"].startswith(f"http://localhost/xet/{one.store.instance()}/")
    assert 0 < answer.json()["exp"] - time.time() <= xet.LASTING


def test_a_file_is_put_together_from_its_pieces(one: Hub) -> None:
    content = b"".join(bytes([number]) * 1000 for number in range(40))
    chunks = [content[at : at + 1000] for at in range(0, len(content), 1000)]
    ann = cas(one)
    assert ann.xorb(X, pieces.xorb(chunks[:30], pieces.LZ4)).json() == {"was_inserted": True}
    assert ann.xorb(Y, pieces.xorb(chunks[30:], pieces.GROUPED)).json() == {"was_inserted": True}
    assert ann.xorb(Y, pieces.xorb(chunks[30:])).json() == {"was_inserted": False}
    terms = [(X, 30_000, 0, 30), (Y, 10_000, 0, 10)]
    assert ann.shard(pieces.file(content, terms)).json() == {"result": 1}
    assert b"".join(one.store.blobs.open(sha256(content))) == content
    assert possession.may_name(one.store, ANN, sha256(content))
    assert not possession.may_name(one.store, BOB, sha256(content))
    assert one.scratch() == []


def test_a_later_shard_may_name_pieces_that_were_sent_before(one: Hub) -> None:
    name, content = "0c" * 32, b"sent before"
    ann, again = cas(one), cas(one, "ann", "team/open")
    assert again.url == ann.url
    ann.xorb(name, pieces.xorb([content], pieces.LZ4))
    for times in (1, 3):
        terms = [(name, len(content), 0, 1)] * times
        assert again.shard(pieces.file(content * times, terms)).status_code == 200
        assert stored(one, content * times)


def test_the_pieces_of_somebody_else_cannot_be_named(one: Hub) -> None:
    secret = b"what only ann has"
    assert cas(one).xorb("d4" * 32, pieces.xorb([secret])).status_code == 200
    bob = cas(one, "bob", "other/n")
    answer = bob.shard(pieces.file(secret, [("d4" * 32, len(secret), 0, 1)]))
    assert answer.status_code == 400
    assert "is not here" in answer.json()["error"]
    assert not possession.may_name(one.store, BOB, sha256(secret))


def test_nobody_can_put_other_bytes_under_a_hash_of_somebody_else(one: Hub) -> None:
    name, content = "e5" * 32, b"the true bytes"
    assert cas(one, "bob", "other/n").xorb(name, pieces.xorb([b"false"])).status_code == 200
    ann = cas(one)
    assert ann.xorb(name, pieces.xorb([content])).json() == {"was_inserted": True}
    assert ann.shard(pieces.file(content, [(name, len(content), 0, 1)])).status_code == 200


def test_a_file_that_comes_to_another_hash_is_refused_with_all_of_its_shard(one: Hub) -> None:
    ann, good, bad = cas(one), b"good one", b"bad one"
    ann.xorb("f6" * 32, pieces.xorb([good, bad]))
    files = (
        pieces.file(good, [("f6" * 32, len(good), 0, 1)]),
        pieces.file(b"else", [("f6" * 32, len(bad), 1, 2)]),
    )
    answer = ann.shard(*files)
    assert answer.status_code == 400
    assert sha256(bad) in answer.json()["error"]
    assert not stored(one, good)
    assert not stored(one, bad)
    assert one.scratch() == []


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ((GONE, 5, 0, 1), "is not here; send it before the shard"),
        (("77" * 32, 5, 0, 3), "has 2 chunks; the shard names chunk 3"),
        (("77" * 32, 5, 1, 9000), "has 2 chunks; the shard names chunk 9000"),
        (("77" * 32, 9, 0, 2), "hold 10 bytes; the shard says 9"),
        (("77" * 32, 0xFFFFFFFF, 0, 2), "hold 10 bytes; the shard says 4,294,967,295"),
    ],
)
def test_a_shard_that_claims_what_is_not_so_is_refused_unread(
    one: Hub, term: tuple[str, int, int, int], said: str
) -> None:
    ann = cas(one)
    ann.xorb("77" * 32, pieces.xorb([b"12345", b"67890"]))
    answer = ann.shard(pieces.file(b"", [term]))
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_file_larger_than_the_limit_or_the_disk_is_refused_before_it_is_written(
    one: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, chunk = cas(one), bytes(xorbs.MOST_CHUNK)
    ann.xorb("88" * 32, pieces.xorb([chunk], pieces.LZ4))
    bomb = pieces.file(b"", [("88" * 32, len(chunk), 0, 1)] * 2000)
    monkeypatch.setattr(assembly, "MOST_FILE", 100 * len(chunk))
    assert ann.shard(bomb).status_code == 400
    monkeypatch.setattr(assembly, "MOST_FILE", 1 << 40)
    monkeypatch.setattr(assembly, "SPARE", 1 << 60)
    assert ann.shard(bomb).status_code == 507
    assert one.scratch() == []


@pytest.mark.parametrize("name", ["", "a" * 63, "A" * 64, "g" * 64, "..%2f" * 12 + "abcd"])
def test_a_xorb_needs_a_hash_for_its_name(one: Hub, name: str) -> None:
    assert cas(one).xorb(name, pieces.xorb([b"a"])).status_code in (400, 404)


def test_a_xorb_above_the_limit_is_refused(one: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xorbs, "MOST_BYTES", 1000)
    monkeypatch.setattr(xorbs, "MOST_FOOTER", 10)
    assert cas(one).xorb("99" * 32, pieces.xorb([bytes(1100)])).status_code == 413
    assert one.scratch() == []


@settings(max_examples=100)
@given(data=st.data())
def test_noise_for_xorbs_and_shards_is_refused_in_words(one: Hub, data: st.DataObject) -> None:
    ann = cas(one)
    whole = pieces.shard(pieces.file(b"abc", [(GONE, 3, 0, 1)] * 3))
    at, to = sorted(data.draw(st.integers(0, len(whole))) for _ in range(2))
    noise = whole[:at] + data.draw(st.binary(max_size=60)) + whole[to:]
    for answer in (
        ann.ask("POST", "/v1/shards", noise),
        ann.xorb("10" * 32, b"\x01" + noise),
    ):
        assert answer.status_code in (200, 400)
        assert answer.status_code == 200 or answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "at"),
    [
        ("GET", f"/v1/chunks/default-merkledb/{X}"),
        ("GET", f"/v1/reconstructions/{X}"),
        ("POST", f"/v1/xorb-grants/default/{X}"),
        ("POST", "/v2/shards"),
    ],
)
def test_what_clients_try_and_do_without_is_not_found(one: Hub, method: str, at: str) -> None:
    assert cas(one).ask(method, at).status_code == 404


@pytest.mark.parametrize(
    ("user", "repo", "status"),
    [("bob", "team/m", 404), ("eve", "team/m", 403), ("ann", "no/no", 404)],
)
def test_only_who_may_propose_gets_a_token_to_write(
    one: Hub, user: str, repo: str, status: int
) -> None:
    assert token(one, user, repo).status_code == status


@pytest.mark.parametrize("revision", ["gone", "..%2fx", "a%00b", "refs%2Fpr%2F7"])
def test_there_is_no_token_for_a_revision_that_is_not_there(one: Hub, revision: str) -> None:
    at = f"/api/models/team/m/xet-write-token/{revision}"
    answer = one.client.get(at, headers=one.as_("ann"))
    assert answer.status_code in (400, 404)
    assert one.client.get(at.replace(revision, "refs%2Fheads%2Fmain")).status_code == 404
    found = one.client.get(at.replace(revision, "refs%2Fheads%2Fmain"), headers=one.as_("ann"))
    assert found.status_code == 200


def test_a_token_to_read_cannot_write(one: Hub) -> None:
    said = token(one, "eve", "team/m", "read").json()
    eve = Cas(one, said["casUrl"], said["accessToken"])
    assert eve.xorb(X, pieces.xorb([b"a"])).status_code == 403
    assert eve.shard().status_code == 403
    assert eve.ask("GET", f"/v1/chunks/default/{X}").status_code == 404


def test_a_token_is_good_at_its_own_address_for_its_own_time_only(one: Hub) -> None:
    ann, bob = cas(one), cas(one, "bob", "other/n")
    crossed = replace(bob, url=ann.url)
    assert crossed.xorb(X, pieces.xorb([b"a"])).status_code == 403
    grant = signed.opened(one.store.secret, ann.token, xet.WRITE, now=0)
    old = signed.seal(one.store.secret, replace(grant, until=int(time.time()) - 1))
    for bad, status in ((old, 403), (one.tokens["ann"], 403), ("", 401), (ann.token[:-3], 403)):
        assert replace(ann, token=bad).xorb(X, b"").status_code == status


def test_many_who_send_the_same_pieces_at_once_all_succeed(one: Hub) -> None:
    content = bytes(range(256)) * 2000
    chunks = [content[at : at + 64_000] for at in range(0, len(content), 64_000)]
    packed, terms = pieces.xorb(chunks, pieces.LZ4), [("ab" * 32, len(content), 0, len(chunks))]

    def push(_: int) -> list[int]:
        ann = cas(one)
        return [
            ann.xorb("ab" * 32, packed).status_code,
            ann.shard(pieces.file(content, terms)).status_code,
        ]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(push, range(8))) == [[200, 200]] * 8
    assert b"".join(one.store.blobs.open(sha256(content))) == content


CLIENT = """
import sys
from pathlib import Path
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.utils._runtime import is_xet_available

assert is_xet_available()
api, (folder, repo, *names) = HfApi(), sys.argv[1:]
for name in names:
    api.upload_file(path_or_fileobj=f"{folder}/{name}", path_in_repo=name, repo_id=repo)
    found = Path(hf_hub_download(repo, name)).read_bytes()
    assert found == Path(folder, name).read_bytes(), name
print("done")
"""


def client(address: str, hub: Hub, home: Path, *words: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", CLIENT, *words],
        env=os.environ
        | {"HF_ENDPOINT": address, "HF_TOKEN": hub.tokens["ann"], "HF_HOME": str(home)}
        | {"HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert said.stdout.endswith("done\n"), said.stderr


def content(size: int, seed: int) -> bytes:
    """Return bytes of which a part packs well, a part packs grouped and a part not at all."""
    import numpy as np

    chance = np.random.default_rng(seed)
    third = size // 12
    return b"".join(
        (
            b"a line that comes again and again\n" * (third * 4 // 34),
            chance.standard_normal(third, dtype=np.float32).tobytes(),
            chance.bytes(third * 4 + 1),
        )
    )


def pushed(folder: Path, sizes: tuple[int, ...]) -> None:
    with hub(folder / "root") as one, live(folder / "root") as address:
        for number, size in enumerate(sizes):
            (folder / f"{number}.dat").write_bytes(content(size, number))
        longer = (folder / "0.dat").read_bytes()
        (folder / "edited.dat").write_bytes(
            longer[: len(longer) // 2] + b"!" + longer[len(longer) // 2 :]
        )
        names = [f"{number}.dat" for number in range(len(sizes))]
        home = folder / "home"
        client(address, one, home, str(folder), "team/m", *names, "edited.dat")
        kept = sum(kept.size for kept in one.store.xorbs.listed())
        assert kept < sum(sizes) * 1.1
        client(address, one, home, str(folder), "team/open", *names)
        assert sum(found.size for found in one.store.xorbs.listed()) == kept
        assert one.scratch() == []


def test_an_unmodified_client_pushes_edits_and_pushes_again(tmp_path: Path) -> None:
    pushed(tmp_path, (3_000_001, 2_000_000))


@pytest.mark.slow
def test_an_unmodified_client_pushes_what_needs_many_xorbs(tmp_path: Path) -> None:
    pushed(tmp_path, (200_000_003, 90_000_000))
