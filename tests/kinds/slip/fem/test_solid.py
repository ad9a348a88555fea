"""The solid: patch test, tangent, thin limit, locking, energy, faces, ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from slipfield.kinds.slip.fem.face import FaceGradient
from slipfield.kinds.slip.fem.point_fields import mean_lattice_rotation
from slipfield.kinds.slip.fem.solid import SolidProblem
from slipfield.kinds.slip.fem.solid_mesh import SolidMicrostructure
from slipfield.kinds.slip.fem.stepping import Stepper
from slipfield.kinds.slip.verification import solid
from slipfield.kinds.slip.verification.ranks import run_on
from slipfield.kinds.slip.verification.specimens import make_study, single_crystal


@pytest.mark.parametrize(("cells", "layers"), [(4, 3), (5, 2)])
def test_affine_surface_of_a_distorted_mesh_gives_an_affine_field(cells, layers):
    moved, stress = solid.patch_errors(cells, layers)
    assert moved < 1e-8
    assert stress < 1e-6


@pytest.mark.parametrize("dilatation", [True, False])
def test_tangent_is_the_derivative_of_the_residual(dilatation):
    assert solid.tangent_error(dilatation) < 1e-7


def test_thin_crystal_is_the_membrane_though_it_shears_across_its_thickness():
    load, strain = solid.thin_crystal(cells=6)
    assert load < 1e-3
    assert strain < 1e-3
    study = make_study(6, loading={"outputs": 1}, specimen={"thickness_mm": solid.THIN_MM})
    problem = solid.solid_of(study, single_crystal(6, solid.twofold(0.4)), 2)
    stepper = Stepper(problem, study.sampling.centre, lambda n, s: None)
    stepper.run()
    u = stepper.u.array.reshape(-1, 3)
    across = (problem.sheet.image(u) - problem.sheet.back_image(u))[..., 0] / solid.THIN_MM
    assert np.abs(across).min() > 0.005


def test_thin_polycrystal_comes_closer_to_the_membrane_on_a_finer_mesh():
    coarse, fine = solid.thin_polycrystal(12), solid.thin_polycrystal(24)
    assert 0 < fine[0] < 0.75 * coarse[0]
    assert fine[1] < coarse[1]


def test_volume_of_the_centre_keeps_hexahedra_from_locking():
    (_, plain, ours), (_, _, finer) = solid.locking_rows(cells=4, grains=6, meshes=2)
    assert finer < ours < plain
    assert plain - finer > 2 * (ours - finer)


def test_work_is_stored_and_dissipated_energy():
    energies = solid.energies_of(1e-2, cells=6, layers=2)
    assert np.abs(energies.imbalance).max() < 1e-4 * energies.external[-1]
    assert energies.dissipated[-1] > 0.9 * energies.external[-1]
    assert np.abs(np.expm1(energies.log_determinant)).max() < 1e-6


def bent_faces(cells=6, layers=2):
    study = make_study(cells)
    micro = SolidMicrostructure.columns(single_crystal(cells, (0, 0, 0), 0.2), layers, 0.3)
    return SolidProblem(study, micro, MPI.COMM_SELF)


def test_face_gradients_of_a_linear_field_are_exact_and_differ_between_faces():
    problem = bent_faces()
    x = problem.sheet.coordinates
    slope = np.array([[0.01, -0.02, 0.3], [0.03, 0.02, 0.1], [0.0, 0.5, 0.0]])
    u = x @ slope.T
    u[:, 0] += 2.0 * x[:, 1] * x[:, 2]  # du_x/dy grows with z
    front, back = (FaceGradient(problem, side).image(u.ravel()) for side in ("front", "back"))
    np.testing.assert_allclose(back, np.broadcast_to(slope[:2, :2], back.shape), atol=1e-12)
    expected = slope[:2, :2] + [[0, 2.0 * 0.3], [0, 0]]
    np.testing.assert_allclose(front, np.broadcast_to(expected, front.shape), atol=1e-12)


def test_roughness_knows_no_tilt():
    problem = bent_faces()
    x = problem.sheet.coordinates
    u = np.zeros_like(x)
    u[:, 2] = 0.1 + 0.4 * x[:, 0] - 0.2 * x[:, 1]
    face = FaceGradient(problem)
    height = problem.sheet.image(u)[..., 2]
    row, column = np.indices(height.shape)
    flat = face.roughness(u.ravel())  # a distorted mesh turns a plane into pixels a little
    u[:, 2] = 0
    assert face.roughness(u.ravel()) == 0
    bump = 1e-3 * (-1.0) ** (row + column)
    nodes = np.flatnonzero(problem.sheet.grid_position()[:, 2] == 2)
    place = problem.sheet.grid_position()[nodes]
    u[nodes, 2] = bump[place[:, 1], place[:, 0]]
    assert face.roughness(u.ravel()) == pytest.approx(1e-3, rel=1e-2)
    assert flat < 0.02


def test_lattice_of_a_body_that_turns_turns_with_it():
    problem = bent_faces(4, 1)
    points = problem.point_states(problem.study.sampling.centre)
    angle, axis = 0.3, np.array([1.0, 2.0, 2.0]) / 3
    cross = np.cross(np.eye(3), axis)
    turn = np.eye(3) - np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    u = (problem.sheet.coordinates @ (turn - np.eye(3)).T).ravel()
    assert mean_lattice_rotation(problem, points, u) == pytest.approx(angle, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "looser"), [("double", 1), ("single", 100)])
def test_two_ranks_take_the_same_steps_to_the_same_fields(tmp_path, precision, looser):
    module = "slipfield.kinds.slip.verification.solid_ranks"
    one, two = (run_on(ranks, 6, tmp_path, precision, module) for ranks in (1, 2))
    np.testing.assert_allclose(two["steps"], one["steps"], rtol=looser * 1e-6)
    np.testing.assert_allclose(two["strain"], one["strain"], atol=looser * 1e-8)
    for name in ("load", "rotation", "roughness"):
        np.testing.assert_allclose(two[name], one[name], rtol=looser * 1e-7)
