"""Fields of a solid at its points, for ParaView."""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.crystal.solid_driver import tensor_of
from slipfield.kinds.slip.fem.point_fields import PointFields
from slipfield.kinds.slip.fem.solid import SolidProblem, SolidStates
from slipfield.kinds.slip.fem.state import aligned


class SolidFields(PointFields):
    """Fields of one sample at the points (cells, points, ...) of this rank, after a step.

    Parameters
    ----------
    problem : the specimen.
    points : states of the sample.
    k : k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    u : (3 * nodes,) displacements in mm, ghosts up to date.
    """

    def __init__(self, problem: SolidProblem, points: SolidStates, k: Parameters, u: np.ndarray):
        collect, cells = problem.blocks.collect, problem.sheet.cells
        self.problem, self.k = problem, k
        self.law, self.size = points.law, points.grain_size
        gradients = collect(problem.blocks.gradients).reshape(len(cells), -1, 8, 3)
        full = np.eye(3) + np.einsum("eni,eqnj->eqij", u.reshape(-1, 3)[cells], gradients)
        volume = np.linalg.det(full)
        theta = (volume[:, -1:] / volume[:, :-1]) ** (1 / 3)  # see hexahedra.hpp
        self.gradient = theta[..., None, None] * full[:, :-1]
        self.crss = collect(points.start["g"])
        self._h = collect(points.h)[..., 0]
        self._inverse = collect(points.start["a"]).reshape(*self.gradient.shape)
        self._stress = tensor_of(collect(points.start["s"]))
        self._rotation = aligned((*points.h.shape[:2], 3, problem.blocks.lanes))
        points.lattice_rotation(u, self._rotation)

    def strain(self) -> np.ndarray:
        """Strain (..., 3, 3) in the study's measure."""
        f = self.gradient
        measure = self.problem.study.solver.strain_measure
        if measure == "engineering":
            return 0.5 * (f + np.swapaxes(f, -1, -2)) - np.eye(3)
        green = 0.5 * (np.swapaxes(f, -1, -2) @ f - np.eye(3))
        if measure == "green_lagrange":
            return green
        values, vectors = np.linalg.eigh(2 * green)
        return np.einsum("...ik,...k,...jk->...ij", vectors, 0.5 * np.log1p(values), vectors)

    def crystal_stress(self) -> np.ndarray:
        """Elastic stress Se (..., 3, 3) in crystal axes, MPa."""
        return self._stress

    def cauchy_stress(self) -> np.ndarray:
        """Cauchy stress (..., 3, 3) in MPa."""
        elastic = self.gradient @ self._inverse
        volume = np.linalg.det(elastic)[..., None, None]
        return elastic @ self._stress @ np.swapaxes(elastic, -1, -2) / volume
