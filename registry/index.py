"""All cards of a folder by kind and id, with every reference between them checked."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from registry.cards import (
    Benchmark,
    Card,
    Dataset,
    Mixture,
    Model,
    Paper,
    Read,
    Recipe,
)
from registry.cards.cache import Cards, read_files
from registry.cards.kinds import HeldOut
from registry.cards.vocabulary import FOLDERS, KINDS
from registry.errors import InvalidCards, Problem, RegistryError, near, nearest


@dataclass(frozen=True, slots=True)
class Registry:
    """Every card, by kind and id. A name is written `datasets/alpaca`; ids repeat across kinds."""

    root: Path
    datasets: Mapping[str, Dataset]
    benchmarks: Mapping[str, Benchmark]
    models: Mapping[str, Model]
    mixtures: Mapping[str, Mixture]
    recipes: Mapping[str, Recipe]
    papers: Mapping[str, Paper]
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def of_kind(self, kind: str) -> Mapping[str, Card]:
        """Return the cards of one kind, `dataset` or `datasets`."""
        found: Mapping[str, Card] = getattr(self, FOLDERS.get(kind, kind))
        return found

    def __iter__(self) -> Iterator[Card]:
        for folder in FOLDERS.values():
            yield from self.of_kind(folder).values()

    def __len__(self) -> int:
        return sum(len(self.of_kind(folder)) for folder in FOLDERS.values())

    def find(self, name: str, kinds: Collection[str] = KINDS) -> Card:
        """Return the card called `alpaca` or `datasets/alpaca`, of one of `kinds`.

        Where cards of several kinds have an id, it means the first in the order of `KINDS`.
        """
        folder, _, id = name.rpartition("/")
        folders = [FOLDERS.get(folder, folder)] if folder else [FOLDERS[kind] for kind in kinds]
        if folders[0] not in FOLDERS.values():
            advice = f"write one of {', '.join(FOLDERS.values())}"
            raise RegistryError(f"{name}: there are no cards in '{folder}'; {advice}")
        found = [cards[id] for kind in folders if id in (cards := self.of_kind(kind))]
        if found:
            return found[0]
        hint = self._meant(id, folders) or "; `registry list` shows what is here"
        raise RegistryError(f"{name}: no card has this id{hint}")

    def namesakes(self, card: Card) -> list[str]:
        """Return the names of the cards of other kinds that have a card's id."""
        return [
            name_of(cards[card.id])
            for kind in FOLDERS.values()
            if card.id in (cards := self.of_kind(kind)) and cards[card.id] is not card
        ]

    def _meant(self, id: str, folders: Iterable[str]) -> str:
        """Say which card is meant by `flan2022`, `Flan 2022` or a title, or which is nearest."""
        cards = [card for kind in folders for card in self.of_kind(kind).values()]
        same = [one.id for one in cards if squash(id) in (squash(one.id), squash(one.title))]
        if same:
            return f"; did you mean {' or '.join(dict.fromkeys(map(repr, same)))}?"
        return near(id, [one.id for one in cards])


def name_of(card: Card) -> str:
    """Return a card's name across kinds, such as `datasets/alpaca`."""
    return f"{FOLDERS[card.kind]}/{card.id}"


def squash(text: str) -> str:
    """Return a name's letters and digits alone, by which spellings of one name are equal.

    >>> squash("FLAN 2022") == squash("flan-2022") == squash("flan2022")
    True
    """
    return "".join(one for one in text.casefold() if one.isalnum())


def load(root: Path | str = ".") -> Registry:
    """Load all cards under `root/cards`, or raise `InvalidCards` with every problem found."""
    registry, problems = check(Path(root))
    if problems:
        raise InvalidCards(problems)
    return registry


def check(root: Path) -> tuple[Registry, list[Problem]]:
    """Load what can be loaded and return it with every problem found."""
    return check_read(root, read_cards(root))


def read_cards(root: Path, *, fresh: bool = False) -> Cards:
    """Read every card's file that has changed since the last time; `fresh` reads all of them."""
    folder = root / "cards"
    if not folder.is_dir():
        raise RegistryError(f"{folder}: there is no such folder; run this where cards/ is")
    return read_files(card_files(root), root=root, fresh=fresh)


def check_read(root: Path, cards: Cards) -> tuple[Registry, list[Problem]]:
    """Put cards together, and find what is wrong with them one by one and with each other."""
    found = cards.found
    problems = [problem for one in found for problem in one.problems]
    problems += _strays(root)
    registry = _registry(root, found)
    present = {(_kind_of(one.file), Path(one.file).stem) for one in found}

    def there(kind: str, id: str) -> bool:
        return (kind, id) in present

    def ids(kind: str) -> list[str]:
        return [id for other, id in present if other == kind]

    for one in found:
        problems += absences(one, there, ids)
    problems += _shared_ids(registry)
    problems += _near_duplicates(registry)
    for one in found:
        problems += unbuildable(one, registry)
    return registry, sorted(problems)


def card_files(root: Path) -> list[Path]:
    """Return the files that are cards, in order of kind and name."""
    return [
        path
        for folder in FOLDERS.values()
        for path in sorted((root / "cards" / folder).glob("*.yaml"))
        if path.is_file()
    ]


def _registry(root: Path, found: list[Read]) -> Registry:
    by_kind: dict[str, dict[str, Card]] = {folder: {} for folder in FOLDERS.values()}
    files: dict[str, str] = {}
    for one in found:
        if one.card is not None:
            by_kind[FOLDERS[one.card.kind]][one.card.id] = one.card
            files[name_of(one.card)] = one.file
    return Registry(root, **by_kind, files=files)  # type: ignore[arg-type]


