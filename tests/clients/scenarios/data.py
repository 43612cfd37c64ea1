"""datasets: load_dataset plain, cached, streamed and by configs, and push_to_hub."""

import datasets
from huggingface_hub import CommitOperationAdd, DatasetCard
from stage import gathered, main

datasets.disable_progress_bars()
datasets.config.USE_PARQUET_EXPORT = False
ROWS = {"text": ["a", "ø", ""], "n": [1, 2, 3]}


def table(stage, path, rows):
    at = stage.folder / path
    at.parent.mkdir(parents=True, exist_ok=True)
    datasets.Dataset.from_dict(rows).to_parquet(at)
    return CommitOperationAdd(path, at.read_bytes())


def a_dataset_is_loaded_by_name(stage):
    id = stage.repo(repo_type="dataset")
    files = [table(stage, "data/train-00000-of-00001.parquet", ROWS)]
    files.append(table(stage, "data/test-00000-of-00001.parquet", {"text": ["t"], "n": [9]}))
    first = stage.api.create_commit(id, files, commit_message="data", repo_type="dataset")
    found = datasets.load_dataset(id)
    assert found["train"].to_dict() == ROWS
    assert found["test"]["n"] == [9]
    again = datasets.load_dataset(id, split="train")
    assert again.to_dict() == ROWS
    pinned = datasets.load_dataset(id, split="train[:2]", revision=first.oid)
    assert pinned["n"] == [1, 2]


def a_dataset_is_streamed(stage):
    id = stage.repo(repo_type="dataset")
    files = [table(stage, "data/train-00000-of-00001.parquet", ROWS)]
    files.append(CommitOperationAdd("more/train.jsonl", b'{"text": "j", "n": 4}\n'))
    stage.api.create_commit(id, files, commit_message="data", repo_type="dataset")
    found = datasets.load_dataset(id, data_dir="data", split="train", streaming=True)
    assert [row["n"] for row in found] == [1, 2, 3]
    lines = datasets.load_dataset(id, data_files="more/*.jsonl", split="train", streaming=True)
    assert list(lines) == [{"text": "j", "n": 4}]


def configs_are_told_apart(stage):
    id = stage.repo(repo_type="dataset")
    card = (
        "---\nconfigs:\n- config_name: en\n  data_files: en/*.parquet\n  default: true\n"
        "- config_name: 'no'\n  data_files:\n  - split: train\n    path: no/*.parquet\n---\n"
    )
    files = [table(stage, "en/a.parquet", ROWS), table(stage, "no/a.parquet", {"text": ["hei"]})]
    files.append(CommitOperationAdd("README.md", card.encode()))
    stage.api.create_commit(id, files, commit_message="data", repo_type="dataset")
    assert datasets.get_dataset_config_names(id) == ["en", "no"]
    assert datasets.load_dataset(id, "no", split="train")["text"] == ["hei"]
    assert datasets.load_dataset(id, split="train").to_dict() == ROWS


def a_dataset_is_pushed(stage):
    id = stage.name("pushed")
    whole = datasets.DatasetDict(
        train=datasets.Dataset.from_dict(ROWS), test=datasets.Dataset.from_dict(ROWS)
    )
    whole.push_to_hub(id)
    assert datasets.load_dataset(id)["test"].to_dict() == ROWS
    card = DatasetCard.load(id)
    assert card.data["dataset_info"]["splits"][0]["num_examples"] == 3
    datasets.Dataset.from_dict({"n": [7]}).push_to_hub(id, "other", split="train")
    assert datasets.load_dataset(id, "other", split="train")["n"] == [7]
    assert datasets.load_dataset(id, "default", split="train").to_dict() == ROWS


def a_large_dataset_is_pushed_in_shards(stage):
    id = stage.name("shards")
    rows = {"text": [f"{n:06} " * 100 for n in range(8000)]}
    datasets.Dataset.from_dict(rows).push_to_hub(id, num_shards=3, private=True)
    names = stage.api.list_repo_files(id, repo_type="dataset")
    assert sum(name.endswith(".parquet") for name in names) == 3
    assert datasets.load_dataset(id, split="train")["text"] == rows["text"]


if __name__ == "__main__":
    main(gathered(globals()))
