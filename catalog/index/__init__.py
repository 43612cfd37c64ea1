"""The catalog's index: what of the cards is needed to list, search and connect them, in SQLite.

It is made from the cards' files by the hash of their content, and only what changed is made again.
"""

from catalog.index.finding import Ask, Found
from catalog.index.index import Index

__all__ = ["Ask", "Found", "Index"]
