import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog import samples
from registry import reports, trained
from registry.canonical import Message, Origin, Row, write_rows
from registry.files import write_text
from registry.reports import Report, artefact
from registry.trained import Segment, Shown

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
LONG = "long " * 1_000
NATIVE = {"input": EVIL, "ideal": "la </textarea>"}
TABLES = {"canonical/short-tasks": "convert", "mixtures/short-mix": "mix"}

Fresh = Callable[[Path], TestClient]


def row(number: int, **others: Any) -> Row:
    given: dict[str, Any] = {
        "id": f"short-tasks:{number}",
        "dataset": "short-tasks",
        "task": f"task_{number}",
        "split": "train",
        "messages": (Message("user", EVIL),),
        "references": ("la",),
        "origin": Origin("rows.jsonl", number),
    }
    return Row(**given | others)


ROWS = [row(0), row(1, references=(LONG,)), row(2, dataset="unknown", id="unknown:2")]
SHOWN = Shown(
    id="short-tasks:0",
    dataset="short-tasks",
    task="task_0",
    file="rows.jsonl",
    row=0,
    step=1,
    tokens=640,
    trained=2,
    left_out=620,
    segments=(
        Segment(text="<|im_start|>", tokens=1, trained=False, special=True),
        Segment(text=f"user\n{EVIL}", tokens=9, trained=False),
        Segment(text="", tokens=620, trained=False, left_out=True),
        Segment(text=LONG, tokens=8, trained=False),
        Segment(text="la", tokens=1, trained=True),
        Segment(text="<|im_end|>", tokens=1, trained=True, special=True),
    ),
)


@pytest.fixture
def made(tmp_path: Path, sample: ModuleType) -> Path:
    """Return a checkout with the data that its reports speak of."""
    root: Path = sample.make(tmp_path)
    path = root / "cards" / "datasets" / "short-tasks.yaml"
    text = path.read_text().replace("short_tasks-3.0.1-py3-none-any.whl", "rows.jsonl")
    write_text(path, text)
    write_text(native(root), "".join(json.dumps(NATIVE | {"n": n}) + "\n" for n in range(3)))
    for folder, stage in TABLES.items():
        table = root / "data" / folder / "train.parquet"
        write_rows(table, ROWS)
        found = artefact(root, table, rows=len(ROWS))
        reports.write(root, Report(stage=stage, id=folder.partition("/")[2], outputs=(found,)))
    file = root / "reports" / "tune" / "smollm2-short.samples.jsonl"
    trained.write(file, [SHOWN])
    made = (artefact(root, file),)
    reports.write(root, Report(stage="tune", id="smollm2-short", outputs=made))
    return root


def native(root: Path) -> Path:
    return root / "data" / "native" / "short-tasks" / "rows.jsonl"


def asked(client: TestClient, address: str) -> Any:
    return client.get(f"{address}.json").json()["samples"]


def marked(text: str) -> list[str]:
    """Return what a page highlights as trained on, but for the legend."""
    return re.findall(r"<mark(?: [^>]*)?>([^<]*)</mark>", text)[1:]


@pytest.mark.parametrize(
    "address", ["/datasets/short-tasks", "/mixtures/short-mix", "/models/smollm2-short"]
)
def test_a_page_with_samples_is_well_formed_small_and_holds_no_markup_of_theirs(
    made: Path, fresh: Fresh, parse: Any, address: str
) -> None:
    text = fresh(made).get(address).text
    page = parse(text)
    assert not page.faults
    assert len(page.values("id")) == len(set(page.values("id")))
    assert "<script>" not in text
    assert "<img" not in text
    assert EVIL in page.text
    assert len(text) < 60_000


def test_a_dataset_s_rows_stand_beside_their_native_ones(made: Path, fresh: Fresh) -> None:
    found = asked(fresh(made), "/datasets/short-tasks")
    assert {one["id"] for one in found["rows"]} == {one.id for one in ROWS}
    for one in found["rows"]:
        assert json.loads(one["native"]["text"]) == NATIVE | {"n": one["row"]}
        assert one["parts"][0] == {"name": "user", "text": {"text": EVIL, "more": 0}}


def test_the_file_is_named_with_the_hash_of_its_report(
    made: Path, fresh: Fresh, parse: Any
) -> None:
    client = fresh(made)
    said = asked(client, "/datasets/short-tasks")["file"]
    assert said["path"] == "data/canonical/short-tasks/train.parquet"
    assert said["current"]
    assert said["sha256"] in parse(client.get("/datasets/short-tasks").text).text


def test_a_file_that_is_not_its_report_s_has_no_hash(made: Path, fresh: Fresh, parse: Any) -> None:
    write_rows(made / "data" / "mixtures" / "short-mix" / "train.parquet", ROWS[:1])
    page = parse(fresh(made).get("/mixtures/short-mix").text)
    assert "which is not the file that a report speaks of" in page.text
    assert not asked(fresh(made), "/mixtures/short-mix")["file"]["current"]


def test_a_long_text_is_folded_and_says_how_much_more_there_is(
    made: Path, fresh: Fresh, parse: Any
) -> None:
    text = fresh(made).get("/mixtures/short-mix").text
    (one,) = [
        part["text"]
        for one in asked(fresh(made), "/mixtures/short-mix")["rows"]
        for part in one["parts"]
        if part["text"]["more"]
    ]
    assert len(one["text"]) + one["more"] == len(LONG)
    assert f"… {one['more']:,} more characters" in parse(text).text
    assert '<details class="fold">' in text


