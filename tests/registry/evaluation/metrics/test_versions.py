from importlib import import_module

import pytest

from registry.errors import RegistryError
from registry.evaluation.metrics import versions as module
from registry.evaluation.metrics.versions import SCORERS, scorer_digest, stands_on, versions


@pytest.fixture(autouse=True)
def _forget() -> None:
    scorer_digest.cache_clear()


def test_every_scorer_has_a_version_and_a_digest_of_its_own() -> None:
    assert versions().keys() == SCORERS.keys()
    assert all(versions().values())
    assert len({scorer_digest(name) for name in SCORERS}) == len(SCORERS)


def test_a_scorer_stands_on_all_that_decides_its_score() -> None:
    names = {one.rpartition(".")[2] for one in stands_on(SCORERS["super_ni"])}
    assert {"super_ni", "rouge_l", "exact_match", "text", "stemmer", "subsequence", "gpt2"} <= names
    assert "porter" not in names


@pytest.mark.parametrize("changed", ["rouge_l", "stemmer"])
def test_a_change_of_the_source_changes_the_digest(
    monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    before = scorer_digest("rouge_l"), scorer_digest("bbh")
    source = module._source
    added = f"registry.evaluation.metrics.{changed}"
    monkeypatch.setattr(
        module, "_source", lambda one: source(one) + ("\nX = 1\n" if one == added else "")
    )
    scorer_digest.cache_clear()
    assert scorer_digest("rouge_l") != before[0]
    if changed == "rouge_l":
        assert scorer_digest("bbh") == before[1]


def test_a_new_version_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = scorer_digest("exact_match")
    monkeypatch.setattr(import_module(SCORERS["exact_match"]), "VERSION", "2")
    scorer_digest.cache_clear()
    assert scorer_digest("exact_match") != before
    assert versions()["exact_match"] == "2"


def test_an_unknown_scorer_is_refused() -> None:
    with pytest.raises(RegistryError, match="'rouge_1' is not known here; did you mean"):
        scorer_digest("rouge_1")
