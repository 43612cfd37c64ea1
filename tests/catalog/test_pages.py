import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog import answer

DATA = ("application/json", "application/ld+json")
CARDS = (
    "/datasets/short-tasks",
    "/datasets/wizardlm",
    "/datasets/qwen2.5-rewrites",
    "/benchmarks/new-tasks",
    "/benchmarks/ifeval",
    "/models/smollm2-135m",
    "/models/smollm2-short",
    "/models/wizardlm-7b",
    "/mixtures/short-mix",
    "/recipes/sft-small",
    "/papers/survey-2023",
    "/lineage/models/smollm2-short",
    "/lineage/datasets/wizardlm",
    "/plots",
)


def links(page: Any) -> set[str]:
    """Return the addresses within the catalog that a reader may follow."""
    return {
        attributes["href"].partition("#")[0]
        for tag, attributes in page.tags
        if tag == "a"
        and attributes["href"].startswith("/")
        and "nofollow" not in attributes.get("rel", "")
    }


def test_every_page_is_well_formed_and_every_link_on_it_leads_somewhere(
    client: TestClient, parse: Any
) -> None:
    seen: set[str] = set()
    waiting = {"/"}
    while waiting:
        address = waiting.pop()
        seen.add(address)
        response = client.get(address)
        assert response.status_code == 200, address
        if response.headers["content-type"].startswith("text/html"):
            page = parse(response.text)
            assert not page.faults, address
            ids = page.values("id")
            assert len(ids) == len(set(ids)), address
            named = " ".join([*page.values("aria-labelledby"), *page.values("for")]).split()
            assert set(named) <= set(ids), address
            inner = {href[1:] for href in page.values("href", "a") if href.startswith("#")}
            assert inner <= set(ids), address
            waiting |= links(page) - seen
    assert {one for one in CARDS if not one.startswith("/lineage")} <= seen


