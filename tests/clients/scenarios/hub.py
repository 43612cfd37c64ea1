"""huggingface_hub: every call that other libraries make, and what people script with."""

import io
import json
import struct
from secrets import token_hex

import huggingface_hub as hf
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from stage import content_of, gathered, main, raises, text_of

MB = 1 << 20
README = "---\nlicense: mit\nlanguage:\n- 'no'\ntags:\n- songs\n---\n# Songs\n"


def add(path, content):
    return hf.CommitOperationAdd(path, content if isinstance(content, bytes) else content.encode())


def commit(stage, id, operations, **options):
    options.setdefault("commit_message", "change")
    return stage.api.create_commit(id, operations, **options)


def who_am_i(stage):
    said = stage.api.whoami()
    assert said["name"]
    assert said["auth"]["accessToken"]["role"]
    raises((HfHubHTTPError, OSError), hf.HfApi(token="hf_" + "x" * 34).whoami)


def a_repo_is_made_once(stage):
    id = stage.name()
    url = stage.api.create_repo(id)
    assert (url.repo_id, url.repo_type) == (id, "model")
    again = stage.api.create_repo(id, exist_ok=True)
    assert again.repo_id == id
    error = raises(HfHubHTTPError, stage.api.create_repo, id)
    assert error.response.status_code == 409
    data = stage.api.create_repo(id, repo_type="dataset")
    assert data.repo_type == "dataset"
    assert stage.api.repo_exists(id)
    assert stage.api.repo_exists(id, repo_type="dataset")


def a_repo_is_deleted(stage):
    id = stage.repo()
    stage.api.delete_repo(id)
    assert not stage.api.repo_exists(id)
    raises(RepositoryNotFoundError, stage.api.delete_repo, id)
    stage.api.delete_repo(id, missing_ok=True)


def a_repo_is_moved(stage):
    id, to = stage.repo(), stage.name("moved")
    commit(stage, id, [add("a.txt", "a")])
    stage.api.move_repo(id, to)
    assert "a.txt" in stage.api.list_repo_files(to)
    assert not stage.api.repo_exists(id)


def a_private_repo_is_not_there_for_others(stage):
    id = stage.repo(private=True)
    commit(stage, id, [add("a.txt", "secret")])
    assert stage.api.model_info(id).private is True
    nobody = hf.HfApi(token=False)
    raises(RepositoryNotFoundError, nobody.model_info, id)
    raises(RepositoryNotFoundError, nobody.list_repo_files, id)
    assert id not in [one.id for one in nobody.list_models(author=stage.namespace)]
    assert id in [one.id for one in stage.api.list_models(author=stage.namespace)]
    if hasattr(stage.api, "update_repo_settings"):
        stage.api.update_repo_settings(id, private=False)
        assert nobody.model_info(id).private is False


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


def lists_are_filtered_searched_and_paged(stage):
    mark = f"m{token_hex(4)}"
    ids = []
    for number in range(3):
        id = stage.repo(f"{mark}-{number}", repo_type="dataset")
        licence = "mit" if number else "gpl-3.0"
        card = f"---\ntags: [{mark}]\nlicense: {licence}\nlanguage: [en]\n"
        card += "task_categories: [text-generation]\n---\n"
        commit(stage, id, [add("README.md", card)], repo_type="dataset")
        ids.append(id)
    found = list(stage.api.list_datasets(filter=mark))
    assert {one.id for one in found} == set(ids)
    both = stage.api.list_datasets(filter=[mark, "license:mit"], language="en")
    assert {one.id for one in both} == set(ids[1:])
    tasks = stage.api.list_datasets(filter=mark, task_categories="text-generation")
    assert len(list(tasks)) == 3
    assert {one.id for one in stage.api.list_datasets(search=mark)} == set(ids)
    assert len(list(stage.api.list_datasets(search=mark, limit=2))) == 2
    newest = [one.id for one in stage.api.list_datasets(filter=mark, sort="last_modified")]
    assert newest == ids[::-1]
    mine = [
        one.id for one in stage.api.list_datasets(author=stage.namespace, filter=mark, full=True)
    ]
    assert set(mine) == set(ids)
    assert list(stage.api.list_datasets(author="nobody-has-this-name", filter=mark)) == []


