"""Mean lattice rotation against rigid turns, symmetry, single slip and a polar decomposition."""

import numpy as np
import pytest
from scipy.linalg import polar
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

from slipfield.kinds.slip.crystal.driver import MaterialPoint
from slipfield.kinds.slip.crystal.law import hardening_modulus, initial_crss, make_law
from slipfield.kinds.slip.fem.point_fields import PointFields, mean_lattice_rotation
from slipfield.kinds.slip.fem.stepping import Stepper
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.verification.equilibrium import AFFINE, GENERAL, TIGHT, AffineProblem
from slipfield.kinds.slip.verification.rate_form import slip_systems
from slipfield.kinds.slip.verification.specimens import (
    grain_map,
    make_study,
    problem_of,
    single_crystal,
)

NECKED = {"cells_y": 7, "neck_depth_mm": 0.3}  # 63 elements: a padded block
CUBE, SINGLE_SLIP = (0.0, 0.0, 0.0), (0.9, 0.5, 0.2)


def stepper_of(problem, k=None):
    """Stepper that fills its attribute ``rotations`` with the mean at the outputs, rad."""
    rotations = []

    def on_output(number, stepper):
        rotations.append(mean_lattice_rotation(problem, stepper.points, stepper.u.array))

    stepper = Stepper(problem, k or problem.study.sampling.centre, on_output)
    stepper.rotations = rotations
    return stepper


def rotations_of(problem, k=None):
    stepper = stepper_of(problem, k)
    assert stepper.run().status == 0
    return np.array(stepper.rotations)


@pytest.mark.parametrize(("precision", "error"), [("double", 1e-11), ("single", 1e-6)])
@pytest.mark.parametrize("angle", [0.0, 1e-9, -0.02, 0.7, -2.0, 3.1])
def test_a_rigid_turn_is_found_to_the_last_digits(angle, precision, error):
    problem = problem_of(make_study(7), single_crystal(7, GENERAL, distortion=0.3), precision)
    points = Stepper(problem, problem.study.sampling.centre, lambda *_: None).points
    c, s = np.cos(angle), np.sin(angle)
    u = (problem.sheet.coordinates @ np.array([[c - 1, -s], [s, c - 1]]).T).ravel()
    assert mean_lattice_rotation(problem, points, u) == pytest.approx(abs(angle), abs=error)


def test_mean_is_weighted_with_the_volume_of_the_points():
    study = make_study(9, 20, loading={"outputs": 1}, specimen=NECKED)
    problem = problem_of(study, grain_map(study), "double")
    stepper = stepper_of(problem)
    stepper.run()
    fields = PointFields(problem, stepper.points, study.sampling.centre, stepper.u.array)
    angle = np.linalg.norm(fields.lattice_rotation(), axis=-1)
    weights = problem.sheet.shape_gradients()[1]
    assert stepper.rotations == pytest.approx([np.average(angle, weights=weights)], rel=1e-10)
    assert angle.std() > 0.1 * angle.mean() and weights.std() > 0.05 * weights.mean()


def test_symmetric_crystal_does_not_turn():
    problem = problem_of(make_study(4, loading={"outputs": 2}), single_crystal(4, CUBE))
    assert rotations_of(problem).max() < 1e-6


def test_soft_crystal_in_single_slip_turns_as_its_slip_says():
    """Rigid-plastic single slip: F = R (I + gamma s n^T), lines along x stay along x."""
    k = (1.0, 5.0, 1.0)
    study = make_study(
        4,
        loading={"path": [[0, 0], [100, 0.06]], "outputs": 3},
        material={"rate_exponent": 50.0, "latent_ratio": 1.4, "h0_MPa": 1.0},
    )
    turn = matrix_of_euler(np.array(SINGLE_SLIP))
    schmid = turn.T @ slip_systems(study.material.slip_family) @ turn
    active = schmid[np.abs(schmid[:, 1, 1]).argmax()]

    def columns(gamma):
        return (np.eye(3) + gamma * active)[:, :2].T

    def stretch(gamma):
        first, second = columns(gamma)
        return np.linalg.norm(np.cross(first, second)) / np.linalg.norm(first)

    expected = []
    for displacement in (0.02, 0.04, 0.06):
        height = 1 + displacement / 2
        gamma = brentq(lambda g, h=height: stretch(g) - h, 0, np.sign(active[1, 1]) * 0.3)
        first, second = columns(gamma)
        normal = np.cross(first, second)
        start = np.array([v / np.linalg.norm(v) for v in (first, normal)])
        turned = Rotation.align_vectors([[1, 0, 0], [0, 0, 1]], start)[0]
        expected.append(turned.magnitude())
    found = rotations_of(problem_of(study, single_crystal(4, SINGLE_SLIP)), k)
    assert expected[-1] > 0.015
    np.testing.assert_allclose(found, expected, rtol=0.03)


def test_agrees_with_the_polar_decomposition_of_a_driven_point():
    """Fe maps the columns of Fp to those of F, Fe^T Fe = I + 2 Ee; scipy decomposes it."""
    study = make_study(4, solver=TIGHT, loading={"outputs": 1})
    problem = AffineProblem(study, single_crystal(4, GENERAL))
    k, material = study.sampling.centre, study.material
    size = problem.micro.size[0]
    h, crss = hardening_modulus(material, k, size), initial_crss(k, size)
    point = MaterialPoint(make_law(material, 1e-12), GENERAL, h, crss)
    for time in np.linspace(0, 1, 2001)[1:]:
        f = np.eye(2) + time * AFFINE
        c = f.T @ f
        assert point.advance(np.array([c[0, 0], c[1, 1], c[0, 1]]), 0.05)
    stress = point.columns.T @ point.stress[[[0, 2], [2, 1]]] @ point.columns
    stiffness = (material.c11_MPa - material.c12_MPa) * np.eye(3) + material.c12_MPa
    elastic = stress / (2 * material.c44_MPa)
    np.fill_diagonal(elastic, np.linalg.solve(stiffness, np.diag(stress)))
    metric = np.eye(3) + 2 * elastic
    third = np.cross(*point.columns)
    basis = np.column_stack([*point.columns, third])
    image = np.zeros((3, 3))
    image[:2, :2] = f
    image[:2, 2] = np.linalg.solve(f.T, point.columns @ metric @ third)
    image[2, 2] = np.sqrt(third @ metric @ third - image[:2, 2] @ image[:2, 2])
    rotation = polar(image @ np.linalg.inv(basis))[0] @ matrix_of_euler(np.array(GENERAL))
    expected = Rotation.from_matrix(rotation).magnitude()
    assert expected > 5e-3
    assert rotations_of(problem) == pytest.approx([expected], abs=1e-5)
