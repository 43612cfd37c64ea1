"""What a judge is asked about answers: which of two is better, how good one is, what it meets.

Pairs are shown in both orders. A completion without a verdict is counted, never guessed. What
comes out are rows that `judge-stats` reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.errors import RegistryError
from registry.evaluation.judging import prompts
from registry.evaluation.judging.annotations import Annotations, ask
from registry.evaluation.judging.judges import Judge
from registry.evaluation.judging.rows import Line, first_of, gather, key_of, text_in

ANSWERS = ("response", "output", "answer", "completion", "generation")
ASKED = ("instruction", "prompt", "input", "question")


@dataclass(frozen=True, slots=True)
class Given:
    """An answer of a model to an instruction; `questions` are what a checklist asks about it."""

    key: str
    instruction: str
    answer: str
    model: str
    questions: tuple[str, ...] = ()
    row: Any = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to the same instruction; the first is the baseline's."""

    key: str
    instruction: str
    answers: tuple[str, str]
    models: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Paired:
    """Pairs, the keys that only one of the two sides has, and those of which they differ.

    `differing` are keys under which the sides have answers to other instructions.
    """

    pairs: tuple[Pair, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    differing: tuple[str, ...] = ()


def given(lines: Sequence[Line], model: str) -> list[Given]:
    """Read answers; `model` is the name where a row does not say who answered.

    The head of our own files of answers is no answer. A null answer is an empty one.
    """

    def one(line: Line) -> Given:
        named = any(name in line.value for name in ANSWERS)
        answer = "" if named and first_of(line, ANSWERS) is None else text_in(line, *ANSWERS)
        return Given(
            key=key_of(line),
            instruction=text_in(line, *ASKED),
            answer=answer,
            model=str(first_of(line, ("generator", "model"), model)),
            questions=tuple(map(str, first_of(line, ("decomposed_questions", "questions"), ()))),
            row=line.value,
        )

    return gather([line for line in lines if "fingerprint" not in line.value], one)


def paired(first: Sequence[Given], second: Sequence[Given]) -> Paired:
    """Match answers by key; a key that one side has twice is refused.

    Answers under the same key to instructions that differ are no pair: ids that are mere numbers
    meet by chance.
    """
    sides = [_by_key(side) for side in (first, second)]
    met = [(one, other) for key, one in sides[0].items() if (other := sides[1].get(key))]
    if not met:
        raise RegistryError(
            "answers: the two files have no item in common; give both the same ids or prompts"
        )
    pairs = [
        Pair(one.key, one.instruction, (one.answer, other.answer), (one.model, other.model))
        for one, other in met
        if one.instruction.split() == other.instruction.split()
    ]
    if not pairs:
        raise RegistryError(
            f"answers: the two files have other instructions under the same ids, as under"
            f" '{met[0][0].key[:40]}'; give answers to the same instructions"
        )
    same = {pair.key for pair in pairs}
    return Paired(
        tuple(pairs),
        tuple(key for key in sides[0] if key not in sides[1]),
        tuple(key for key in sides[1] if key not in sides[0]),
        tuple(one.key for one, _ in met if one.key not in same),
    )


def judge_pairs(
    judge: Judge, pairs: Sequence[Pair], annotations: Annotations
) -> list[dict[str, Any]]:
    """Ask about each pair in both orders; return a row for each order."""
    asked = [
        prompts.pairwise(one.instruction, *(one.answers[::-1] if swapped else one.answers))
        for one in pairs
        for swapped in (False, True)
    ]
    completions = iter(ask(judge, asked, annotations))
    return [
        _row(judge, one, swapped=swapped, completion=next(completions))
        for one in pairs
        for swapped in (False, True)
    ]


def judge_singly(
    judge: Judge, answers: Sequence[Given], annotations: Annotations
) -> list[dict[str, Any]]:
    """Ask for a rating of each answer; return a row for each."""
    asked = [prompts.single(one.instruction, one.answer) for one in answers]
    return [
        {
            "id": one.key,
            "generator": one.model,
            "rating": prompts.parse_single(completion),
            "judge": judge.identity["model"],
            "asked": prompts.SINGLE,
            "completion": completion,
        }
        for one, completion in zip(answers, ask(judge, asked, annotations), strict=True)
    ]


def judge_checklists(
    judge: Judge, answers: Sequence[Given], annotations: Annotations
) -> list[dict[str, Any]]:
    """Ask each question of each answer; return the rows with `eval`, as InfoBench has it."""
    without = [one.key for one in answers if not one.questions]
    if without:
        raise RegistryError(f"{without[0]}: it has no decomposed_questions; leave it out")
    asked = [
        prompts.checklist(one.instruction, one.answer, question)
        for one in answers
        for question in one.questions
    ]
    completions = iter(ask(judge, asked, annotations))
    return [
        {
            **one.row,
            "eval": [prompts.parse_checklist(next(completions)) for _ in one.questions],
            "judge": judge.identity["model"],
            "asked": prompts.CHECKLIST,
        }
        for one in answers
    ]


def _row(judge: Judge, pair: Pair, *, swapped: bool, completion: str) -> dict[str, Any]:
    shown = prompts.parse_pairwise(completion)
    return {
        "id": pair.key,
        "instruction": pair.instruction,
        "output_1": pair.answers[0],
        "generator_1": pair.models[0],
        "output_2": pair.answers[1],
        "generator_2": pair.models[1],
        "annotator": judge.identity["model"],
        "swapped": swapped,
        "preference": 3 - shown if swapped and shown is not None else shown,
        "asked": prompts.PAIRWISE,
        "completion": completion,
    }


def _by_key(side: Sequence[Given]) -> dict[str, Given]:
    made: dict[str, Given] = {}
    for one in side:
        if one.key in made:
            raise RegistryError(f"{one.key}: two answers have this key; keep one")
        made[one.key] = one
    return made
