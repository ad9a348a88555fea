"""Polynomials of total degree in three variables on [-1, 1]^3, as products of Legendre ones."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from numpy.polynomial import legendre


@lru_cache
def exponents(degree: int) -> np.ndarray:
    """List the degrees along the three variables, (terms, 3), constant term first; read only."""
    found = [row for row in product(range(degree + 1), repeat=3) if sum(row) <= degree]
    terms = np.array(sorted(found, key=lambda row: (sum(row), row)))
    terms.flags.writeable = False
    return terms


def term_count(degree: int) -> int:
    """Count the terms of total degree at most ``degree``."""
    return (degree + 1) * (degree + 2) * (degree + 3) // 6


def basis(points: np.ndarray, degree: int) -> np.ndarray:
    """Evaluate all terms at ``points`` (n, 3): (n, terms)."""
    values = legendre.legvander(points, degree)
    i, j, k = exponents(degree).T
    return values[:, 0, i] * values[:, 1, j] * values[:, 2, k]


def gradient(points: np.ndarray, degree: int) -> np.ndarray:
    """Give the derivatives of all terms along the three variables: (n, terms, 3)."""
    values = legendre.legvander(points, degree)
    slopes = np.zeros_like(values)
    if degree:
        slopes = legendre.legvander(points, degree - 1) @ _derivatives(degree)
    i, j, k = exponents(degree).T
    columns = []
    for along in range(3):
        factors = [slopes if axis == along else values for axis in range(3)]
        columns.append(factors[0][:, 0, i] * factors[1][:, 1, j] * factors[2][:, 2, k])
    return np.stack(columns, axis=-1)


@lru_cache
def _derivatives(degree: int) -> np.ndarray:
    """Coefficients (degree, degree + 1) of the derivatives of the Legendre polynomials."""
    return legendre.legder(np.eye(degree + 1))