def _kind_of(file: str) -> str:
    folder = Path(file).parent.name
    return next((kind for kind, name in FOLDERS.items() if name == folder), "")


def absences(
    one: Read, there: Callable[[str, str], bool], ids: Callable[[str], Iterable[str]]
) -> Iterator[Problem]:
    """Find ids that no card has, or the card itself; a faulty card is not missing.

    `there` tells whether a kind has a card's file of an id, `ids` gives all ids of a kind.
    """
    own = (_kind_of(one.file), Path(one.file).stem)
    for mention in one.mentions:
        if (mention.kind, mention.id) == own and not mention.field.startswith("build."):
            said = f"'{mention.id}' is this card itself; name another one"
            yield Problem(one.file, mention.line, mention.field, said)
        if there(mention.kind, mention.id):
            continue
        close = nearest(mention.id, [*sorted(ids(mention.kind)), *mention.words])
        advice = f"the nearest is '{close}'" if close else "write that card, or correct the id"
        said = f"no {mention.kind} card '{mention.id}'; {advice}"
        yield Problem(one.file, mention.line, mention.field, said)


def _shared_ids(registry: Registry) -> Iterator[Problem]:
    """Find fetched cards of two kinds with one id: they would share a folder of native files."""
    seen: dict[str, str] = {}
    for card in registry:
        if isinstance(card, Dataset | Benchmark | Model) and card.source:
            first = seen.setdefault(card.id, name_of(card))
            if first != name_of(card):
                said = f"'{card.id}' is also {first}, and both have a source; rename one of them"
                yield Problem(registry.files[name_of(card)], 1, "id", said)


def _near_duplicates(registry: Registry) -> Iterator[Problem]:
    """Find ids of one kind that differ in dots and dashes only: one of the two is a mistake."""
    for folder in FOLDERS.values():
        seen: dict[str, str] = {}
        for id in registry.of_kind(folder):
            first = seen.setdefault(squash(id), id)
            if first != id:
                said = f"'{id}' differs from '{first}' in dots and dashes only; keep one of the two"
                yield Problem(registry.files[f"{folder}/{id}"], 1, "id", said)


def unbuildable(one: Read, registry: Registry) -> Iterator[Problem]:
    """Find what a card asks the pipeline for that the cards it names do not give."""
    said: Iterable[tuple[str, str]] = ()
    if isinstance(one.card, Mixture):
        said = _unmixable(one.card, registry)
    elif isinstance(one.card, Model):
        said = (*_untunable(one.card, registry), *_unrunnable(one.card, registry))
    elif isinstance(one.card, Benchmark) and one.card.rows:
        said = _not_held_out(one.card.rows, registry)
    for where, message in said:
        yield Problem(one.file, one.lines[where.partition(".")[0]], where, message)


def _unmixable(card: Mixture, registry: Registry) -> Iterator[tuple[str, str]]:
    for at, one in enumerate(card.mix.datasets):
        dataset = registry.datasets.get(one.dataset)
        if dataset and not dataset.convert:
            said = f"dataset '{one.dataset}' has nothing to convert; give it source and convert"
            yield f"mix.datasets[{at}].dataset", said


def _untunable(card: Model, registry: Registry) -> Iterator[tuple[str, str]]:
    line, above = [card.id], card
    while above.build and above.build.base in registry.models:
        base = registry.models[above.build.base]
        line.append(base.id)
        if base.id in line[:-1]:
            yield "build.base", f"goes in a circle: {' <- '.join(line)}; start from other weights"
            return
        above = base
    if card.build and above.id == card.build.base and not above.weights:
        yield "build.base", f"model '{above.id}' has neither weights nor build; take one that has"


def _unrunnable(card: Model, registry: Registry) -> Iterator[tuple[str, str]]:
    for at, id in enumerate(card.evaluate.benchmarks if card.evaluate else ()):
        benchmark = registry.benchmarks.get(id)
        if not benchmark:
            continue
        needs = {
            "rows or convert": benchmark.rows or benchmark.convert,
            "metrics": benchmark.metrics,
            "generate": benchmark.generate,
        }
        missing = [name for name, given in needs.items() if not given]
        if missing:
            said = f"benchmark '{id}' cannot be run; give it {' and '.join(missing)}"
            yield f"evaluate.benchmarks[{at}]", said


def _not_held_out(rows: HeldOut, registry: Registry) -> Iterator[tuple[str, str]]:
    mixture = registry.mixtures.get(rows.mixture)
    if not mixture:
        return
    held = mixture.mix.hold_out
    wanted = "tasks" if rows.part == "held_out_tasks" else "instances"
    if not (held and getattr(held, wanted)):
        said = f"mixture '{mixture.id}' holds out no {wanted}; write its mix.hold_out.{wanted}"
        yield "rows.part", said


def _strays(root: Path) -> Iterator[Problem]:
    """Find YAML files that no kind claims, so that no card is silently left out."""
    for path in sorted((root / "cards").rglob("*.[yY]*[mM][lL]")):
        found = stray(path.relative_to(root), is_file=path.is_file())
        if found:
            yield found


def stray(path: Path, *, is_file: bool) -> Problem | None:
    """Say why a YAML file under `cards/` is no card's, or None if it is one; `path` has no root."""
    folders = set(FOLDERS.values())
    if len(path.parts) != 3 or path.parts[1] not in folders:
        said = f"lies in no kind's folder; move it to cards/ and one of {_listed(folders)}"
    elif path.suffix != ".yaml":
        said = f"ends in {path.suffix}, which is not read; rename it to {path.stem}.yaml"
    elif not is_file:
        said = "is no file; remove it, or rename it"
    else:
        return None
    return Problem(path.as_posix(), 1, "file", said)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
