import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any, Literal

import pytest

from registry.canonical import Row
from registry.cards.tuning import Lora, Policy, Preference, Tune, Virtual
from registry.errors import RegistryError
from registry.files import write_json
from registry.rendering import Rendered
from registry.tuning.batches import Unit
from registry.tuning.examples import check, fingerprint, fitting, units

SETTINGS = Tune(
    method="full",
    lora=None,
    steps=4,
    tokens_per_step=128,
    max_tokens=64,
    learning_rate=1e-3,
    seed=0,
)


def example(length: int, supervised: bool = True) -> Unit:
    mask = (False, *(supervised,) * (length - 1))
    return Unit((Rendered("songs:1", (7,) * length, mask),))


def most(tokens: int) -> Tune:
    return replace(SETTINGS, max_tokens=tokens)


def test_rows_that_are_too_long_are_left_out_and_counted() -> None:
    kept, longer = fitting([example(3), example(9), example(8), example(10)], most(8))
    assert [one.tokens for one in kept] == [3, 8]
    assert longer == 2


def test_no_row_left_is_refused_with_both_numbers() -> None:
    with pytest.raises(RegistryError, match="0 of 2 are left after the length limit of 2 tokens"):
        fitting([example(3), example(4)], most(2))


def test_rows_with_nothing_to_learn_are_refused() -> None:
    with pytest.raises(RegistryError, match="no token of the 2 rows is supervised"):
        fitting([example(3, supervised=False)] * 2, most(8))


def test_a_first_token_alone_is_nothing_to_learn() -> None:
    with pytest.raises(RegistryError, match="no token of the 1 rows is supervised"):
        fitting([Unit((Rendered("songs:1", (7, 7), (True, False)),))], most(8))


def test_settings_that_agree_are_accepted(tiny_folder: Path) -> None:
    check(SETTINGS, tiny_folder)
    check(replace(SETTINGS, method="lora", lora=Lora(rank=2, alpha=4)), tiny_folder)


@pytest.mark.parametrize(
    "settings",
    [replace(SETTINGS, method="lora"), replace(SETTINGS, lora=Lora(rank=2, alpha=4))],
)
def test_lora_is_given_with_its_method_and_only_then(settings: Tune, tiny_folder: Path) -> None:
    with pytest.raises(RegistryError, match=r"tune\.lora"):
        check(settings, tiny_folder)


PREFERENCE = replace(SETTINGS, objective="preference")
POLICY = Policy(reward="exact_match", rows=2, answers=2, max_new_tokens=8)


def policy(**changed: Any) -> Tune:
    return replace(SETTINGS, objective="policy", policy=replace(POLICY, **changed))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (replace(SETTINGS, seed=2**31), r"tune\.seed: 2147483648 is above"),
        (replace(PREFERENCE, preference=Preference(margin=1.0)), r"margin: goes with loss: simpo"),
        (policy(max_new_tokens=64), r"policy\.max_new_tokens: 64 leave no token of max_tokens"),
    ],
)
def test_switches_that_would_do_nothing_or_harm_are_refused(
    settings: Tune, said: str, tiny_folder: Path
) -> None:
    with pytest.raises(RegistryError, match=said):
        check(settings, tiny_folder)


@pytest.mark.parametrize(("reward", "needed"), [("rouge_l", "reference"), ("constraints", "inst")])
def test_rows_of_which_no_reward_can_be_told_are_refused_and_counted(
    reward: Literal["rouge_l", "constraints"],
    needed: str,
    tokenizer: Any,
    make_rows: Callable[..., list[Row]],
) -> None:
    first, *others = make_rows(3)
    rows = [first, *(replace(row, references=()) for row in others)]
    number = 2 if reward == "rouge_l" else 3
    with pytest.raises(RegistryError, match=f"{number} of the 3 have no .*{needed}"):
        units(tokenizer, rows, policy(reward=reward))


def test_a_row_that_fits_no_step_is_refused_beforehand(tiny_folder: Path) -> None:
    with pytest.raises(RegistryError, match=r"a row of 64 tokens fits no step of 32"):
        check(replace(SETTINGS, tokens_per_step=32), tiny_folder)


def test_rows_longer_than_the_model_s_context_are_refused_with_both_numbers(
    tiny_folder: Path,
) -> None:
    fits = replace(SETTINGS, max_tokens=512, tokens_per_step=1024)
    check(fits, tiny_folder)
    said = "rows of 513 tokens are longer than the 512 .* lower max_tokens to 512$"
    with pytest.raises(RegistryError, match=said):
        check(replace(fits, max_tokens=513), tiny_folder)


def test_a_soft_prompt_takes_of_the_room_of_its_rows() -> None:
    prompt = replace(most(8), method="prompt", virtual=Virtual(tokens=3))
    assert fitting([example(5), example(6)], prompt)[1] == 1
    assert fitting([example(5), example(6)], replace(prompt, method="prefix"))[1] == 0


def test_what_stands_before_a_row_is_in_the_model_s_context_too(tiny_folder: Path) -> None:
    prompt = replace(SETTINGS, method="prompt", virtual=Virtual(tokens=8))
    fits = replace(prompt, max_tokens=512, tokens_per_step=1024)
    check(fits, tiny_folder)  # its virtual tokens are among the 512
    with pytest.raises(RegistryError, match=r"rows of 520 tokens .* lower max_tokens to 504"):
        check(replace(fits, method="prefix"), tiny_folder)


def test_quantised_weights_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    base = copytree(tiny_folder, tmp_path / "tiny-fp8")
    config = json.loads((base / "config.json").read_text())
    write_json(base / "config.json", config | {"quantization_config": {"quant_method": "fp8"}})
    with pytest.raises(RegistryError, match=r"^tiny-fp8: its weights are quantised \(fp8\)"):
        check(SETTINGS, base)


