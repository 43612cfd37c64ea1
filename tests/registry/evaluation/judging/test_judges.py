from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.checkpoints import save_model
from registry.errors import RegistryError
from registry.evaluation.judging.judges import Endpoint, Judge, endpoint, local

SECRET = "sk-very-secret"


def judge(served: Any, **more: Any) -> Judge:
    settings = {"url": served.url, "model": "judge-1", "pause": 0.01, "timeout": 5.0} | more
    return endpoint(Endpoint(**settings))


def test_a_server_is_asked_greedily_for_a_chat_completion(served: Any) -> None:
    assert list(judge(served, key=SECRET).answers(["Who sings?"])) == [(0, "Verdict: tie")]
    (asked,) = served.asked
    assert asked["path"] == "/v1/chat/completions"
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("judge-1", 0, 256)
    assert asked["messages"] == [{"role": "user", "content": "Who sings?"}]
    assert served.keys == [f"Bearer {SECRET}"]


def test_without_a_key_none_is_sent(served: Any) -> None:
    list(judge(served).answers(["a"]))
    assert served.keys == [None]


def test_many_questions_keep_their_places(served: Any) -> None:
    served.say = lambda prompt: prompt.upper()
    said = dict(judge(served).answers([f"q{at}" for at in range(20)]))
    assert said == {at: f"Q{at}" for at in range(20)}


@pytest.mark.parametrize("fault", [429, 500, 503, "cut"])
def test_a_busy_server_is_asked_again(served: Any, fault: Any) -> None:
    served.faults = [fault, fault]
    assert list(judge(served).answers(["a"])) == [(0, "Verdict: tie")]
    assert len(served.asked) == 3


def test_a_server_that_asks_to_wait_is_obeyed(served: Any) -> None:
    served.faults, served.headers = [429], {"Retry-After": "0"}
    assert list(judge(served, pause=50).answers(["a"])) == [(0, "Verdict: tie")]


def test_a_refusal_is_not_asked_again_and_the_key_is_in_no_message(served: Any) -> None:
    served.faults = [401]
    with pytest.raises(RegistryError, match="the judge does not answer") as caught:
        list(judge(served, key=SECRET).answers(["a"]))
    assert len(served.asked) == 1
    assert "401" in str(caught.value)
    assert "***" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_server_that_stays_busy_is_given_up(served: Any) -> None:
    served.faults = [503] * 9
    with pytest.raises(RegistryError, match="503"):
        list(judge(served, attempts=3).answers(["a"]))
    assert len(served.asked) == 3


def test_what_came_before_a_failure_is_given_out_first(served: Any) -> None:
    served.faults = [0, 0, 401]
    came: list[tuple[int, str]] = []
    with pytest.raises(RegistryError):
        came.extend(judge(served, workers=1).answers(list("abcdefgh")))
    assert [at for at, _ in came][:2] == [0, 1]
    assert len(served.asked) < 8


def test_no_redirect_is_followed_with_the_key(served: Any) -> None:
    served.faults, served.headers = [302], {"Location": served.url + "/elsewhere"}
    with pytest.raises(RegistryError, match="302"):
        list(judge(served, key=SECRET).answers(["a"]))
    assert len(served.asked) == 1


def test_a_null_completion_is_an_empty_one(served: Any) -> None:
    served.say = lambda prompt: None
    assert list(judge(served).answers(["a"])) == [(0, "")]


def test_nobody_at_the_address_is_told_in_a_sentence() -> None:
    settings = Endpoint(url="http://127.0.0.1:1/v1", model="j", attempts=2, pause=0.01)
    with pytest.raises(RegistryError, match="run it again"):
        list(endpoint(settings).answers(["a"]))


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("file:///etc/passwd", None, "no http address"),
        ("ftp://host/v1", None, "no http address"),
        ("localhost:8000", None, "no http address"),
        ("https://me:word@host/v1", None, "holds a password"),
        ("http://judge.example/v1", SECRET, "in the clear"),
        ("https://judge.example/v1", SECRET + "\n", "line end"),
    ],
)
def test_addresses_and_keys_that_would_leak_are_refused(
    url: str, key: str | None, said: str
) -> None:
    with pytest.raises(RegistryError, match=said) as caught:
        endpoint(Endpoint(url=url, model="j", key=key))
    assert SECRET not in str(caught.value)


def test_a_key_is_not_shown_with_the_settings() -> None:
    settings = Endpoint(url="https://judge.example/v1", model="j", key=SECRET)
    assert SECRET not in repr(settings)
    assert SECRET not in str(endpoint(settings).identity)


def test_a_local_model_judges_and_a_prompt_too_long_for_it_has_no_verdict(
    make_tiny: Callable[..., Any], tokenizer: Any, tmp_path: Path
) -> None:
    save_model(make_tiny(), tokenizer, tmp_path / "judge")
    made = local(tmp_path / "judge", max_new_tokens=4, device="cpu")
    said = dict(made.answers(["Sing.", "La. " * 400, "Sing louder."]))
    assert said[1] == ""
    assert set(said) == {0, 1, 2}
    again = local(tmp_path / "judge", max_new_tokens=4, device="cpu")
    assert dict(again.answers(["Sing.", "Sing louder."]))[0] == said[0]
    assert again.identity == made.identity
    assert made.identity["model"] == "judge"


def test_other_weights_are_another_judge(
    make_tiny: Callable[..., Any], tokenizer: Any, tmp_path: Path
) -> None:
    made = []
    for seed in (0, 1):
        save_model(make_tiny(seed), tokenizer, tmp_path / str(seed) / "judge")
        made.append(local(tmp_path / str(seed) / "judge", device="cpu").identity)
    assert made[0]["model"] == made[1]["model"]
    assert made[0] != made[1]
