"""Cards in the words of others: one document for each standard, made of cards alone."""

from collections.abc import Callable, Mapping
from typing import Any

from registry.cards import Dataset
from registry.exports import croissant
from registry.index import Registry

EXPORTS: Mapping[str, Callable[[Registry, Dataset, str | None], dict[str, Any]]] = {
    "croissant": croissant.document,
}
"""What a dataset can be described as; the third argument is the catalog's address, if known."""