def models_are_listed_by_what_they_were_trained_on(stage):
    mark = f"m{token_hex(4)}"
    id = stage.repo(mark)
    card = f"---\ntags: [{mark}]\npipeline_tag: text-generation\ndatasets: [team/{mark}]\n"
    card += "base_model: team/base\n---\n"
    commit(stage, id, [add("README.md", card), add("config.json", '{"model_type": "llama"}')])
    (found,) = stage.api.list_models(
        filter=[mark, f"dataset:team/{mark}"], cardData=True, fetch_config=True
    )
    assert found.id == id
    assert found.card_data.base_model == "team/base"
    assert found.pipeline_tag == "text-generation"
    assert found.config["model_type"] == "llama"
    assert [
        one.id for one in stage.api.list_models(filter=mark, pipeline_tag="text-generation")
    ] == [id]
    assert list(stage.api.list_models(filter=mark, pipeline_tag="fill-mask")) == []


def a_tree_is_listed(stage):
    id = stage.repo()
    done = commit(stage, id, [add("a.txt", "a"), add("d/b.txt", "b"), add("d/e/c.txt", "ccc")])
    names = [one.path for one in stage.api.list_repo_tree(id, recursive=True)]
    assert set(names) >= {"a.txt", "d", "d/b.txt", "d/e", "d/e/c.txt"}
    flat = {one.path: one for one in stage.api.list_repo_tree(id, "d", expand=True)}
    assert set(flat) == {"d/b.txt", "d/e"}
    assert flat["d/b.txt"].last_commit.oid == done.oid
    assert flat["d/b.txt"].blob_id == "63d8dbd40c23542e740659a7168a0ce3138ea748"
    assert stage.api.list_repo_files(id, revision=done.oid)[-1] == "d/e/c.txt"
    raises(EntryNotFoundError, lambda: list(stage.api.list_repo_tree(id, "nowhere")))
    raises(RevisionNotFoundError, lambda: list(stage.api.list_repo_tree(id, revision="nowhere")))


def a_long_tree_comes_in_pages(stage):
    id = stage.repo()
    commit(stage, id, [add(f"f/{n:04}.txt", str(n)) for n in range(1100)])
    names = [one.path for one in stage.api.list_repo_tree(id, "f")]
    assert names == [f"f/{n:04}.txt" for n in range(1100)]
    last = list(stage.api.list_repo_tree(id, "f", expand=True))
    assert len(last) == 1100
    assert len({one.last_commit.oid for one in last}) == 1


def paths_are_looked_up(stage):
    id = stage.repo()
    commit(stage, id, [add("a.txt", "a"), add("d/b.txt", "b")])
    found = stage.api.get_paths_info(id, ["a.txt", "d", "nowhere"], expand=True)
    assert {one.path for one in found} == {"a.txt", "d"}


def files_are_asked_for_by_name(stage):
    id = stage.repo()
    commit(stage, id, [add("a.txt", "a")])
    assert stage.api.file_exists(id, "a.txt")
    assert not stage.api.file_exists(id, "b.txt")
    assert not stage.api.file_exists(stage.name("absent"), "a.txt")
    assert stage.api.revision_exists(id, "main")
    assert not stage.api.revision_exists(id, "nowhere")
    meta = hf.get_hf_file_metadata(hf.hf_hub_url(id, "a.txt"))
    assert meta.etag == "2e65efe2a145dda7ee51d1741299f848e5bf752e"
    assert meta.size == 1
    assert meta.commit_hash == stage.api.model_info(id).sha


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


def branches_and_tags(stage):
    id = stage.repo()
    first = commit(stage, id, [add("a.txt", "1")])
    stage.api.create_branch(id, branch="work/one")
    stage.api.create_branch(id, branch="work/one", exist_ok=True)
    assert (
        raises(HfHubHTTPError, stage.api.create_branch, id, branch="work/one").response.status_code
        == 409
    )
    second = commit(stage, id, [add("a.txt", "2")], revision="work/one")
    stage.api.create_tag(id, tag="v1.0", tag_message="first", revision=first.oid)
    stage.api.create_tag(id, tag="v1.0", exist_ok=True)
    assert raises(HfHubHTTPError, stage.api.create_tag, id, tag="v1.0").response.status_code == 409
    refs = stage.api.list_repo_refs(id, include_pull_requests=True)
    assert {one.name: one.target_commit for one in refs.branches} == {
        "main": first.oid,
        "work/one": second.oid,
    }
    assert [(one.name, one.ref, one.target_commit) for one in refs.tags] == [
        ("v1.0", "refs/tags/v1.0", first.oid)
    ]
    assert refs.converts == []
    assert refs.pull_requests == []
    at = stage.api.hf_hub_download(id, "a.txt", revision="work/one")
    assert text_of(at) == "2"
    stage.api.delete_branch(id, branch="work/one")
    stage.api.delete_tag(id, tag="v1.0")
    refs = stage.api.list_repo_refs(id)
    assert [one.name for one in refs.branches] == ["main"]
    assert refs.tags == []
    raises(HfHubHTTPError, stage.api.delete_branch, id, branch="work/one")


