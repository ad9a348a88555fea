"""What the point states mean: strain, stress, slip, crss and lattice rotation of every cell."""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.crystal.law import SYSTEMS, Parameters, initial_crss
from slipfield.kinds.slip.fem.state import PointStates
from slipfield.kinds.slip.fem.stepping import Problem
from slipfield.kinds.slip.fem.strain import strain


def deformation_gradient(problem: Problem, u: np.ndarray) -> np.ndarray:
    """In-plane F (cells, points, 2, 2) on this rank for displacements u (2 * nodes,), mm."""
    blocks, cells = problem.blocks, problem.sheet.cells
    gradients = blocks.collect(blocks.gradients).reshape(len(cells), blocks.points, -1, 2)
    return np.eye(2) + np.einsum("eni,eqnj->eqij", u.reshape(-1, 2)[cells], gradients)


class PointFields:
    """Fields of one sample at the points (cells, points, ...) of this rank, after a step.

    For pictures: at every output they would cost as much as the sample. A number for every output
    belongs into the kernel.

    Parameters
    ----------
    problem : the specimen.
    points : states of the sample.
    k : k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    u : (2 * nodes,) displacements in mm, ghosts up to date.
    """

    def __init__(self, problem: Problem, points: PointStates, k: Parameters, u: np.ndarray):
        collect = problem.blocks.collect
        self.problem, self.k = problem, k
        self.law, self.size = points.law, points.grain_size
        self.gradient = deformation_gradient(problem, u)
        shape = self.gradient.shape[:2]
        self.crss = collect(points.start["g"])
        self._h = collect(points.h)[..., 0]
        self._columns = np.swapaxes(collect(points.start["a"]).reshape(*shape, 2, 3), -1, -2)
        self._stress = collect(points.start["s"])[..., [[0, 2], [2, 1]]]
        self._rotation = problem.blocks.zeros(3)
        points.lattice_rotation(u, self._rotation)

    def strain(self) -> np.ndarray:
        """Strain (..., 3) = xx, yy, xy in the study's measure."""
        return strain(self.gradient - np.eye(2), self.problem.study.solver.strain_measure)

    def crystal_stress(self) -> np.ndarray:
        """Elastic stress Se (..., 3, 3) in crystal axes, MPa."""
        return self._columns @ self._stress @ np.swapaxes(self._columns, -1, -2)

    def elastic_strain(self) -> np.ndarray:
        """Elastic Green-Lagrange strain Ee (..., 3, 3) in crystal axes."""
        law, stress = self.law, self.crystal_stress()
        trace = np.trace(stress, axis1=-2, axis2=-1)[..., None, None]
        shear = np.where(np.eye(3, dtype=bool), law.s11 - law.s12, 0.5 * law.s44)
        return shear * stress + law.s12 * trace * np.eye(3)

    def cauchy_stress(self) -> np.ndarray:
        """Cauchy stress (..., 3) = xx, yy, xy in MPa; plastic flow keeps the volume."""
        stretch = np.eye(3) + 2 * self.elastic_strain()
        volume = np.sqrt(np.linalg.det(stretch))[..., None, None]
        full = self.gradient @ self._stress @ np.swapaxes(self.gradient, -1, -2) / volume
        return np.stack([full[..., 0, 0], full[..., 1, 1], full[..., 0, 1]], axis=-1)

    def accumulated_slip(self) -> np.ndarray:
        """Sum of |slip| over the twelve systems and time (...); NaN without hardening.

        The hardening law gives it: the crss of all systems grow by h (1 + 11 q) times this sum.
        """
        start = initial_crss(self.k, self.size)[:, None, None]
        growth = (self.crss - start).mean(axis=-1)
        modulus = self._h * (1 + 11 * self.law.latent) / SYSTEMS
        return np.divide(growth, modulus, out=np.full_like(growth, np.nan), where=modulus > 0)

    def lattice_rotation(self) -> np.ndarray:
        """Rotation vector (..., 3) of the lattice since the start, rad, in sample axes."""
        return self.problem.blocks.collect(self._rotation)


def mean_lattice_rotation(problem: Problem, points: PointStates, u: np.ndarray) -> float:
    """Mean rotation angle of the lattice since the start over the sheet's volume, rad. Collective.

    Parameters
    ----------
    problem : the specimen.
    points : states of the sample after a step.
    u : (2 * nodes,) displacements in mm, ghosts up to date.
    """
    local = points.lattice_rotation(u), problem.blocks.area
    total, area = problem.comm.allreduce(np.array(local))
    return float(total / area)
