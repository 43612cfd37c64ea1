"""huggingface_hub: who one is, repos made, moved, shown, listed and shut, and their cards."""

from secrets import token_hex

import huggingface_hub as hf
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from stage import README, add, commit, gathered, main, raises


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


if __name__ == "__main__":
    main(gathered(globals()))
