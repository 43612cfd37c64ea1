import hashlib
import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog.hub.api import lfs, signed
from catalog.hub.store import possession
from catalog.hub.store.tokens import Who
from tests.catalog.hub.served import Hub, hub, live

BATCH = "/team/m.git/info/lfs/objects/batch"
ANN, BOB = Who("ann", "write", ("team",)), Who("bob", "write", ("other",))


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with hub(tmp_path_factory.mktemp("hub")) as made:
        yield made


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def announce(hub: Hub, *contents: bytes, user: str = "ann", to: str = BATCH, **more: Any) -> Any:
    objects = [{"oid": sha256(one), "size": len(one)} for one in contents]
    asked = {"operation": "upload", "transfers": ["basic"], "objects": objects} | more
    return hub.client.post(to, json=asked, headers=hub.as_(user))


def upload(hub: Hub, content: bytes, **more: Any) -> Any:
    return announce(hub, content, **more).json()["objects"][0]["actions"]["upload"]


def path(href: str) -> str:
    return urlsplit(href).path


def test_a_file_goes_up_is_verified_and_can_be_named_by_who_brought_it(one: Hub) -> None:
    content = b"a large file"
    answer = announce(one, content).json()
    actions = answer["objects"][0]["actions"]
    assert one.client.put(actions["upload"]["href"], content=content).status_code == 200
    said = one.client.post(actions["verify"]["href"], json={"oid": sha256(content)})
    assert said.json() == {"oid": sha256(content), "size": len(content)}
    assert b"".join(one.store.blobs.open(sha256(content))) == content
    assert possession.may_name(one.store, ANN, sha256(content))
    assert one.scratch() == []


def test_what_is_here_and_may_be_named_is_not_asked_for_again(one: Hub) -> None:
    content = b"twice"
    one.client.put(upload(one, content)["href"], content=content)
    again = announce(one, content).json()["objects"][0]
    assert again["oid"] == sha256(content)
    assert "actions" not in again


def test_who_knows_a_hash_alone_has_to_upload_the_file(one: Hub) -> None:
    content = b"a secret of ann's"
    one.client.put(upload(one, content)["href"], content=content)
    to = "/other/n.git/info/lfs/objects/batch"
    assert not possession.may_name(one.store, BOB, sha256(content))
    href = upload(one, content, user="bob", to=to)["href"]
    assert not possession.may_name(one.store, BOB, sha256(content))
    assert one.client.put(href, content=content).status_code == 200
    assert possession.may_name(one.store, BOB, sha256(content))


@pytest.mark.parametrize("sent", [b"an other file", b"a file that is longer", b"short", b""])
def test_a_file_that_is_not_the_announced_one_is_refused_and_gone(one: Hub, sent: bytes) -> None:
    announced = b"a fine file!!"
    answer = one.client.put(upload(one, announced)["href"], content=sent)
    assert answer.status_code in (400, 413)
    assert "announced" in answer.json()["error"] or "larger" in answer.json()["error"]
    assert one.store.blobs.size(sha256(announced)) is None
    assert one.store.blobs.size(sha256(sent)) is None
    assert one.scratch() == []


def test_the_wrong_size_in_a_batch_is_said_for_that_object_alone(one: Hub) -> None:
    content = b"sizes"
    one.client.put(upload(one, content)["href"], content=content)
    objects = [{"oid": sha256(content), "size": 4}, {"oid": sha256(b"new"), "size": 3}]
    wrong, right = announce(one, objects=objects).json()["objects"]
    assert wrong["error"] == {"code": 422, "message": "the object has 5 bytes"}
    assert right["actions"]


@pytest.mark.parametrize(("size", "code"), [(1 << 60, 422), (lfs.MOST_FILE, 507)])
def test_what_has_no_room_is_refused_before_it_comes(
    one: Hub, size: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lfs, "_free", lambda store: 1 << 30)
    found = announce(one, objects=[{"oid": "0" * 64, "size": size}]).json()["objects"][0]
    assert found["error"]["code"] == code


