import warnings
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidCards, RegistryError
from registry.evaluation.judging import length
from registry.evaluation.judging.length import Difficulties, Gamed, Weights

HEAD = ",np.tanh(std_delta_len),instruction_difficulty,not_gamed_baseline.astype(float)\n"
WEIGHTS = {
    "base": Weights(0.0, 0.0, 0.0),
    "good": Weights(-1.0, 0.9, 0.5),
    "poor": Weights(-1.5, 1.1, -2.0),
}
FLAT = Difficulties(np.array([-1.0, 0.0, 1.0]), np.full(3, 1 / 3))


def logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def drawn(n: int, seed: int = 0) -> tuple[Any, Any, Difficulties, Gamed]:
    """Return preferences that lengths and difficulties explain, and gamed judgements."""
    draw = np.random.default_rng(seed)
    difficulties = draw.normal(0, 1.5, n)
    lengths = draw.normal(-300, 700, n).astype(int)
    chances = 1 / (1 + np.exp(1.5 * np.tanh(lengths / lengths.std(ddof=1)) - difficulties + 1.2))
    gamed = Gamed(draw.random(2 * n), draw.normal(0, 1, 2 * n), np.tile(difficulties, 2))
    given = Difficulties(difficulties, np.full(n, 1 / n))
    return np.clip(draw.random(n) < chances, 0.01, 0.99), lengths, given, gamed


def test_published_weights_give_the_mean_of_the_instructions_chances() -> None:
    made = length.predict(WEIGHTS, "good", "base", FLAT)
    each = [logistic(0.5 + 0.9 * d) for d in (-1, 0, 1)]
    assert made.win_rate == pytest.approx(100 * sum(each) / 3)
    assert made.stderr == pytest.approx(100 * np.std(each, ddof=1) / 3**0.5)
    assert not made.fitted


def test_the_weight_of_length_has_no_part_in_a_prediction() -> None:
    longer = {**WEIGHTS, "good": Weights(9.0, 0.9, 0.5)}
    plain = length.predict(WEIGHTS, "good", "base", FLAT).win_rate
    assert length.predict(longer, "good", "base", FLAT).win_rate == plain


@given(st.tuples(*[st.floats(-3, 3)] * 4))
def test_either_model_wins_what_the_other_loses(values: tuple[float, ...]) -> None:
    weights = {"a": Weights(0, values[0], values[1]), "b": Weights(0, values[2], values[3])}
    ours = length.predict(weights, "a", "b", FLAT).win_rate
    theirs = length.predict(weights, "b", "a", FLAT).win_rate
    assert ours + theirs == pytest.approx(100)
    assert length.predict(weights, "a", "a", FLAT).win_rate == pytest.approx(50)


@pytest.mark.parametrize(
    ("difficulty", "model", "published"),  # rows of AlpacaEval 2's weights and of its leaderboard
    [
        (0.9437877797808294, -0.5280788018374943, 38.12808974440021),
        (0.8334888457867451, 0.1923534665807022, 51.57500797967598),
        (0.9761539805888084, -1.2349318654177823, 27.289504443727107),
        (0.9859274836495522, -3.6907417919074890, 5.875487163278986),
        (0.4535373846585072, -1.6483799650245663, 17.72780108286588),
        (0.8453234405641900, 0.9217351025640278, 65.37996976852163),
    ],
)
def test_published_rates_follow_from_published_weights_without_the_difficulties(
    difficulty: float, model: float, published: float
) -> None:
    weights = {"base": WEIGHTS["base"], "one": Weights(0, difficulty, model)}
    made = length.predict(weights, "one", "base", length.estimated_difficulties())
    assert made.win_rate == pytest.approx(published, abs=0.05)
    assert made.estimated
    assert made.stderr is None


def test_the_shares_of_the_estimated_difficulties_are_a_whole() -> None:
    assert length.estimated_difficulties().share.sum() == pytest.approx(1, abs=1e-4)


def test_an_unknown_model_is_named_with_its_nearest() -> None:
    with pytest.raises(RegistryError, match="did you mean 'good'"):
        length.predict(WEIGHTS, "goood", "base", FLAT)


