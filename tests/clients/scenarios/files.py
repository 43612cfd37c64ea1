"""huggingface_hub: files sent and fetched, large ones among them, in every way that there is."""

import io
import json
import struct

import huggingface_hub as hf
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from stage import README, add, commit, content_of, gathered, main, raises, text_of

MB = 1 << 20


def info_says_what_is_there(stage):
    id = stage.repo(repo_type="dataset")
    commit(
        stage,
        id,
        [add("README.md", README), add("data/a.bin0", b"\0" * (2 * MB))],
        repo_type="dataset",
    )
    info = stage.api.dataset_info(id, files_metadata=True)
    assert info.id == id
    assert info.author == stage.namespace
    assert info.card_data.license == "mit"
    assert info.card_data.language == ["no"]
    assert {"license:mit", "language:no", "songs"} <= set(info.tags)
    assert len(info.sha) == 40
    assert info.created_at <= info.last_modified
    files = {one.rfilename: one for one in info.siblings}
    assert files["README.md"].size == len(README)
    assert files["data/a.bin0"].lfs.size == 2 * MB
    assert stage.api.dataset_info(id, revision=info.sha).sha == info.sha
    some = stage.api.dataset_info(id, expand=["tags", "sha", "lastModified"])
    assert some.sha == info.sha
    assert some.siblings is None
    raises(RevisionNotFoundError, stage.api.dataset_info, id, revision="nowhere")
    raises(RepositoryNotFoundError, stage.api.dataset_info, stage.name("absent"))


