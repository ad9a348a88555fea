"""The mesh is the image; loading paths; the linear solver."""

import os
import subprocess
import sys

import numpy as np
import pytest
from mpi4py import MPI
from petsc4py import PETSc
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.fem.linear import StepFailure, TangentSolver, nested_dissection
from slipfield.kinds.slip.fem.loading import LoadPath
from slipfield.kinds.slip.fem.petsc import MumpsFactor
from slipfield.kinds.slip.fem.sheet import Sheet
from slipfield.kinds.slip.fem.state import Blocks
from slipfield.kinds.slip.study import Loading
from slipfield.kinds.slip.verification.ranks import OVERSUBSCRIBE
from slipfield.kinds.slip.verification.specimens import grain_map, make_study, single_crystal

SOLVE = """
import sys
import numpy as np
from mpi4py import MPI
from slipfield.kinds.slip.fem.linear import TangentSolver
from slipfield.kinds.slip.fem.schur import SchurFactor
from slipfield.kinds.slip.fem.sheet import Sheet
from slipfield.kinds.slip.fem.state import Blocks
from slipfield.kinds.slip.verification.specimens import single_crystal

sheet = Sheet(single_crystal(8, (0, 0, 0)), MPI.COMM_WORLD)
blocks = Blocks(sheet, ("fcc", "linear"))
constrained = np.zeros(2 * sheet.nodes, bool)
constrained[2 * sheet.bottom] = constrained[2 * sheet.bottom + 1] = True
constrained[2 * sheet.top + 1] = True
solver = TangentSolver(sheet, blocks.nodes, blocks.valid, constrained)
assert isinstance(solver._factor, SchurFactor) == (sheet.comm.size > 1)
rng = np.random.default_rng(1)
matrices = rng.uniform(-1, 1, (64, 8, 8))
matrices = (matrices + np.swapaxes(matrices, 1, 2) + 8 * np.eye(8))[sheet.cell_index]
upper = matrices[:, *np.triu_indices(8)]
solver.values[: solver.triangles] = upper[blocks.order].transpose(0, 2, 1).ravel()
right = rng.uniform(-1, 1, (3, 81, 2))[:, sheet.pixel[: sheet.owned]].reshape(3, -1)
solver.factorise()
assert solver._active is solver._factor
found = solver.solve_many(right).reshape(3, -1, 2)
images = [sheet.image(values) for values in found]
if sheet.comm.rank == 0:
    np.save(sys.argv[1], images)
"""


@pytest.fixture(scope="module")
def sheet():
    return Sheet(grain_map(make_study(9, 20, specimen={"cells_y": 7})), MPI.COMM_SELF)


def test_nodes_are_the_pixels_of_the_image(sheet):
    micro = grain_map(make_study(9, 20, specimen={"cells_y": 7}))
    assert sheet.shape == (8, 10)
    image = sheet.image(sheet.coordinates)
    np.testing.assert_allclose(image[..., 0], micro.x_mm, atol=1e-14)
    np.testing.assert_allclose(image[..., 1], micro.y_mm, atol=1e-14)
    centres = sheet.coordinates[sheet.cells].mean(axis=1)[np.argsort(sheet.cell_index)]
    expected = 0.25 * sum(micro.x_mm[i : 7 + i, j : 9 + j] for i in (0, 1) for j in (0, 1))
    np.testing.assert_allclose(centres[:, 0], expected.ravel(), atol=1e-14)


def test_edges_and_pin(sheet):
    y = sheet.coordinates[:, 1]
    assert set(sheet.bottom) == set(np.flatnonzero(y == 0))
    assert set(sheet.top) == set(np.flatnonzero(y == y.max()))
    assert len(sheet.pin) == 1
    assert y[sheet.pin[0]] == 0


def test_weights_sum_to_the_area_and_gradients_to_nothing(sheet):
    gradients, weights = sheet.shape_gradients()
    corners = sheet.coordinates[sheet.cells][:, [0, 1, 3, 2]]
    x, y = corners[..., 0], corners[..., 1]
    shoelace = 0.5 * (x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)).sum()
    assert weights.sum() == pytest.approx(shoelace, rel=1e-12)
    assert np.abs(gradients.sum(axis=2)).max() < 1e-12
    reproduced = np.einsum("eqni,enj->eqij", gradients, sheet.coordinates[sheet.cells])
    np.testing.assert_allclose(reproduced, np.broadcast_to(np.eye(2), reproduced.shape), atol=1e-12)


