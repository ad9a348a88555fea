"""The point law in three dimensions against the rate form, differences and the membrane."""

import numpy as np
import pytest

from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.verification.point_law import FAMILIES, VOCE
from slipfield.kinds.slip.verification.solid_law import (
    compare_with_rate_form,
    membrane_difference,
    solid_point,
    symmetry_error,
    tangent_error,
)

both_families = pytest.mark.parametrize("family", FAMILIES)


@both_families
@pytest.mark.parametrize("seed", [1, 3])
def test_agrees_with_independent_rate_form(seed, family):
    assert compare_with_rate_form(seed, family)[1] < 1e-4


def test_saturating_hardening_agrees_with_the_rate_form_and_the_membrane():
    assert compare_with_rate_form(1, "fcc", VOCE)[1] < 1e-4
    assert membrane_difference(Material(**VOCE), np.array([0.7, 1.9, 4.0]), 100) < 1e-4


@both_families
@pytest.mark.parametrize(
    "law",
    [{}, {"latent_ratio": 1.4, "rate_exponent": 17.5}, VOCE | {"latent_ratio": 1.4}],
    ids=["10", "17.5", "voce"],
)
def test_tangent_is_the_derivative_of_the_stress(law, family):
    rng = np.random.default_rng(8)
    assert tangent_error(Material(slip_family=family, **law), rng.uniform(0, 6, 3)) < 1e-7


@both_families
def test_all_cubic_symmetry_operators_leave_the_response_unchanged(family):
    assert symmetry_error(family) < 1e-10


@both_families
def test_freed_faces_give_the_membrane_and_the_difference_falls_with_the_step(family):
    euler = np.array([0.7, 1.9, 4.0])
    coarse, fine = (membrane_difference(Material(slip_family=family), euler, n) for n in (100, 200))
    assert fine < 2e-5
    assert fine < 0.4 * coarse  # both are of second order in the step


def test_pressure_of_a_pure_volume_change_follows_the_bulk_modulus():
    material = Material()
    point = solid_point(material, np.array([0.4, 1.0, 2.0]))
    strain = 1e-4
    assert point.advance(np.eye(3) * (1 + 2 * strain), 1.0)
    bulk = (material.c11_MPa + 2 * material.c12_MPa) / 3
    np.testing.assert_allclose(point.stress, 3 * bulk * strain * np.eye(3), atol=1e-6 * bulk)
    np.testing.assert_allclose(point.slip, 0, atol=1e-12)  # no system sees it
