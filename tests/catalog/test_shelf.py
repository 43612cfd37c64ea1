import os
from pathlib import Path
from typing import Any

from catalog.shelf import Watch
from registry.files import write_text
from registry.index import Registry


def test_nothing_is_read_again_while_no_file_changes(checkout: Path) -> None:
    watch = Watch(checkout, patience=0)
    assert watch.shelf() is watch.shelf()


def test_what_changes_during_a_look_is_looked_for_again(checkout: Path) -> None:
    """As a repo that is made private while another request's look goes on."""
    watch = Watch(checkout, patience=10**6)
    looks = []

    def before(registry: Registry) -> None:
        looks.append(registry)
        if len(looks) == 1:
            watch.hurry()

    watch.before = before
    for _ in range(3):
        watch.shelf()
    assert len(looks) == 2


def test_a_changed_card_is_seen_at_the_next_request(
    sample: Any, tmp_path: Path, fresh: Any
) -> None:
    sample.make(tmp_path)
    client = fresh(tmp_path)
    before = client.get("/recipes/sft-small")
    path = tmp_path / "cards" / "recipes" / "sft-small.yaml"
    write_text(path, path.read_text().replace("title: Supervised tuning", "title: New name"))
    after = client.get("/recipes/sft-small", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert "New name, small" in after.text


def test_a_new_report_is_seen_and_a_removed_card_is_gone(
    sample: Any, tmp_path: Path, fresh: Any
) -> None:
    sample.make(tmp_path)
    client = fresh(tmp_path)
    report = tmp_path / "reports" / "mix" / "short-mix.json"
    hidden = report.rename(tmp_path / "away.json")
    assert client.get("/mixtures/short-mix.json").json()["mixing"] is None
    hidden.rename(report)
    assert client.get("/mixtures/short-mix.json").json()["mixing"]["scale"]
    (tmp_path / "cards" / "models" / "wizardlm-7b.yaml").unlink()
    assert client.get("/models/wizardlm-7b").status_code == 404


def test_a_faulty_card_is_named_and_the_others_stay(
    sample: Any, tmp_path: Path, fresh: Any, parse: Any
) -> None:
    sample.make(tmp_path)
    path = tmp_path / "cards" / "recipes" / "sft-small.yaml"
    write_text(path, path.read_text() + "colour: blue\n")
    client = fresh(tmp_path)
    text = parse(client.get("/").text).text
    assert "cards/recipes/sft-small.yaml:" in text
    assert "colour: is no field here" in text
    assert client.get("/recipes/sft-small").status_code == 404
    assert client.get("/models/smollm2-short").status_code == 200


def test_a_faulty_report_is_named_and_the_card_stays(
    sample: Any, tmp_path: Path, fresh: Any
) -> None:
    sample.make(tmp_path)
    write_text(tmp_path / "reports" / "mix" / "short-mix.json", "{")
    client = fresh(tmp_path)
    (problem,) = client.get("/cards.json").json()["problems"]
    assert problem.startswith("reports/mix/short-mix.json: is not a report of this version")
    assert client.get("/mixtures/short-mix").status_code == 200


def test_a_touched_file_with_the_same_bytes_changes_nothing(sample: Any, tmp_path: Path) -> None:
    sample.make(tmp_path)
    watch = Watch(tmp_path, patience=0)
    first = watch.shelf()
    os.utime(tmp_path / "cards" / "recipes" / "sft-small.yaml", ns=(1, 1))
    assert watch.shelf() is first


def test_other_bytes_of_the_same_size_and_time_are_seen(sample: Any, tmp_path: Path) -> None:
    sample.make(tmp_path)
    watch = Watch(tmp_path, patience=0)
    watch.shelf()
    path = tmp_path / "cards" / "recipes" / "sft-small.yaml"
    times = path.stat()
    write_text(path, path.read_text().replace("title: Supervised", "title: Xupervised"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert watch.shelf().registry.recipes["sft-small"].title.startswith("Xupervised")
    (line,) = (one for one in watch.shelf().index.entries("recipes"))
    assert line.title.startswith("Xupervised")


def test_files_are_not_looked_at_again_before_it_is_due(sample: Any, tmp_path: Path) -> None:
    sample.make(tmp_path)
    watch = Watch(tmp_path, patience=10**6)
    watch.shelf()
    (tmp_path / "cards" / "recipes" / "sft-small.yaml").unlink()
    assert "sft-small" in list(watch.shelf().registry.recipes)
    assert "sft-small" not in list(watch.renew().registry.recipes)
