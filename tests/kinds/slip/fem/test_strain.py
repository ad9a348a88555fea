"""Strain measures against closed forms, nodal averages against affine fields."""

import numpy as np
import pytest

from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.fem.strain import strain, strain_rate
from slipfield.kinds.slip.verification.derivatives import strain_measure_errors
from slipfield.kinds.slip.verification.specimens import make_study, problem_of, single_crystal


def test_measures_and_rates_match_their_closed_forms():
    for measure, error, rate_error in strain_measure_errors():
        assert error < 1e-14, measure
        assert rate_error < 1e-8, measure


@pytest.mark.parametrize("measure", ["green_lagrange", "hencky"])
def test_rotation_makes_no_strain(measure):
    c, s = np.cos(0.7), np.sin(0.7)
    assert np.abs(strain(np.array([[c - 1, -s], [s, c - 1]]), measure)).max() < 1e-15


def test_measures_agree_to_first_order():
    gradient = 1e-6 * np.array([[1.0, 2.0], [-0.5, 3.0]])
    small = [strain(gradient, m) for m in ("green_lagrange", "hencky", "engineering")]
    np.testing.assert_allclose(small[0], small[2], atol=1e-11)
    np.testing.assert_allclose(small[1], small[2], atol=1e-11)


def test_rate_of_a_field_has_the_shape_of_the_field():
    gradient = np.random.default_rng(0).uniform(-0.1, 0.1, (3, 4, 2, 2))
    for measure in ("green_lagrange", "hencky", "engineering"):
        assert strain_rate(gradient, gradient, measure).shape == (3, 4, 3)


def test_nodal_gradient_of_an_affine_field_is_exact_on_a_distorted_mesh():
    problem = problem_of(make_study(5), single_crystal(5, (0, 0, 0), distortion=0.3))
    gradient = np.array([[0.01, -0.02], [0.03, 0.04]])
    u = (problem.sheet.coordinates @ gradient.T).ravel()
    image = NodalGradient(problem).image(u)
    assert image.shape == (6, 6, 2, 2)
    np.testing.assert_allclose(image, np.broadcast_to(gradient, image.shape), atol=1e-15)