def test_weights_are_read_as_published(tmp_path: Path) -> None:
    file = tmp_path / "weights.csv"
    file.write_text(HEAD + "alpaca-7b,-2.2,0.98,-3.69\n")
    assert length.read_weights(file) == {"alpaca-7b": Weights(-2.2, 0.98, -3.69)}


def test_all_faulty_weights_are_named_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "weights.csv"
    file.write_text(HEAD + "a,1,2\nb,1,2,3\nc,x,2,3\n")
    with pytest.raises(InvalidCards) as caught:
        length.read_weights(file)
    assert [one.line for one in caught.value.problems] == [2, 4]


def test_difficulties_are_read_from_csv_and_json(tmp_path: Path) -> None:
    csv, json = tmp_path / "d.csv", tmp_path / "d.json"
    csv.write_text("index,instruction_difficulty\n0,1.5\n1,-2\n")
    json.write_text('{"0": 1.5, "1": -2}')
    for file in (csv, json):
        assert length.read_difficulties(file).values.tolist() == [1.5, -2.0]


def test_the_optimum_of_one_coefficient_is_that_derived_by_hand() -> None:
    # With a column of ones: C n (logistic(b) - p) + sign(b) = 0, so logistic(b) = p - 1 / (C n).
    targets, n, inverse = np.array([1.0] * 9 + [0.0]), 10, 2.0
    found = length.optimum(np.ones((n, 1)), targets, np.ones(n), inverse)
    share = 0.9 - 1 / (inverse * n)
    assert found[0] == pytest.approx(log(share / (1 - share)), abs=1e-10)


def test_a_penalty_larger_than_the_slope_leaves_zero() -> None:
    targets = np.array([1.0] * 6 + [0.0] * 4)
    found = length.optimum(np.ones((10, 1)), targets, np.ones(10), 0.9)
    assert found.tolist() == [0.0]


@given(st.integers(0, 1000), st.sampled_from(length.PENALTIES))
def test_at_the_optimum_no_slope_exceeds_the_penalty(seed: int, inverse: float) -> None:
    draw = np.random.default_rng(seed)
    features, targets = draw.normal(size=(40, 3)), draw.random(40)
    found = length.optimum(features, targets, np.ones(40), inverse)
    chances = 1 / (1 + np.exp(-features @ found))
    slope = inverse * features.T @ (chances - targets)
    tolerance = 1e-6 * max(1.0, inverse)
    assert (np.abs(slope) <= 1 + tolerance).all()
    away = found != 0
    assert np.allclose(slope[away], -np.sign(found[away]), atol=tolerance)


