"""A server that speaks the Hub's protocol: repos of datasets and models, on our own disk."""
