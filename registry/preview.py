"""What a model's recipe trains on first: made anew where mixture and base are on disk."""

from dataclasses import dataclass

from registry import trained
from registry.cards import Model
from registry.cards.tuning import Tune
from registry.errors import RegistryError
from registry.index import load, name_of
from registry.place import Place, stage_of
from registry.trained import Shown


@dataclass(frozen=True, slots=True)
class Preview:
    """The first sequences, and where they are from: `made` just now, or recorded in a file."""

    model: str
    made: bool
    source: str
    shown: tuple[Shown, ...]


def preview(place: Place, name: str, rows: int) -> Preview:
    """Return the first sequences that tuning a model goes through.

    They are made from the mixture's table, the base's tokenizer and the recipe, as tuning would
    make them; where one of these is not on this machine, they are what tuning recorded.
    """
    registry = load(place.root)
    card = registry.find(name if "/" in name else f"models/{name}")
    if not isinstance(card, Model) or card.build is None:
        reason = getattr(card, "not_reproduced", None) or "the card has no `build`"
        raise RegistryError(f"{name_of(card)}: is not tuned here: {reason}")
    table = place.mixture(card.build.mixture) / "train.parquet"
    base = place.model(card.build.base)
    if table.is_file() and (base / "config.json").is_file():
        settings = registry.recipes[card.build.recipe].tune
        source = table.relative_to(place.root).as_posix()
        return Preview(name_of(card), True, source, _made(place, card, settings, rows))
    recorded = place.shown(card.id)
    if not recorded.is_file():
        raise RegistryError(
            f"{name_of(card)}: neither {table} and {base} are here nor {recorded}; "
            f"run `dvc repro {stage_of(place.root, card.id)}`"
        )
    source = recorded.relative_to(place.root).as_posix()
    return Preview(name_of(card), False, source, trained.read(recorded)[:rows])


def _made(place: Place, card: Model, settings: Tune, number: int) -> tuple[Shown, ...]:
    from registry.canonical import read_rows
    from registry.checkpoints import open_tokenizer
    from registry.tuning.examples import check, units
    from registry.tuning.shown import first_sequences

    assert card.build is not None
    check(settings, place.model(card.build.base))
    rows = list(read_rows(place.mixture(card.build.mixture) / "train.parquet"))
    tokenizer = open_tokenizer(place.model(card.build.base))
    made, _ = units(tokenizer, rows, settings)
    return first_sequences(tokenizer, rows, made, settings, number)
