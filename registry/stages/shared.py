"""What several stages ask of cards."""

from typing import TypeVar

from registry.errors import RegistryError
from registry.index import Registry

C = TypeVar("C")
FETCHED = ("dataset", "benchmark", "model")


def maker(registry: Registry, model: str) -> str:
    """Return the stage that makes a model's weights."""
    return "tune" if registry.models[model].build else "convert"


def find(registry: Registry, name: str, kind: type[C]) -> C:
    """Return the card of one kind; an id alone is looked up in that kind's folder."""
    folder = f"{kind.__name__.lower()}s"
    card = registry.find(name if "/" in name else f"{folder}/{name}")
    if not isinstance(card, kind):
        raise RegistryError(f"{name}: is a {card.kind}; name a {kind.__name__.lower()}")
    return card
