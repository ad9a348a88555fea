"""Nodal displacement gradients: corner values of the cells averaged at their nodes."""

from __future__ import annotations

import numpy as np
from dolfinx import la

from slipfield.kinds.slip.fem.stepping import Problem


class NodalGradient:
    """Averages cell-corner displacement gradients at the nodes and gathers them as images."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self._sum = problem.vector(4)
        self._sum.array[:] = 0.0
        cells = problem.sheet.cells
        counts = np.bincount(cells.ravel(), minlength=problem.sheet.nodes)
        self._sum.array[:] = np.repeat(counts, 4)
        self._sum.scatter_reverse(la.InsertMode.add)
        self._counts = self._sum.array.copy()

    def image(self, u: np.ndarray) -> np.ndarray:
        """Displacement gradient of displacements (2 * nodes,), as :meth:`Sheet.image` gives it.

        (ny + 1, nx + 1, 2, 2) on rank 0, empty on the others. Collective.
        """
        problem = self.problem
        self._sum.array[:] = 0.0
        problem.blocks.corner_gradients(problem.sheet.coordinates, u, self._sum.array)
        self._sum.scatter_reverse(la.InsertMode.add)
        average = self._sum.array / self._counts
        return problem.sheet.image(average.reshape(-1, 2, 2))
