"""Nodes of the mapped mesh, and the bilinear weights of its nodes at points of the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from slipfield.core.files import open_netcdf


@dataclass(frozen=True)
class Mesh:
    """Nodes of the mapped mesh: (ny + 1, nx + 1) mm."""

    x: np.ndarray
    y: np.ndarray

    @classmethod
    def read(cls, microstructure: Path) -> Mesh:
        """Nodes of a microstructure file."""
        with open_netcdf(microstructure) as data:
            return cls(data["x_mm"].values, data["y_mm"].values)

    @property
    def shape(self) -> tuple[int, int]:
        """Nodes along y and x."""
        return self.x.shape

    @cached_property
    def positions(self) -> np.ndarray:
        """Positions (nodes, 2), mm."""
        return np.column_stack([self.x.ravel(), self.y.ravel()])


def bilinear_weights(mesh: Mesh, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, csr_matrix]:
    """Which points (n,) lie on the mesh, and the weights (inside, nodes) of its nodes there.

    The mesh is mapped along x only: its rows are level and evenly divided.
    """
    rows, columns = mesh.shape
    heights = mesh.y[:, 0]
    eta = y / heights[-1] * (rows - 1)
    left, right = (np.interp(y, heights, mesh.x[:, column]) for column in (0, -1))
    xi = (x - left) / (right - left) * (columns - 1)
    slack = 1e-6
    inside = (eta >= -slack) & (eta <= rows - 1 + slack)
    inside &= (xi >= -slack) & (xi <= columns - 1 + slack)
    xi, eta = np.clip(xi[inside], 0, columns - 1), np.clip(eta[inside], 0, rows - 1)
    column, row = (np.minimum(v.astype(int), n - 2) for v, n in ((xi, columns), (eta, rows)))
    s, t = xi - column, eta - row
    first = row * columns + column
    nodes = np.stack([first, first + 1, first + columns, first + columns + 1], axis=1)
    weights = np.stack([(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t], axis=1)
    index = np.repeat(np.arange(len(first)), 4)
    shape = len(first), rows * columns
    return inside, csr_matrix((weights.ravel(), (index, nodes.ravel())), shape=shape)
