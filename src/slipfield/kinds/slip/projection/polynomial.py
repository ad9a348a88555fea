"""Polynomials of total degree in three variables on [-1, 1]^3, as products of Legendre ones."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.polynomial import legendre


def exponents(degree: int) -> np.ndarray:
    """List the degrees along the three variables, (terms, 3), constant term first."""
    found = [row for row in product(range(degree + 1), repeat=3) if sum(row) <= degree]
    return np.array(sorted(found, key=lambda row: (sum(row), row)))


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
        slopes = legendre.legvander(points, degree - 1) @ legendre.legder(np.eye(degree + 1))
    i, j, k = exponents(degree).T
    columns = []
    for along in range(3):
        factors = [slopes if axis == along else values for axis in range(3)]
        columns.append(factors[0][:, 0, i] * factors[1][:, 1, j] * factors[2][:, 2, k])
    return np.stack(columns, axis=-1)
