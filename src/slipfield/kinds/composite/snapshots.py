"""Build the reduced model of a cell from a few of its solutions."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev

from slipfield.kinds.composite.cell import AXIAL, Cell, Fields
from slipfield.kinds.composite.reduced import ReducedModel

ORDERS = 14
"""Chebyshev points in the fraction."""

DEPENDENT = 1e-11
"""Share of the largest singular value below which a direction of the basis is rounding."""


MARGIN = 1e-3
"""Half of the range of fractions, over the fraction, where one alone is asked for."""


def fraction_range(bounds: np.ndarray) -> tuple[float, float]:
    """Range of fractions of a reduced model over bounds (2, 5): never of no width."""
    low, high = map(float, bounds[:, 4])
    margin = MARGIN * min(low, 1 - low) if low == high else 0.0
    return low - margin, high + margin


def build(cell: Cell, points: np.ndarray, fractions: tuple[float, float]) -> ReducedModel:
    """Reduced model from solutions at parameters (n, 5), for a range of fractions.

    Costs one solution of the cell for each point, and one assembly for each Chebyshev point.
    """
    fluctuations: list[list[np.ndarray]] = [[], [], []]
    for point in points:
        solved = cell.solve(point)
        start = cell.uniform()
        fluctuations[0].append(solved.normal[1:] - start.normal[1:])
        fluctuations[1].append(solved.shear - start.shear)
        fluctuations[2].append(solved.axial - start.axial)
    normal, shear, axial = (_orthonormal(np.concatenate(parts)) for parts in fluctuations)
    low, high = fractions
    nodes = chebyshev.chebpts1(ORDERS)
    samples: tuple[list[np.ndarray], ...] = ([], [], [])
    strains = np.concatenate([AXIAL, np.zeros(len(normal))])
    for node in nodes:
        cell.grams((low + high + node * (high - low)) / 2)
        start = cell.uniform()
        fields = Fields(
            np.concatenate([start.normal, normal]),
            np.concatenate([start.shear, shear]),
            np.concatenate([start.axial, axial]),
        )
        for kept, part in zip(samples, cell.products(fields, strains), strict=True):
            kept.append(part)
    inverse = np.linalg.inv(chebyshev.chebvander(nodes, ORDERS - 1))
    normal, shear, axial = (np.tensordot(inverse, np.array(kept), 1) for kept in samples)
    return ReducedModel((low, high), normal, shear, axial, len(points))


def _orthonormal(fields: np.ndarray) -> np.ndarray:
    """Orthonormal span (k, ...) of fields (m, ...)."""
    _, size, directions = np.linalg.svd(fields.reshape(len(fields), -1), full_matrices=False)
    kept = directions[size > DEPENDENT * size[0]]
    return kept.reshape(-1, *fields.shape[1:])