@pytest.mark.parametrize(
    "asked",
    [
        {"operation": "download"},
        {"objects": []},
        {"objects": {}},
        {"objects": [1]},
        {"objects": [{"oid": "0" * 64}]},
        {"objects": [{"oid": "0" * 63, "size": 1}]},
        {"objects": [{"oid": "../" * 21 + "0", "size": 1}]},
        {"objects": [{"oid": "0" * 64, "size": -1}]},
        {"objects": [{"oid": "0" * 64, "size": True}]},
        {"objects": [{"oid": "0" * 64, "size": 1.5}]},
        {"objects": [{"oid": "0" * 64, "size": 1}] * 1001},
        {"hash_algo": "md5"},
        {"transfers": 7},
    ],
)
def test_a_batch_that_makes_no_sense_is_refused_in_words(one: Hub, asked: Any) -> None:
    answer = announce(one, b"a", **asked)
    assert answer.status_code in (409, 422)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("user", "repo", "status"),
    [
        ("bob", "team/m", 404),
        ("eve", "team/m", 403),
        ("bob", "team/gone", 404),
        ("eve", "team/open", 403),
    ],
)
def test_only_who_may_propose_to_a_repo_gets_addresses(
    one: Hub, user: str, repo: str, status: int
) -> None:
    answer = announce(one, b"a", user=user, to=f"/{repo}.git/info/lfs/objects/batch")
    assert answer.status_code == status


def test_without_a_token_there_is_no_address(one: Hub) -> None:
    asked = {"operation": "upload", "objects": [{"oid": "0" * 64, "size": 1}]}
    to = "/team/open.git/info/lfs/objects/batch"
    assert one.client.post(to, json=asked).status_code == 401


def test_an_address_serves_its_own_act_and_object_only(one: Hub) -> None:
    content = b"addresses"
    href = path(upload(one, content)["href"])
    word = href.rpartition("/")[2]
    other = sha256(b"other")
    assert one.client.put(f"/lfs/put/{other}/{word}", content=b"other").status_code == 403
    assert one.client.put(f"/lfs/part/{sha256(content)}/{word}", content=content).status_code == 403
    assert one.client.post(f"/lfs/complete/{sha256(content)}/{word}", json={}).status_code == 403
    assert one.client.post(f"/lfs/verify/{sha256(content)}/{word}", json={}).status_code == 403
    assert one.client.post(href, content=content).status_code == 405
    assert one.client.put(href[:-1] + "!", content=content).status_code == 403
    assert one.store.blobs.size(sha256(content)) is None


def test_an_address_that_was_changed_or_is_too_old_is_refused(one: Hub) -> None:
    content = b"too old"
    word = path(upload(one, content)["href"]).rpartition("/")[2]
    grant = signed.opened(one.store.secret, word, "put", now=0)
    assert grant.until - time.time() <= lfs.LASTING
    old = replace(grant, until=int(time.time()) - 1)
    for bad in (signed.seal(one.store.secret, old), signed.seal(b"guessed" * 4, grant)):
        answer = one.client.put(f"/lfs/put/{grant.oid}/{bad}", content=content)
        assert answer.status_code == 403
    assert one.store.blobs.size(grant.oid) is None


def test_an_address_used_twice_changes_nothing(one: Hub) -> None:
    content = b"replayed"
    href = upload(one, content)["href"]
    for _ in range(2):
        assert one.client.put(href, content=content).status_code == 200
    assert one.client.put(href, content=b"replaced").status_code == 400
    assert b"".join(one.store.blobs.open(sha256(content))) == content


def test_many_who_bring_the_same_file_at_once_all_succeed(one: Hub) -> None:
    content = bytes(range(256)) * 4096
    hrefs = [upload(one, content)["href"] for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda href: one.client.put(href, content=content), hrefs))
    assert [answer.status_code for answer in found] == [200] * 8
    assert b"".join(one.store.blobs.open(sha256(content))) == content
    assert one.scratch() == []


