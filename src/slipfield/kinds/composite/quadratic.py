"""Quadratic response surfaces, and the central composite design that they are fitted on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from slipfield.kinds.composite.constants import CONSTANTS

PAIRS = tuple(itertools.combinations(range(5), 2))
"""Interactions in the order of their coefficients."""

TERMS = 21


def terms(points: np.ndarray) -> np.ndarray:
    """Terms (n, 21): 1, the parameters, their products, their squares."""
    products = [points[:, i] * points[:, j] for i, j in PAIRS]
    return np.column_stack([np.ones(len(points)), points, *products, points**2])


def central_composite(bounds: np.ndarray) -> np.ndarray:
    """Face-centred central composite design: corners, face centres, centre.

    (43, 5) where all five parameters have a range; 2^k + 2k + 1 points where k of them have one.
    """
    middle = bounds.mean(axis=0)
    ends = [np.unique(pair) for pair in bounds.T]
    corners = np.array(list(itertools.product(*ends)))
    faces = [
        np.where(np.arange(5) == k, end, middle)
        for k, pair in enumerate(ends)
        if len(pair) == 2
        for end in pair
    ]
    return np.vstack([corners, *faces, middle])


@dataclass(frozen=True)
class Quadratic:
    """A quadratic surface of one constant.

    Attributes
    ----------
    coefficients : (21,) of :func:`terms`.  name : the constant.
    """

    coefficients: np.ndarray
    name: str = "C22"

    @classmethod
    def fit(cls, points: np.ndarray, values: np.ndarray, name: str = "C22") -> Quadratic:
        """Least squares."""
        return cls(np.linalg.lstsq(terms(points), values, rcond=None)[0], name)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Values (n,) at points (n, 5)."""
        return terms(np.atleast_2d(points)) @ self.coefficients

    def values(self, points: np.ndarray) -> np.ndarray:
        """As a model of designs: values (n, 12), 0 for other constants."""
        values = np.zeros((len(np.atleast_2d(points)), len(CONSTANTS)))
        values[:, CONSTANTS.index(self.name)] = self(points)
        return values

    def constants(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As a model of designs: values (n, 12) and gradients (n, 12, 5)."""
        points = np.atleast_2d(points)
        values = self.values(points)
        gradients = np.zeros((*values.shape, 5))
        number = CONSTANTS.index(self.name)
        gradient = gradients[:, number]
        gradient += self.coefficients[1:6] + 2 * self.coefficients[16:] * points
        for (i, j), weight in zip(PAIRS, self.coefficients[6:16], strict=True):
            gradient[:, i] += weight * points[:, j]
            gradient[:, j] += weight * points[:, i]
        return values, gradients


@dataclass(frozen=True)
class Quality:
    """How well a surface fits.

    Attributes
    ----------
    r2 : of the fitted points.  sigma : standard error of the estimate.
    leave_one_out : sum of squares of the residuals that each point has without itself.
    """

    r2: float
    sigma: float
    leave_one_out: float


def quality(points: np.ndarray, values: np.ndarray) -> Quality:
    """Quality of the quadratic surface fitted to points (n, 5)."""
    matrix = terms(points)
    residual = values - Quadratic.fit(points, values)(points)
    leverage = np.sum(np.linalg.qr(matrix / np.abs(matrix).max(axis=0))[0] ** 2, axis=1)
    squares = float(residual @ residual)
    return Quality(
        r2=1 - squares / float(((values - values.mean()) ** 2).sum()),
        sigma=float(np.sqrt(squares / (len(values) - TERMS))),
        leave_one_out=float(((residual / (1 - leverage)) ** 2).sum()),
    )
