"""huggingface_hub: what lies where in a repo, since when, and what is said of it."""

import huggingface_hub as hf
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError
from stage import add, commit, gathered, main, raises, text_of


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


def two_who_start_from_one_commit_do_not_overwrite_each_other(stage):
    id = stage.repo()
    base = commit(stage, id, [add("a.txt", "1")]).oid
    commit(stage, id, [add("a.txt", "2")], parent_commit=base)
    error = raises(HfHubHTTPError, commit, stage, id, [add("a.txt", "3")], parent_commit=base)
    assert error.response.status_code == 412
    assert text_of(stage.api.hf_hub_download(id, "a.txt")) == "2"


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


if __name__ == "__main__":
    main(gathered(globals()))
