import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalog.cli import main
from catalog.hub.store import Store, repos, tokens
from catalog.hub.store.errors import NoToken


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--root", str(root)])


def test_a_token_is_shown_once_and_holds(tmp_path: Path) -> None:
    made = run(tmp_path, "token", "create", "ann", "--namespace", "team", "--role", "read")
    text = made.stdout.strip()
    assert text.startswith("hf_")
    with Store.open(tmp_path / "hub") as store:
        who = tokens.check(store, text)
    assert (who.user, who.role, who.namespaces) == ("ann", "read", ("team",))
    assert text not in run(tmp_path, "token", "list").output
    assert text.encode() not in (tmp_path / "hub" / "store.db").read_bytes()


def test_a_token_reaches_the_namespace_of_its_name_and_an_admins_reaches_all(
    tmp_path: Path,
) -> None:
    run(tmp_path, "token", "create", "ann")
    run(tmp_path, "token", "create", "root", "--role", "admin")
    listed = json.loads(run(tmp_path, "token", "list", "--json").stdout)
    assert [(one["name"], one["namespaces"]) for one in listed] == [("ann", ["ann"]), ("root", [])]
    assert all("hash" not in one for one in listed)


def test_a_token_ends_when_it_expires_or_is_revoked(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "token", "create", "a", "--expires", "30d", "--json").stdout)
    with Store.open(tmp_path / "hub") as store:
        (kept,) = tokens.listed(store)
        assert kept.expires is not None
        assert 29.9 < (kept.expires - store.clock()) / 86400 < 30.1
        assert run(tmp_path, "token", "revoke", made["id"]).exit_code == 0
        with pytest.raises(NoToken):
            tokens.check(store, made["token"])
    assert "revoked" in run(tmp_path, "token", "list").output


@pytest.mark.parametrize("said", ["30", "d", "-1d", "1y", "1.5h", "9999999d"])
def test_a_span_that_is_none_is_wrong_usage(tmp_path: Path, said: str) -> None:
    assert run(tmp_path, "token", "create", "ann", f"--expires={said}").exit_code == 2


def test_revoking_what_is_not_there_is_said(tmp_path: Path) -> None:
    said = run(tmp_path, "token", "revoke", "nothing")
    assert said.exit_code == 1
    assert "catalog token list" in said.stderr


def test_gc_and_fsck_tell_what_they_found(tmp_path: Path) -> None:
    with Store.open(tmp_path / "hub") as store:
        repos.create(store, "models", "team/m")
    assert "1 repos" in run(tmp_path, "fsck").stdout
    found = json.loads(run(tmp_path, "fsck", "--json", "--quick").stdout)
    assert (found["repos"], found["clean"]) == (1, True)
    assert "would remove" in run(tmp_path, "gc", "--dry-run").stdout
    assert "bytes" in json.loads(run(tmp_path, "gc", "--grace", "1h", "--json").stdout)


def test_fsck_fails_where_bytes_are_lost(tmp_path: Path) -> None:
    from catalog.hub.store import blobs, commits
    from catalog.hub.store.commits import Put
    from catalog.hub.store.tokens import Who

    with Store.open(tmp_path / "hub") as store:
        who = Who("ann", "write", ("team",))
        repo = repos.create(store, "models", "team/m")
        with blobs.receiving(store, "ann") as batch:
            sha256 = batch.add(b"bytes").sha256
        commits.commit(store, repo, "main", who=who, title="t", operations=[Put("a.txt", sha256)])
        store.blobs.remove(sha256)
    said = run(tmp_path, "fsck")
    assert said.exit_code == 1
    assert sha256 in said.stdout


def test_the_store_is_the_one_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    monkeypatch.setenv("TUNEDECK_HUB_STORE", f"sqlite:///{elsewhere}")
    assert run(tmp_path, "token", "create", "ann").exit_code == 0
    assert elsewhere.exists()


def test_a_public_address_with_a_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    words = ["serve", "--no-mlflow", "--public-url"]
    for url in ("hub.example.org", "https://hub.example.org/hub", "https://a@b"):
        said = run(tmp_path, *words, url)
        assert said.exit_code == 1
        assert "--public-url" in said.stderr


def test_serving_tells_clients_where_and_starts_with_what_it_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cards").mkdir()
    started: list[Any] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: started.append(options))
    environment = dict(os.environ)
    said = run(tmp_path, "serve", "--no-mlflow", "--port", "5999")
    assert "HF_ENDPOINT=http://127.0.0.1:5999" in said.stdout
    assert "HF_ENDPOINT" not in run(tmp_path, "serve", "--no-mlflow", "--no-hub").stdout
    assert started[0]["port"] == 5999
    assert dict(os.environ) == environment
