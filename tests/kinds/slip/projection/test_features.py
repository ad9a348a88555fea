"""Projections against plain least squares on the stacked fields."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.projection.features import (
    LOAD_ACCURACY,
    RIDGE,
    STRAIN_ACCURACY,
    Projector,
    support_frames,
    white_noise,
)
from slipfield.kinds.slip.study import Noise
from tests.kinds.slip.projection.synthetic import make_reference


def ridge_by_stacking(basis: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Ridge regression as least squares with rows appended; basis (node, q)."""
    norm = np.linalg.norm(basis, axis=0)
    rows = np.vstack([basis, np.sqrt(RIDGE) * np.diag(norm)])
    return np.linalg.lstsq(rows, np.append(deviation, np.zeros(len(norm))), rcond=None)[0]


def stacked_basis(reference) -> np.ndarray:
    frames = support_frames(len(reference.time))
    fields = reference.strain_rates[:, frames].astype(float)
    return fields.reshape(3 * len(frames), -1).T


def test_support_frames_are_early_middle_and_last():
    assert support_frames(20).tolist() == [1, 4, 10, 19]
    assert support_frames(1).tolist() == [0]
    assert support_frames(4)[-1] == 3


def test_the_reference_itself_has_no_features_whatever_is_masked():
    reference = make_reference()
    projector = Projector(reference)
    strain = reference.strain.copy()
    gaps = np.random.default_rng(3).random(strain.shape) < 0.4
    for masked in (strain, np.where(gaps, np.nan, strain)):
        projection = projector.project(masked, reference.load)
        np.testing.assert_allclose(projection.vector, 0, atol=1e-12)
        np.testing.assert_allclose(projection.residual, 0, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_coefficients_are_those_of_least_squares(masked):
    reference = make_reference()
    random = np.random.default_rng(5)
    strain = reference.strain + 0.003 * random.normal(size=reference.strain.shape)
    if masked:
        strain[:, :, :4] = np.nan
        strain[2] = np.nan
    load = reference.load * 1.05
    load[3] = np.nan
    projection = Projector(reference).project(strain.astype(np.float32), load)
    basis = stacked_basis(reference)
    deviation = (strain - reference.strain).reshape(len(strain), -1)
    for frame, values in enumerate(deviation):
        known = np.isfinite(values)
        if not known.any():
            assert np.isnan(projection.coefficients[frame]).all()
            assert np.isnan(projection.residual[frame])
            continue
        expected = ridge_by_stacking(basis[known], values[known])
        np.testing.assert_allclose(projection.coefficients[frame], expected, atol=2e-4)
        assert projection.share[frame] == pytest.approx(known.mean())
        left = values[known] - basis[known] @ expected
        assert projection.residual[frame] == pytest.approx(np.sqrt((left**2).mean()), rel=1e-4)
    np.testing.assert_allclose(np.delete(projection.load, 3), np.log(1.05))
    assert np.isnan(projection.load[3])


def test_a_step_along_a_sensitivity_is_its_coefficient():
    reference = make_reference()
    frames = support_frames(len(reference.time))
    step = np.array([0.3, -0.2, 0.1])
    fields = np.einsum("a,atcyx->tcyx", step, reference.strain_rates)
    projection = Projector(reference).project(reference.strain + fields, reference.load)
    for place, frame in enumerate(frames):
        own = np.arange(3) * len(frames) + place
        np.testing.assert_allclose(projection.coefficients[frame, own], step, atol=2 * RIDGE)


@pytest.mark.slow
def test_noise_shape_is_the_covariance_of_many_draws():
    reference = make_reference(frames=2, nodes=6)
    projector = Projector(reference)
    random = np.random.default_rng(0)
    std = 1e-3
    draws = [
        projector.project(
            reference.strain + std * random.normal(size=reference.strain.shape), reference.load
        ).coefficients[0]
        for _ in range(4000)
    ]
    expected = std**2 * projector.noise_shape
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(np.cov(np.transpose(draws)) / scale, expected / scale, atol=0.08)


def test_noise_is_never_less_than_the_simulations_accuracy():
    shape = np.diag([2.0, 3.0])
    floor = white_noise(shape, 2, Noise())
    assert floor[0, 0] == pytest.approx(2 * STRAIN_ACCURACY**2)
    assert floor[-1, -1] == pytest.approx(LOAD_ACCURACY**2)
    noise = white_noise(shape, 2, Noise(strain_std=0.01, load_relative_std=0.1))
    np.testing.assert_allclose(np.diag(noise), [2e-4, 3e-4, 2e-4, 3e-4, 0.01, 0.01])


def test_a_finer_grid_is_averaged_and_other_frames_are_refused():
    reference = make_reference(nodes=5)
    fine = np.repeat(np.repeat(reference.strain, 2, axis=2), 2, axis=3)[:, :, :9, :9]
    projection = Projector(reference, width=2.0).project(np.zeros_like(fine), reference.load)
    expected = Projector(reference).project(np.zeros_like(reference.strain), reference.load)
    np.testing.assert_allclose(projection.vector, expected.vector, atol=1e-6)
    with pytest.raises(SlipfieldError, match="bring the frames"):
        Projector(reference).project(reference.strain[:4], reference.load)