def test_an_empty_mixture_is_named_as_such() -> None:
    with pytest.raises(RegistryError, match="none to train on; add datasets to the mixture"):
        fitting([], SETTINGS)


def test_the_fingerprint_is_the_same_for_the_same_run(
    tiny_folder: Path, make_rows: Callable[..., list[Row]]
) -> None:
    one = fingerprint(tiny_folder, make_rows(5), SETTINGS, dtype="float32")
    assert fingerprint(tiny_folder, make_rows(5), SETTINGS, dtype="float32") == one


def test_settings_rows_their_order_and_weights_change_the_fingerprint(
    tiny_folder: Path, tmp_path: Path, make_rows: Callable[..., list[Row]]
) -> None:
    rows = make_rows(5)
    other = Path(copytree(tiny_folder, tmp_path / "other"))
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    found = {
        fingerprint(tiny_folder, rows, SETTINGS),
        fingerprint(tiny_folder, rows, replace(SETTINGS, learning_rate=2e-3)),
        fingerprint(tiny_folder, rows[:-1], SETTINGS),
        fingerprint(tiny_folder, rows[::-1], SETTINGS),
        fingerprint(other, rows, SETTINGS),
        fingerprint(tiny_folder, rows, SETTINGS, dtype="bfloat16"),
    }
    assert len(found) == 6


def test_another_reward_model_is_another_run(
    tiny_folder: Path, make_rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    rows, marks = make_rows(3), set()
    for weights in ("first", "second"):
        (tmp_path / "model.safetensors").write_text(weights)
        marks.add(fingerprint(tiny_folder, rows, SETTINGS, tmp_path))
    assert len(marks | {fingerprint(tiny_folder, rows, SETTINGS)}) == 3


def test_how_often_a_checkpoint_is_written_does_not_change_the_fingerprint(
    tiny_folder: Path, make_rows: Callable[..., list[Row]]
) -> None:
    often = replace(SETTINGS, checkpoint_every=1)
    rows = make_rows(5)
    assert fingerprint(tiny_folder, rows, SETTINGS) == fingerprint(tiny_folder, rows, often)


def test_a_row_may_have_a_rejected_answer_alone(
    tokenizer: Any, make_rows: Callable[..., list[Row]]
) -> None:
    good, bad, both = make_rows(3)
    bad = replace(bad, references=(), rejected=("lo",))
    both = replace(both, rejected=("lo",))
    made, _ = units(tokenizer, [good, bad, both], replace(SETTINGS, unlikelihood=1.0))
    learnt = [[any(row.labels_mask) for row in unit.rows] for unit in made]
    assert learnt == [[True], [False, True], [True, True]]


def test_a_row_without_any_answer_is_refused(
    tokenizer: Any, make_rows: Callable[..., list[Row]]
) -> None:
    rows = [replace(row, references=()) for row in make_rows(2)]
    with pytest.raises(RegistryError, match="has no reference to train on"):
        units(tokenizer, rows, replace(SETTINGS, unlikelihood=1.0))


def test_virtual_places_and_answers_to_come_are_within_the_limit() -> None:
    three = [example(3), example(5), example(8)]
    prompted = replace(most(8), method="prompt", virtual=Virtual(tokens=3))
    assert fitting(three, prompted) == (three[:2], 1)
    prefixed = replace(prompted, method="prefix")
    assert fitting(three, prefixed) == (three, 0)
    policy = Policy(reward="exact_match", rows=1, answers=2, max_new_tokens=5)
    answered = replace(most(8), objective="policy", policy=policy)
    assert fitting(three, answered) == (three[:1], 2)


def test_a_pair_is_as_long_as_its_longer_answer_and_fits_a_step_as_a_whole() -> None:
    (short,), (long,) = example(4).rows, example(9).rows
    kept, longer = fitting([Unit((short, short)), Unit((short, long))], most(8))
    assert (len(kept), longer) == (1, 1)
    small = replace(most(9), tokens_per_step=12)
    with pytest.raises(RegistryError, match="its 2 answers have 13 tokens and a step 12"):
        fitting([Unit((short, short)), Unit((short, long))], small)


def test_a_pair_is_the_first_reference_over_the_first_rejected(
    tokenizer: Any, make_rows: Callable[..., list[Row]]
) -> None:
    rows = [replace(row, references=("a", "b"), rejected=("c", "d")) for row in make_rows(1)]
    (unit,), _ = units(tokenizer, rows, replace(SETTINGS, objective="preference"))
    assert [tokenizer.decode(row.tokens[-2:]) for row in unit.rows] == [
        "a<|im_end|>",
        "c<|im_end|>",
    ]


def test_what_the_loss_is_on_decides_which_tokens_are_supervised(
    tokenizer: Any, make_rows: Callable[..., list[Row]]
) -> None:
    (row,) = make_rows(1)
    (answer,), _ = units(tokenizer, [row], SETTINGS)
    (whole,), _ = units(tokenizer, [row], replace(SETTINGS, loss_on="all"))
    assert answer.supervised == len("la") + 1
    assert whole.supervised == whole.tokens - 1


def test_of_a_bad_answer_the_answer_alone_is_unlearnt(
    tokenizer: Any, make_rows: Callable[..., list[Row]]
) -> None:
    rows = [replace(row, rejected=("lo",)) for row in make_rows(1)]
    (unit,), _ = units(tokenizer, rows, replace(SETTINGS, loss_on="all", unlikelihood=1.0))
    good, bad = (sum(row.labels_mask) for row in unit.rows)
    assert (good, bad) == (len(unit.rows[0].tokens), len("lo") + 1)
