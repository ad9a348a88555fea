"""Equilibrium of the specimen on DOLFINx: stress and tangent live at the quadrature points.

The weak form takes first Piola stress and tangent as fields on quadrature points, which NumPy fills
(:mod:`slipfield.kinds.curves.tension.point`). That is the pattern of dolfinx_external_operator,
without it: Debian has no package of it, and one law needs no more than this.
"""

from __future__ import annotations

from dataclasses import dataclass

import basix.ufl
import numpy as np
import ufl
from dolfinx import fem
from scipy.sparse.linalg import splu

from slipfield.kinds.curves.tension import point
from slipfield.kinds.curves.tension.point import History, Material
from slipfield.kinds.curves.tension.specimen import Cells, Geometry, make_mesh

ORDER = 2
NEWTON_STEPS = 12
ACCURACY = 1e-9
"""Largest residual force of a free node over the sum of the reactions, 1."""

NEAR_MM = 1e-9


class NoEquilibrium(Exception):
    """Newton's iteration did not converge; a smaller step may."""


@dataclass(frozen=True)
class State:
    """Displacement (degrees of freedom,), mm, history and thickness stretch of the points."""

    displacement: np.ndarray
    history: History
    thickness: np.ndarray


class Specimen:
    """Mesh and weak form of a specimen in the plane (2, plane stress) or in space (3).

    Symmetry holds at x = 0, y = 0 and z = 0; the end of the grip moves along x and keeps its width.
    """

    def __init__(self, geometry: Geometry, cells: Cells, dimension: int, finite: bool) -> None:
        self.geometry, self.dimension, self.finite = geometry, dimension, finite
        self.mesh = make_mesh(geometry, cells, dimension)
        self.space = fem.functionspace(self.mesh, ("Lagrange", ORDER, (dimension,)))
        self.displacement = fem.Function(self.space)
        self._make_forms()
        self._make_conditions()

    def _make_forms(self) -> None:
        domain, d = self.mesh, self.dimension
        degree = 2 * ORDER
        kind = domain.topology.cell_name()
        points = {"quadrature_degree": degree, "quadrature_scheme": "default"}
        measure = ufl.dx(domain, metadata=points)
        spaces = [basix.ufl.quadrature_element(kind, (d,) * n, degree=degree) for n in (2, 4)]
        self.stress, self.tangent = (
            fem.Function(fem.functionspace(domain, element)) for element in spaces
        )
        test, change = ufl.TestFunction(self.space), ufl.TrialFunction(self.space)
        i, j, k, m = ufl.indices(4)
        answer = ufl.as_tensor(self.tangent[i, j, k, m] * ufl.grad(change)[k, m], (i, j))
        self.residual_form = fem.form(ufl.inner(self.stress, ufl.grad(test)) * measure)
        self.stiffness_form = fem.form(ufl.inner(answer, ufl.grad(test)) * measure)
        self.quadrature, _ = basix.make_quadrature(domain.basix_cell(), degree)
        cells = domain.topology.index_map(domain.topology.dim).size_local
        self.cells = np.arange(cells, dtype=np.int32)
        self.points = cells * len(self.quadrature)
        self.gradient = fem.Expression(ufl.grad(self.displacement), self.quadrature)
        places = fem.Expression(ufl.SpatialCoordinate(domain), self.quadrature)
        distance = places.eval(domain, self.cells).reshape(self.points, -1)
        self.centre = int(np.argmin(np.linalg.norm(distance, axis=1)))
        self.matrix = fem.create_matrix(self.stiffness_form)

    def _make_conditions(self) -> None:
        end = self.geometry.half_length_mm
        held = [self._on(axis, 0.0, axis) for axis in range(self.dimension)]
        held.append(self._on(0, end, 1))
        self.gripped = self._on(0, end, 0)
        self.gauge = self._on(0, self.geometry.gauge_length_mm / 2, 0)
        fixed = np.unique(np.concatenate([*held, self.gripped]))
        self.free = np.setdiff1d(np.arange(self.displacement.x.array.size), fixed)
        self.fixed = fixed

    def _on(self, axis: int, at_mm: float, part: int) -> np.ndarray:
        """Degrees of freedom of displacement component ``part`` on a plane across ``axis``."""
        places = self.space.tabulate_dof_coordinates()
        nodes = np.flatnonzero(np.abs(places[:, axis] - at_mm) < NEAR_MM)
        return self.dimension * nodes + part

    def rest(self) -> State:
        """State before the test."""
        size = self.displacement.x.array.size
        history = point.virgin(self.points, self.finite)
        return State(np.zeros(size), history, np.ones(self.points))

    def solve(self, material: Material, pull_mm: float, start: State, guess: np.ndarray) -> State:
        """Equilibrium with the grip's end moved by ``pull_mm``, from the history of ``start``.

        Parameters
        ----------
        guess : displacement to begin with (degrees of freedom,), mm.

        Raises
        ------
        NoEquilibrium
            If Newton's iteration does not converge.
        """
        values = self.displacement.x.array
        values[:] = guess
        values[self.fixed] = 0.0
        values[self.gripped] = pull_mm
        thickness = start.thickness
        for _ in range(NEWTON_STEPS):
            history, thickness = self._respond(material, start.history, thickness)
            forces = fem.assemble_vector(self.residual_form).array
            self.load_N = self._load(forces)
            if not np.isfinite(forces).all():
                break
            size = np.abs(forces[self.gripped]).sum()
            if np.abs(forces[self.free]).max() <= ACCURACY * size:
                return State(values.copy(), history, thickness)
            self.matrix.set_value(0.0)
            fem.assemble_matrix(self.matrix, self.stiffness_form)
            matrix = self.matrix.to_scipy().tocsc()[self.free][:, self.free]
            values[self.free] -= splu(matrix).solve(forces[self.free])
        raise NoEquilibrium

    def _respond(
        self, material: Material, history: History, thickness: np.ndarray
    ) -> tuple[History, np.ndarray]:
        """Fill stress and tangent at the quadrature points for the present displacement."""
        d = self.dimension
        gradient = self.gradient.eval(self.mesh, self.cells).reshape(-1, d, d) + np.eye(d)
        if np.min(np.linalg.det(gradient)) <= 0:
            raise NoEquilibrium
        if d == 2:
            stress, tangent, thickness, after = point.plane_stress(
                material, gradient, thickness, history, self.finite
            )
        else:
            stress, tangent, after = point.respond(material, gradient, history, self.finite)
        self.stress.x.array[:] = stress.ravel()
        self.tangent.x.array[:] = tangent.ravel()
        return after, thickness

    def _load(self, forces: np.ndarray) -> float:
        """Load of the whole specimen, N: two halves across the width, and through the thickness."""
        through = self.geometry.thickness_mm if self.dimension == 2 else 2.0
        return float(2 * through * forces[self.gripped].sum())

    def extension(self, state: State) -> float:
        """Strain of the extensometer, 1, from the mean displacement at the gauge length's end."""
        moved = state.displacement[self.gauge].mean()
        return float(2 * moved / self.geometry.gauge_length_mm)

    def middle(self) -> tuple[float, float]:
        """Logarithmic strain, 1, and Kirchhoff stress, MPa, along the axis, nearest to the middle.

        Of the last equilibrium; at small strain, strain and stress.
        """
        d = self.dimension
        gradient = self.gradient.eval(self.mesh, self.cells).reshape(-1, d, d)[self.centre, 0, 0]
        stress = self.stress.x.array.reshape(self.points, d, d)[self.centre, 0, 0]
        if not self.finite:
            return float(gradient), float(stress)
        return float(np.log1p(gradient)), float(stress * (1 + gradient))