def test_path_with_corners_between_outputs():
    path = LoadPath(Loading(path=[[0, 0], [25, 0.05], [40, 0.03], [100, 0.09]], outputs=4))
    np.testing.assert_allclose(path.outputs, [25, 50, 75, 100])
    np.testing.assert_allclose(path.targets, [25, 40, 50, 75, 100])
    assert [path.is_kink(t) for t in path.targets] == [True, True, False, False, False]
    assert [path.output_index(t) for t in path.targets] == [0, None, 1, 2, 3]
    assert path.displacement(32.5) == pytest.approx(0.04)


def test_nested_dissection_is_a_permutation():
    for shape in ((13, 21), (9, 6, 4)):
        order = nested_dissection(np.indices(shape).reshape(len(shape), -1).T)
        assert np.array_equal(np.sort(order), np.arange(np.prod(shape)))


@pytest.mark.parametrize(
    ("precision", "definite", "error"),
    [("double", True, 1e-9), ("single", True, 1e-5), ("double", False, 1e-9)],
)
def test_solver_agrees_with_scipy(precision, definite, error):
    """Random element matrices; without a positive diagonal the factorisation must fall back."""
    sheet = Sheet(single_crystal(6, (0, 0, 0)), MPI.COMM_SELF)
    blocks = Blocks(sheet, ("fcc", "linear"))
    constrained = np.zeros(2 * sheet.nodes, bool)
    constrained[2 * sheet.bottom] = constrained[2 * sheet.bottom + 1] = True
    solver = TangentSolver(sheet, blocks.nodes, blocks.valid, constrained, precision)
    rng = np.random.default_rng(1)
    matrices = rng.uniform(-1, 1, (len(sheet.cells), 8, 8))
    matrices += np.swapaxes(matrices, 1, 2) + (16 if definite else 0) * np.eye(8)
    upper = matrices[:, *np.triu_indices(8)]
    solver.values[: solver.triangles] = upper[blocks.order].transpose(0, 2, 1).ravel()
    solver.factorise()
    dofs = (2 * sheet.cells[:, :, None] + np.arange(2)).reshape(-1, 8)
    i, j = np.broadcast_arrays(dofs[:, :, None], dofs[:, None])
    full = coo_matrix((matrices.ravel(), (i.ravel(), j.ravel()))).tocsr()
    free = np.flatnonzero(~constrained)
    rights = rng.uniform(-1, 1, (3, 2 * sheet.nodes))
    expected = np.zeros_like(rights)
    for row, right in zip(expected, rights, strict=True):
        row[free] = spsolve(full[free][:, free].tocsc(), right[free])
    scale = np.abs(expected).max()
    np.testing.assert_allclose(solver.solve(rights[0]), expected[0], atol=error * scale)
    np.testing.assert_allclose(solver.solve_many(rights), expected, atol=error * scale)


def test_ranks_joined_by_a_schur_complement_agree_with_one(tmp_path):
    """Random elements with a positive diagonal; some shared nodes are fixed."""
    program = tmp_path / "solve.py"
    program.write_text(SOLVE)
    found = []
    for count in (1, 3):
        command = ["mpirun", "-n", str(count), sys.executable, program, tmp_path / f"{count}.npy"]
        subprocess.run(command, check=True, timeout=120, env=os.environ | OVERSUBSCRIBE)
        found.append(np.load(tmp_path / f"{count}.npy"))
    assert np.abs(found[0]).max() > 1e-3
    np.testing.assert_allclose(found[1], found[0], atol=1e-10 * np.abs(found[0]).max())


def test_a_tangent_without_any_factor_fails_the_step():
    sheet = Sheet(single_crystal(4, (0, 0, 0)), MPI.COMM_SELF)
    blocks = Blocks(sheet, ("fcc", "linear"))
    solver = TangentSolver(sheet, blocks.nodes, blocks.valid, np.zeros(2 * sheet.nodes, bool))
    with pytest.raises(StepFailure, match="no factor"):
        solver.factorise()


def test_an_error_of_petsc_ends_in_one_line():
    """PETSc refuses values for a matrix without a pattern: its code must not be lost."""
    rows = np.array([0, 1], np.int32)
    factor = MumpsFactor(MPI.COMM_SELF, 2, rows, rows)
    factor.matrix = PETSc.Mat().create(MPI.COMM_SELF)
    with pytest.raises(SlipfieldError, match="PETSc: MatSetValuesCOO returned error"):
        factor.factorise(np.ones(2), definite=True)
