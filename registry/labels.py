"""Which tasks are classification tasks, told by the answers of their rows."""

from collections import Counter
from collections.abc import Mapping, Sequence

from registry.cards.kinds import Mixture
from registry.errors import RegistryError

MOST = 10
"""A classification task has so many different answers at most, and each of them twice."""

Group = tuple[str, str]
"""A dataset and a task."""

Labels = Mapping[Group, tuple[str, ...]]


class Answers:
    """Counts the answers of each task, in datasets whose switches ask for labels."""

    def __init__(self, card: Mixture) -> None:
        self._asking = {
            one.dataset: one.symbols is not None
            for one in card.mix.datasets
            if one.symbols or one.rejected == "labels"
        }
        self._id = card.id
        self._counts: dict[Group, Counter[str]] = {}

    def meet(self, group: Group, references: Sequence[str]) -> None:
        """Count a row's answer; one that is missing makes its task no classification task."""
        if group[0] in self._asking:
            counts = self._counts.setdefault(group, Counter())
            if len(counts) <= MOST:
                counts.update(references[:1] or ("",))

    def labels(self) -> Labels:
        """Return the labels of each classification task, in order; refuse symbols for none."""
        found = {
            group: tuple(sorted(counts))
            for group, counts in self._counts.items()
            if 2 <= len(counts) <= MOST and min(counts.values()) > 1 and "" not in counts
        }
        for dataset, symbols in self._asking.items():
            if symbols and not any(group[0] == dataset for group in found):
                raise RegistryError(
                    f"mixture {self._id}: mix.datasets: {dataset}: symbols: none of its tasks is a"
                    f" classification task, with 2 to {MOST} different answers, each given"
                    " twice or more; remove symbols"
                )
        return found


def unlabelled(card: Mixture, labels: Labels, groups: set[Group]) -> set[Group]:
    """Return the tasks that are left out because there is no label to put a symbol for."""
    dropping = {
        one.dataset
        for one in card.mix.datasets
        if one.symbols is not None and one.symbols.others == "drop"
    }
    return {group for group in groups if group[0] in dropping and group not in labels}
