"""The point law against the three-dimensional rate form and analytic results."""

import numpy as np
import pytest

from slipfield.kinds.slip.crystal.driver import drive
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.verification.point_law import (
    DIRECTIONS,
    FAMILIES,
    VOCE,
    compare_with_rate_form,
    cubic_operators,
    directional_modulus,
    eight_system_flow_error,
    material_point,
    rotation_error,
    step_errors,
    symmetry_error,
    tangent_error,
)
from slipfield.kinds.slip.verification.rate_form import RateForm, slip_systems

both_families = pytest.mark.parametrize("family", FAMILIES)


@both_families
@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_independent_rate_form(seed, family):
    _, _, difference = compare_with_rate_form(seed, family)
    assert difference < 1e-3


@both_families
@pytest.mark.parametrize("seed", [2, 4])
def test_saturating_hardening_agrees_with_the_rate_form(seed, family):
    _, _, difference = compare_with_rate_form(seed, family, VOCE)
    assert difference < 1e-3


@pytest.mark.parametrize("exponent", [1, 2.25])
@pytest.mark.parametrize("q", [1.0, 1.4])
def test_saturating_resistance_follows_its_closed_form(exponent, q):
    for g_sat in (70.0, 40.0):  # the second lies below the start: no growth
        law = VOCE | {"hardening_exponent": exponent, "g_sat_MPa": g_sat}
        assert eight_system_flow_error(20.0, q, "fcc", law) < 1e-6


def test_saturation_far_away_is_linear_hardening():
    times, path = np.array([0.0, 60.0]), np.array([np.eye(2), [[0.99, 0.01], [0.01, 1.03]]])
    laws = {}, VOCE | {"g_sat_MPa": 1e9}, VOCE
    linear, far, near = (
        drive(material_point(Material(**law), (0.3, 0.7, 1.1)), times, path)[-1] for law in laws
    )
    np.testing.assert_allclose(far, linear, rtol=1e-6)
    assert np.linalg.norm(near) < 0.95 * np.linalg.norm(linear)


@both_families
def test_rate_form_has_twelve_systems_of_unit_direction_and_normal(family):
    schmid = slip_systems(family)
    assert schmid.shape == (12, 3, 3)
    np.testing.assert_allclose(np.trace(schmid, axis1=1, axis2=2), 0, atol=1e-15)
    np.testing.assert_allclose(np.linalg.norm(schmid, axis=(1, 2)), 1)
    products = np.abs(np.einsum("aij,bij->ab", schmid, schmid))
    assert (products - np.eye(12)).max() < 0.9  # all systems differ, also by sign
    along, normal = (np.abs(schmid).sum(axis=axis) for axis in (2, 1))
    diagonal, line = (along, normal) if family == "bcc" else (normal, along)
    np.testing.assert_allclose(np.ptp(diagonal, axis=1), 0, atol=1e-15)  # <111> or {111}
    assert ((np.abs(line) > 1e-15).sum(axis=1) == 2).all()  # <110> or {110}


def test_second_order_in_the_step():
    errors = step_errors((100, 200, 400))
    orders = np.log2(errors[:-1] / errors[1:])
    assert (orders > 1.7).all(), (errors, orders)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_directional_youngs_modulus(direction):
    euler, modulus = DIRECTIONS[direction]
    assert directional_modulus(euler) == pytest.approx(modulus, rel=1e-3)


@both_families
@pytest.mark.parametrize("n", [10.0, 20.0, 50.0])
@pytest.mark.parametrize("q", [1.0, 1.4])
def test_001_crystal_slips_on_eight_systems_at_the_analytic_stress(n, q, family):
    assert eight_system_flow_error(n, q, family) < 1e-6


@both_families
@pytest.mark.parametrize(
    "law",
    [{}, {"latent_ratio": 1.4, "rate_exponent": 17.5}, VOCE | {"latent_ratio": 1.4}],
    ids=["10", "17.5", "voce"],
)
def test_tangent_is_the_derivative_of_the_stress(law, family):
    material = Material(slip_family=family, **law)
    rng = np.random.default_rng(3)
    for _ in range(3):
        assert tangent_error(material, rng.uniform(0, 6, 3)) <= 1e-6


@both_families
def test_all_cubic_symmetry_operators_leave_the_response_unchanged(family):
    assert len(cubic_operators()) == 24
    assert symmetry_error(family) < 1e-10
    assert symmetry_error(family, VOCE | {"latent_ratio": 1.4}) < 1e-10


@both_families
def test_rotating_crystal_and_load_together_rotates_the_stress(family):
    assert rotation_error(0.6, family) < 1e-8
    assert rotation_error(-2.0, family) < 1e-8


@both_families
def test_crystal_favoured_for_single_slip_shears_on_that_system(family):
    """Just after yield of a rate-insensitive crystal one slip tensor makes up the plastic flow."""
    material = Material(slip_family=family, rate_exponent=50.0)
    schmid = slip_systems(family)
    euler = (0.9, 0.5, 0.2)
    point = material_point(material, euler)
    form = RateForm(material, euler, point.h, point.crss[0])
    rotation = form.unpack(form.start)[0]
    tension = rotation @ np.diag([0.0, 1.0, 0.0]) @ rotation.T
    factors = np.abs(np.einsum("aij,ij->a", schmid, tension))
    stretch = 1.0
    while np.abs(point.slip).max() < 1e-6:
        stretch += 1e-5
        lateral = stress_free_metric(point, stretch)
        assert point.advance(lateral, 0.02)
    alignment = np.einsum("aij,ij->a", schmid, point.slip) / np.linalg.norm(point.slip)
    assert np.abs(alignment).argmax() == factors.argmax()
    assert np.abs(alignment).max() > 0.99


def stress_free_metric(point, stretch, dt=0.02):
    """C of uniaxial tension along y: Newton on C11 and C12 until S11 = S12 = 0."""
    metric = np.array([2 - stretch, stretch**2, 0.0])
    for _ in range(20):
        stress, *_, tangent = point.trial(metric, dt)
        if max(abs(stress[0]), abs(stress[2])) < 1e-7:
            break
        block = tangent[np.ix_([0, 2], [0, 2])] * np.array([0.5, 1.0])
        metric[[0, 2]] -= np.linalg.solve(block, stress[[0, 2]])
    return metric
