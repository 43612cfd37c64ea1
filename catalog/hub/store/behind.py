"""Large files on their way to the disk, without piling up in the machine's memory.

What is written stays in memory until the system finds time for the disk. A large upload then
fills the memory that a container or a small machine has, is written out only when it is flushed
at its end, and pushes out what others read. Here writing begins at once, and what has reached the
disk is forgotten some steps behind. It is advice: where there is none to give, nothing is lost.
"""

import os

STEP = 8 << 20
STEPS = 3
"""So many steps stay in memory behind the place of writing; less waits for the disk."""


def forget(file: int, start: int, length: int) -> None:
    """Begin to write out what is changed of this part of a file, and forget what is not."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, start, length, os.POSIX_FADV_DONTNEED)


class Behind:
    """Follows the writing of one file."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._size = 0
        self._advised = 0

    def wrote(self, count: int) -> None:
        """Say that so many bytes were appended."""
        self._size += count
        if self._size - self._advised >= STEP:
            start = max(0, self._size - STEPS * STEP)
            forget(self._file, start, self._size - start)
            self._advised = self._size
