"""Tunedeck's catalog: pages and JSON of cards, lineage and scores, with MLflow beside them."""
