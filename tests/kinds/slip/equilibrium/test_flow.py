"""Stress of crystals from their strain rate, against the definitions and against optimisation."""

import numpy as np
import pytest
from scipy.optimize import minimize

from slipfield.kinds.slip.equilibrium.flow import (
    SlipSystems,
    elastic_strain,
    flow_stress,
    resolve,
    slip_rates,
)
from slipfield.kinds.slip.specimen.orientation import draw_orientations, matrix_of_euler
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.verification.rate_form import slip_systems as schmid_of_the_rate_form

EXPONENT = 10.0


@pytest.fixture(scope="module")
def crystals():
    """Lattice vectors (m, 2, 3) and strain rates (m, 3) of a sheet that is pulled along y."""
    random = np.random.default_rng(3)
    euler = draw_orientations("so3_uniform", 200, random)
    lattice = matrix_of_euler(euler)[:, :, :2].swapaxes(1, 2)
    rate = np.array([-0.4, 1.0, 0.0]) + 0.1 * random.standard_normal((200, 3))
    return lattice, 0.5 * rate


@pytest.fixture(params=["fcc", "bcc"])
def systems(request):
    return SlipSystems.of(request.param)


@pytest.mark.parametrize("family", ["fcc", "bcc"])
def test_slip_systems_are_those_of_the_solver(family):
    systems = SlipSystems.of(family)
    ours = np.einsum("ai,aj->aij", systems.directions, systems.normals)
    theirs = schmid_of_the_rate_form(family)
    pairs = np.abs(np.einsum("aij,bij->ab", ours, theirs)) > 1 - 1e-12
    assert (pairs.sum(axis=0) == 1).all() and (pairs.sum(axis=1) == 1).all()


def test_stress_gives_back_the_strain_rate(crystals, systems):
    lattice, rate = crystals
    factors = systems.resolving_factors(lattice)
    tau = resolve(factors, flow_stress(factors, rate, EXPONENT, steps=60))
    found = np.einsum("ma,mai->mi", np.abs(tau) ** (EXPONENT - 1) * tau, factors)
    off = np.linalg.norm(found - rate, axis=1) / np.linalg.norm(rate, axis=1)
    assert off.max() < 1e-9


def test_stress_minimises_the_potential(crystals, systems):
    lattice, rate = (values[:5] for values in crystals)
    factors = systems.resolving_factors(lattice)
    stress = flow_stress(factors, rate, EXPONENT, steps=60)
    for p, e, s in zip(factors, rate, stress, strict=True):

        def potential(x, p=p, e=e):
            return (np.abs(p @ x) ** (EXPONENT + 1)).sum() / (EXPONENT + 1) - e @ x

        best = minimize(potential, 0.9 * s, method="Nelder-Mead", options={"xatol": 1e-6})
        assert potential(s) <= best.fun + 1e-9


def test_a_stretched_lattice_strains_as_its_slip_says(crystals, systems):
    lattice, rate = crystals
    factors = systems.resolving_factors(lattice)
    stress = flow_stress(factors, rate, EXPONENT, steps=60)
    slip = 1e-6 * slip_rates(factors, stress, EXPONENT)
    moved = systems.slipped(lattice, slip)
    metric = np.einsum("mik,mjk->mij", moved, moved) - np.einsum("mik,mjk->mij", lattice, lattice)
    strain = np.stack([metric[:, 0, 0] / 2, metric[:, 1, 1] / 2, metric[:, 0, 1]], axis=1) / 1e-6
    expected = np.einsum("ma,mai->mi", slip, factors) / 1e-6
    np.testing.assert_allclose(strain, expected, atol=1e-4)


def test_elastic_strain_inverts_the_stiffness_of_a_free_sheet(crystals):
    lattice, _ = crystals
    material = Material()
    stress = np.array([20.0, 100.0, -15.0])
    strain = elastic_strain(material, lattice[:1], stress[None])[0]
    full = np.zeros((3, 3))
    turn = np.vstack([lattice[0], np.cross(*lattice[0])])
    stiffness = np.zeros((3, 3, 3, 3))
    delta = np.eye(3)
    anisotropy = material.c11_MPa - material.c12_MPa - 2 * material.c44_MPa
    stiffness += material.c12_MPa * np.einsum("ij,kl->ijkl", delta, delta)
    twice = np.einsum("ik,jl->ijkl", delta, delta) + np.einsum("il,jk->ijkl", delta, delta)
    stiffness += material.c44_MPa * twice
    stiffness += anisotropy * np.einsum("ip,jp,kp,lp->ijkl", turn, turn, turn, turn)
    voigt = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]
    matrix = np.array([[stiffness[i, j, k, m] for k, m in voigt] for i, j in voigt])
    full = np.linalg.solve(matrix, [stress[0], stress[1], 0, 0, 0, stress[2]])
    np.testing.assert_allclose(strain, [full[0], full[1], full[5]], rtol=1e-9)
