"""The six kinds of cards, as dataclasses: they are the schema.

Reading, writing, the JSON Schema and the reference page all follow their annotations. A plain
string inside `Annotated` is the sentence that people read about the field.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from registry.cards.claim import Claim
from registry.cards.mixing import Mix
from registry.cards.rules import (
    ANNOTATOR,
    ARXIV,
    BENCHMARK,
    BRANCH,
    COUNT,
    DATASET,
    DATE,
    EVALUATION,
    FILLED,
    FORMAT,
    HOME,
    ID,
    INSTRUCTION_TYPE,
    LANGUAGE,
    LICENCE,
    METRIC,
    MIXTURE,
    MODALITY,
    MODEL,
    PAPER,
    PLACE,
    POSITIVE,
    PURPOSE,
    RECIPE,
    SCORES,
    SCORING,
    SHA256,
    SOURCE,
    TURN,
    Asks,
)
from registry.cards.tuning import Tune
from registry.cards.vocabulary import SPEEDS

Id = Annotated[str, ID, "The file's name without .yaml; unique among the cards of its kind."]
Title = Annotated[str, "What people call it."]
Summary = Annotated[str, "One or two sentences: what it is and what sets it apart."]
Papers = Annotated[tuple[Annotated[str, PAPER], ...], "The papers that describe it."]
Notes = Annotated[tuple[str, ...], "Quirks worth knowing, a sentence each."]
Homes = Annotated[
    tuple[Claim[Annotated[str, HOME]], ...],
    Asks(may=("revision",)),
    "Where it lives: hub:OWNER/NAME, github:OWNER/NAME or a URL.",
]
Released = Annotated[
    tuple[Claim[Annotated[str, DATE]], ...],
    Asks(may=("revision",)),
    "When: YYYY, YYYY-MM or a day.",
]
Annotators = Annotated[
    tuple[Claim[tuple[Annotated[str, ANNOTATOR], ...]], ...],
    Asks(may=("part", "subset", "unit"), measured=("convert",)),
    "Who wrote the text: human, program, or the id of a model card; measured, a count of each.",
]
Languages = Annotated[
    tuple[Claim[tuple[Annotated[str, LANGUAGE], ...]], ...],
    Asks(may=("part", "subset", "unit"), measured=("convert",)),
    "ISO 639-3 codes, or the class that a source gives; measured, a count of each.",
]
ProgrammingLanguages = Annotated[
    tuple[Claim[tuple[str, ...]], ...], Asks(may=("subset",)), "Apart from `languages`: Python, C."
]
Modality = Annotated[
    tuple[Claim[tuple[Annotated[str, MODALITY], ...]], ...],
    Asks(may=("subset",)),
    "What goes in and out, where it is not text alone.",
]
Turns = Annotated[
    tuple[Claim[tuple[Annotated[str, TURN], ...]], ...],
    Asks(may=("subset",)),
    "Whether a conversation has one turn of the user or several.",
]
InstructionType = Annotated[
    tuple[Claim[tuple[Annotated[str, INSTRUCTION_TYPE], ...]], ...],
    Asks(may=("subset",)),
    "The survey's taxonomy: nli, llm or human.",
]
DatasetParents = Annotated[
    tuple[Claim[Annotated[str, DATASET]], ...],
    Asks(must=("relation",), may=("subset",)),
    "The datasets it grew from, and what each gave.",
]
Licence = Annotated[
    tuple[Claim[Annotated[str, LICENCE]], ...],
    Asks(may=("part", "subset", "revision")),
    "An SPDX id, or `terms: ` and the name of the terms.",
]
Scale = Annotated[
    tuple[Claim[Annotated[int, COUNT]], ...],
    Asks(
        must=("unit",),
        may=("split", "subset", "revision"),
        measured=("fetch", "convert", "mix", "tune"),
    ),
    "How big, always with its unit.",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeFile:
    """One file as its owner publishes it."""

    path: Annotated[str, PLACE, "Its name under data/native/<id>/ and in a mirror."]
    origin: Annotated[str, SOURCE, "pypi:NAME==VERSION, hub:…, git:…, url:… or file:…"]
    sha256: Annotated[str, SHA256, "64 hex digits, checked on every fetch."]
    bytes: Annotated[int, POSITIVE, "The size, checked on every fetch."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """Something that a source says and that no field here holds."""

    source: Annotated[str, "The paper or page, as claims name it."]
    key: Annotated[str, "What the source calls it."]
    value: Annotated[str, "Its value, as JSON."]


KeptAside = Annotated[
    tuple[Unmapped, ...], "What `registry import` found in a source and no field here holds."
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The native files, each proven by hash and size."""

    files: Annotated[
        tuple[NativeFile, ...], FILLED, "Every file that conversion or the weights need."
    ]
    subset: Annotated[str | None, "The name of the subset these files are, if not the whole."] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Convert:
    """How native files become the canonical table. Editing this re-runs the conversion."""

    format: Annotated[str, FORMAT, "The native format."]
    members: Annotated[
        tuple[str, ...],
        "Which files, or members of the archive (`*` and `**` as in globs); empty: every file.",
    ] = ()
    limit: Annotated[int | None, POSITIVE, "At most this many rows of each file, from the top."] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """An instruction dataset: instructions with answers, from people or from models."""

    kind: Literal["dataset"]
    id: Id
    title: Title
    summary: Summary
    papers: Papers = ()
    homes: Homes = ()
    released: Released = ()
    annotator: Annotators = ()
    languages: Languages = ()
    licence: Licence = ()
    scale: Scale = ()
    instruction_type: InstructionType = ()
    purpose: Annotated[
        tuple[Claim[tuple[Annotated[str, PURPOSE], ...]], ...],
        Asks(may=("split", "subset")),
        "What its rows are for, where it is not supervised tuning alone.",
    ] = ()
    modality: Modality = ()
    turns: Turns = ()
    programming_languages: ProgrammingLanguages = ()
    parents: DatasetParents = ()
    notes: Notes = ()
    unmapped: KeptAside = ()
    unavailable: Annotated[str | None, "Why there is nothing to fetch, if there is not."] = None
    source: Source | None = None
    convert: Convert | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """The rows that a mixture kept from training, used as a benchmark."""

    mixture: Annotated[str, MIXTURE, "The mixture that held them out."]
    part: Annotated[
        Literal["held_out_tasks", "held_out_instances"],
        "Whole tasks never trained on, or unseen instances of trained tasks.",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate:
    """How answers are generated. Editing this re-runs the evaluation."""

    max_new_tokens: Annotated[int, POSITIVE, "The longest answer, in tokens."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """How options are ranked by likelihood, with nothing generated. Editing this ranks anew."""

    show: Annotated[
        Literal["letters", "texts"],
        "What follows the prompt: the letter of each option, or its whole text.",
    ]
    prompt: Annotated[
        Literal["text", "chat"],
        "text: the last turn alone, without a template; chat: all turns, in the model's template.",
    ] = "text"
    shots: Annotated[
        int, COUNT, "So many examples of the same task before the question, from the split dev."
    ] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A set of prompts with a way to score the answers; also a metric or protocol on its own."""

    kind: Literal["benchmark"]
    id: Id
    title: Title
    summary: Summary
    papers: Papers = ()
    homes: Homes = ()
    released: Released = ()
    annotator: Annotators = ()
    languages: Languages = ()
    licence: Licence = ()
    scale: Scale = ()
    instruction_type: InstructionType = ()
    evaluation: Annotated[
        tuple[Claim[Annotated[str, EVALUATION]], ...], "What it is, where it is no set of prompts."
    ] = ()
    branch: Annotated[
        tuple[Claim[Annotated[str, BRANCH]], ...],
        "The survey's two branches: task-centric or human-centric.",
    ] = ()
    scoring: Annotated[
        tuple[Claim[tuple[Annotated[str, SCORING], ...]], ...],
        Asks(may=("subset", "evaluator")),
        "How answers are scored, and by which `evaluator`.",
    ] = ()
    modality: Modality = ()
    turns: Turns = ()
    programming_languages: ProgrammingLanguages = ()
    parents: DatasetParents = ()
    extends: Annotated[
        tuple[Claim[Annotated[str, BENCHMARK]], ...],
        Asks(must=("relation",), may=("subset",)),
        "The benchmarks it grew from, and what each gave.",
    ] = ()
    notes: Notes = ()
    unmapped: KeptAside = ()
    unavailable: Annotated[str | None, "Why it cannot be run here, if it cannot."] = None
    source: Source | None = None
    convert: Convert | None = None
    rows: Annotated[HeldOut | None, "Where the rows come from, if from a mixture."] = None
    metrics: Annotated[tuple[Annotated[str, METRIC], ...], "The metrics, the headline first."] = ()
    generate: Generate | None = None
    rank: Rank | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Which native file holds the weights, and in which form."""

    format: Literal["gguf", "safetensors"]
    file: Annotated[str, "A path of `source.files`, or `archive!member`."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What `dvc repro` does to make this model. Editing this re-runs the tuning."""

    base: Annotated[str, MODEL, "The model that is tuned."]
    mixture: Annotated[str, MIXTURE, "What it is tuned on."]
    recipe: Annotated[str, RECIPE, "How."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """What `dvc repro` evaluates this model on."""

    benchmarks: Annotated[tuple[Annotated[str, BENCHMARK], ...], FILLED, "Benchmark cards."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model: a base model with weights, one that we tune, or one known from papers only."""

    kind: Literal["model"]
    id: Id
    title: Title
    summary: Summary
    intended: Annotated[str | None, "What it is for, and what it is not for."] = None
    papers: Papers = ()
    homes: Homes = ()
    released: Released = ()
    languages: Languages = ()
    licence: Licence = ()
    scale: Scale = ()
    parents: Annotated[
        tuple[Claim[Annotated[str, MODEL]], ...],
        Asks(must=("relation",)),
        "The models it was tuned from, as sources say.",
    ] = ()
    tuned_on: Annotated[
        tuple[Claim[Annotated[str, DATASET]], ...],
        Asks(may=("subset",)),
        "The datasets it was tuned on, as sources say.",
    ] = ()
    method: Annotated[tuple[Claim[str], ...], "How it was tuned, in a source's words."] = ()
    speed: Annotated[
        tuple[Claim[float], ...],
        Asks(must=("unit",), units=SPEEDS, measured=("tune",)),
        "How fast it was tuned: useful tokens, without padding; MFU beside the rate at which the"
        " device multiplied matrices in the same run.",
    ] = ()
    modality: Modality = ()
    results: Annotated[
        tuple[Claim[float], ...],
        SCORES,
        "Scores, published or ours; with `delta`, a difference from `baseline`.",
    ] = ()
    notes: Notes = ()
    unmapped: KeptAside = ()
    not_reproduced: Annotated[str | None, "Why nobody can rebuild it here, if so."] = None
    source: Source | None = None
    weights: Weights | None = None
    build: Build | None = None
    evaluate: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """One training table made of several datasets."""

    kind: Literal["mixture"]
    id: Id
    title: Title
    summary: Summary
    papers: Papers = ()
    notes: Notes = ()
    scale: Scale = ()
    mix: Mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is tuned."""

    kind: Literal["recipe"]
    id: Id
    title: Title
    summary: Summary
    papers: Papers = ()
    notes: Notes = ()
    tune: Tune


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a paper found out, and which papers bear it out or speak against it."""

    says: Annotated[str, "The finding, in a sentence."]
    at: Annotated[str, "The place in the paper."]
    quote: Annotated[str | None, "The paper's words."] = None
    supported_by: Annotated[tuple[Annotated[str, PAPER], ...], "Papers that agree."] = ()
    opposed_by: Annotated[tuple[Annotated[str, PAPER], ...], "Papers that disagree."] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row of a paper's table of datasets."""

    printed: Annotated[str, "The name as printed; claims cite it as `<table>, row <name>`."]
    dataset: Annotated[str, DATASET, "The dataset it is about."]
    citation: Annotated[str | None, "The citation as printed."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of datasets in a paper; its cells are the claims that cite it."""

    at: Annotated[str, "Its place, as claims cite it."]
    rows: Annotated[tuple[TableRow, ...], FILLED, "In the paper's order."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A publication that claims cite."""

    kind: Literal["paper"]
    id: Id
    title: Title
    summary: Annotated[str | None, "What it is about, in a sentence."] = None
    authors: Annotated[tuple[str, ...], "In the order printed."] = ()
    year: Annotated[int | None, POSITIVE, "Of first publication."] = None
    arxiv: Annotated[str | None, ARXIV, "The arXiv id, without version."] = None
    url: Annotated[str | None, "Where it can be read."] = None
    bibtex: Annotated[str | None, "The entry to cite it by."] = None
    findings: Annotated[tuple[Finding, ...], "What it found out, as far as cards need it."] = ()
    tables: Annotated[tuple[Table, ...], "Its tables of datasets that are held whole."] = ()
    notes: Notes = ()


Card = Dataset | Benchmark | Model | Mixture | Recipe | Paper

TYPES: dict[str, type[Card]] = {
    "dataset": Dataset,
    "benchmark": Benchmark,
    "model": Model,
    "mixture": Mixture,
    "recipe": Recipe,
    "paper": Paper,
}
