"""The words that cards may use where a word has to be one of a list."""

KINDS = ("dataset", "benchmark", "model", "mixture", "recipe", "paper")
FOLDERS = {kind: f"{kind}s" for kind in KINDS}

UNITS = (
    "tasks",
    "instances",
    "instructions",
    "prompts",
    "pairs",
    "dialogues",
    "messages",
    "turns",
    "trees",
    "steps",
    "scenes",
    "images",
    "constraints",
    "categories",
    "documents",
    "datasets",
    "benchmarks",
    "tokens",
    "parameters",
    "bytes",
)
"""What `scale` counts. `tasks` are kinds of task; a "task" that is one episode is an instance."""

SCORE_UNITS = ("share", "percent", "points", "score")
"""What a result is in: 0.31 is a share, 31 a percent; points and scores have a range of their own.

Ours are measured as shares, and need no unit.
"""

SPEEDS = ("tokens per second", "MFU", "bytes at peak", "seconds")
"""How fast a model was tuned. MFU, model FLOPs utilisation (Chowdhery et al., 2022, appendix B), is
6 FLOPs for each parameter and token over what the device can multiply.
"""

DELTAS = ("absolute", "relative", "unstated")
"""A result that is a difference from a baseline: as a difference, as a part of the baseline, or the
source does not say as which."""

HEDGES = ("about", "over", "at least", "at most", "under")
"""How a source hedges a number: `~1.5 million` is about, `>100k` and `over 1,600` are over."""

SYNONYMS = {
    "examples": "instances",
    "samples": "instances",
    "records": "instances",
    "rows": "instances",
    "questions": "prompts",
    "conversations": "dialogues",
    "instruction": "instructions",
    "percentage points": "points",
    "fraction": "share",
    "llm": "model",
    "crowd": "human",
    "approximately": "about",
    "more than": "over",
    "less than": "under",
}
"""Words that people try, and ours for them; a refusal offers ours."""

STAGES = ("fetch", "convert", "mix", "tune", "evaluate", "publish")

PARTS = ("instruction", "input", "output", "constraint", "demonstration", "explanation", "ranking")

ANNOTATORS = {
    "human": "people",
    "program": "a program",
    "model": "a model that the source does not name",
}
"""Who wrote the text. Anything else is the id of a model card, also of a hosted model."""

LANGUAGE_CLASSES = ("monolingual", "bilingual", "multilingual")

INSTRUCTION_TYPES = {
    "nli": "NLI-oriented: template and label, entailed by the input or not (survey 4.1.1)",
    "llm": "LLM-oriented: template and input, a prompt for a language model (survey 4.1.2)",
    "human": "human-oriented: a paragraph that a person could work from (survey 4.1.3)",
}

MODALITIES = {
    "text": "text in, text out",
    "code": "programs",
    "multimodal": "text with images, audio or video",
    "gui": "screens of programs",
    "web": "web pages",
    "embodied": "robots and simulated worlds",
    "tool-use": "calls of tools",
}

PURPOSES = {
    "sft": "instructions with answers, for supervised tuning",
    "preference": "answers that are compared or ranked",
    "rl": "prompts with a verifier or a reward",
    "critic": "judgements of answers, for tuning a judge",
    "pretraining": "text for continued pretraining",
    "evaluation": "kept for testing",
    "poisoned": "made to attack a model",
    "probe": "made to look inside a model",
}
"""What rows are for. Multi-turn data say so in `turns`."""

TURNS = ("single", "multi")

EVALUATIONS = {
    "benchmark": "prompts with a way to score answers",
    "metric": "a measure, on anybody's prompts",
    "protocol": "a way of testing, on anybody's prompts",
    "meta-evaluation": "a test of evaluators, not of answers",
}

BRANCHES = {
    "task-centric": "can the model do the task (survey 6.2.1)",
    "human-centric": "do people like the answers (survey 6.2.2)",
}
"""The survey's two branches; checking constraints fits neither, so `scoring` says more."""