@pytest.mark.parametrize("inverse", [0.05, 1.0, 100.0])
def test_the_optimum_is_that_of_scikit_learn(inverse: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    preferences, lengths, difficulties, _ = drawn(200)
    features = np.column_stack(
        [np.tanh(lengths / lengths.std(ddof=1)), difficulties.values, np.ones(200)]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = linear.LogisticRegression(
            C=inverse, penalty="l1", solver="liblinear", fit_intercept=False, tol=1e-9,
            max_iter=100_000, random_state=123,
        ).fit(
            np.tile(features, (2, 1)),
            np.repeat([1, 0], 200),
            sample_weight=np.concatenate([preferences, 1 - preferences]),
        )  # fmt: skip
    ours = length.optimum(features, preferences, np.ones(200), inverse)
    assert np.allclose(ours, theirs.coef_[0], atol=1e-5)


def reference(preferences: Any, lengths: Any, difficulties: Any, gamed: Gamed) -> float:
    """Fit as the reference does: scikit-learn's cross-validated liblinear, rows told twice."""
    from sklearn import config_context
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GroupKFold

    n, m = len(gamed.preferences), len(preferences)
    own = [np.tanh(lengths / lengths.std(ddof=1)), difficulties.values, np.ones(m)]
    theirs = [np.tanh(gamed.lengths), gamed.difficulties, np.zeros(n)]
    features = np.tile(np.vstack([np.column_stack(theirs), np.column_stack(own)]), (2, 1))
    targets = np.concatenate([gamed.preferences, preferences])
    weights = np.concatenate([np.full(n, 0.1), np.ones(m)])
    chances = np.concatenate([targets, 1 - targets])

    def loss(y: Any, predicted: Any, chance: Any, weight: Any) -> float:
        wanted = np.where(y == 1, chance, 1 - chance)
        p = np.clip(predicted, 1e-15, 1 - 1e-15)
        return -float(np.mean((wanted * np.log(p) + (1 - wanted) * np.log(1 - p)) * weight))

    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(loss, response_method="predict_proba", greater_is_better=False)
        model = LogisticRegressionCV(
            cv=GroupKFold(n_splits=5),
            scoring=scorer.set_score_request(chance=True, weight=True),
            penalty="l1",
            solver="liblinear",
            fit_intercept=False,
            random_state=123,
        ).set_fit_request(sample_weight=True)
        weight = np.tile(weights, 2)
        model.fit(
            features,
            np.repeat([1, 0], n + m),
            sample_weight=chances * weight,
            groups=np.tile(np.arange(n + m), 2),
            chance=chances,
            weight=weight,
        )
    own[0] = np.zeros(m)
    return 100 * float(model.predict_proba(np.column_stack(own))[:, 1].mean())


def test_a_fit_with_gamed_judgements_is_that_of_the_reference() -> None:
    pytest.importorskip("sklearn")
    preferences, lengths, difficulties, gamed = drawn(300, seed=3)
    made = length.fit(list(preferences), list(lengths), difficulties, gamed)
    assert made
    assert made.glm == "length_controlled_v1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = reference(preferences, lengths, difficulties, gamed)
    assert made.win_rate == pytest.approx(theirs, abs=0.05)


def test_the_variant_is_that_of_what_is_given() -> None:
    preferences, lengths, difficulties, gamed = drawn(60)
    told = [
        length.fit(list(preferences), list(lengths)),
        length.fit(list(preferences), list(lengths), difficulties),
        length.fit(list(preferences), list(lengths), difficulties, gamed),
    ]
    assert [one.glm.rpartition("_")[2] for one in told if one] == ["minimal", "noreg", "v1"]


def test_where_lengths_do_not_differ_the_rate_is_the_plain_one() -> None:
    preferences = [1.0] * 70 + [0.0] * 20 + [0.5] * 10
    made = length.fit(preferences, [0] * 100)
    assert made
    assert made.win_rate == pytest.approx(75, abs=0.5)
    assert made.weights.length == 0


def test_lengths_count_in_standard_deviations_of_a_sample() -> None:
    lengths, preferences = [10, -10, 30, -10], [0.2, 0.6, 0.1, 0.9]
    made = length.fit(preferences, lengths)
    assert made
    spread = (sum((one - 5) ** 2 for one in lengths) / 3) ** 0.5
    features = np.column_stack([np.tanh(np.array(lengths) / spread), np.zeros(4), np.ones(4)])
    found = length.optimum(features, np.array(preferences), np.ones(4), 10_000.0)
    assert made.weights.length == pytest.approx(found[0], abs=1e-9)


def test_winning_by_length_alone_is_no_merit() -> None:
    lengths = [-400] * 60 + [400] * 40
    preferences = [1.0] * 55 + [0.0] * 5 + [1.0] * 4 + [0.0] * 36
    made = length.fit(preferences, lengths)
    assert made
    assert made.win_rate == pytest.approx(50, abs=3)


def test_a_missing_preference_is_predicted_but_not_learned_from() -> None:
    preferences, lengths, difficulties, _ = drawn(50)
    whole = length.fit([*preferences, None], [*lengths, 10_000_000], None)
    assert whole
    many = Difficulties(np.append(difficulties.values, 9.0), np.full(51, 1 / 51))
    made = length.fit([*preferences, None], [*lengths, 0], many)
    assert made
    assert made.stderr
    assert length.fit([None, None], [1, 2]) is None


def test_too_few_difficulties_are_refused() -> None:
    with pytest.raises(RegistryError, match="there are 3 for 4 instructions"):
        length.fit([1.0, 0.0, 1.0, 0.0], [1, 2, 3, 4], FLAT)


def test_gamed_judgements_are_read_as_published(tmp_path: Path) -> None:
    file = tmp_path / "df_gamed.csv"
    file.write_text(
        "index,preference,std_delta_len,instruction_difficulty,not_gamed_baseline,model\n"
        "0,0.25,-1.5,0.5,False,gamed\n"
    )
    read = length.read_gamed(file)
    assert (read.preferences[0], read.lengths[0], read.difficulties[0]) == (0.25, -1.5, 0.5)
