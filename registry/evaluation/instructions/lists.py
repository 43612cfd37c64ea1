"""Lists of words, written as a text."""


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a list.

    >>> listed("and but or")
    ('and', 'but', 'or')
    """
    return tuple(text.split())
