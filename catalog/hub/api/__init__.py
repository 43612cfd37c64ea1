"""The Hub's HTTP API, one noun a file; `routes` is the table of all of it."""
