"""Cards on a model hub and back: front matter, page and files of a repo, push and pull.

A repo's `card.yaml` is the card byte for byte and the truth; its README.md is derived from it, and
what people wrote there stays.
"""
