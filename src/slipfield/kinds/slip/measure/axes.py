"""Axes of measured maps: from the axes of a file into those of the specimen.

Specimen axes: x to the right, y up and along the load, z towards the viewer, origin at the lower
left corner of the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import polar

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.specimen.orientation import euler_of_matrix, matrix_of_euler

QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
DIRECTIONS = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}
FEWEST_CONTROL_POINTS = 3
LARGEST_SHEAR = 0.2


@dataclass(frozen=True)
class Axes:
    """How the axes of a file lie in the picture: where its y points, and which one is loaded.

    Attributes
    ----------
    y_axis : where y points in the picture.
    load_axis : axis that points up the specimen, as seen in the upright picture; with a sign the
        specimen hangs the other way in it.
    """

    y_axis: Literal["up", "down"] = "down"
    load_axis: Literal["x", "y", "-x", "-y"] = "y"

    @property
    def matrix(self) -> np.ndarray:
        """Matrix (2, 2) that turns components in the file's axes into specimen components."""
        upright = np.diag([1.0, -1.0 if self.y_axis == "down" else 1.0])
        return self.turn[:2, :2] @ upright

    @property
    def turn(self) -> np.ndarray:
        """Rotation (3, 3) of the upright picture into the specimen."""
        rotation = np.eye(3)
        if self.crosswise:
            rotation[:2, :2] = QUARTER_TURN
        if self.load_axis.startswith("-"):
            rotation[:2, :2] *= -1
        return rotation

    @property
    def crosswise(self) -> bool:
        """Whether rows of the file become columns of the specimen."""
        return self.load_axis.endswith("x")

    def grid(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Specimen coordinates along the two grid directions, each ascending.

        Parameters
        ----------
        x, y : (nx,), (ny,) ascending coordinates in the file's axes, mm.
        """
        first, second = (y, x) if self.crosswise else (x, y)
        sign = self.matrix.sum(axis=1)
        pairs = zip(sign, (first, second), strict=True)
        return tuple(s * v if s > 0 else (s * v)[::-1] for s, v in pairs)

    def array(self, values: np.ndarray) -> np.ndarray:
        """Values (..., ny, nx) on the file's grid, put on the grid of :meth:`grid`."""
        if self.crosswise:
            values = np.swapaxes(values, -1, -2)
        across, along = self.matrix.sum(axis=1)
        return values[..., :: int(along), :: int(across)]

    def vectors(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Specimen components of vectors, on the file's grid."""
        (a, b), (c, d) = self.matrix
        return a * u + b * v, c * u + d * v

    def tensors(self, components: np.ndarray, axis: int) -> np.ndarray:
        """Specimen components xx, yy, xy (along ``axis``) of symmetric tensors."""
        xx, yy, xy = np.moveaxis(components, axis, 0)
        (a, b), (c, d) = self.matrix
        turned = (
            a * a * xx + b * b * yy + 2 * a * b * xy,
            c * c * xx + d * d * yy + 2 * c * d * xy,
            a * c * xx + b * d * yy + (a * d + b * c) * xy,
        )
        return np.stack(turned, axis=axis)


def euler_axes(text: str) -> np.ndarray:
    """Matrix (3, 3), specimen -> reference axes of Euler angles.

    Parameters
    ----------
    text : the first two reference axes as seen in the specimen, for example ``"x,y"`` or
        ``"-y,x"``; the third is their cross product.

    Raises
    ------
    SlipfieldError
        If they are not two different axes.
    """
    names = [part.strip().lower() for part in text.split(",")]
    axes = [part.removeprefix("-").removeprefix("+") for part in names]
    if len(names) != 2 or not set(axes) <= DIRECTIONS.keys() or axes[0] == axes[1]:
        raise SlipfieldError(
            f"euler-axes: given {text!r}; expected two different axes of the specimen, "
            "for example 'x,y' or '-y,x'"
        )
    first, second = (
        np.array(DIRECTIONS[axis]) * (-1 if name.startswith("-") else 1)
        for name, axis in zip(names, axes, strict=True)
    )
    return np.stack([first, second, np.cross(first, second)])


def turn_orientations(euler: np.ndarray, specimen_to_reference: np.ndarray) -> np.ndarray:
    """Bunge angles (..., 3), rad, in specimen axes of angles that refer to other axes.

    Parameters
    ----------
    euler : (..., 3) rad, passive, reference axes -> crystal.
    specimen_to_reference : (3, 3) rotation, specimen components -> reference components.
    """
    return euler_of_matrix(matrix_of_euler(euler) @ specimen_to_reference)


def fit_affine(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float]:
    """Affine map (2, 3) of points (n, 2) onto points (n, 2), mm, and the rms distance left, mm.

    Raises
    ------
    SlipfieldError
        If there are fewer than three points or they lie on one line.
    """
    design = np.column_stack([source, np.ones(len(source))])
    if len(source) < FEWEST_CONTROL_POINTS or np.linalg.matrix_rank(design, tol=1e-9) < 3:
        raise SlipfieldError(
            f"control points: given {len(source)}; expected three or more that are not on one line"
        )
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    left = np.sqrt(np.mean(np.sum((design @ solution - target) ** 2, axis=1)))
    return check_affine(solution.T), float(left)


def check_affine(affine: np.ndarray) -> np.ndarray:
    """Return an affine map (2, 3) unless it mirrors or distorts the grain map.

    Raises
    ------
    SlipfieldError
        If it mirrors (an axis option is wrong then) or shears by more than a fifth.
    """
    affine = np.asarray(affine, dtype=float)
    linear = affine[:, :2]
    if not np.isfinite(affine).all():
        raise SlipfieldError(f"affine: given {affine.ravel().tolist()}; expected six numbers")
    if np.linalg.det(linear) <= 0:
        raise SlipfieldError(
            "affine: mirrors the grain map, so its axes are wrong; change --y-axis or --load-axis"
        )
    low, high = np.linalg.svd(linear, compute_uv=False)[::-1]
    if high / low > 1 + LARGEST_SHEAR:
        raise SlipfieldError(
            f"affine: stretches the grain map {high / low:.2f} times more one way than the other; "
            "check units and control points"
        )
    return affine


def rotation_of(affine: np.ndarray) -> np.ndarray:
    """Matrix (3, 3), specimen -> map axes, of the rotation in an affine map (2, 3)."""
    rotation, _ = polar(affine[:, :2])
    matrix = np.eye(3)
    matrix[:2, :2] = rotation.T
    return matrix
