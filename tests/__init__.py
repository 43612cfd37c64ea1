"""A package, so that no other library's `tests` is taken for it in processes that tests start."""
