"""A reduced basis for the cell: the exact model on the span of a few of its own solutions.

Displacements are sought among combinations of the solutions at a few parameter points, moved with
the mesh to the fraction asked for (a reduced basis; Huynh, Pichi and Rozza 2018, arXiv:1801.06553,
have a composite's unit cell among their examples). The minimum of the energy over fewer
displacements is higher: C11, C22, C44 and C55 come out too large, never too small, and C22 + C23
and C22 - C23 as well. Energies of basis displacements depend on the fraction alone; they are
interpolated in it at Chebyshev points, to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.constants import all_constants, twelve
from slipfield.kinds.composite.effective import six
from slipfield.kinds.composite.parameters import lame

CHUNK = 400
"""Points that are solved at a time: keeps the working memory at tens of MB."""


@dataclass(frozen=True)
class ReducedModel:
    """The six stiffnesses of a cell, for fractions in a range.

    Attributes
    ----------
    fractions : lower and upper end of the range.
    normal, shear, axial : (orders, phases, 2, m, m) Chebyshev coefficients in the fraction of the
        energies L and M; the first 3, 1, 1 of the m displacements are the unit loads.
    solves : solutions of the cell in the basis.
    """

    fractions: tuple[float, float]
    normal: np.ndarray
    shear: np.ndarray
    axial: np.ndarray
    solves: int

    def stiffness(self, points: np.ndarray) -> np.ndarray:
        """Stiffnesses (n, 6), GPa, at parameters (n, 5)."""
        return self.with_gradient(points, gradient=False)[0]

    def with_gradient(
        self, points: np.ndarray, gradient: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Stiffnesses (n, 6) and gradients (n, 6, 5) at parameters (n, 5).

        Raises
        ------
        SlipfieldError
            If a fraction is outside the range of the model.
        """
        points = np.atleast_2d(points)
        low, high = self.fractions
        outside = (points[:, 4] < low - 1e-12) | (points[:, 4] > high + 1e-12)
        if outside.any():
            raise SlipfieldError(
                f"fraction: given {points[outside][0, 4]:.6g}; this surrogate holds for "
                f"{low} to {high}"
            )
        starts = range(0, len(points), CHUNK)
        parts = [self._chunk(points[i : i + CHUNK], gradient) for i in starts]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _chunk(self, points: np.ndarray, gradient: bool) -> tuple[np.ndarray, np.ndarray]:
        phases = self.normal.shape[1]
        pairs = [lame(points[:, 2 * k], points[:, 2 * k + 1]) for k in range(phases)]
        moduli = np.concatenate([np.moveaxis(pair[0], 0, 1) for pair in pairs], axis=1)
        order = len(self.normal) - 1
        low, high = self.fractions
        scaled = np.clip((2 * points[:, 4] - low - high) / (high - low), -1, 1)
        basis = chebyshev.chebvander(scaled, order)
        slopes = chebyshev.chebvander(scaled, order - 1) @ _derivative(order) * 2 / (high - low)
        values, by_modulus, by_fraction = [], [], []
        for coefficients, loads in ((self.normal, 3), (self.shear, 1), (self.axial, 1)):
            found = _solve(coefficients, loads, moduli, basis, slopes, gradient)
            values.append(found[0])
            by_modulus.append(found[1])
            by_fraction.append(found[2])
        stiffness = six(*values)
        if not gradient:
            return stiffness, np.empty((len(points), 6, 0))
        gradients = np.zeros((len(points), 6, 5))
        by_moduli = six(*by_modulus)  # (n, 2 phases, 6)
        for k, (_, slope) in enumerate(pairs):
            part = by_moduli[:, 2 * k : 2 * k + 2]
            gradients[:, :, 2 * k : 2 * k + 2] = np.einsum("nkc,kqn->ncq", part, slope)
        gradients[:, :, 4] = six(*by_fraction)
        return stiffness, gradients

    def constants(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Twelve constants (n, 12) and their gradients (n, 12, 5) at parameters (n, 5)."""
        return all_constants(*self.with_gradient(points))

    def values(self, points: np.ndarray) -> np.ndarray:
        """Twelve constants (n, 12) at parameters (n, 5)."""
        return twelve(self.stiffness(points))


def _derivative(order: int) -> np.ndarray:
    """Matrix (order, order + 1) from Chebyshev coefficients to those of the derivative."""
    return np.column_stack([chebyshev.chebder(row, 1) for row in np.eye(order + 1)])


def _solve(
    coefficients: np.ndarray,
    loads: int,
    moduli: np.ndarray,
    basis: np.ndarray,
    slopes: np.ndarray,
    gradient: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mutual energies (n, loads, loads) and their derivatives in the moduli and the fraction."""
    count, m = len(moduli), coefficients.shape[-1]
    flat = coefficients.reshape(len(coefficients), -1)
    parts = (basis @ flat).reshape(count, -1, m * m)
    matrix = (moduli[:, None] @ parts).reshape(count, m, m)
    free = slice(loads, None)
    answer = np.linalg.solve(matrix[:, free, free], matrix[:, free, :loads])
    value = matrix[:, :loads, :loads] - matrix[:, :loads, free] @ answer
    if not gradient:
        return value, value, value
    full = np.concatenate([np.broadcast_to(np.eye(loads), (count, loads, loads)), -answer], axis=1)
    turned = full.transpose(0, 2, 1)
    split = parts.reshape(count, -1, m, m)
    by_modulus = turned[:, None] @ (split @ full[:, None])
    moved = (moduli[:, None] @ (slopes @ flat).reshape(count, -1, m * m)).reshape(count, m, m)
    return value, by_modulus, turned @ (moved @ full)
