"""Section forces on specimens whose stress is known."""

import numpy as np
import pytest
from scipy.optimize import brentq

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.equilibrium.flow import SlipSystems, flow_stress, slip_rates
from slipfield.kinds.slip.equilibrium.forces import (
    Crystals,
    SectionForces,
    check_loading,
    section_forces,
)
from slipfield.kinds.slip.specimen.geometry import node_coordinates
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from tests.shards import tiny_study

pytestmark = pytest.mark.slow

TRUTH = np.array([150.0, 30.0, 15.0])


@pytest.fixture(scope="module", params=["fcc", "bcc"])
def study(request):
    """A low exponent: the stress of one crystal hardly depends on what smoothing does to rates."""
    return tiny_study(
        specimen={"cells_x": 8, "cells_y": 8, "neck_depth_mm": 0.0, "grains": 10},
        material={"slip_family": request.param, "rate_exponent": 3.0},
        loading={"outputs": 20},
    )


@pytest.fixture(scope="module")
def single(study):
    """Fields and load of one crystal without elasticity that is pulled along a mirror plane."""
    material, specimen = study.material, study.specimen
    lattice = matrix_of_euler(np.array([[0.0, 0.6, 0.0]]))[:, :, :2].swapaxes(1, 2)
    systems = SlipSystems.of(material.slip_family)
    exponent, reference = material.rate_exponent, material.reference_slip_rate_per_s
    root, steps = 0.3**-0.5, 400
    end, pull = study.loading.path[1]
    dt, slip = end / steps, 0.0
    strains, loads = [], []
    for step in range(1, steps + 1):
        factors = systems.resolving_factors(lattice)
        stretch = 1 + pull * step / steps / specimen.height_mm
        rate_yy = pull / end / specimen.height_mm * stretch
        rates = free_rates(factors, rate_yy / reference, exponent)
        stress = flow_stress(factors, rates, exponent, steps=60)
        increment = reference * dt * slip_rates(factors, stress, exponent)
        lattice = systems.slipped(lattice, increment)
        slip += np.abs(increment).sum()
        metric = lattice[0] @ lattice[0].T
        k1, k2, k3 = TRUTH
        resistance = k2 + k3 * root + (material.h0_MPa + k1 * root) * slip
        area = specimen.width_mm * specimen.thickness_mm
        if step % (steps // 20) == 0:
            strains.append((metric - np.eye(2)) / 2)
            loads.append(stretch * resistance * stress[0, 1] * area)
    green = np.array([[e[0, 0], e[1, 1], e[0, 1]] for e in strains])
    return root, green, np.array(loads)


def free_rates(factors, rate_yy, exponent):
    """Strain rate of a crystal with S11 = S12 = 0 that stretches at ``rate_yy``, (1, 3)."""

    def rates(stress):
        tau = factors[0] @ [0.0, stress, 0.0]
        return (np.abs(tau) ** (exponent - 1) * tau) @ factors[0]

    stress = brentq(lambda s: rates(s)[1] - rate_yy, 0.1, 20.0, xtol=1e-12)
    return rates(stress)[None]


def test_the_parameters_of_one_crystal_balance_its_load(study, single):
    root, green, loads = single
    x, y = node_coordinates(study.specimen)
    cells = (study.specimen.cells_x, study.specimen.cells_y)
    lattice = matrix_of_euler(np.array([[0.0, 0.6, 0.0]]))[:, :, :2].swapaxes(1, 2)
    crystals = Crystals(
        x, y, np.repeat(lattice, np.prod(cells), axis=0), np.full(np.prod(cells), root)
    )
    strain = np.broadcast_to(green[:, :, None, None], (*green.shape, *x.shape))
    time = np.linspace(0, study.loading.path[1][0], len(loads) + 1)[1:]
    stiff = study.model_copy(
        update={
            "material": study.material.model_copy(
                update={"c11_MPa": 168.4e7, "c12_MPa": 121.4e7, "c44_MPa": 75.4e7}
            )
        }
    )
    forces = section_forces(stiff, crystals, strain, loads, time)
    matrix, right = forces.balance(study.material.h0_MPa)
    np.testing.assert_allclose(matrix @ TRUTH / right, 1, atol=0.02)


def test_least_squares_finds_the_parameters_of_balanced_sections(study):
    random = np.random.default_rng(5)
    coefficients = random.uniform(0.5, 2.0, (5, 8, 4))
    coefficients /= (coefficients @ [*TRUTH, 100.0])[..., None] / 200.0
    forces = SectionForces(coefficients, np.full(5, 200.0))
    np.testing.assert_allclose(forces.parameters(100.0), TRUTH, rtol=1e-9)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"loading": {"path": [[0, 0], [50, 0.05], [100, 0.02]], "outputs": 20}}, "loading.path"),
        ({"loading": {"outputs": 3}}, "loading.outputs"),
        ({"solver": {"strain_measure": "hencky"}}, "solver.strain_measure"),
    ],
)
def test_unsuitable_loadings_are_refused(changes, named):
    changed = tiny_study(**changes)
    with pytest.raises(SlipfieldError, match=named):
        check_loading(changed, changed.loading.outputs)
