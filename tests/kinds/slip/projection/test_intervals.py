"""Cross-validation that does not leak, and intervals that cover what they say."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from slipfield.kinds.slip.learning.intervals import conformal_factors, coverage, held_level
from slipfield.kinds.slip.projection.intervals import (
    cross_validate,
    interval,
    normalised_scores,
    select_degree,
)
from tests.kinds.slip.projection.synthetic import linear_training


def test_what_a_group_says_does_not_reach_its_own_estimates():
    training, _ = linear_training(groups=12, each=5, noise_std=0.02)
    own = training.groups == 7
    targets = training.log_parameters.copy()
    targets[own] = targets[own][::-1] * 0.9 + 0.1 * targets.mean(axis=0)
    changed = replace(training, log_parameters=targets)
    assert np.array_equal(training.box, changed.box)
    before, after = (
        cross_validate(t, partial(t.fit, 1)).log_parameters for t in (training, changed)
    )
    np.testing.assert_array_equal(before[own], after[own])
    assert np.abs(before[~own] - after[~own]).max() > 1e-6


def test_intervals_of_new_groups_cover_what_they_say():
    training, _ = linear_training(groups=1500, each=2, noise_std=0.02, scatter=0.05, seed=1)
    fresh, _ = linear_training(groups=2000, each=2, noise_std=0.02, scatter=0.05, seed=2)
    scores = normalised_scores(
        cross_validate(training, partial(training.fit, 1)), training.log_parameters
    )
    estimate = training.fit(1).estimate(fresh.noisy)
    for level in (0.8, 0.95):
        low, high = interval(estimate, conformal_factors(scores, level))
        found = coverage(low, high, np.exp(fresh.log_parameters))
        np.testing.assert_allclose(found, level, atol=0.03)


def test_factors_mend_a_model_that_is_too_sure():
    training, _ = linear_training(groups=60, each=5, noise_std=0.05)
    sure = replace(training, noise=training.noise / 25)
    factors = [
        conformal_factors(
            normalised_scores(cross_validate(t, partial(t.fit, 1)), t.log_parameters), 0.95
        )
        for t in (training, sure)
    ]
    np.testing.assert_allclose(factors[0], 1.96, atol=0.3)
    np.testing.assert_allclose(factors[1], 5 * factors[0], rtol=0.1)


def test_conformal_quantile_counts_the_new_measurement():
    scores = np.sort(np.random.default_rng(0).random((19, 3)), axis=0)
    np.testing.assert_array_equal(conformal_factors(scores, 0.95), scores[18])
    np.testing.assert_array_equal(conformal_factors(scores, 0.90), scores[17])
    np.testing.assert_array_equal(conformal_factors(scores, 0.99), scores[18])
    assert held_level(19, 0.95) == 0.95
    assert held_level(18, 0.95) == pytest.approx(18 / 19)


@pytest.mark.parametrize("count", [4, 12])
def test_too_few_scores_hold_less_than_was_asked_for(count):
    """Normal errors of known scale, so that score and new error are exchangeable."""
    random = np.random.default_rng(count)
    scores = np.sort(np.abs(random.standard_normal((4000, count, 1))), axis=1)
    largest = [conformal_factors(own, 0.95)[0] for own in scores]
    share = (np.abs(random.standard_normal(4000)) <= largest).mean()
    assert share == pytest.approx(held_level(count, 0.95), abs=0.015)
    assert share < 0.94


def test_the_degree_follows_the_curvature_of_the_data():
    training, _ = linear_training(groups=40, each=5, noise_std=1e-3)
    assert select_degree(training).degree == 1
    curve = 0.1 * training.clean**2
    bent = replace(training, clean=training.clean + curve, noisy=training.noisy + curve)
    selection = select_degree(bent)
    assert selection.degree >= 2
    assert selection.errors[selection.degree] < 0.3 * selection.errors[1]
    assert selection.errors[selection.degree] <= 1.01 * min(selection.errors.values())