def a_file_is_downloaded(stage):
    id = stage.repo()
    content = bytes(range(256)) * (8 * MB // 256)
    done = commit(stage, id, [add("w.safetensors", content), add("c/ö #1%2F.json", "{}")])
    at = stage.api.hf_hub_download(id, "w.safetensors")
    assert content_of(at) == content
    assert stage.api.hf_hub_download(id, "w.safetensors", revision=done.oid) == at
    odd = stage.api.hf_hub_download(id, "c/ö #1%2F.json")
    assert text_of(odd) == "{}"
    here = stage.api.hf_hub_download(id, "w.safetensors", local_dir=stage.folder / "local")
    assert content_of(here) == content
    raises(EntryNotFoundError, stage.api.hf_hub_download, id, "nowhere")
    raises(RevisionNotFoundError, stage.api.hf_hub_download, id, "w.safetensors", revision="no")
    raises(RepositoryNotFoundError, stage.api.hf_hub_download, stage.name("absent"), "a")


def a_snapshot_is_downloaded(stage):
    id = stage.repo(repo_type="dataset")
    files = {f"d/{n}.json": f'{{"n": {n}}}' for n in range(20)}
    commit(stage, id, [add(path, content) for path, content in files.items()], repo_type="dataset")
    at = stage.api.snapshot_download(id, repo_type="dataset")
    for path, content in files.items():
        assert text_of(f"{at}/{path}") == content
    assert stage.api.snapshot_download(id, repo_type="dataset") == at
    some = stage.api.snapshot_download(
        id, repo_type="dataset", allow_patterns="d/1*.json", local_dir=stage.folder / "some"
    )
    assert some


def a_commit_is_one_change(stage):
    id = stage.repo()
    commit(
        stage,
        id,
        [add("a.txt", "a"), add("d/b.txt", "b"), add("d/c.txt", "c"), add("l.bin0", b"x" * 2 * MB)],
    )
    done = commit(
        stage,
        id,
        [
            add("a.txt", "new"),
            add("empty", b""),
            hf.CommitOperationDelete("d/"),
            hf.CommitOperationCopy("l.bin0", "copy.bin0"),
            hf.CommitOperationCopy("a.txt", "old.txt"),
        ],
    )
    assert done.repo_url.repo_id == id
    assert set(stage.api.list_repo_files(id)) == {
        "a.txt",
        "empty",
        "l.bin0",
        "copy.bin0",
        "old.txt",
    }
    assert text_of(stage.api.hf_hub_download(id, "old.txt")) == "a"
    stage.api.delete_file("old.txt", id)
    assert not stage.api.file_exists(id, "old.txt")


def what_did_not_change_is_not_sent(stage):
    id = stage.repo()
    first = commit(stage, id, [add("a.txt", "1"), add("l.bin0", b"y" * 2 * MB)])
    again = commit(stage, id, [add("a.txt", "1"), add("l.bin0", b"y" * 2 * MB)])
    assert again.oid == first.oid
    assert len(stage.api.list_repo_commits(id)) == len(
        stage.api.list_repo_commits(id, revision=first.oid)
    )


def files_are_uploaded_in_each_way(stage):
    id = stage.repo()
    at = stage.write("w.bin0", b"w" * (3 * MB))
    stage.api.upload_file(path_or_fileobj=at, path_in_repo="path.bin0", repo_id=id)
    stage.api.upload_file(path_or_fileobj=b"b" * (3 * MB), path_in_repo="bytes.bin0", repo_id=id)
    stage.api.upload_file(
        path_or_fileobj=io.BytesIO(b"i" * (3 * MB)), path_in_repo="io.bin0", repo_id=id
    )
    stage.api.upload_file(path_or_fileobj=b"small", path_in_repo="small.txt", repo_id=id)
    for name, letter in (("path", b"w"), ("bytes", b"b"), ("io", b"i")):
        got = content_of(stage.api.hf_hub_download(id, f"{name}.bin0"))
        assert got == letter * (3 * MB), name


def a_folder_is_uploaded(stage):
    id = stage.repo(repo_type="dataset")
    for number in range(30):
        stage.write(f"up/d/{number}.txt", f"{number}")
    stage.write("up/large.bin0", b"l" * (2 * MB))
    stage.write("up/.gitignore", "*.log\n")
    stage.write("up/a.log", "ignored")
    stage.api.upload_folder(
        repo_id=id, repo_type="dataset", folder_path=stage.folder / "up", ignore_patterns="d/1?.txt"
    )
    names = set(stage.api.list_repo_files(id, repo_type="dataset"))
    assert "large.bin0" in names
    assert "d/2.txt" in names
    assert "d/12.txt" not in names
    assert "a.log" not in names
    stage.api.upload_folder(
        repo_id=id,
        repo_type="dataset",
        folder_path=stage.folder / "up",
        delete_patterns="d/*",
        allow_patterns="large*",
    )
    assert "d/2.txt" not in stage.api.list_repo_files(id, repo_type="dataset")


def a_large_folder_is_uploaded(stage):
    if not hasattr(stage.api, "upload_large_folder"):
        return  # since 2.0 it is what upload_folder does
    id = stage.repo()
    for number in range(4):
        stage.write(f"up/{number}.txt", f"{number}")
    stage.write("up/large.bin0", b"q" * (2 * MB))
    stage.api.upload_large_folder(
        repo_id=id, repo_type="model", folder_path=stage.folder / "up", print_report=False
    )
    assert {"0.txt", "3.txt", "large.bin0"} <= set(stage.api.list_repo_files(id))


def a_commit_opens_a_pull_request(stage):
    id = stage.repo()
    commit(stage, id, [add("a.txt", "1")])
    done = commit(stage, id, [add("a.txt", "2"), add("l.bin0", b"p" * 2 * MB)], create_pr=True)
    assert done.pr_num == 1
    assert done.pr_revision == "refs/pr/1"
    assert text_of(stage.api.hf_hub_download(id, "a.txt", revision="refs/pr/1")) == "2"
    assert text_of(stage.api.hf_hub_download(id, "a.txt")) == "1"
    details = stage.api.get_discussion_details(id, 1)
    assert details.target_branch == "refs/heads/main"
    assert "a.txt" in details.diff


def safetensors(shapes):
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4
        for length in shape:
            size *= length
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * at


def weights_are_described(stage):
    id = stage.repo()
    commit(stage, id, [add("model.safetensors", safetensors({"a": [2, 3], "b": [4]}))])
    found = stage.api.get_safetensors_metadata(id)
    assert found.parameter_count == {"F32": 10}
    sharded = stage.repo()
    index = {"metadata": {}, "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}
    commit(
        stage,
        sharded,
        [
            add("m-1.safetensors", safetensors({"a": [2]})),
            add("m-2.safetensors", safetensors({"b": [3]})),
            add("model.safetensors.index.json", json.dumps(index)),
        ],
    )
    assert stage.api.get_safetensors_metadata(sharded).parameter_count == {"F32": 5}


def files_that_run_code_are_refused(stage):
    id = stage.repo()
    for name in ("model.pkl", "run.py"):
        error = raises(HfHubHTTPError, commit, stage, id, [add(name, b"x")])
        assert error.response.status_code == 400


def the_file_system_reads_and_writes(stage):
    id = stage.repo(repo_type="dataset")
    fs = hf.HfFileSystem(skip_instance_cache=True)
    root = f"datasets/{id}"
    with fs.open(f"{root}/d/a.txt", "w") as file:
        file.write("hello")
    with fs.open(f"{root}/large.bin0", "wb") as file:
        file.write(bytes(range(256)) * (2 * MB // 256))
    fs.invalidate_cache()
    assert fs.read_text(f"{root}/d/a.txt") == "hello"
    assert [one.rpartition("/")[2] for one in fs.glob(f"{root}/**/*.txt")] == ["a.txt"]
    assert fs.info(f"{root}/large.bin0")["size"] == 2 * MB
    assert fs.isdir(f"{root}/d")
    assert not fs.exists(f"{root}/nowhere")
    with fs.open(f"{root}/large.bin0", "rb", block_size=4096) as file:
        file.seek(MB + 5)
        assert file.read(3) == bytes([5, 6, 7])
    assert fs.cat_file(f"{root}/large.bin0", start=256, end=260) == bytes(range(4))
    fs.rm(f"{root}/d/a.txt")
    fs.invalidate_cache()
    assert not fs.exists(f"{root}/d/a.txt")


if __name__ == "__main__":
    main(gathered(globals()))
