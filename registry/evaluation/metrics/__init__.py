"""The metrics: each scores one answer against its references; `summary` folds the scores."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from registry.errors import RegistryError, near
from registry.evaluation.metrics.exact_match import exact_match
from registry.evaluation.metrics.programs import program_exact, program_execution
from registry.evaluation.metrics.rouge_l import rouge_l

Metric = Callable[[str, Sequence[str]], float]
"""From an answer and its references to a score between 0 and 1."""

METRICS: Mapping[str, Metric] = {
    "exact_match": exact_match,
    "rouge_l": rouge_l,
    "program_exact": program_exact,
    "program_execution": program_execution,
}


def choose(names: Iterable[str], known: Mapping[str, Metric] = METRICS) -> dict[str, Metric]:
    """Return the metrics of these names, in their order."""
    chosen = {}
    for name in names:
        if name not in known:
            raise RegistryError(f"metrics: '{name}' is not known here{near(name, known)}")
        chosen[name] = known[name]
    return chosen
