"""Crystal orientations: Bunge angles, the passive matrix sample -> crystal, random draws.

The matrix is written out in docs/conventions.md.
"""

from __future__ import annotations

import numpy as np

TURN = 2 * np.pi


def matrix_of_euler(euler: np.ndarray) -> np.ndarray:
    """Passive matrix H, sample -> crystal, of Bunge angles (paper, Eq. 15).

    Parameters
    ----------
    euler : (..., 3) phi1, Phi, phi2, rad.

    Returns
    -------
    (..., 3, 3); a vector with sample components v has crystal components H v.
    """
    c1, c, c2 = np.moveaxis(np.cos(euler), -1, 0)
    s1, s, s2 = np.moveaxis(np.sin(euler), -1, 0)
    rows = (
        (c1 * c2 - s1 * s2 * c, s1 * c2 + c1 * s2 * c, s2 * s),
        (-c1 * s2 - s1 * c2 * c, -s1 * s2 + c1 * c2 * c, c2 * s),
        (s1 * s, -c1 * s, c),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def euler_of_matrix(matrix: np.ndarray) -> np.ndarray:
    """Bunge angles (..., 3), rad, of a passive matrix (..., 3, 3).

    phi1 and phi2 lie in [0, 2 pi), Phi in [0, pi]; phi2 is 0 where Phi is 0 or pi.
    """
    sine = np.hypot(matrix[..., 2, 0], matrix[..., 2, 1])
    angle = np.arctan2(sine, matrix[..., 2, 2])
    regular = sine > 1e-12
    phi1 = np.where(
        regular,
        np.arctan2(matrix[..., 2, 0], -matrix[..., 2, 1]),
        np.arctan2(matrix[..., 0, 1], matrix[..., 0, 0]),
    )
    phi2 = np.where(regular, np.arctan2(matrix[..., 0, 2], matrix[..., 1, 2]), 0.0)
    return np.stack((phi1 % TURN, angle, phi2 % TURN), axis=-1)


def draw_orientations(kind: str, count: int, random: np.random.Generator) -> np.ndarray:
    """Random Bunge angles (count, 3), rad.

    ``euler_uniform``: three uniform angles on [0, 2 pi), as published, which favours Phi near 0
    and pi. ``so3_uniform``: uniform rotations, that is uniform phi1, phi2 and cos(Phi).
    """
    draw = random.random((count, 3))
    euler = TURN * draw
    if kind == "so3_uniform":
        euler[:, 1] = np.arccos(1 - 2 * draw[:, 1])
    return euler
