"""MLflow: a run from a report, lineage, the model registry; and reading them back.

MLflow is imported where it is used: whoever imports this module pays nothing for it.
"""

from registry.tracking.connection import answering, placed, shown
from registry.tracking.curves import Curve, curves
from registry.tracking.lineage import trace
from registry.tracking.links import Link, links
from registry.tracking.live import Live, live
from registry.tracking.sync import Synced, sync

__all__ = [
    "Curve",
    "Link",
    "Live",
    "Synced",
    "answering",
    "curves",
    "links",
    "live",
    "placed",
    "shown",
    "sync",
    "trace",
]
