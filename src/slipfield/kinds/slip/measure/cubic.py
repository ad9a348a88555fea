"""Orientations under cubic symmetry as quaternions: misorientation and mean.

A quaternion (scalar first) stands for the matrix H of docs/conventions.md, sample -> crystal; a
rotation s of the crystal makes it s q.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from scipy.spatial.transform import Rotation

from slipfield.kinds.slip.specimen.orientation import euler_of_matrix


def _rotations() -> np.ndarray:
    """The 24 rotations of a cube, (24, 4)."""
    axes = list(np.eye(4))
    edges = [
        sum(sign * np.eye(4)[i] for sign, i in zip((1, second), pair, strict=True)) / np.sqrt(2)
        for pair in combinations(range(4), 2)
        for second in (1, -1)
    ]
    corners = [0.5 * np.array([1.0, *signs]) for signs in product((1, -1), repeat=3)]
    return np.array([*axes, *edges, *corners])


def _left(q: np.ndarray) -> np.ndarray:
    """Matrices (..., 4, 4) that multiply a quaternion from the left by ``q`` (..., 4)."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    rows = ((w, -x, -y, -z), (x, w, -z, y), (y, z, w, -x), (z, -y, x, w))
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


ROTATIONS = _rotations()
LEFT = _left(ROTATIONS)


def quaternions(euler: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., 4) of Bunge angles (..., 3), rad."""
    half_sum = 0.5 * (euler[..., 0] + euler[..., 2])
    half_difference = 0.5 * (euler[..., 0] - euler[..., 2])
    cosine, sine = np.cos(0.5 * euler[..., 1]), np.sin(0.5 * euler[..., 1])
    return np.stack(
        [
            cosine * np.cos(half_sum),
            -sine * np.cos(half_difference),
            -sine * np.sin(half_difference),
            -cosine * np.sin(half_sum),
        ],
        axis=-1,
    )


def misorientation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Smallest rotation angle (n,), rad, between crystals of quaternions (n, 4).

    Of the 24 equivalents of the rotation between them, that with the largest scalar part, in closed
    form (H. Grimmer, Acta Cryst. A30, 685, 1974).
    """
    w1, x1, y1, z1 = first.T
    w2, x2, y2, z2 = second.T
    between = np.abs(
        [
            w1 * w2 + x1 * x2 + y1 * y2 + z1 * z2,
            x1 * w2 - w1 * x2 - y1 * z2 + z1 * y2,
            y1 * w2 - w1 * y2 - z1 * x2 + x1 * z2,
            z1 * w2 - w1 * z2 - x1 * y2 + y1 * x2,
        ]
    )
    third, last = np.sort(between, axis=0)[2:]
    scalar = np.maximum(last, np.maximum((third + last) / np.sqrt(2), 0.5 * between.sum(axis=0)))
    return 2 * np.arccos(np.minimum(scalar, 1.0))


def mean_orientations(euler: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Mean orientation of every grain under cubic symmetry: Bunge angles (grains, 3), rad.

    The mean quaternion is the first eigenvector of the sum of outer products (Markley et al.,
    J. Guid. Control Dyn. 30, 2007), of the equivalents nearest to one pixel of the grain.

    Parameters
    ----------
    euler : (n, 3) of pixels that have an orientation.
    grain : (n,) their grains, each number from 0 at least once.
    """
    order = np.argsort(grain, kind="stable")
    ends = np.cumsum(np.bincount(grain))
    moment = np.empty((len(ends), 4, 4))
    for number, pixels in enumerate(np.split(quaternions(euler[order]), ends[:-1])):
        # s q is nearest to the first pixel p where q is nearest to the inverse of s times p.
        turned = np.swapaxes(LEFT, 1, 2) @ pixels[0]
        nearest = np.abs(pixels @ turned.T).argmax(axis=1)
        moment[number] = 0.0
        for rotation in np.unique(nearest):
            of_one = pixels[nearest == rotation]
            left = LEFT[rotation]
            moment[number] += left @ (of_one.T @ of_one) @ left.T
    mean = np.linalg.eigh(moment)[1][:, :, -1]
    return euler_of_matrix(Rotation.from_quat(mean, scalar_first=True).as_matrix())
