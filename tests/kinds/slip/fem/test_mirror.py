"""A mirrored specimen deforms into the mirror image: grain map, orientations, strain and load."""

from dataclasses import replace

import numpy as np
import pytest

from slipfield.kinds.slip.fem.batch import simulate_sample
from slipfield.kinds.slip.fem.nodal import NodalGradient
from slipfield.kinds.slip.specimen.orientation import euler_of_matrix, matrix_of_euler
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, problem_of

X, Y = 2, 1
"""Array axes (component, y, x) that are turned round."""

CRYSTAL_MIRROR = np.diag([-1.0, 1.0, 1.0])
"""A mirror of the cubic crystal: it makes a rotation of a mirrored one."""

SIGN = np.array([1, 1, -1])[:, None, None]
"""Either mirror turns the sign of the shear strain."""


@pytest.fixture(scope="module")
def study():
    return make_study(16, 40, loading={"outputs": 4}, solver={"residual_tolerance": 1e-6})


@pytest.fixture(scope="module")
def original(study):
    return simulated(study, grain_map(study))


def simulated(study, micro):
    problem = problem_of(study, micro)
    return simulate_sample(problem, NodalGradient(problem), np.array(study.sampling.centre))


def mirrored_orientations(euler, axis):
    """H becomes m H M: the sample's mirror M from the right, one of the crystal's from the left."""
    sample_mirror = np.diag([-1.0, 1.0, 1.0] if axis == X else [1.0, -1.0, 1.0])
    return euler_of_matrix(CRYSTAL_MIRROR @ matrix_of_euler(euler) @ sample_mirror)


def mirrored_map(micro, axis):
    """Turn the map round and leave the orientations as they are."""
    turn = axis - 1
    nodes = {name: np.flip(getattr(micro, name), turn) for name in ("x_mm", "y_mm")}
    along = "x_mm" if axis == X else "y_mm"
    nodes[along] = nodes[along].max() + nodes[along].min() - nodes[along]
    return replace(micro, element_grain=np.flip(micro.element_grain, turn), **nodes)


@pytest.mark.parametrize("axis", [X, Y])
def test_the_mirrored_specimen_has_the_mirrored_strain(study, original, axis):
    micro = grain_map(study)
    mirrored = replace(mirrored_map(micro, axis), euler=mirrored_orientations(micro.euler, axis))
    found = simulated(study, mirrored)
    expected = SIGN * np.flip(original.strain, axis + 1)
    scale = np.abs(expected).max()
    assert np.abs(found.strain - expected).max() < 2e-6 * scale
    np.testing.assert_allclose(found.load, original.load, rtol=1e-6)


@pytest.mark.parametrize("axis", [X, Y])
def test_orientations_have_to_be_mirrored_too(study, original, axis):
    found = simulated(study, mirrored_map(grain_map(study), axis))
    expected = SIGN * np.flip(original.strain, axis + 1)
    assert np.abs(found.strain - expected).max() > 0.02 * np.abs(expected).max()
