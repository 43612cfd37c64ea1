"""Rows for a semantic parser: instructions with the program of the requirements that they make."""

from registry.programs.generate import generate, write

__all__ = ["generate", "write"]
