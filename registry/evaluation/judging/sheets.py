"""Sheets for people to judge by: blinded, shuffled, the same for the same seed.

A sheet asks which of two answers is better (`preference`), or of each answer alone whether it is
acceptable (`acceptance`). It names no model; the key, which stays with whoever evaluates, does. Of
the pairs, half show the baseline's answer first.
"""

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeVar

from registry.errors import RegistryError
from registry.evaluation.judging import form
from registry.evaluation.judging.protocols import Given, Pair
from registry.files import json_text, write_text
from registry.hashing import digest

SCHEMA = 1
SHEET, FORM, KEY = "sheet.csv", "form.html", "key.json"
T = TypeVar("T", Pair, Given)
Asked = Literal["preference", "acceptance"]
CHOICES: dict[Asked, tuple[str, ...]] = {
    "preference": ("A", "B", "tie"),
    "acceptance": ("yes", "no"),
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one line of a sheet shows: an instruction and one answer, or two."""

    item: int
    instruction: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a line of a sheet hides: which item it is and which model gave each answer."""

    item: int
    id: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """What it takes to read a sheet back; `sheet` is the digest of what was shown.

    `baseline` and `model` are the sides of a preference, empty for acceptance.
    """

    asked: Asked
    sheet: str
    seed: int
    items: tuple[Hidden, ...]
    baseline: str = ""
    model: str = ""
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet and its key."""

    asked: Asked
    items: tuple[Item, ...]
    key: Key


def preference(pairs: Sequence[Pair], *, seed: int, limit: int | None = None) -> Sheet:
    """Make a sheet that asks which of two answers is better."""
    models = {one.models for one in pairs}
    if len(models) != 1:
        raise RegistryError("answers: a sheet compares two models; give one file for each")
    ((baseline, model),) = models
    draw = random.Random(seed)
    chosen = _drawn(pairs, draw, limit)
    turned = [at % 2 == 1 for at in range(len(chosen))]
    draw.shuffle(turned)
    items, hidden = [], []
    for at, (one, turn) in enumerate(zip(chosen, turned, strict=True), 1):
        order = -1 if turn else 1
        items.append(_item(at, one.instruction, one.answers[::order]))
        hidden.append(Hidden(at, _whole(one.key), one.models[::order]))
    return _sheet("preference", items, hidden, seed, baseline, model)


def acceptance(answers: Sequence[Given], *, seed: int, limit: int | None = None) -> Sheet:
    """Make a sheet that asks of each answer, of one model or of several, if it is acceptable."""
    chosen = _drawn(answers, random.Random(seed), limit)
    items = [_item(at, one.instruction, (one.answer,)) for at, one in enumerate(chosen, 1)]
    hidden = [Hidden(at, _whole(one.key), (one.model,)) for at, one in enumerate(chosen, 1)]
    return _sheet("acceptance", items, hidden, seed)


def write(sheet: Sheet, folder: Path) -> None:
    """Write the sheet as CSV and as a form, and its key beside them.

    A folder with the key of another sheet is refused: what people judged could not be read without.
    """
    key = json_text(asdict(sheet.key))
    there = folder / KEY
    if there.exists() and there.read_text(encoding="utf-8") != key:
        raise RegistryError(f"{there}: is the key of another sheet; write to another folder")
    write_text(folder / SHEET, as_csv(sheet))
    write_text(
        folder / FORM,
        form.page(
            sheet.asked,
            CHOICES[sheet.asked],
            sheet.key.sheet,
            [(one.item, one.instruction, one.answers) for one in sheet.items],
        ),
    )
    write_text(there, key)


def as_csv(sheet: Sheet) -> str:
    """Return the sheet as spreadsheets open it.

    It starts with a byte order mark, without which some take it for another encoding, and a text
    that one would take for a formula starts with an apostrophe.
    """
    names = ("answer_a", "answer_b") if sheet.asked == "preference" else ("answer",)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("item", "instruction", *names, sheet.asked, "annotator", "comment"))
    for one in sheet.items:
        texts = [_plain(text) for text in (one.instruction, *one.answers)]
        writer.writerow((one.item, *texts, "", "", ""))
    return "\ufeff" + out.getvalue()


def _plain(text: str) -> str:
    return "'" + text if text.startswith(FORMULA) else text


def _item(at: int, instruction: str, answers: tuple[str, ...]) -> Item:
    return Item(at, _whole(instruction), tuple(map(_whole, answers)))


def _whole(text: str) -> str:
    """Return a text with a question mark for half an emoji, which no file in UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode()


def _drawn(given: Sequence[T], draw: random.Random, limit: int | None) -> list[T]:
    if limit is not None and limit < 1:
        raise RegistryError(f"limit: {limit} leaves nothing to judge; use 1 or more")
    chosen = sorted(given, key=lambda one: one.key)
    draw.shuffle(chosen)
    return chosen[:limit]


def _sheet(
    asked: Asked,
    items: Sequence[Item],
    hidden: Sequence[Hidden],
    seed: int,
    baseline: str = "",
    model: str = "",
) -> Sheet:
    shown = digest([SCHEMA, asked, [asdict(one) for one in items]])
    key = Key(asked, shown, seed, tuple(hidden), baseline, model)
    return Sheet(asked, tuple(items), key)
