"""Solves with a factor against dense ones."""

import numpy as np
import pytest

from slipfield.kinds.slip.fem.cholesky import Cholesky
from slipfield.kinds.slip.fem.schur import lower_times_transpose

ACROSS = 13


def stiffness():
    """Entries (rows, columns, values) of the upper triangle of a grid's matrix, two a node."""
    rng = np.random.default_rng(4)
    size = 2 * ACROSS**2
    matrix = np.zeros((size, size))
    node = np.arange(ACROSS**2).reshape(ACROSS, ACROSS)
    for i in range(ACROSS - 1):
        for j in range(ACROSS - 1):
            cell = node[i : i + 2, j : j + 2].ravel()
            dofs = np.stack([2 * cell, 2 * cell + 1], axis=1).ravel()
            part = rng.normal(size=(8, 8))
            matrix[np.ix_(dofs, dofs)] += part @ part.T + 0.1 * np.eye(8)
    rows, columns = np.nonzero(np.triu(matrix))
    return matrix, rows, columns


@pytest.mark.parametrize(("precision", "error"), [("double", 1e-11), ("single", 1e-3)])
def test_any_number_of_right_hand_sides_is_solved_like_by_a_dense_factor(precision, error):
    matrix, rows, columns = stiffness()
    factor = Cholesky(len(matrix), rows, columns, precision)
    factor.factorise(matrix[rows, columns])
    lower = np.linalg.cholesky(matrix)
    rights = np.random.default_rng(5).normal(size=(9, len(matrix)))
    for count in range(1, 10):
        given = rights[:count]
        for found, by in (
            (factor.solve(given), matrix),
            (factor.solve_triangle(given, transposed=False), lower),
            (factor.solve_triangle(given, transposed=True), lower.T),
        ):
            expected = np.linalg.solve(by, given.T).T
            assert np.linalg.norm(found - expected) < error * np.linalg.norm(expected)
    np.testing.assert_array_equal(rights, np.random.default_rng(5).normal(size=rights.shape))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lower_triangle_times_its_transpose_leaves_the_triangle_as_it_was(dtype):
    lower = np.tril(np.random.default_rng(6).normal(size=(7, 7))).astype(dtype)
    kept = lower.copy()
    found = lower_times_transpose(lower)
    np.testing.assert_allclose(found, np.tril(kept @ kept.T), atol=100 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(lower, kept)
