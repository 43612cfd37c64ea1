"""Values of Python as columns of Arrow, put together from flat buffers.

`pyarrow.array` makes the same columns, but looks for pandas first, and where that is installed its
import takes longer than the conversion of some megabytes.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

Part = Callable[[str], Callable[[Any], Any]]
"""How a struct's part of a name is got: `attrgetter` of objects, `itemgetter` of mappings."""

_LARGEST = 2**31 - 1


def column(values: Sequence[Any], type: pa.DataType, part: Part) -> pa.Array:
    """Return values as a column of texts, whole numbers, lists or structs; only texts may be None.

    Many columns hold one object again and again, which is then looked at once.
    """
    same = len(values) > 1 and values[0] is values[-1] and values.count(values[0]) == len(values)
    if pa.types.is_list(type):
        empty = not values or (same and not values[0])
        inner = [] if empty else list(chain.from_iterable(values))
        ends = pa.Array.from_buffers(pa.int32(), len(values) + 1, [None, _ends(values, empty)])
        return pa.ListArray.from_arrays(ends, column(inner, type.value_type, part), type)
    if pa.types.is_struct(type):
        parts = [column(list(map(part(one.name), values)), one.type, part) for one in type]
        return pa.StructArray.from_arrays(parts, fields=list(type))
    if pa.types.is_string(type):
        return _repeated(values[0], len(values)) if same else _texts(values)
    numbers = np.fromiter(values, np.int64, len(values))
    return pa.Array.from_buffers(type, len(values), [None, pa.py_buffer(numbers)])


def _texts(values: Sequence[str | None]) -> pa.Array:
    present = None
    if None in values:
        flags = np.fromiter((one is not None for one in values), np.bool_, len(values))
        present = pa.py_buffer(np.packbits(flags, bitorder="little"))
    texts = [one.encode() if one else b"" for one in values]
    buffers = [present, _ends(texts), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def _repeated(value: str | None, many: int) -> pa.Array:
    if value is None:
        return pa.nulls(many, pa.string())
    text = value.encode()
    buffers = [None, _ends([text] * many), pa.py_buffer(text * many)]
    return pa.Array.from_buffers(pa.string(), many, buffers)


def _ends(values: Sequence[Any], empty: bool = False) -> pa.Buffer:
    """Return where each value begins and the last one ends, counted in bytes or in elements."""
    ends = np.zeros(len(values) + 1, np.int64)
    if not empty:
        np.cumsum(np.fromiter(map(len, values), np.int64, len(values)), out=ends[1:])
    if ends[-1] > _LARGEST:
        raise OverflowError("a part of a table holds more than 2 GB of text; make it smaller")
    return pa.py_buffer(ends.astype(np.int32))
