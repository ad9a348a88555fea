"""What a camera sees of a solid: displacement gradients and roughness of its faces."""

from __future__ import annotations

from typing import Literal

import numpy as np
from dolfinx import la

from slipfield.kinds.slip.fem.solid import SolidProblem

Face = Literal["front", "back"]
NEXT = ((0, 1), (0, 1), (2, 3), (2, 3)), ((0, 2), (1, 3), (0, 2), (1, 3))
"""Corners before and after each corner of a quadrilateral along its two directions."""


class FaceGradient:
    """In-plane displacement gradients at the nodes of a face, by the rule of the sheet's nodes.

    Parameters
    ----------
    problem : the specimen.
    face : 'front', z = t, which carries the grain map, or 'back', z = 0.
    """

    def __init__(self, problem: SolidProblem, face: Face = "front"):
        solid = problem.sheet
        layers, rows, columns = (size - 1 for size in solid.grid)
        layer = solid.cell_index // (rows * columns)
        upper = face == "front"
        chosen = layer == (layers - 1 if upper else 0)
        self.problem, self._image = problem, solid.image if upper else solid.back_image
        self._cells = solid.cells[chosen][:, 4:] if upper else solid.cells[chosen][:, :4]
        self._sum = problem.vector(4)
        self._before, self._after = (
            self._cells[:, np.array(NEXT)[:, :, side]] for side in (0, 1)
        )  # (cells, 2 directions, 4 corners)
        plane = solid.coordinates[:, :2]
        jacobian = plane[self._after] - plane[self._before]  # (cells, direction, corner, 2)
        self._inverse = np.linalg.inv(np.moveaxis(jacobian, 1, -2))  # dX = d(direction) inverse
        self._counts = self._total(np.ones((len(self._cells), 4, 4)))

    def _total(self, values: np.ndarray) -> np.ndarray:
        """Sum of corner values (cells, 4, 4) at the nodes, of all ranks."""
        self._sum.array[:] = 0.0
        np.add.at(self._sum.array.reshape(-1, 4), self._cells, values)
        self._sum.scatter_reverse(la.InsertMode.add)
        return self._sum.array.reshape(-1, 4).copy()

    def image(self, u: np.ndarray) -> np.ndarray:
        """Displacement gradient (ny + 1, nx + 1, 2, 2) on rank 0 for u (3 * nodes,). Collective."""
        plane = u.reshape(-1, 3)[:, :2]
        change = np.moveaxis(plane[self._after] - plane[self._before], 1, -2)
        gradient = np.swapaxes(self._inverse @ change, -1, -2)  # H_kj = du_k/dX_j
        total = self._total(gradient.reshape(-1, 4, 4))
        return self._image((total / np.maximum(self._counts, 1)).reshape(-1, 2, 2))

    def roughness(self, u: np.ndarray) -> float:
        """Root mean square of u_z about its plane over the nodes, mm; 0 off rank 0. Collective."""
        height = self._image(u.reshape(-1, 3)[:, 2])
        if not height.size:
            return 0.0
        row, column = np.indices(height.shape)
        plane = np.column_stack([np.ones(height.size), row.ravel(), column.ravel()])
        fit, *_ = np.linalg.lstsq(plane, height.ravel(), rcond=None)
        return float(np.sqrt(np.mean((height.ravel() - plane @ fit) ** 2)))
