"""The whole cell in three dimensions with periodic displacements: no symmetry is used.

A slice of the composite of one fibre spacing in the plane; opposite faces move alike up to the
macroscopic strain. Hexahedra with the node positions of the quarter cell's mesh, mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence

import basix
import basix.ufl
import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI

from slipfield.kinds.composite.effective import phase_moduli
from slipfield.kinds.composite.geometry import CELLS, FIBRE, MATRIX, make_nodes
from slipfield.kinds.composite.mesh import LAGRANGE

THICKNESS = 0.25
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
ROUND = 9


def _mesh(fraction: float, degree: int) -> tuple[mesh.Mesh, mesh.MeshTags]:
    """Hexahedra of the square array's cell; the fibre runs along the first coordinate."""
    line = basix.ufl.element("Lagrange", "hexahedron", degree, shape=(3,), **LAGRANGE)
    reference = basix.ufl.element("Lagrange", "hexahedron", degree, **LAGRANGE).basix_element.points
    nodes = make_nodes("square", False, np.ascontiguousarray(reference[:, 1:]))
    plane = nodes.at(CELLS["square"].radius(fraction))[nodes.cells]  # (cells, nodes, 2)
    corners = [plane * np.array(sign) for sign in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    along = np.broadcast_to(THICKNESS * reference[:, 0], plane.shape[:2])
    points = np.concatenate([np.dstack([along, quarter]) for quarter in corners])
    flat = points.reshape(-1, 3)
    _, first, cells = np.unique(
        np.round(flat, ROUND) + 0.0, axis=0, return_index=True, return_inverse=True
    )
    grid = mesh.create_mesh(
        MPI.COMM_SELF, cells.reshape(len(points), -1).astype(np.int64), flat[first], line
    )
    phase = np.tile(nodes.phase, 4)[grid.topology.original_cell_index]
    return grid, mesh.meshtags(grid, 3, np.arange(len(phase), dtype=np.int32), phase)


def _strain(u: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
    return ufl.sym(ufl.grad(u))


def _images(points: np.ndarray) -> np.ndarray:
    """Number, for every node, of the one that stands for all its periodic images."""
    period = np.array([THICKNESS, 1.0, 1.0])
    low = points.min(axis=0)
    cell = np.round(np.mod(np.round(points - low, ROUND), period), ROUND)
    return np.unique(cell + 0.0, axis=0, return_inverse=True)[1]


def periodic_stiffness(parameters: Sequence[float], degree: int = 3) -> np.ndarray:
    """Stiffness (6, 6) of the square array in Voigt order 11, 22, 33, 23, 13, 12.

    Parameters
    ----------
    parameters : em, num, ef, nuf, fraction.  degree : of shape functions and curved cells.
    """
    grid, tags = _mesh(parameters[4], degree)
    space = fem.functionspace(
        grid, basix.ufl.element("Lagrange", "hexahedron", degree, shape=(3,), **LAGRANGE)
    )
    dx = ufl.Measure("dx", grid, subdomain_data=tags, metadata={"quadrature_degree": 2 * degree})
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    moduli, _ = phase_moduli(parameters, 2)
    energy = sum(
        (
            fem.Constant(grid, lam) * ufl.tr(_strain(u)) * ufl.tr(_strain(v))
            + 2 * fem.Constant(grid, mu) * ufl.inner(_strain(u), _strain(v))
        )
        * dx(tag)
        for tag, (lam, mu) in zip((MATRIX, FIBRE), moduli, strict=True)
    )
    matrix = fem.assemble_matrix(fem.form(energy)).to_scipy()
    points = space.tabulate_dof_coordinates()
    image = _images(points)
    row = np.arange(3 * len(points))
    column = (3 * image[:, None] + np.arange(3)).ravel()
    tie = scipy.sparse.csr_matrix((np.ones(len(row)), (row, column)))
    macro = np.zeros((len(row), 6))
    for k, (i, j) in enumerate(VOIGT):
        strain = np.zeros((3, 3))
        strain[i, j] = strain[j, i] = 1.0 if i == j else 0.5
        macro[:, k] = (points @ strain).ravel()
    reduced = (tie.T @ matrix @ tie).tocsc()
    right = -(tie.T @ (matrix @ macro))
    solve = scipy.sparse.linalg.splu(reduced[3:, 3:])  # one node is held
    fluctuation = np.zeros((tie.shape[1], 6))
    fluctuation[3:] = solve.solve(right[3:])
    total = macro + tie @ fluctuation
    return total.T @ (matrix @ total) / THICKNESS