def history_is_listed(stage):
    id = stage.repo()
    for number in range(3):
        commit(
            stage,
            id,
            [add("a.txt", str(number))],
            commit_message=f"change {number}",
            commit_description="why",
        )
    found = stage.api.list_repo_commits(id)
    assert [one.title for one in found][:3] == ["change 2", "change 1", "change 0"]
    assert found[0].message == "why"
    assert found[0].authors
    assert all(len(one.commit_id) == 40 for one in found)


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


def two_who_start_from_one_commit_do_not_overwrite_each_other(stage):
    id = stage.repo()
    base = commit(stage, id, [add("a.txt", "1")]).oid
    commit(stage, id, [add("a.txt", "2")], parent_commit=base)
    error = raises(HfHubHTTPError, commit, stage, id, [add("a.txt", "3")], parent_commit=base)
    assert error.response.status_code == 412
    assert text_of(stage.api.hf_hub_download(id, "a.txt")) == "2"


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


def a_pull_request_is_opened_and_merged(stage):
    id = stage.repo()
    commit(stage, id, [add("a.txt", "1")])
    pull = stage.api.create_pull_request(id, title="Better", description="because")
    assert pull.is_pull_request
    assert pull.git_reference == f"refs/pr/{pull.num}"
    commit(stage, id, [add("b.txt", "b")], revision=f"refs/pr/{pull.num}")
    assert "b.txt" not in stage.api.list_repo_files(id)
    assert "b.txt" in stage.api.list_repo_files(id, revision=pull.git_reference)
    refs = stage.api.list_repo_refs(id, include_pull_requests=True)
    assert [one.ref for one in refs.pull_requests] == [pull.git_reference]
    if pull.status == "draft":
        stage.api.change_discussion_status(id, pull.num, "open")
    stage.api.merge_pull_request(id, pull.num, comment="thanks")
    assert text_of(stage.api.hf_hub_download(id, "b.txt")) == "b"
    merged = stage.api.get_discussion_details(id, pull.num)
    assert merged.status == "merged"
    assert merged.merge_commit_oid


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


def discussions_are_held(stage):
    id = stage.repo(repo_type="dataset")
    topic = stage.api.create_discussion(
        id, title="Why?", description="I wonder", repo_type="dataset"
    )
    assert topic.events[0].content == "I wonder"
    said = stage.api.comment_discussion(id, topic.num, "Because", repo_type="dataset")
    assert said.content == "Because"
    stage.api.rename_discussion(id, topic.num, "Why not?", repo_type="dataset")
    stage.api.change_discussion_status(id, topic.num, "closed", repo_type="dataset")
    stage.api.create_pull_request(id, title="Change", repo_type="dataset")
    found = list(stage.api.get_repo_discussions(id, repo_type="dataset"))
    assert [one.num for one in found] == [2, 1]
    assert found[1].title == "Why not?"
    assert found[1].status == "closed"
    pulls = list(
        stage.api.get_repo_discussions(id, repo_type="dataset", discussion_type="pull_request")
    )
    assert [one.num for one in pulls] == [2]


def rights_are_checked_beforehand(stage):
    id = stage.repo()
    stage.api.auth_check(id)
    raises(RepositoryNotFoundError, stage.api.auth_check, stage.name("absent"))
    raises(
        HfHubHTTPError,
        hf.HfApi(token=False).upload_file,
        path_or_fileobj=b"x",
        path_in_repo="x",
        repo_id=id,
    )


def cards_are_validated_pushed_and_loaded(stage):
    id = stage.repo(repo_type="dataset")
    card = hf.DatasetCard(README)
    card.validate()
    card.push_to_hub(id)
    assert hf.DatasetCard.load(id).content == README
    hf.metadata_update(id, {"license": "apache-2.0"}, repo_type="dataset", overwrite=True)
    assert hf.DatasetCard.load(id).data.license == "apache-2.0"
    raises(ValueError, hf.DatasetCard("---\nlicense: {a: b}\n---\n").validate)
    model = stage.repo()
    hf.metadata_update(model, {"tags": ["one"]})
    assert hf.ModelCard.load(model).data.tags == ["one"]


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
