"""What every test may use: a tiny root of cards made by code, and a closed network."""

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from registry.cards import Card, load_text, to_yaml
from registry.cards.vocabulary import FOLDERS
from registry.files import write_text

# Tiny models gain nothing from threads, and the threads of several processes stall each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long a case takes says how busy the machine is, and nothing of the law that it is a case of.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")

SHA256 = "0" * 64

CARDS = (
    """\
kind: paper
id: a-paper
title: A paper
""",
    f"""\
kind: dataset
id: songs
title: Songs
summary: Three instructions about songs.
papers: [a-paper]
annotator: {{value: [human], cited: a-paper, at: Table 1}}
licence: {{value: CC-BY-4.0, declared: the owner}}
scale:
  - {{value: 3, unit: instances, cited: a-paper, at: Table 1}}
  - {{unit: instances, measured: convert}}
source:
  files:
    - {{path: songs.json, origin: "file:songs.json", sha256: "{SHA256}", bytes: 100}}
convert: {{format: alpaca}}
""",
    """\
kind: mixture
id: songs-only
title: Songs only
summary: All songs but one.
mix:
  datasets:
    - {dataset: songs, weight: 1}
  size: 2
  seed: 1
  hold_out: {instances: 1}
""",
    """\
kind: recipe
id: tiny
title: Tiny
summary: Two steps.
tune:
  method: full
  steps: 2
  tokens_per_step: 64
  max_tokens: 32
  learning_rate: 1e-3
  seed: 1
""",
    """\
kind: benchmark
id: new-songs
title: New songs
summary: Songs that were kept from training.
rows: {mixture: songs-only, part: held_out_instances}
metrics: [exact_match]
generate: {max_new_tokens: 8}
""",
    f"""\
kind: model
id: nightingale
title: Nightingale
summary: A base model.
licence: {{value: Apache-2.0, declared: the owner}}
source:
  files:
    - {{path: bird.safetensors, origin: "file:bird.safetensors", sha256: "{SHA256}", bytes: 100}}
weights: {{format: safetensors, file: bird.safetensors}}
""",
    """\
kind: model
id: singer
title: Singer
summary: Nightingale tuned on songs.
results:
  - {benchmark: new-songs, metric: exact_match, measured: evaluate}
build: {base: nightingale, mixture: songs-only, recipe: tiny}
evaluate: {benchmarks: [new-songs]}
""",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a checkout's root with one card of each kind (two models), all valid."""
    for text in CARDS:
        card: Card = load_text(text)
        write_text(tmp_path / "cards" / FOLDERS[card.kind] / f"{card.id}.yaml", to_yaml(card))
    return tmp_path


@pytest.fixture(autouse=True)
def _closed_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine, except in tests marked `network`."""
    if request.node.get_closest_marker("network"):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not _is_loopback(str(address[0])):
            raise PermissionError(f"{address[0]}: the network is closed in tests")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
