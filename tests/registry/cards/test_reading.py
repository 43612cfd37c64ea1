"""One card with ten mistakes, one mistake per rule, and what a message has to look like."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from registry.cards import Dataset, Model, load_text, read_file, read_text
from registry.errors import InvalidCards

DATASET = """\
kind: dataset
id: songs
title: Songs
summary: About songs.
"""
RECIPE = """\
kind: recipe
id: tiny
title: Tiny
summary: Two steps.
tune:
  method: full
  steps: 2
  tokens_per_step: 64
  max_tokens: 32
  learning_rate: 1e-3
  seed: 1
"""
MODEL = """\
kind: model
id: singer
title: Singer
summary: Sings.
"""
BENCHMARK = """\
kind: benchmark
id: verses
title: Verses
summary: About verses.
"""
FILE = """\
    - path: {path}
      origin: file:songs.json
      sha256: {sha256}
      bytes: {bytes}
"""
UNITS = (
    "tasks, instances, instructions, prompts, pairs, dialogues, messages, turns, trees, steps,"
    " scenes, images, constraints, categories, documents, datasets, benchmarks, tokens,"
    " parameters, bytes"
)
KNOWN_CLAIM = "value, cited, declared, measured, at, quote, printed, hedge, note"
WAYS = "cited: PAPER with at: PLACE, declared: WHO"


def source(path: str = "songs.json", sha256: str = "0" * 64, bytes: str = "1") -> str:
    return "source:\n  files:\n" + FILE.format(path=path, sha256=sha256, bytes=bytes)


def problems(text: str, **place: str) -> list[str]:
    return [str(one) for one in read_text(text, "card.yaml", **place).problems]


def test_a_card_with_ten_mistakes_has_ten_problems_each_on_its_line() -> None:
    text = dedent("""\
        kind: dataset
        id: Songs
        title: Songs
        summary: About songs.
        papers: survey-2023
        homes: github:singers/songs
        released: {value: 2023, cited: survey-2023, at: Table 6}
        annotator: {value: [humam], cited: survey-2023, at: Table 6}
        license: {value: MIT, declared: the owner}
        scale:
          - {value: 52k, unit: instances, cited: survey-2023, at: Table 6}
          - {value: 15, cited: survey-2023, at: Table 6}
          - {value: 15, unit: instances, cited: survey-2023}
          - {value: 3, unit: instances, measured: convert}
          - {value: null, unit: tasks, cited: survey-2023, at: Table 6}
        """)
    assert problems(text) == [
        "card.yaml:2: id: 'Songs' is not an id; use lower-case letters, digits, dots and dashes",
        "card.yaml:5: papers: is the text 'survey-2023'; write a list: [survey-2023]",
        "card.yaml:6: homes: is a bare value; write a claim: {value: github:singers/songs, cited:"
        " PAPER, at: PLACE} or {value: github:singers/songs, declared: WHO}",
        'card.yaml:7: released.value: is the number 2023; quote it: "2023"',
        "card.yaml:8: annotator.value[0]: 'humam' is not known here; did you mean 'human'?",
        "card.yaml:9: license: is no field here; did you mean 'licence'?",
        "card.yaml:11: scale[0].value: is the text '52k'; write a whole number in plain digits;"
        " a claim keeps the printed form in `printed`",
        f"card.yaml:12: scale[1].unit: is missing; say which unit: {UNITS}",
        "card.yaml:13: scale[2].at: is missing; say where in the paper: a table, section or page",
        "card.yaml:14: scale[3].value: stands beside measured; remove it, the number lives in the"
        " stage's report",
    ]


PLANTED = {
    # The whole card.
    "- a list\n": "1: card: is not a mapping; a card starts with `kind:`",
    "id: songs\n": "1: kind: is missing; write one of dataset, benchmark, model, mixture, recipe,"
    " paper",
    "kind: datset\n": "1: kind: 'datset' is not known here; did you mean 'dataset'?",
    "kind: [dataset]\n": "1: kind: is a list; write one of dataset, benchmark, model, mixture,"
    " recipe, paper",
    "kind: true\n": "1: kind: 'true' is not known here; write one of dataset, benchmark, model,"
    " mixture, recipe, paper",
    # Fields.
    DATASET.replace("Songs", ""): "3: title: is empty; write it: what people call it",
    DATASET.replace("Songs", "'  '"): "3: title: is empty; write text or leave the field out",
    DATASET.replace("Songs", "[a, b]"): "3: title: is a list; write text",
    DATASET.replace("Songs", "true"): '3: title: is true; quote it: "true"',
    DATASET + "license: MIT\n": "5: license: is no field here; did you mean 'licence'?",
    DATASET + "papers:\n": "5: papers: is empty; write a list or leave the field out",
    DATASET + "notes: [ok, 3]\n": '5: notes[1]: is the number 3; quote it: "3"',
    DATASET + "source: songs.json\n": "5: source: is the text 'songs.json'; write a mapping of"
    " files, subset",
    DATASET + "source: {files: []}\n": "5: source.files: is an empty list; write at least one",
    DATASET + source(sha256="71AA"): "9: source.files[0].sha256: '71AA' is not a sha256;"
    " write 64 hex digits",
    DATASET + source(bytes="0"): "10: source.files[0].bytes: 0 is not above 0; write a positive"
    " number",
    DATASET + source(path="../x"): "7: source.files[0].path: '../x' is not a place inside a"
    " folder; write a relative path with '/', without '..'",
    DATASET + source() + "convert: {format: alpacca}\n": "11: convert.format: 'alpacca' is not"
    " known here; did you mean 'alpaca'?",
    # Claims.
    DATASET + "scale: 5\n": "5: scale: is a bare value; write a claim: {value: 5, cited: PAPER,"
    " at: PLACE} or {value: 5, declared: WHO}",
    DATASET + "annotator: human\n": "5: annotator: is a bare value; write a claim: {value:"
    " [human], cited: PAPER, at: PLACE} or {value: [human], declared: WHO}",
    DATASET + "annotator: [human, gpt-4]\n": "5: annotator: is a bare value; write a claim:"
    " {value: [human, gpt-4], cited: PAPER, at: PLACE} or {value: [human, gpt-4], declared: WHO}",
    DATASET + "scale:\n": "5: scale: is empty; write a claim or leave the field out; `value:"
    " null` says that a source does not",
    DATASET + "licence: {value: MIT}\n": "5: licence: does not say how it is known; write one of"
    f" {WAYS}",
    DATASET + f"scale: {{value: {2**63}, unit: tasks, declared: a, at: b}}\n": "5: scale.value: is"
    " above 9,223,372,036,854,775,807, which nobody counts up to; write the number of the source",
    DATASET + "scale: {value: 5, unit: tasks}\n": "5: scale: does not say how it is known; write"
    f" one of {WAYS}, measured: fetch or convert or mix or tune",
    DATASET + "licence: {value: MIT, declared: them, cited: p, at: x}\n": "5: licence: says cited"
    f" and declared; write one of {WAYS}",
    DATASET + "licence: {declared: them}\n": "5: licence.value: is missing; write it, or `value:"
    " null` where the source does not say",
    DATASET + "annotator: {value: [], declared: them}\n": "5: annotator.value: is an empty list;"
    " write `value: null` where the source does not say",
    DATASET + "annotator: {value: human, declared: them}\n": "5: annotator.value: is the text"
    " 'human'; write a list: [human]",
    DATASET + "annotator: {value: [LLM], declared: them}\n": "5: annotator.value[0]: 'LLM' is not"
    " known here; did you mean 'model'?",
    DATASET + "licence: {value: MIT, declared: them, unit: tasks}\n": "5: licence.unit: is no"
    f" part of this claim; known are {KNOWN_CLAIM}, part, subset, revision",
    DATASET + "licence: {value: MIT, declard: them}\n": "5: licence: does not say how it is"
    f" known; write one of {WAYS}\ncard.yaml:5: licence.declard: is no part of this claim; did"
    " you mean 'declared'?",
    DATASET + "licence: {measured: convert}\n": "5: licence.measured: 'convert' does not measure"
    " this field; no stage does, so write cited or declared",
    DATASET + "scale: {unit: tasks, measured: evaluate}\n": "5: scale.measured: 'evaluate' does"
    " not measure this field; write fetch or convert or mix or tune",
    DATASET + "scale: {unit: tasks, measured: convrt}\n": "5: scale.measured: 'convrt' is not"
    " known here; did you mean 'convert'?",
    DATASET + source() + "convert: {format: alpaca}\nscale: {unit: tasks, measured: convert, at:"
    " x}\n": "12: scale.at: goes with cited or declared; remove it, the report says how it was"
    " measured",
    DATASET + "scale: {value: -5, unit: tasks, declared: them}\n": "5: scale.value: -5 is below"
    " 0; write 0 or a positive number",
    DATASET + "scale: {value: 5, unit: task, declared: them}\n": "5: scale.unit: 'task' is not"
    " known here; did you mean 'tasks'?",
    DATASET + "scale: {value: 5, unit: tasks, hedge: approximately, declared: x}\n": "5:"
    " scale.hedge: 'approximately' is not known here; did you mean 'about'?",
    DATASET + "licence: {value: cc-by-sa 3.0, declared: them}\n": "5: licence.value: 'cc-by-sa"
    " 3.0' is not known here; did you mean 'CC-BY-SA-3.0'?",
    DATASET + "licence: {value: 'terms:', declared: them}\n": "5: licence.value: 'terms:' is not"
    " known here; write an SPDX id, or 'terms: ' and their name",
    DATASET + "languages: {value: [en], declared: them}\n": "5: languages.value[0]: 'en' is not"
    " known here; write an ISO 639-3 code such as eng, or monolingual",
    DATASET + "released: {value: 2023-13, declared: them}\n": "5: released.value: '2023-13' is"
    " not a date; write YYYY, YYYY-MM or YYYY-MM-DD",
    DATASET + "homes: {value: tatsu-lab/alpaca, declared: x}\n": "5: homes.value:"
    " 'tatsu-lab/alpaca' is not a home; write hub:OWNER/NAME, github:OWNER/NAME or https://…",
    DATASET + "parents: {value: alpaca, declared: them}\n": "5: parents.relation: is missing; say"
    " which relation: method, seeds, prompts, answers, revision, translation, subset, superset,"
    " part, base, teacher, merged, inputs, size, port, derived",
    MODEL + "results: {value: 0.5, metric: accuracy, declared: x}\n": "5: results.benchmark: is"
    " missing; say which benchmark",
    MODEL + "results: {value: high, benchmark: b, metric: m, declared: x}\n": "5: results.value:"
    " is the text 'high'; write a number",
    MODEL + "results: {value: 1, unit: tasks, benchmark: b, metric: m, declared: x}\n": "5:"
    " results.unit: 'tasks' is not known here; write one of share, percent, points, score",
    # What no single field can tell.
    DATASET + "convert: {format: alpaca}\n": "5: convert: has no source to read; add source, or"
    " remove convert",
    DATASET + source() + "unavailable: It is gone.\n": "11: unavailable: stands beside a source;"
    " keep the one that is true",
    DATASET + source() + FILE.format(path="songs.json", sha256="0" * 64, bytes=1): "6:"
    " source.files: names 'songs.json' 2 times; name it once",
    DATASET + "scale: {unit: tasks, measured: convert}\n": "5: scale: is measured by convert,"
    " which does nothing here; add convert, or write cited or declared",
    DATASET + "scale: {unit: tasks, measured: mix}\n": "5: scale: is measured by mix, which does"
    " nothing here; write cited or declared",
    DATASET + "licence:\n" + 2 * "  - {value: MIT, declared: them}\n": "5: licence: makes the"
    " same claim twice; keep one of the two",
    RECIPE.replace("full", "lora"): "5: tune.lora: is missing; method: lora needs it",
    RECIPE + "  lora: {rank: 4, alpha: 8}\n": "12: tune.lora: goes with method: lora, not full;"
    " remove one of the two",
    RECIPE + "  warmup_steps: 2\n": "12: tune.warmup_steps: 2 is not below the 2 steps; warm up"
    " for fewer",
    RECIPE + "  weight_decay: 1\n": "12: tune.weight_decay: 1.0 is not from 0 up to 1; write a"
    " share such as 0.1",
    RECIPE.replace("full", "ful"): "6: tune.method: 'ful' is not known here; did you mean 'full'?",
    RECIPE.replace("steps: 2", "steps: 2.5"): "7: tune.steps: is the number 2.5; write a whole"
    " number",
    MODEL + "weights: {format: gguf, file: x}\n": "5: weights: has no source to read; add source",
    MODEL + source() + "weights: {format: gguf, file: song.json!x}\n": "11: weights.file:"
    " 'song.json' is no path of source.files; did you mean 'songs.json'?",
    MODEL + "evaluate: {benchmarks: [b]}\n": "5: evaluate: has no model to run; add build or"
    " weights, or remove evaluate",
    MODEL + "build: {base: a, mixture: b, recipe: c}\nnot_reproduced: Too large.\n": "6:"
    " not_reproduced: stands beside build; keep the one that is true",
    BENCHMARK + "rank: {show: letters}\nmetrics: [rouge_l]\n": "6: metrics: 'rouge_l' is not of"
    " ranked options; theirs are accuracy and accuracy_norm",
    BENCHMARK + "generate: {max_new_tokens: 9}\nmetrics: [accuracy]\n": "6: metrics: 'accuracy' is"
    " of ranked options; add rank in place of generate",
    BENCHMARK + "generate: {max_new_tokens: 9}\nrank: {show: texts}\n": "6: rank: stands beside"
    " generate; answers are generated, or options ranked",
    BENCHMARK + "rank: {show: texts, prompt: chat, shots: 2}\n": "5: rank.shots: goes with"
    " prompt: text; remove one of the two",
    MODEL + "build: {base: a, mixture: b, recipe: c}\nevaluate: {benchmarks: [b]}\nresults:\n"
    "  - {benchmark: b, metric: exact-match, measured: evaluate}\n": "7: results: 'exact-match'"
    " is no metric that we measure; did you mean 'exact_match'?",
}


@pytest.mark.parametrize(("text", "said"), PLANTED.items(), ids=range(len(PLANTED)))
def test_a_mistake_has_one_message(text: str, said: str) -> None:
    assert "\n".join(problems(text)) == f"card.yaml:{said}"


@pytest.mark.parametrize("said", PLANTED.values(), ids=range(len(PLANTED)))
def test_a_message_has_the_form_of_where_what_is_so_what_to_do(said: str) -> None:
    for line in said.splitlines():
        message = re.sub(r"^(card\.yaml:)?\d+: \S+: ", "", line)
        assert "; " in message
        assert not message.endswith(".")
        assert message[0].islower() or message[0] in "'-0123456789"
        assert not re.search(r"\b(error|invalid|please|oops|None|True|Node)\b", message)


def test_the_folder_says_the_kind_and_the_file_the_id() -> None:
    assert problems(DATASET, kind="model", id="song") == [
        "card.yaml:1: kind: is 'dataset' in a folder of models; move the file to cards/datasets/"
        " or write kind: model",
        "card.yaml:2: id: 'songs' is not the file's name; rename the file to songs.yaml or write"
        " id: song",
    ]


def test_a_missing_kind_is_said_once_when_the_folder_knows_it() -> None:
    assert problems(DATASET.replace("kind: dataset\n", ""), kind="dataset") == [
        "card.yaml:1: kind: is missing; write it"
    ]


def test_a_file_that_is_not_utf8_is_one_problem_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cards" / "datasets" / "songs.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(DATASET.encode() + "title: Schön\n".encode("latin-1"))
    assert [str(one) for one in read_file(path, root=tmp_path).problems] == [
        "cards/datasets/songs.yaml:5: file: is not UTF-8 at byte 69; save it as UTF-8"
    ]


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "datasets" / "songs.yaml"
    path.parent.mkdir()
    path.write_bytes(b"\xef\xbb\xbf" + DATASET.encode())
    assert read_file(path).problems == ()


def test_load_text_raises_everything_that_is_wrong() -> None:
    with pytest.raises(InvalidCards) as caught:
        load_text(DATASET + "license: MIT\nparent: x\n")
    assert len(caught.value.problems) == 2


def test_null_is_knowledge_and_keeps_its_unit() -> None:
    card = load_text(
        DATASET + "scale: {value: null, unit: tasks, printed: /, cited: survey-2023, at: Table 6}\n"
    )
    assert isinstance(card, Dataset)
    (claim,) = card.scale
    assert (claim.value, claim.unit, claim.printed, claim.status) == (None, "tasks", "/", "cited")


def test_one_claim_or_several_come_out_alike() -> None:
    one = load_text(DATASET + "licence: {value: MIT, declared: them}\n")
    several = load_text(DATASET + "licence:\n  - {value: MIT, declared: them}\n")
    assert one == several


def test_no_claims_are_the_same_as_no_field() -> None:
    assert load_text(DATASET + "licence: []\n") == load_text(DATASET)


def test_a_result_may_be_a_difference_from_a_baseline() -> None:
    card = load_text(
        MODEL
        + "results: {value: 33, unit: percent, delta: absolute, baseline: GPT-3, benchmark: s,\n"
        "  metric: ROUGE-L, turn: '3', evaluator: gpt-4, cited: self-instruct, at: abstract}\n"
    )
    assert isinstance(card, Model)
    assert card.results[0].qualifiers == {
        "unit": "percent",
        "benchmark": "s",
        "metric": "ROUGE-L",
        "turn": "3",
        "delta": "absolute",
        "baseline": "GPT-3",
        "evaluator": "gpt-4",
    }


def test_every_id_that_a_card_names_is_a_mention_with_its_line() -> None:
    text = (
        DATASET
        + "papers: [p]\nannotator: {value: [human, gpt-4], cited: q, at: x}\n"
        + "parents: {value: d, relation: seeds, declared: them}\n"
    )
    found = [(one.kind, one.id, one.line) for one in read_text(text, "x").mentions]
    assert sorted(found) == [
        ("dataset", "d", 7),
        ("model", "gpt-4", 6),
        ("paper", "p", 5),
        ("paper", "q", 6),
    ]


def test_a_result_names_its_benchmark() -> None:
    text = MODEL + "results: {value: 1, benchmark: b, metric: m, declared: x}\n"
    (mention,) = read_text(text, "x").mentions
    assert (mention.kind, mention.id, mention.field) == ("benchmark", "b", "results.benchmark")
