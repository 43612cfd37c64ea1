"""The first sequences of a training as text, read back from what goes into the model and the loss.

Nothing is rendered again: tokens and mask are those of the packed batch, so a mask that is wrong
is wrong here too, and can be seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Literal

from registry.canonical import Row
from registry.cards.tuning import Tune
from registry.rendering import Rendered
from registry.trained import Segment, Shown
from registry.tuning.batches import Packed, Place, Unit, pack, steps_from
from registry.tuning.examples import plan

SEQUENCES = 4
LONGEST = 512
"""Of a sequence, so many tokens are kept; of a longer one its middle is left out."""

_TAIL = 192  # the end, with the answer, is what a reader looks for
_TORN = "\ufffd"

Answer = Literal["better", "worse"]
_PAIR: tuple[Answer, Answer] = ("better", "worse")


def first_sequences(
    tokenizer: Any,
    rows: Iterable[Row],
    units: Sequence[Unit],
    settings: Tune,
    number: int = SEQUENCES,
) -> tuple[Shown, ...]:
    """Return the sequences that are trained on first, of the units that fit a recipe.

    They follow from rows, tokenizer and settings alone: not from the device, not from the step at
    which a killed run goes on.
    """
    by_id = {row.id: row for row in rows}
    several = sum(len(unit.rows) for unit in units)
    chosen = list(islice(_in_order(units, settings), min(number, several)))
    packed = pack([row for _, row, _ in chosen])
    return tuple(
        _sequence(tokenizer, by_id[row.id], step, tokens, mask, answer)
        for (step, row, answer), (tokens, mask) in zip(chosen, unpack(packed), strict=True)
    )


def unpack(packed: Packed) -> Iterator[tuple[list[int], list[bool]]]:
    """Yield each row's tokens and which of them the loss counts, from a packed batch."""
    tokens = packed.tokens[0].tolist()
    supervised = {place + 1 for place in packed.keep.tolist()}
    start = 0
    for length in packed.lengths:
        places = range(start, start + length)
        yield tokens[start : start + length], [place in supervised for place in places]
        start += length


def segments(tokenizer: Any, tokens: Sequence[int], mask: Sequence[bool]) -> Iterator[Segment]:
    """Yield the text of each run of tokens with one mask; together they are the whole's text."""
    special = _special_ids(tokenizer)
    gap = range(LONGEST - _TAIL, len(tokens) - _TAIL) if len(tokens) > LONGEST else range(0)

    def kind(at: int) -> tuple[bool, bool, int]:
        # A special token is a run of its own, even next to one like it.
        alone = at if tokens[at] in special and at not in gap else -1
        return mask[at], at in gap, alone

    places = [(key, list(run)) for key, run in groupby(range(len(tokens)), kind)]
    texts = _texts(tokenizer, tokens, [run[-1] + 1 for _, run in places])
    for ((supervised, omitted, alone), run), text in zip(places, texts, strict=True):
        yield Segment(
            text="" if omitted else text,
            tokens=len(run),
            trained=supervised,
            special=alone >= 0,
            left_out=omitted,
        )


def _in_order(
    units: Sequence[Unit], settings: Tune
) -> Iterator[tuple[int, Rendered, Answer | None]]:
    """Yield the step, from 1, each row as training goes through them, and its place in a pair."""
    planned = steps_from(Place(0, 0), *plan(units, settings), settings.seed)
    for step, (_, chosen) in enumerate(planned, 1):
        for rows in (units[at].rows for at in chosen):
            answers = _PAIR if len(rows) > 1 else (None,)
            yield from ((step, row, answer) for row, answer in zip(rows, answers, strict=True))


def _sequence(
    tokenizer: Any,
    row: Row,
    step: int,
    tokens: list[int],
    mask: list[bool],
    answer: Answer | None,
) -> Shown:
    runs = tuple(segments(tokenizer, tokens, mask))
    return Shown(
        id=row.id,
        dataset=row.dataset,
        task=row.task,
        file=row.origin.file,
        row=row.origin.row,
        step=step,
        tokens=len(tokens),
        trained=sum(mask),
        left_out=sum(one.tokens for one in runs if one.left_out),
        segments=runs,
        answer=answer,
    )


def _texts(tokenizer: Any, tokens: Sequence[int], ends: Sequence[int]) -> Iterator[str]:
    """Cut the text of all tokens at the ends of runs.

    Runs are not decoded one by one: many tokenizers drop the space a text begins with. A character
    whose bytes lie in two runs is in neither, and marked in both.
    """
    whole = _decoded(tokenizer, tokens)
    cuts = [_cut(whole, _decoded(tokenizer, tokens[:end])) for end in ends]
    if any(cut is None for cut in cuts):
        # A decoder that changes earlier text by later tokens; each run's own is the best there is.
        yield from (
            _decoded(tokenizer, tokens[start:end])
            for start, end in zip((0, *ends), ends, strict=False)
        )
        return
    start, torn = 0, False
    for cut, tears in filter(None, cuts):
        again = tears and start > cut  # the same character, torn once more
        ending = _TORN if tears and not again else ""
        yield (_TORN if torn else "") + whole[start:cut] + ending
        start, torn = (cut + 1, True) if tears else (cut, False)


def _cut(whole: str, text: str) -> tuple[int, bool] | None:
    """Return where in the whole the text of its first tokens ends, and if inside a character."""
    kept = text
    while kept.endswith(_TORN) and not whole.startswith(kept):
        kept = kept[:-1]
    return (len(kept), kept != text) if whole.startswith(kept) else None


def _decoded(tokenizer: Any, tokens: Sequence[int]) -> str:
    return str(
        tokenizer.decode(
            list(tokens), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
    )


def _special_ids(tokenizer: Any) -> set[int]:
    added: Mapping[int, Any] = getattr(tokenizer, "added_tokens_decoder", {})
    marked = {id for id, one in added.items() if getattr(one, "special", False)}
    return {*tokenizer.all_special_ids, *marked}
