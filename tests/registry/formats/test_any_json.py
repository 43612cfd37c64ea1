"""Whatever JSON stands in place of any part of a row: no format raises, none makes bad rows."""

import json
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from registry.canonical import ROLES, Example
from registry.errors import RegistryError
from registry.formats import FORMATS, Unusable
from registry.formats.native import Rows

SAMPLES = Path(__file__).parents[2] / "samples"

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", " ", "\n", "a", "\u2028", "x" * 300, "0", "null"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


def rows_of(name: str) -> list[tuple[Any, str]]:
    """Return the values that a format's samples hold, each with its file's name."""
    format, found = FORMATS[name], []
    for path in sorted(filter(Path.is_file, (SAMPLES / name).rglob("*"))):
        data, file = path.read_bytes(), path.relative_to(SAMPLES / name).as_posix()
        if isinstance(format, Rows):
            from registry.formats.native import records

            for _, value in (format.find or records)(BytesIO(data), file):
                if not isinstance(value, Unusable):
                    found.append((value, file))
        elif data.lstrip(b"\xef\xbb\xbf \n").startswith(b"{"):
            try:
                found.append((json.loads(data.decode("utf-8-sig")), file))
            except ValueError:  # JSON lines, some of them damaged on purpose
                for line in data.splitlines():
                    with suppress(ValueError):
                        found.append((json.loads(line), file))
    return found


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place inside a value, as what holds it and its key there."""
    if not isinstance(value, dict | list):
        return []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [place for key, one in pairs for place in ((value, key), *places(one))]


def is_sound(one: Any) -> bool:
    """Tell whether something is unusable with a reason, or an example as trainers expect it."""
    if isinstance(one, Unusable):
        return bool(one.reason) and isinstance(one.native, str)
    assert isinstance(one, Example)
    texts = [*one.references, *one.rejected, *one.options, one.task, one.split, one.definition]
    texts += [message.content for message in one.messages]
    texts += [
        text
        for shown in (*one.positives, *one.negatives, *one.constraints)
        for text in astuple(shown)
    ]
    return (
        all(isinstance(text, str) for text in texts)
        and all(text.strip() for text in one.references)
        and all(message.role in ROLES for message in one.messages)
        and one.messages[-1].role == "user"
        and all(isinstance(json.loads(held.arguments), dict) for held in one.constraints)
        and one.kind in (None, "nli", "llm", "human")
        and (one.language is None or (len(one.language) == 3 and one.language.isalpha()))
        and len(json.dumps(texts).encode()) > 0
    )


@pytest.mark.parametrize("name", FORMATS)
def test_samples_make_sound_rows(name: str) -> None:
    found = rows_of(name)
    assert found
    made = [one for value, file in found for one in convert(name, value, file)]
    assert all(is_sound(one) for one in made)
    assert name == "dynosaur" or any(isinstance(one, Example) for one in made)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_json_anywhere_is_sound_or_quarantined(name: str, data: st.DataObject) -> None:
    value, file = data.draw(st.sampled_from(rows_of(name)))
    value = json.loads(json.dumps([value]))
    for _ in range(data.draw(st.integers(1, 2))):
        inside = places(value)
        if inside:
            holder, key = data.draw(st.sampled_from(inside))
            if data.draw(st.booleans()) and isinstance(holder, dict):
                del holder[key]
            else:
                holder[key] = data.draw(ANY)
    for one in convert(name, value[0], file):
        assert is_sound(one), one


def convert(name: str, value: Any, file: str) -> list[Any]:
    """Return what a format makes of a row, or of a file that is one task."""
    format = FORMATS[name]
    if isinstance(format, Rows):
        made = format.one(value, file)
        return [made] if isinstance(made, Example | Unusable) else list(made)
    try:
        return [what for _, what in format(BytesIO(json.dumps(value).encode()), file)]
    except RegistryError:
        return []
