"""Displacement gradients at cell centres from strain at nodes, by regularised least squares.

Strain at a node is the mean of its cells' corner values, as a measurement averages over a window:
between two crystals it belongs to neither, and the crystals' stresses come out wrong. The
displacement that explains all nodes' strain best, within what the grips prescribe, has gradients
at the cell centres that are sharper; two unknowns stand against three measurements a node.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

DAMPING = 0.3
"""Weight of the hourglass patterns, which nodal strain hardly sees, against a node's strain."""

GRIP_WEIGHT = 30.0
"""Weight of the grips' displacement over the spacing of the nodes against a node's strain."""

CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))
"""Corners (y, x) of a cell, counter-clockwise."""


class StrainIntegrator:
    """Least-squares displacement of one grid of nodes.

    Parameters
    ----------
    x, y : ndarray (y, x), mm
        Nodes of a mapped quadrilateral grid, row 0 at the fixed grip.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.shape = x.shape
        number = np.arange(x.size).reshape(x.shape)
        rows, columns = x.shape[0] - 1, x.shape[1] - 1
        self._cells = np.stack(
            [number[cy : rows + cy, cx : columns + cx].ravel() for cy, cx in CORNERS]
        )
        points = np.stack([x.ravel(), y.ravel()])
        self._nodal = self._nodal_gradient(points)
        self._central, self.area = self._central_gradient(points)
        spacing = float(y[1, 0] - y[0, 0])
        self._grip_weight = GRIP_WEIGHT / spacing
        self._grips = self._grip_rows(number)
        along_x, along_y = self._nodal
        half = 0.5
        self._strain = sp.bmat(
            [[along_x, None], [None, along_y], [half * along_y, half * along_x]], format="csr"
        )
        pattern = sp.csr_matrix(
            (
                np.repeat([1.0, -1.0, 1.0, -1.0], rows * columns) / (2 * spacing),
                (np.tile(np.arange(rows * columns), 4), self._cells.ravel()),
            ),
            shape=(rows * columns, x.size),
        )
        hourglass = sp.block_diag([pattern, pattern])
        normal = self._strain.T @ self._strain + DAMPING * hourglass.T @ hourglass
        self._factor = splu((normal + self._grips.T @ self._grips).tocsc())

    def _nodal_gradient(self, points: np.ndarray) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Operators d/dx and d/dy (node, node): means of the corner gradients of the cells."""
        count = np.bincount(self._cells.ravel(), minlength=points.shape[1])
        entries: list[list[tuple]] = [[], []]
        for corner, (cy, cx) in enumerate(CORNERS):
            bottom_or_top = (0, 1) if cy == 0 else (3, 2)
            left_or_right = (0, 3) if cx == 0 else (1, 2)
            edges = [(self._cells[a], self._cells[b]) for a, b in (bottom_or_top, left_or_right)]
            node = self._cells[corner]
            for part, weights in zip(entries, _gradient_weights(points, edges), strict=True):
                for (start, end), weight in zip(edges, weights, strict=True):
                    part += [
                        (node, end, weight / count[node]),
                        (node, start, -weight / count[node]),
                    ]
        return tuple(_matrix(part, (points.shape[1], points.shape[1])) for part in entries)

    def _central_gradient(
        self, points: np.ndarray
    ) -> tuple[tuple[sp.csr_matrix, sp.csr_matrix], np.ndarray]:
        """Operators d/dx and d/dy (cell, node) at the cell centres, and the cells' areas, mm^2."""
        signs = np.array([(2 * cx - 1, 2 * cy - 1) for cy, cx in CORNERS]) / 2
        edges = np.einsum("kd,ikc->dic", signs, points[:, self._cells])
        (xx, yx), (xe, ye) = edges
        area = xx * ye - yx * xe
        cell = np.arange(self._cells.shape[1])
        found = []
        for along, across in ((ye / area, -yx / area), (-xe / area, xx / area)):
            entries = [
                (cell, self._cells[k], signs[k, 0] * along + signs[k, 1] * across) for k in range(4)
            ]
            found.append(_matrix(entries, (len(cell), points.shape[1])))
        return tuple(found), area

    def _grip_rows(self, number: np.ndarray) -> sp.csr_matrix:
        """Weighted rows: u_y of the bottom and of the top edge, u_x of the bottom's middle."""
        size = number.size
        fixed = np.concatenate(
            [size + number[0], size + number[-1], [number[0, number.shape[1] // 2]]]
        )
        values = np.full(len(fixed), self._grip_weight)
        return sp.csr_matrix((values, (np.arange(len(fixed)), fixed)), shape=(len(fixed), 2 * size))

    def solve(
        self, strain: np.ndarray, top: float, start: np.ndarray | None = None, repeats: int = 2
    ) -> tuple[np.ndarray, np.ndarray]:
        """Integrate one field of Green-Lagrange strain.

        Parameters
        ----------
        strain : ndarray (3, y, x)
            Components xx, yy, xy at the nodes.
        top : float
            Displacement of the top grip, mm.
        start : ndarray (4, node), optional
            Nodal gradients of a similar field, for the quadratic part of the strain.
        repeats : int
            Solutions, each with the quadratic part of the one before.

        Returns
        -------
        central : ndarray (4, cell), nodal : ndarray (4, node)
            du_x/dx, du_x/dy, du_y/dx, du_y/dy at the cell centres and at the nodes.
        """
        columns = self.shape[1]
        prescribed = np.zeros(self._grips.shape[0])
        prescribed[columns : 2 * columns] = self._grip_weight * top
        held = self._grips.T @ prescribed
        measured = np.asarray(strain, float).reshape(3, -1)
        nodal = np.zeros((4, measured.shape[1])) if start is None else start
        for _ in range(repeats):
            a, b, c, d = nodal
            quadratic = 0.5 * np.stack([a * a + c * c, b * b + d * d, a * b + c * d])
            found = self._factor.solve(self._strain.T @ (measured - quadratic).ravel() + held)
            u = found.reshape(2, -1)
            nodal = _gradients(self._nodal, u)
        return _gradients(self._central, u), nodal


def _gradient_weights(
    points: np.ndarray, edges: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Weights of the differences along two edges that meet in a corner in d/dx and in d/dy."""
    (xx, yx), (xe, ye) = (points[:, end] - points[:, start] for start, end in edges)
    area = xx * ye - yx * xe
    return (ye / area, -yx / area), (-xe / area, xx / area)


def _gradients(operators: tuple[sp.csr_matrix, sp.csr_matrix], u: np.ndarray) -> np.ndarray:
    along_x, along_y = operators
    return np.stack([along_x @ u[0], along_y @ u[0], along_x @ u[1], along_y @ u[1]])


def _matrix(entries: list[tuple], shape: tuple[int, int]) -> sp.csr_matrix:
    rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    return sp.csr_matrix((values, (rows, columns)), shape=shape)
