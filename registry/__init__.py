"""Tunedeck's registry: cards, claims, lineage, and the stages that measure and build.

>>> from registry import load
>>> load  # doctest: +ELLIPSIS
<function load at ...>
"""

from registry.index import Registry, load

__all__ = ["Registry", "load"]
