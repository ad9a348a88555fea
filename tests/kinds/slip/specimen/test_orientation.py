"""Bunge angles, the passive matrix and the random draws."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import kstest

from slipfield.kinds.slip.specimen.orientation import (
    draw_orientations,
    euler_of_matrix,
    matrix_of_euler,
)

ANGLES = 2 * np.pi * np.random.default_rng(0).random((200, 3))


def test_against_scipy():
    """Passive matrix = transpose of the active intrinsic Z-X'-Z'' rotation."""
    active = Rotation.from_euler("ZXZ", ANGLES).as_matrix()
    assert matrix_of_euler(ANGLES) == pytest.approx(active.swapaxes(1, 2), abs=1e-14)


def test_against_orix():
    """The orientation library of the field uses the same convention."""
    quaternion = pytest.importorskip("orix.quaternion")
    folded = euler_of_matrix(matrix_of_euler(ANGLES))
    theirs = quaternion.Orientation.from_euler(folded).to_matrix()
    assert matrix_of_euler(folded) == pytest.approx(theirs, abs=1e-12)


def test_quarter_turns():
    """phi1 = 90 deg: the crystal's first axis lies along the sample's y."""
    matrix = matrix_of_euler(np.array([np.pi / 2, 0, 0]))
    assert matrix @ [0, 1, 0] == pytest.approx([1, 0, 0], abs=1e-15)
    matrix = matrix_of_euler(np.array([0, np.pi / 2, 0]))
    assert matrix @ [0, 0, 1] == pytest.approx([0, 1, 0], abs=1e-15)


def test_matrices_are_rotations():
    """Orthogonal with determinant one."""
    matrix = matrix_of_euler(ANGLES)
    assert matrix @ matrix.swapaxes(1, 2) == pytest.approx(np.tile(np.eye(3), (200, 1, 1)))
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_round_trip_with_singular_angles():
    """Angles -> matrix -> angles -> the same matrix, also where Phi is 0 or pi."""
    angles = np.concatenate((ANGLES, [[0.3, 0, 0.4], [0.3, np.pi, 0.4], [0, 0, 0]]))
    matrix = matrix_of_euler(angles)
    back = euler_of_matrix(matrix)
    assert matrix_of_euler(back) == pytest.approx(matrix, abs=1e-12)
    assert np.all((back >= 0) & (back <= 2 * np.pi)) and np.all(back[:, 1] <= np.pi)


def test_uniform_rotations():
    """Uniform cos(Phi), squared entries of mean 1/3, uniform turns of every sample axis."""
    euler = draw_orientations("so3_uniform", 20_000, np.random.default_rng(1))
    assert kstest(np.cos(euler[:, 1]), "uniform", (-1, 2)).pvalue > 0.01
    matrix = matrix_of_euler(euler)
    assert (matrix**2).mean(axis=0) == pytest.approx(np.full((3, 3), 1 / 3), abs=0.008)
    assert matrix.mean(axis=0) == pytest.approx(np.zeros((3, 3)), abs=0.015)
    for row, column in np.ndindex(3, 3):
        assert kstest(matrix[:, row, column], "uniform", (-1, 2)).pvalue > 1e-3


def test_published_draw():
    """Three uniform angles: each uniform on [0, 2 pi), so rotations favour Phi near 0 and pi."""
    euler = draw_orientations("euler_uniform", 20_000, np.random.default_rng(2))
    for column in euler.T:
        assert kstest(column, "uniform", (0, 2 * np.pi)).pvalue > 0.01
    assert (np.cos(euler[:, 1]) ** 2).mean() == pytest.approx(1 / 2, abs=0.01)
