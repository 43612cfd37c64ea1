"""Scoring answers: how fast, beside the package that the scores are equal to.

    python benchmarks/score.py [--pairs 100000] [--prompts data/native/ifeval/input_data.jsonl]

Makes so many pairs of an answer and a reference by a seed, from words as frequent as in real text,
a third of which are changed. Scores them by ROUGE-L with stemming and by exact match, with our
metrics and with `rouge_score` and plain Python, and prints the CPU time of both, their ratio and
the largest difference of a score. Each measures all pairs with nothing remembered from before.

With `--prompts`, a file of IFEval's prompts (`registry fetch ifeval`), it makes nine answers to
each, of sentences of the prompts by a seed, and prints how long their verdicts take.
"""

import argparse
import json
import random
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SEED = 7
ANSWERS = 9
WORDS = 30_000
LENGTHS = (1, 1, 2, 4, 8, 12, 16, 24, 40, 60)
ENDINGS = ("", "", "", "s", "ing", "ed", "ly", "ation", "ness", "ies")

Pair = tuple[str, str]
Scores = tuple[list[float], list[float]]


def main() -> None:
    """Make the pairs, score them twice, compare."""
    asked = argparse.ArgumentParser(description="Measure the scoring of answers.")
    asked.add_argument("--pairs", type=int, default=100_000)
    asked.add_argument("--prompts", type=Path, help="IFEval's native file.")
    told = asked.parse_args()
    compare_texts(told.pairs)
    if told.prompts:
        time_verdicts(told.prompts, random.Random(SEED))


def time_verdicts(path: Path, chance: random.Random) -> None:
    """Print how long the verdicts on nine answers to each prompt take, strict and loose."""
    from registry.evaluation.instructions import check, item

    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    sentences = [one for record in records for one in record["prompt"].split(". ")]
    items = [item(one) for one in records]
    check(items[0], "Warm up the detector of languages, please.")
    answers = [(one, said(chance, sentences)) for one in items for _ in range(ANSWERS)]
    words = sum(len(text.split()) for _, text in answers) / len(answers)
    begun = time.process_time()
    followed = sum(sum(check(one, text).strict) for one, text in answers)
    seconds = time.process_time() - begun
    print(f"{len(items):,} prompts x {ANSWERS} answers, {words:.0f} words an answer")
    print(f"verdicts: {seconds:.1f} s, {followed:,} instructions followed")


def said(chance: random.Random, sentences: list[str]) -> str:
    """Return paragraphs of some sentences, with a list, stars or capitals now and then."""
    picked = chance.sample(sentences, k=chance.randint(2, 25))
    head, between = chance.choice((("", " "), ("* ", "\n* "), ("", ".\n\n"), ("**Title**\n", ". ")))
    text = head + between.join(picked)
    return chance.choice((str, str, str, str.lower, str.upper))(text)


def compare_texts(number: int) -> None:
    """Print ROUGE-L and exact match beside the package and plain Python."""
    pairs = list(make(random.Random(SEED), number))
    length = sum(len(answer.split()) for answer, _ in pairs) / number
    print(f"{number:,} pairs, {length:.1f} words an answer")
    ours, seconds = timed(score_ours, pairs)
    theirs, slow = timed(score_theirs, pairs)
    gap = max(
        abs(one - other)
        for mine, reference in zip(ours, theirs, strict=True)
        for one, other in zip(mine, reference, strict=True)
    )
    print(f"rouge_score and plain exact match: {slow:.1f} s, {number / slow:,.0f} pairs/s")
    print(f"ours: {seconds:.2f} s, {number / seconds:,.0f} pairs/s")
    print(f"ratio: {slow / seconds:.1f}, largest difference of a score: {gap:.1e}")


def timed(score: Callable[[list[Pair]], Scores], pairs: list[Pair]) -> tuple[Scores, float]:
    """Return the scores and the CPU seconds they took."""
    begun = time.process_time()
    scores = score(pairs)
    return scores, time.process_time() - begun


def score_ours(pairs: list[Pair]) -> Scores:
    """Return ROUGE-L and exact match by our metrics."""
    from registry.evaluation.metrics import METRICS

    rouge_l, exact_match = METRICS["rouge_l"], METRICS["exact_match"]
    return (
        [rouge_l(answer, [reference]) for answer, reference in pairs],
        [exact_match(answer, [reference]) for answer, reference in pairs],
    )


def score_theirs(pairs: list[Pair]) -> Scores:
    """Return the same by `rouge_score` and by what Super-NaturalInstructions' scorer does."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    return (
        [scorer.score(reference, answer)["rougeL"].fmeasure for answer, reference in pairs],
        [float(plain(answer) == plain(reference)) for answer, reference in pairs],
    )


def plain(text: str) -> str:
    """Return a text without case, punctuation and superfluous white space."""
    excluded = set(string.punctuation)
    return " ".join("".join(letter for letter in text.lower() if letter not in excluded).split())


def make(chance: random.Random, number: int) -> Iterator[Pair]:
    """Yield pairs of an answer and a reference that share about two thirds of their words."""
    letters = "etaoinshrdlcumwfgypbvkjxqz"
    weights = range(2 * len(letters), 0, -2)
    vocabulary = [
        "".join(chance.choices(letters, weights, k=chance.randint(1, 8))) + chance.choice(ENDINGS)
        for _ in range(WORDS)
    ]
    total, heights = 0.0, []
    for rank in range(WORDS):
        total += 1 / (rank + 3)
        heights.append(total)
    for _ in range(number):
        reference = chance.choices(vocabulary, cum_weights=heights, k=chance.choice(LENGTHS))
        answer = [
            chance.choices(vocabulary, cum_weights=heights)[0] if chance.random() < 1 / 3 else word
            for word in reference
        ]
        yield " ".join(answer).capitalize() + ".", " ".join(reference)


if __name__ == "__main__":
    main()
