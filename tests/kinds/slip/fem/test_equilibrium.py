"""Right answers that are known: patch tests, Taylor limit, a second solver, energy."""

import numpy as np
import pytest

from slipfield.kinds.slip.verification.energy import balance
from slipfield.kinds.slip.verification.equilibrium import (
    patch_errors,
    point_strain,
    relative_difference,
    split_grain_difference,
    taylor_checks,
    two_solvers,
    uniform_tension_spread,
)


@pytest.mark.parametrize("cells", [4, 7])  # 16 and 49 elements: with and without padded lanes
def test_affine_outline_of_a_distorted_mesh_gives_an_affine_field(cells):
    gradient, stress = patch_errors(cells)
    assert gradient < 1e-8
    assert stress < 1e-6


def test_symmetric_crystal_strains_uniformly_under_the_standard_loading():
    assert uniform_tension_spread() < 1e-8


def test_cutting_a_grain_in_two_changes_nothing():
    assert split_grain_difference(cells=12) < 1e-12


def test_taylor_limit():
    difference, power = taylor_checks(cells=12)
    assert difference < 1e-8
    assert 0.5 < power < 1.0


@pytest.mark.parametrize("family", ["fcc", "bcc"])
def test_agrees_with_an_explicit_solver_and_is_softer_than_one_without_transverse_shear(family):
    _, ours, others = two_solvers(cells=6, grains=12, end=20.0, outputs=2, family=family)
    sheet, free = others["free"]
    for i, displacement in enumerate(ours.displacement):
        strains = point_strain(sheet, displacement), point_strain(sheet, free.displacement[i])
        assert relative_difference(*strains) < 1e-3
    np.testing.assert_allclose(ours.load, free.load, rtol=1e-3)
    assert (others["clamped"][1].load > 1.05 * free.load).all()


def test_work_is_stored_and_dissipated_energy_and_converges_with_the_step():
    coarse, fine = (balance(tolerance, cells=12) for tolerance in (1e-2, 1e-3))
    errors = [np.abs(e.imbalance).max() / e.external[-1] for e in (coarse, fine)]
    assert errors[0] < 1e-3
    assert errors[1] < errors[0] / 2
    assert fine.dissipated[-1] > 0.9 * fine.external[-1]
    assert (np.diff(fine.dissipated) >= 0).all()
    assert np.abs(np.expm1(coarse.log_determinant)).max() < 1e-6
