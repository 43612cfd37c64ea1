"""Cards: what is known of a dataset, benchmark, model, mixture, recipe or paper, and how."""

from registry.cards.claim import Cited, Claim, Declared, Measured
from registry.cards.kinds import Benchmark, Card, Dataset, Mixture, Model, Paper, Recipe
from registry.cards.reading import Read, load_text, read_file, read_text
from registry.cards.writing import to_plain, to_yaml

__all__ = [
    "Benchmark",
    "Card",
    "Cited",
    "Claim",
    "Dataset",
    "Declared",
    "Measured",
    "Mixture",
    "Model",
    "Paper",
    "Read",
    "Recipe",
    "load_text",
    "read_file",
    "read_text",
    "to_plain",
    "to_yaml",
]
