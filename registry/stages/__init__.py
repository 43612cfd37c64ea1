"""One function for each stage: the only room where paths, clocks and side effects meet.

A stage reads a card, opens its inputs, calls one function of a lower floor and writes a report.
`dvc.yaml` calls them through the command line; they run as well without DVC.
"""

from registry.stages.data import convert, convert_files, fetch, mix
from registry.stages.evaluating import evaluate, rows_of, try_out
from registry.stages.publishing import publish
from registry.stages.tuning import follow, tune
from registry.stages.verdicts import verdicts_of

__all__ = [
    "convert",
    "convert_files",
    "evaluate",
    "fetch",
    "follow",
    "mix",
    "publish",
    "rows_of",
    "try_out",
    "tune",
    "verdicts_of",
]