@pytest.mark.parametrize("address", CARDS)
def test_no_page_carries_script_or_style_of_its_own(
    address: str, client: TestClient, parse: Any
) -> None:
    page = parse(client.get(address).text)
    assert not {tag for tag, _ in page.tags} & {"style", "iframe", "object", "img"}
    for script in (given for tag, given in page.tags if tag == "script"):
        assert script.get("src", "").startswith("/static/") or script["type"] in DATA
    attributes = {name for _, given in page.tags for name in given}
    assert "style" not in attributes
    assert not [name for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("address", CARDS)
def test_a_page_and_its_json_show_the_same_values(
    address: str, checkout: Path, fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fresh(checkout)  # one that has kept no answer yet
    shown: list[dict[str, Any]] = []
    render = answer.render

    def spy(request: Any, template: str, values: Any) -> str:
        shown.append(answer.finite(values))
        return render(request, template, values)

    monkeypatch.setattr(answer, "render", spy)
    assert client.get(address).status_code == 200
    twin = client.get(f"{address}.json")
    assert twin.headers["content-type"].startswith("application/json")
    assert twin.json() == {"ok": True, **shown[0]}


def test_the_list_has_a_twin_that_takes_the_same_questions(client: TestClient) -> None:
    twin = client.get("/cards.json?kind=model&q=short").json()
    assert [one["id"] for one in twin["cards"]] == ["smollm2-short"]
    assert twin["total"] == 1


def test_an_id_with_dots_has_a_page_and_a_twin(client: TestClient) -> None:
    assert "Rewrites" in client.get("/datasets/qwen2.5-rewrites").text
    assert client.get("/datasets/qwen2.5-rewrites.json").json()["card"]["id"] == "qwen2.5-rewrites"


def test_a_claim_shows_status_source_place_quote_and_note(client: TestClient, parse: Any) -> None:
    text = parse(client.get("/datasets/short-tasks").text).text
    assert "declared README, section Disclaimer" in text
    assert "By contributing you agree" in text
    assert "Many inputs look machine-made" in text


def test_a_measured_claim_shows_the_reports_number_and_its_stage(
    client: TestClient, parse: Any
) -> None:
    text = parse(client.get("/datasets/short-tasks").text).text
    assert re.search(r"69,195 instances measured by stage convert", text)


def test_published_numbers_stand_beside_measured_ones_with_a_verdict(
    client: TestClient, parse: Any
) -> None:
    found = client.get("/datasets/short-tasks.json").json()["verdicts"]["scale"]
    assert [one.get("says") for one in found] == [
        "within rounding",
        "not comparable: only a subset was measured",
        None,
        None,
    ]
    text = parse(client.get("/datasets/short-tasks").text).text
    assert "Published and measured" in text
    assert re.search(r"69,000 instances .*README 69,195 instances within rounding", text)


def test_a_page_without_measured_claims_has_no_verdicts_to_show(
    client: TestClient, parse: Any
) -> None:
    assert "Published and measured" not in parse(client.get("/datasets/wizardlm").text).text
    found = client.get("/datasets/wizardlm.json").json()["verdicts"]["scale"]
    assert [one["says"] for one in found] == ["first source", "differs by -27.0%"]


def test_a_claim_that_no_stage_measured_says_what_to_type(
    sample: Any, tmp_path: Path, fresh: Any, parse: Any
) -> None:
    sample.make(tmp_path)
    (tmp_path / "reports" / "convert" / "short-tasks.json").unlink()
    text = parse(fresh(tmp_path).get("/datasets/short-tasks").text).text
    assert "not measured yet" in text
    assert "type registry convert datasets/short-tasks" in text


def test_numbers_that_disagree_stand_side_by_side(client: TestClient, parse: Any) -> None:
    (one,) = client.get("/datasets/wizardlm.json").json()["disagreements"]
    assert [claim["value"] for claim in one["claims"]] == [196000, 143000]
    text = parse(client.get("/datasets/wizardlm").text).text
    assert text.index("Where sources disagree") < text.index("196,000 instances printed “196K”")
    assert "none is chosen" in text


def test_conversion_shows_rows_left_out_by_reason(client: TestClient) -> None:
    found = client.get("/datasets/short-tasks.json").json()["conversion"]
    assert found["quarantined"] == [
        {"reason": "the answer is empty", "value": 11},
        {"reason": "`input` is not a list of messages", "value": 7},
    ]
    assert found["numbers"] == {"duplicates": 231, "empty_answers": 11}


def test_many_languages_show_the_frequent_ones_first_and_the_rest_on_request(
    sample: Any, tmp_path: Path, fresh: Any, parse: Any
) -> None:
    root = sample.make(tmp_path)
    path = root / "reports/convert/short-tasks.json"
    report = json.loads(path.read_text())
    languages = {f"l{at:02}": 100 - at for at in range(30)}
    shuffled = dict(sorted(languages.items(), key=lambda one: one[1] % 7))
    report["measured"]["languages"] = [{"value": shuffled}]
    path.write_text(json.dumps(report))
    client = fresh(root)
    page = client.get("/datasets/short-tasks").text
    before, _, rest = page.partition("20 more, at most 90 each")
    assert re.findall(r">(l\d\d)<", before) == [f"l{at:02}" for at in range(10)]
    assert re.findall(r">(l\d\d)<", rest) == [f"l{at:02}" for at in range(10, 30)]
    assert not parse(page).faults
    found = client.get("/datasets/short-tasks.json").json()["conversion"]["shares"]["languages"]
    assert found == languages


def test_a_dataset_lists_what_was_made_from_it_direct_things_first(client: TestClient) -> None:
    found = client.get("/datasets/short-tasks.json").json()["used_by"]
    assert found[0]["name"] == "mixtures/short-mix"
    tuned = next(one for one in found if one["name"] == "models/smollm2-short")
    assert (tuned["via"], tuned["proof"]) == ("Short tasks, mixed", "proven")


def test_a_tuned_model_shows_scores_before_and_after_with_standard_errors(
    client: TestClient, parse: Any
) -> None:
    scores = client.get("/models/smollm2-short.json").json()["scores"]
    first = scores["lines"][0]
    assert first["before"] == {"value": 0.143, "stderr": 0.016}
    assert first["after"] == {"value": 0.187, "stderr": 0.019}
    assert first["change"] == pytest.approx({"value": 0.044, "stderr": 0.02484}, abs=1e-5)
    text = parse(client.get("/models/smollm2-short").text).text
    assert "14.3 ± 1.6 18.7 ± 1.9 +4.4 ± 2.5 384" in text


def test_a_score_stands_beside_what_guessing_would_score(client: TestClient, parse: Any) -> None:
    lines = client.get("/models/smollm2-short.json").json()["scores"]["lines"]
    guesses = {(one["benchmark"], one["metric"]): one["guess"] for one in lines}
    assert guesses["new-tasks", "exact_match"] == {"value": 0.31, "way": "constant", "n": 384}
    assert guesses["new-tasks", "rouge_l"] is None
    page = client.get("/models/smollm2-short").text
    assert 'class="guess"' in page
    text = parse(page).text
    assert "guessing: 31.0" in text
    assert "Guessing gives every row of a task" in text


def test_a_benchmark_and_its_leaderboard_say_what_guessing_would_score(
    client: TestClient, parse: Any
) -> None:
    guess = {"value": 0.31, "way": "constant", "n": 384}
    page, board = "/benchmarks/new-tasks", "/leaderboards/new-tasks?metric=exact_match"
    assert client.get(f"{page}.json").json()["guesses"] == {"exact_match": guess}
    assert client.get("/leaderboards/new-tasks.json?metric=exact_match").json()["guess"] == guess
    for address in (page, board):
        assert "Guessing would score 31.0 by exact match" in parse(client.get(address).text).text
    assert client.get("/leaderboards/new-tasks.json?metric=rouge_l").json()["guess"] is None


def test_scores_of_single_tasks_stand_apart_from_those_of_the_benchmark(
    client: TestClient,
) -> None:
    scores = client.get("/models/smollm2-short.json").json()["scores"]
    assert len(scores["lines"]) == 4
    assert [one["task"] for one in scores["tasks"]] == ["born_first", "last_word_nth", "quartz"]


def test_the_loss_curve_holds_every_step_of_a_short_run(client: TestClient) -> None:
    curve = client.get("/models/smollm2-short.json").json()["curve"]
    assert curve["every"] == 1
    assert [one["step"] for one in curve["points"]] == list(range(1, 151))


def test_a_benchmark_ranks_measured_scores_and_keeps_published_ones_apart(
    client: TestClient,
) -> None:
    scores = client.get("/benchmarks/new-tasks.json").json()["scores"]
    headline = [(one["model"], one["status"]) for one in scores if one["metric"] == "rouge_l"]
    assert headline == [
        ("smollm2-short", "measured"),
        ("smollm2-135m", "measured"),
        ("wizardlm-7b", "cited"),
    ]


def test_a_mixture_shows_each_datasets_share(client: TestClient) -> None:
    found = client.get("/mixtures/short-mix.json").json()["ingredients"]
    assert [(one["dataset"], one["share"]) for one in found] == [
        ("short-tasks", 0.75),
        ("qwen2.5-rewrites", 0.25),
    ]


def test_a_recipe_explains_every_setting(client: TestClient) -> None:
    found = client.get("/recipes/sft-small.json").json()["settings"]
    assert all(one["says"] for one in found)
    assert {"name": "steps", "value": 150, "says": "Optimiser steps."} in found


def test_a_recipe_shows_the_switches_of_a_block_that_its_card_leaves_out(
    client: TestClient,
) -> None:
    found = client.get("/recipes/sft-small.json").json()["settings"]
    shown = {one["name"]: one["value"] for one in found}
    assert (shown["lora.rank"], shown["lora.dora"]) == (8, False)


def test_a_paper_lists_the_claims_that_cite_it_by_card(client: TestClient, parse: Any) -> None:
    found = client.get("/papers/survey-2023.json").json()["cited_by"]
    assert [one["name"] for one in found] == [
        "datasets/wizardlm",
        "benchmarks/ifeval",
        "models/smollm2-135m",
    ]
    assert "@article{lou2023prompt," in parse(client.get("/papers/survey-2023").text).text


def test_a_proven_edge_looks_different_from_a_cited_one(client: TestClient) -> None:
    text = client.get("/models/smollm2-short").text
    assert 'class="arrow proven"' in text
    assert 'class="arrow cited"' in text


def test_lineage_upwards_ends_at_the_card_and_downwards_starts_there(client: TestClient) -> None:
    address = "/lineage/mixtures/short-mix.json?direction="
    upward = client.get(f"{address}up").json()["lineage"]
    downward = client.get(f"{address}down").json()["lineage"]
    assert [one["name"] for one in upward["layers"][-1]] == ["mixtures/short-mix"]
    assert [one["name"] for one in downward["layers"][0]] == ["mixtures/short-mix"]


def test_lineage_takes_the_kind_in_the_singular_too(client: TestClient) -> None:
    assert client.get("/lineage/mixture/short-mix").status_code == 200


def test_the_name_of_a_folder_is_the_list_of_its_kind(client: TestClient) -> None:
    found = client.get("/datasets.json").json()
    assert {one["kind"] for one in found["cards"]} == {"dataset"}
    assert "kind" not in {facet["name"] for facet in found["facets"]}


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("name", ["datasets/wizardlm", "models/smollm2-short"])
def test_the_command_tells_the_lineage_that_the_page_shows(
    name: str, direction: str, client: TestClient, checkout: Path, capsys: Any
) -> None:
    from registry.cli import main

    shown = client.get(f"/lineage/{name}.json?direction={direction}").json()
    words = ["lineage", name, f"--{direction}", "--json", "--root", str(checkout)]
    main(words, standalone_mode=False)
    told = json.loads(capsys.readouterr().out)
    nodes = [node for layer in shown["lineage"]["layers"] for node in layer]
    assert {node["name"]: node for node in told["nodes"]} == {
        node["name"]: {key: value for key, value in node.items() if key != "href"} for node in nodes
    }
    assert told["edges"] == shown["lineage"]["edges"]
    assert told["start"] == shown["lineage"]["start"] == name
    main(["lineage", name, "--models", "--json", "--root", str(checkout)], standalone_mode=False)
    models = json.loads(capsys.readouterr().out)
    assert shown["tuned_on"] == (models if name.startswith("datasets/") else [])


def test_the_lineage_answers_who_was_tuned_on_a_dataset(client: TestClient, parse: Any) -> None:
    found = client.get("/lineage/datasets/wizardlm.json").json()["tuned_on"]
    assert [(one["model"], one["way"], one["proof"]) for one in found] == [
        ("models/wizardlm-7b", "direct", "cited"),
        ("models/smollm2-short", "derived", "cited"),
    ]
    text = parse(client.get("/lineage/datasets/wizardlm?direction=up").text).text
    assert "1 directly · 1 by data derived from it" in text
    assert "answers → qwen2.5-rewrites mixed in → short-mix tuned on →" in text
    assert "Models tuned on it" not in client.get("/lineage/models/chatgpt").text


def test_the_table_of_links_is_the_lineage(client: TestClient, parse: Any) -> None:
    found = client.get("/lineage/models/smollm2-short.json").json()["lineage"]
    text = client.get("/lineage/models/smollm2-short").text
    table = re.search(r'<table class="stacked sortable edges".*?</table>', text, re.DOTALL)
    assert table
    rows = [
        parse(row).text for row in re.findall(r"<tr role=.row.>\s*<td.*?</tr>", table[0], re.DOTALL)
    ]
    nodes = {node["name"]: node for layer in found["layers"] for node in layer}
    assert rows == [
        " ".join(
            [
                nodes[edge["source"]]["title"],
                nodes[edge["source"]]["kind"],
                edge["relation"],
                nodes[edge["target"]]["title"],
                nodes[edge["target"]]["kind"],
                edge["proof"],
                *([edge["place"]] if edge["place"] else []),
            ]
        )
        for edge in found["edges"]
    ]
