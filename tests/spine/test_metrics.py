"""Scores against scikit-learn, intervals against SciPy."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from slipfield.spine.metrics import (
    corrected_interval,
    mean_predictor_scores,
    r_squared,
    scores,
    t_interval,
)

RANDOM = np.random.default_rng(3)
NAMES = ("k1", "k2", "k3")
TRUE = RANDOM.uniform([50, 10, 5], [250, 60, 30], (40, 3))
PREDICTED = TRUE * RANDOM.normal(1, 0.1, TRUE.shape)


def test_scores_equal_those_of_scikit_learn():
    found = scores(TRUE, PREDICTED, NAMES)
    for i, name in enumerate(("k1", "k2", "k3")):
        pair = TRUE[:, i], PREDICTED[:, i]
        assert found[name]["mae"] == pytest.approx(mean_absolute_error(*pair))
        assert found[name]["rmse"] == pytest.approx(root_mean_squared_error(*pair))
        assert found[name]["r2"] == pytest.approx(r2_score(*pair))
        relative = sorted(abs(PREDICTED[:, i] / TRUE[:, i] - 1))
        assert relative[18] < found[name]["median_relative_error"] < relative[21]
        assert relative[36] < found[name]["p95_relative_error"] < relative[39]
    assert found["overall"]["r2"] == pytest.approx(r2_score(TRUE, PREDICTED))
    np.testing.assert_allclose(
        r_squared(TRUE, PREDICTED), r2_score(TRUE, PREDICTED, multioutput="raw_values")
    )


@pytest.mark.parametrize("value", [0.1, 100 / 3, 1e6, 0.0])
def test_a_constant_has_no_r_squared_whatever_its_mean_rounds_to(value):
    true = np.full(7, value)
    assert np.isnan(r_squared(true, true + 0.1))
    both = np.column_stack([true, np.arange(7.0)])
    np.testing.assert_array_equal(np.isnan(r_squared(both, both)), [True, False])


def test_mean_predictor_has_no_skill():
    found = mean_predictor_scores(TRUE, TRUE, NAMES)
    assert found["k2"]["r2"] == pytest.approx(0)
    assert found["k2"]["rmse"] == pytest.approx(TRUE[:, 1].std())
    assert mean_predictor_scores(TRUE, 2 * TRUE, NAMES)["k2"]["r2"] < 0


def test_t_interval_equals_that_of_scipy():
    values = RANDOM.normal(0.9, 0.05, 200)
    expected = stats.t.interval(0.95, 199, values.mean(), stats.sem(values))
    np.testing.assert_allclose(t_interval(values), expected, rtol=1e-12)
    assert all(np.isnan(t_interval(values[:1])))


def test_corrected_interval_covers_when_scores_are_correlated():
    values = RANDOM.normal(0.9, 0.05, 10)
    scale = np.sqrt((1 / 10 + 1 / 9) * values.var(ddof=1))
    expected = stats.t.interval(0.95, 9, values.mean(), scale)
    np.testing.assert_allclose(corrected_interval(values, 1 / 9), expected, rtol=1e-12)
    covered = {"plain": 0, "corrected": 0}
    for _ in range(500):
        shared, own = RANDOM.normal(0, np.sqrt(0.1)), RANDOM.normal(0, np.sqrt(0.9), 10)
        for name, found in (
            ("plain", t_interval(shared + own)),
            ("corrected", corrected_interval(shared + own, 1 / 9)),
        ):
            covered[name] += found[0] < 0 < found[1]
    assert covered["plain"] < 440 < 460 < covered["corrected"]