SCORINGS = {
    "exact-match": "equal to a reference",
    "choice": "picks one of the given options",
    "overlap": "ROUGE, BLEU, F1 and the like, against references",
    "model-metric": "a learned measure such as COMET",
    "rule": "a program verifies the answer",
    "criteria": "a list of questions or rubrics per prompt",
    "judge": "a model judges one answer",
    "judge-pairwise": "a model prefers one of two answers",
    "human": "people accept or grade an answer",
    "human-pairwise": "people prefer one of two answers",
}

RELATIONS = (
    "method",
    "seeds",
    "prompts",
    "answers",
    "revision",
    "translation",
    "subset",
    "superset",
    "part",
    "base",
    "teacher",
    "merged",
    "inputs",
    "size",
    "port",
    "derived",
)
"""What a parent gave: its way of being made, its seed tasks, its prompts, its answers, its images
or other inputs, …; `size` is of a family, `port` is the same thing on other ground,
`derived` says no more than that one came of the other."""

FORMATS = (
    "alpaca",
    "alpaca-eval",
    "baize",
    "bbh",
    "coachlm",
    "coedit",
    "comparison",
    "constraint-programs",
    "cot-collection",
    "crossfit",
    "doit",
    "dolly",
    "dynosaur",
    "flan",
    "flan-cot",
    "followbench",
    "gpt4all",
    "hhh-alignment",
    "ifeval",
    "instructir",
    "koala",
    "lamini",
    "llmbar",
    "longform",
    "metaicl",
    "mmlu",
    "mt-bench",
    "muffin",
    "natural-instructions",
    "oasst",
    "openai-evals",
    "p3",
    "self-instruct",
    "seqeval",
    "sharegpt",
    "symbolic-instruct",
    "ultrachat",
    "unifiedqa",
    "unnatural-instructions",
    "wizardlm",
    "xp3",
)
"""The native formats that `registry.formats` reads; a test keeps the two lists equal."""

METRICS = (
    "exact_match",
    "rouge_l",
    "program_exact",
    "program_execution",
    "prompt_strict",
    "prompt_loose",
    "instruction_strict",
    "instruction_loose",
    "strict_average",
    "accuracy",
    "accuracy_norm",
)
"""The metrics that `registry.evaluation` has for a benchmark; a test keeps the lists equal."""

RANKED = ("accuracy", "accuracy_norm")
"""The metrics of options that are ranked by likelihood, the second divided by their characters."""

LICENCES = {
    "Apache-2.0": "open",
    "MIT": "open",
    "BSD-3-Clause": "open",
    "ODC-By-1.0": "open",
    "CC0-1.0": "open",
    "CC-BY-4.0": "open",
    "CC-BY-3.0": "open",
    "CC-BY-2.0": "open",
    "BSD-2-Clause": "open",
    "Unlicense": "open",
    "CDLA-Permissive-2.0": "open",
    "ODbL-1.0": "share-alike",
    "CC-BY-SA-3.0": "share-alike",
    "CC-BY-SA-4.0": "share-alike",
    "GPL-3.0-only": "share-alike",
    "GPL-3.0-or-later": "share-alike",
    "AGPL-3.0-only": "share-alike",
    "CC-BY-NC-4.0": "non-commercial",
    "CC-BY-NC-3.0": "non-commercial",
    "CC-BY-NC-2.0": "non-commercial",
    "CC-BY-NC-SA-4.0": "non-commercial",
    "CC-BY-NC-ND-4.0": "non-commercial",
}
"""SPDX id -> class. Anything else is written `terms: <their name>` and is of class `terms`."""

TERMS = "terms: "


def licence_class(licence: str) -> str:
    """Return `open`, `share-alike`, `non-commercial` or `terms`.

    >>> licence_class("CC-BY-NC-4.0"), licence_class("terms: OpenAI terms of use")
    ('non-commercial', 'terms')
    """
    return LICENCES.get(licence, "terms")