def test_a_mixture_s_rows_link_to_the_datasets_that_have_a_card(
    made: Path, fresh: Fresh, parse: Any
) -> None:
    found = asked(fresh(made), "/mixtures/short-mix")["rows"]
    hrefs = {one["id"]: one["href"] for one in found}
    assert hrefs["short-tasks:0"] == "/datasets/short-tasks"
    assert hrefs["unknown:2"] is None
    assert "unknown task_2" in parse(fresh(made).get("/mixtures/short-mix").text).text


def test_a_model_shows_what_is_trained_on_and_what_is_masked(made: Path, fresh: Fresh) -> None:
    text = fresh(made).get("/models/smollm2-short").text
    assert marked(text) == ["la", "&lt;|im_end|&gt;"]
    assert '<span class="special masked">&lt;|im_start|&gt;</span>' in text
    assert '<mark class="special">&lt;|im_end|&gt;</mark>' in text
    assert "620 tokens left out here" in text
    assert "640 tokens, 2 of them trained on, in step 1; 620 are left out below" in text


def test_a_wrong_mask_is_visible(made: Path, fresh: Fresh) -> None:
    wrong = tuple(
        Segment(text=one.text, tokens=one.tokens, trained=not one.trained, special=one.special)
        for one in (*SHOWN.segments[:2], *SHOWN.segments[4:])
    )
    values = {name: getattr(SHOWN, name) for name in Shown.__slots__} | {"segments": wrong}
    trained.write(made / "reports" / "tune" / "smollm2-short.samples.jsonl", [Shown(**values)])
    found = marked(fresh(made).get("/models/smollm2-short").text)
    assert found[0] == "&lt;|im_start|&gt;"
    assert "alert(1)" in found[1]
    assert "la" not in found


def test_a_model_s_sequence_has_its_native_and_canonical_row(made: Path, fresh: Fresh) -> None:
    (one,) = asked(fresh(made), "/models/smollm2-short")["rows"]
    assert json.loads(one["made_of"]["native"]["text"]) == NATIVE | {"n": 0}
    assert one["made_of"]["parts"][1]["text"]["text"] == "la"
    assert one["href"] == "/datasets/short-tasks"


def test_long_segments_share_the_room_and_short_ones_stay_whole(made: Path, fresh: Fresh) -> None:
    (one,) = asked(fresh(made), "/models/smollm2-short")["rows"]
    texts = {part["text"] for part in one["segments"]}
    assert {"la", "<|im_start|>", "<|im_end|>", f"user\n{EVIL}"} <= texts
    assert sum(len(part["text"]) for part in one["segments"]) <= samples.CELL
    (cut,) = [part for part in one["segments"] if part["more"]]
    assert len(cut["text"]) + cut["more"] == len(LONG)


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("/datasets/short-tasks", "registry convert short-tasks"),
        ("/mixtures/short-mix", "registry mix short-mix"),
        ("/models/smollm2-short", "registry tune smollm2-short"),
    ],
)
def test_where_data_is_missing_the_page_says_what_makes_it(
    client: TestClient, parse: Any, address: str, command: str
) -> None:
    found = asked(client, address)
    assert (found["rows"], found["file"], found["command"]) == ([], None, command)
    assert f"are not on this machine. {command} makes them." in parse(client.get(address).text).text


@pytest.mark.parametrize("address", ["/datasets/wizardlm", "/models/wizardlm-7b"])
def test_what_is_not_built_here_has_no_samples(client: TestClient, address: str) -> None:
    assert asked(client, address) is None
    assert 'id="samples"' not in client.get(address).text


def test_native_files_that_are_gone_are_told_and_rows_still_shown(
    made: Path, fresh: Fresh, parse: Any
) -> None:
    client = fresh(made)
    assert asked(client, "/datasets/short-tasks")["rows"][0]["native"]
    native(made).unlink()
    found = asked(client, "/datasets/short-tasks")["rows"][0]
    assert (found["native"], found["why"]) == (None, "rows.jsonl: is not there; fetch it first")
    assert "Not shown: rows.jsonl" in parse(client.get("/datasets/short-tasks").text).text


def test_files_that_cannot_be_read_are_told_and_the_page_stays(
    made: Path, fresh: Fresh, parse: Any
) -> None:
    write_text(made / "data" / "canonical" / "short-tasks" / "train.parquet", "torn")
    write_text(made / "reports" / "tune" / "smollm2-short.samples.jsonl", "torn\n")
    for address in ("/datasets/short-tasks", "/models/smollm2-short"):
        page = parse(fresh(made).get(address).text)
        assert "cannot be shown: " in page.text
        assert str(made) not in page.text


def test_an_empty_table_is_told(made: Path, fresh: Fresh, parse: Any) -> None:
    write_rows(made / "data" / "mixtures" / "short-mix" / "train.parquet", [])
    page = parse(fresh(made).get("/mixtures/short-mix").text)
    assert "there are none in data/mixtures/short-mix/train.parquet" in page.text


def test_a_table_is_read_again_only_when_it_changes(made: Path, fresh: Fresh) -> None:
    client = fresh(made)
    table = made / "data" / "mixtures" / "short-mix" / "train.parquet"
    before = asked(client, "/mixtures/short-mix")["rows"]
    held = samples._read.cache_info()
    assert asked(client, "/mixtures/short-mix")["rows"] == before
    after = samples._read.cache_info()
    assert (after.misses, after.hits) == (held.misses, held.hits + 1)
    write_rows(table, [row(9)])
    os.utime(table, ns=(1, 1))
    assert [one["row"] for one in asked(client, "/mixtures/short-mix")["rows"]] == [9]
