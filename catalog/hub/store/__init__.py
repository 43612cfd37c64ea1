"""Repos, their commits and files, and who may do what; nothing in here knows of HTTP."""

from catalog.hub.store.store import Store

__all__ = ["Store"]