class TestParts:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lfs, "PART", 10)
        monkeypatch.setattr(lfs, "MULTIPART", 20)

    def sent(self, hub: Hub, content: bytes, *, skip: int = 0) -> tuple[str, list[Any]]:
        answer = announce(hub, content, transfers=["basic", "multipart"]).json()
        assert answer["transfer"] == "multipart"
        action = answer["objects"][0]["actions"]["upload"]
        header = dict(action["header"])
        size, etags = int(header.pop("chunk_size")), []
        for number, href in sorted(header.items(), key=lambda one: int(one[0])):
            start = (int(number) - 1) * size
            if int(number) == skip:
                etags.append({"partNumber": int(number), "etag": "lost"})
                continue
            put = hub.client.put(href, content=content[start : start + size])
            assert put.status_code == 200
            etags.append({"partNumber": int(number), "etag": put.headers["etag"]})
        return action["href"], etags

    def test_a_large_file_comes_in_parts(self, one: Hub) -> None:
        content = b"0123456789" * 4 + b"end"
        href, parts = self.sent(one, content)
        assert len(parts) == 5
        done = one.client.post(href, json={"oid": sha256(content), "parts": parts})
        assert done.status_code == 200
        assert b"".join(one.store.blobs.open(sha256(content))) == content
        assert one.scratch() == []

    def test_parts_in_another_order_or_of_another_upload_are_refused(self, one: Hub) -> None:
        content = b"0123456789" * 3
        href, parts = self.sent(one, content)
        _, others = self.sent(one, content)
        for wrong in (parts[::-1], parts[:-1], others, [], None, "x", [1, 2, 3]):
            answer = one.client.post(href, json={"parts": wrong})
            assert answer.status_code == 400
        assert one.client.post(href, json={"parts": parts}).status_code == 200

    def test_a_missing_part_is_said(self, one: Hub) -> None:
        href, parts = self.sent(one, b"9876543210" * 3, skip=2)
        parts[1]["etag"] = parts[0]["etag"][:-2] + '2"'
        answer = one.client.post(href, json={"parts": parts})
        assert answer.status_code == 400
        assert "not all of them arrived" in answer.json()["error"]

    def test_a_part_of_the_wrong_size_is_refused(self, one: Hub) -> None:
        answer = announce(one, b"x" * 30, transfers=["multipart"]).json()
        href = answer["objects"][0]["actions"]["upload"]["header"]["1"]
        assert one.client.put(href, content=b"x" * 9).status_code == 400
        assert one.client.put(href, content=b"x" * 11).status_code == 413

    def test_parts_that_come_to_another_file_are_refused_and_gone(self, one: Hub) -> None:
        announced, before = b"0" * 25, set(one.scratch())
        answer = announce(one, announced, transfers=["multipart"]).json()
        action = answer["objects"][0]["actions"]["upload"]
        etags = [
            {"etag": one.client.put(action["header"][part], content=sent).headers["etag"]}
            for part, sent in (("1", b"0" * 10), ("2", b"1" * 10), ("3", b"0" * 5))
        ]
        assert one.client.post(action["href"], json={"parts": etags}).status_code == 400
        assert one.store.blobs.size(sha256(announced)) is None
        assert set(one.scratch()) == before


def test_an_upload_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    content = bytes(5 << 20)
    with hub(tmp_path) as one, live(tmp_path) as address:
        netloc = urlsplit(address).netloc
        asked = {"operation": "upload", "objects": [{"oid": sha256(content), "size": len(content)}]}
        sender = http.client.HTTPConnection(netloc)
        sender.request("POST", BATCH, json.dumps(asked), one.as_("ann"))
        href = json.load(sender.getresponse())["objects"][0]["actions"]["upload"]["href"]
        assert href.startswith(address)
        sender.putrequest("PUT", path(href))
        sender.putheader("Content-Length", str(len(content)))
        sender.endheaders()
        sender.send(content[: 3 << 20])
        eventually(lambda: one.scratch() != [])
        sender.close()
        eventually(lambda: one.scratch() == [])
        assert one.store.blobs.size(sha256(content)) is None


def eventually(holds: Any) -> None:
    for _ in range(500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to that within ten seconds")
