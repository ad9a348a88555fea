"""The learner against closed-form generalised least squares."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.projection.learner import BOX_VARIANCE, Emulator, allowed_degrees
from slipfield.kinds.slip.projection.polynomial import basis, exponents, gradient, term_count
from tests.kinds.slip.projection.synthetic import linear_training


def test_polynomials_span_all_monomials_and_differentiate_exactly():
    random = np.random.default_rng(0)
    points = random.uniform(-1, 1, (200, 3))
    for degree in range(5):
        assert len(exponents(degree)) == term_count(degree)
        monomials = np.prod(points[:, None] ** exponents(degree), axis=2)
        weights = np.linalg.lstsq(basis(points, degree), monomials, rcond=None)[0]
        np.testing.assert_allclose(basis(points, degree) @ weights, monomials, atol=1e-10)
        step = 1e-6
        for axis in range(3):
            move = step * np.eye(3)[axis]
            slope = (basis(points + move, degree) - basis(points - move, degree)) / (2 * step)
            np.testing.assert_allclose(gradient(points, degree)[..., axis], slope, atol=1e-6)


def test_a_linear_model_is_recovered_exactly():
    training, _ = linear_training(noise_std=1e-6)
    estimate = training.fit(1).estimate(training.clean)
    np.testing.assert_allclose(estimate.log_parameters, training.log_parameters, atol=1e-6)


def test_a_curved_model_is_recovered_inside_the_box():
    training, matrix = linear_training(groups=60, noise_std=1e-6)
    curve = lambda p: np.exp(0.4 * (p - np.log([110.0, 25.0, 12.0])) @ matrix.T)  # noqa: E731
    p = training.log_parameters
    features = curve(p)
    emulator = Emulator.fit(features, p, training.noise, 4, training.box)
    inner = (np.abs(p - p.mean(axis=0)) < 0.5).all(axis=1)
    estimate = emulator.estimate(features[inner])
    np.testing.assert_allclose(estimate.log_parameters, p[inner], atol=2e-3)


@pytest.mark.parametrize("missing", [[], [0, 1, 2, 3, 4, 5, 6]])
def test_estimates_and_covariances_are_those_of_least_squares(missing):
    training, matrix = linear_training(noise_std=0.05)
    emulator = training.fit(1)
    features = training.noisy.copy()
    features[:, missing] = np.nan
    estimate = emulator.estimate(features)
    kept = np.delete(np.arange(12), missing)
    prior = np.diag(1 / (BOX_VARIANCE * emulator.half**2))
    information = matrix[kept].T @ matrix[kept] / 0.05**2 + prior
    start = features[:, kept] + (np.log([110.0, 25.0, 12.0]) - emulator.centre) @ matrix[kept].T
    expected = emulator.centre + start @ matrix[kept] / 0.05**2 @ np.linalg.inv(information)
    inside = (np.abs(expected - emulator.centre) < emulator.half).all(axis=1)
    assert inside.sum() > 100
    np.testing.assert_allclose(estimate.log_parameters[inside], expected[inside], atol=1e-5)
    np.testing.assert_allclose(estimate.covariance[0], np.linalg.inv(information), rtol=1e-3)


def test_scatter_between_groups_widens_the_estimates():
    quiet, _ = linear_training(noise_std=0.01)
    loose, _ = linear_training(noise_std=0.01, scatter=0.1)
    deviations = [t.fit(1).estimate(t.noisy).deviation.mean() for t in (quiet, loose)]
    assert deviations[1] > 5 * deviations[0]


def test_noise_of_the_measurement_replaces_that_of_the_training():
    training, _ = linear_training(noise_std=0.01)
    emulator = training.fit(1)
    same = emulator.estimate(training.noisy)
    wider = emulator.estimate(training.noisy, 9 * training.noise)
    np.testing.assert_allclose(wider.deviation, 3 * same.deviation, rtol=0.01)


def test_features_that_a_training_sample_lacks_are_not_used():
    training, _ = linear_training(noise_std=0.01)
    holed = training.clean.copy()
    holed[3, 5] = np.nan
    emulator = Emulator.fit(holed, training.log_parameters, training.noise, 1, training.box)
    assert not emulator.used[5] and emulator.used.sum() == 11
    wrong = training.clean.copy()
    wrong[:, 5] += 100
    estimate = emulator.estimate(wrong)
    np.testing.assert_allclose(estimate.log_parameters, training.log_parameters, atol=1e-3)


def test_misfit_is_one_for_the_model_and_large_for_another():
    training, _ = linear_training(groups=100, noise_std=0.05, scatter=0.02)
    emulator = training.fit(1)
    misfit = emulator.misfit(training.noisy, training.log_parameters)
    assert misfit.mean() == pytest.approx(1, abs=0.1)
    other = training.noisy + np.where(np.arange(12) == 4, 1.0, 0.0)
    assert emulator.misfit(other, training.log_parameters).min() > 5


def test_degrees_need_twice_as_many_samples_as_terms():
    assert allowed_degrees(5) == [1]
    assert allowed_degrees(39) == [1, 2]
    assert allowed_degrees(70) == [1, 2, 3, 4]


def test_a_model_is_adapted_to_shifted_measurements():
    training, matrix = linear_training(groups=40, noise_std=1e-3)
    other, _ = linear_training(groups=25, each=1, noise_std=1e-3, scatter=0.02, seed=5)
    turn = np.random.default_rng(2).normal(size=matrix.shape)
    middle = np.log([110.0, 25.0, 12.0])

    def shifted(features, p):
        return features + 0.3 + 0.1 * (p - middle) @ turn.T

    first = training.fit(1)
    second = first.adapted(shifted(other.clean, other.log_parameters), other.log_parameters)
    fresh, _ = linear_training(groups=100, each=1, noise_std=1e-3, scatter=0.02, seed=6)
    features = shifted(fresh.noisy, fresh.log_parameters)
    inner = (np.abs(fresh.log_parameters - middle) < 0.7).all(axis=1)
    error = (second.estimate(features).log_parameters - fresh.log_parameters)[inner]
    wrong = (first.estimate(features).log_parameters - fresh.log_parameters)[inner]
    assert np.abs(error).mean() < 0.2 * np.abs(wrong).mean()
    assert np.abs(error.mean(axis=0)).max() < 0.02
    assert (
        second.estimate(features).deviation.mean() > 3 * first.estimate(features).deviation.mean()
    )


def test_as_many_samples_as_terms_are_refused_in_one_line():
    log_parameters = np.log(np.random.default_rng(0).uniform(1, 2, (4, 3)))
    box = np.stack([log_parameters.min(axis=0), log_parameters.max(axis=0)])
    with pytest.raises(SlipfieldError, match="4 samples for the 4 terms"):
        Emulator.fit(np.ones((4, 5)), log_parameters, np.eye(5), 1, box)
