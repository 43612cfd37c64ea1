"""What the cards of mixtures say under `mix`."""

from dataclasses import dataclass
from typing import Annotated, Literal

from registry.cards.rules import COUNT, DATASET, FILLED, POSITIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbalised:
    """One label and what it is called in a prompt."""

    label: Annotated[str, "As the rows have it."]
    words: Annotated[
        tuple[str, ...], FILLED, "The first is written; the others mean the same as an answer."
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstrations:
    """How many of a task's examples a prompt of family human shows, and which."""

    positive: Annotated[int, COUNT, "Good ones, at most."] = 0
    negative: Annotated[int, COUNT, "Bad ones, at most; shown, never trained on."] = 0
    order: Annotated[
        Literal["given", "drawn", "varied"],
        "given: the first ones, as published; drawn: others for every row, in another order;"
        " varied: in another number too.",
    ] = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """How rows are put to a model: one of the survey's three types of instruction."""

    family: Annotated[
        Literal["nli", "llm", "human"],
        "nli: a hypothesis for each label; llm: a cloze or prefix prompt; human: a definition"
        " with demonstrations.",
    ]
    wordings: Annotated[
        tuple[str, ...],
        FILLED,
        "Ids of wordings, or texts with slots such as `{input}`; every row gets one of them.",
    ]
    verbaliser: Annotated[
        tuple[Verbalised, ...], "Every label and its words; empty: a label is its own word."
    ] = ()
    entailed: Annotated[str | None, "What nli answers where it is so; empty: entailment."] = None
    not_entailed: Annotated[
        str | None, "What nli answers where it is not; empty: not entailment."
    ] = None
    definition: Annotated[str | None, "The task's definition, where the rows' is not wanted."] = (
        None
    )
    avoid: Annotated[str | None, "What the answer should avoid."] = None
    demonstrations: Annotated[Demonstrations | None, "Examples of the task; empty: none."] = None
    seed: Annotated[
        int | None, COUNT, "Decides wordings and demonstrations; empty: the mixture's seed does."
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbols:
    """Symbols in place of labels, explained by examples only (Wei et al., 2023, arXiv 2305.08298).

    A task is a classification task if all its rows together give 2 to 10 different answers, each of
    them at least twice. Held-out rows get symbols too.
    """

    exemplars: Annotated[
        int, POSITIVE, "Other rows of the task that a prompt shows for each label, at most."
    ]
    kinds: Annotated[
        tuple[Literal["numbers", "letters", "words"], ...],
        FILLED,
        "What symbols are drawn from, anew for every prompt.",
    ] = ("numbers", "letters", "words")
    instruction: Annotated[
        bool, "Keep the task's instruction, with its own labels, before the examples."
    ] = False
    others: Annotated[
        Literal["keep", "drop"], "Tasks that are no classification: as they are, or left out."
    ] = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Several rows as one prompt, to be answered in order (Hu et al., 2024, arXiv 2403.07794).

    Held-out rows are joined with held-out rows.
    """

    length: Annotated[int, POSITIVE, "Instructions in one prompt, 2 at least."]
    within: Annotated[
        Literal["task", "dataset"], "Whether the others are of the same task, or any of its rows."
    ] = "dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """One dataset of a mixture."""

    dataset: Annotated[str, DATASET, "A dataset card."]
    weight: Annotated[float, POSITIVE, "Its share of the rows, relative to the other weights."]
    cap: Annotated[
        int | None,
        POSITIVE,
        "A task counts as at most this many rows when tasks share the dataset's rows"
        " (examples-proportional mixing with a cap, as in FLAN).",
    ] = None
    tasks: Annotated[tuple[str, ...], "Only these tasks; empty: all."] = ()
    template: Annotated[
        Template | None, "How its rows are put to a model; empty: as they were published."
    ] = None
    symbols: Annotated[
        Symbols | None, "Symbol tuning; empty: labels are called what they are called."
    ] = None
    rejected: Annotated[
        Literal["published", "labels", "negatives"],
        "The worse answer of a row: its own; another of its options, or of its task's labels,"
        " drawn, of held-out rows as well; or every negative demonstration becomes a training row,"
        " on top of the size.",
    ] = "published"
    sequence: Annotated[
        Joined | None, "Sequential instructions; empty: a row is a prompt of its own."
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOut:
    """What is kept from training so that it can be tested on."""

    tasks: Annotated[tuple[str, ...], "Whole tasks, never trained on."] = ()
    instances: Annotated[int, COUNT, "Of each trained task, this many instances."] = 0
    of_task: Annotated[int | None, POSITIVE, "Of each held-out task, at most this many."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What goes in, at which rate. Editing this re-runs the mixture."""

    datasets: Annotated[tuple[Ingredient, ...], FILLED, "The ingredients."]
    size: Annotated[
        int,
        POSITIVE,
        "Rows to train on; fewer where the datasets have fewer. A row that a template of family"
        " nli spreads over its labels counts once.",
    ]
    seed: Annotated[int, COUNT, "Decides which rows are drawn and held out, and their order."]
    hold_out: HoldOut | None = None
