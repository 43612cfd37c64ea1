"""Evaluation: generate answers, keep them, score them, fold the scores."""
