"""The `hf` and `dvc` commands, as typed into a shell."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from huggingface_hub import constants
from stage import gathered, main

BIN = Path(sys.executable).parent
DVC = "[core]\n    no_scm = True\n    analytics = false\n    check_update = false\n"
"""A repo of DVC that asks nobody but the Hub."""


def run(stage, *words):
    """Run a command of this environment in the stage's folder and return what it prints."""
    done = subprocess.run(
        [BIN / words[0], *map(str, words[1:])], capture_output=True, text=True, cwd=stage.folder
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def hf_tells_who_is_logged_in(stage):
    assert stage.api.whoami()["name"] in run(stage, "hf", "auth", "whoami")


def hf_uploads_and_downloads(stage):
    id = stage.name("cli")
    stage.write("up/a.txt", "a")
    stage.write("up/w.bin0", b"w" * (2 << 20))
    run(stage, "hf", "upload", id, "up", ".", "--repo-type", "dataset")
    run(stage, "hf", "download", id, "--repo-type", "dataset", "--local-dir", "down")
    assert (stage.folder / "down/w.bin0").read_bytes() == b"w" * (2 << 20)
    assert (stage.folder / "down/a.txt").read_text() == "a"
    run(stage, "hf", "upload", id, "up/a.txt", "b.txt", "--repo-type", "dataset")
    assert stage.api.file_exists(id, "b.txt", repo_type="dataset")


def hf_keeps_repos(stage):
    id = stage.name("cli")
    run(stage, "hf", "repos", "create", id)
    run(stage, "hf", "repos", "tag", "create", id, "v1")
    assert "v1" in run(stage, "hf", "repos", "tag", "list", id)
    run(stage, "hf", "repos", "branch", "create", id, "work")
    assert "work" in [one.name for one in stage.api.list_repo_refs(id).branches]
    shown = run(stage, "hf", "models", "ls", "--search", id.rpartition("/")[2], "--format", "json")
    assert id in [one["id"] for one in json.loads(shown)]
    run(stage, "hf", "repos", "delete", id, "--yes")
    assert not stage.api.repo_exists(id)


def dvc_imports_a_file(stage):
    if not shutil.which("dvc", path=str(BIN)):
        return
    id = stage.repo(repo_type="dataset")
    stage.api.upload_file(
        path_or_fileobj=b"n\n1\n", path_in_repo="d/a.csv", repo_id=id, repo_type="dataset"
    )
    commit = stage.api.dataset_info(id).sha
    stage.write(".dvc/config", DVC)
    url = f"{constants.ENDPOINT}/datasets/{id}/resolve/{commit}/d/a.csv"
    run(stage, "dvc", "import-url", url, "a.csv")
    assert (stage.folder / "a.csv").read_text() == "n\n1\n"
    assert url in (stage.folder / "a.csv.dvc").read_text()
    (stage.folder / "a.csv").unlink()
    run(stage, "dvc", "update", "a.csv.dvc")
    assert (stage.folder / "a.csv").read_text() == "n\n1\n"


if __name__ == "__main__":
    main(gathered(globals()))
