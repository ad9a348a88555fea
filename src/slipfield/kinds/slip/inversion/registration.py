"""Registration: where the grain map lies on the strain maps, as the forward model sees it.

Computed strain follows the grains. If the map moves by a small field v, the strain at a place
changes by -(v . grad) E: image gradients of the computed fields are derivatives to shift, turn and
stretch of the map. A Gauss-Newton step finds them beside ln k, the map is moved, and the model runs
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.numbers import NORMAL_95
from slipfield.kinds.slip.inversion.agreement import pattern
from slipfield.kinds.slip.inversion.refine import Point, Prior, Problem
from slipfield.kinds.slip.measure.axes import rotation_of, turn_orientations
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.specimen.mesh import Mesh
from slipfield.kinds.slip.specimen.size import grain_size
from slipfield.kinds.slip.study import PARAMETERS

EXPECTED = np.array([0.05, 0.05, 0.02, 0.01, 0.01])
"""Standard deviations of a map that was laid by hand: shifts along x and y, mm; turn to the left,
rad; stretches along x and y, 1; turn and stretches about the middle of the sheet."""

LARGEST = 4.0
"""The same, in multiples, beyond which a motion is not believed."""

CLOSE = 0.1
"""Motion of the sheet's corners, in cells of the mesh, below which a map lies well."""

MOST_RUNS = 4

RECOGNISED = 0.5
"""Correlation of strain patterns below which a small motion is not what is wrong."""

STRETCHED = 0.005
"""Stretch of the map from which lengths of map or strain maps are off by more than pixels do."""

GAIN = 0.002
"""Correlation of strain patterns that a motion must gain to be made."""


@dataclass(frozen=True)
class Motion:
    """Motion of the grain map: shift (mm), turn (rad) and stretch (1) about the sheet's middle.

    Attributes
    ----------
    values, deviation : (5,) as :data:`EXPECTED` has them, and their standard deviations.
    """

    values: np.ndarray
    deviation: np.ndarray

    def affine(self, middle: np.ndarray) -> np.ndarray:
        """Affine map (2, 3) of places on the sheet, mm."""
        shift, turn, stretch = self.values[:2], self.values[2], self.values[3:]
        cosine, sine = np.cos(turn), np.sin(turn)
        linear = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag(1 + stretch)
        return np.column_stack([linear, middle + shift - linear @ middle])


@dataclass(frozen=True)
class Placed:
    """A grain map as it lies: the problem of ln k, and its run as the gauge sees it."""

    problem: Problem
    run: Reference

    @property
    def correlation(self) -> float:
        """Of the measured with the computed strain pattern."""
        return pattern(self.problem.measurement, self.run).correlation


@dataclass(frozen=True)
class Registered:
    """What registration did: the map's motion (2, 3) mm, in all, and how well it is known."""

    affine: np.ndarray
    middle: np.ndarray
    deviation: np.ndarray
    before: float
    after: float

    @property
    def shift_mm(self) -> np.ndarray:
        """Motion (2,) of the middle of the sheet."""
        return self.affine[:, :2] @ self.middle + self.affine[:, 2] - self.middle

    @property
    def turn_deg(self) -> float:
        """Turn to the left."""
        rotation = rotation_of(self.affine)[:2, :2].T
        return float(np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0])))

    @property
    def stretch(self) -> np.ndarray:
        """Stretches (2,) of the map's x and y, 1."""
        return np.linalg.norm(self.affine[:, :2], axis=0) - 1

    @property
    def _stretch_text(self) -> str:
        """Stretches that pixels of the maps do not explain, and what they mean."""
        half = NORMAL_95 * self.deviation[3:]
        if not np.any(np.abs(self.stretch) > np.maximum(STRETCHED, half)):
            return ""
        x, y = (f"{round(100 * value, 1) + 0.0:.1f} %" for value in self.stretch.tolist())
        dx, dy = (f"{max(100 * value, 0.1):.1f}" for value in half)
        return (
            f" It was stretched by {x} along x and {y} along y (+-{dx} and {dy}): lengths of "
            "strain maps (--scale, --sheet) or of the grain map (its step) are off by as much."
        )

    @property
    def text(self) -> str:
        """For readers."""
        half = NORMAL_95 * self.deviation[:3] * [1e3, 1e3, np.degrees(1)]
        x, y = (f"{round(float(value))} um" for value in 1e3 * self.shift_mm)
        dx, dy = (f"{max(value, 1.0):.0f}" for value in half[:2])
        return (
            f"The grain map was moved by {x} along x and {y} along y (+-{dx} and {dy}, 95 %) in "
            f"the middle of the sheet, and turned by {round(self.turn_deg, 1) + 0.0:.1f} degrees "
            f"(+-{max(half[2], 0.1):.1f}), where strain patterns correlate to "
            f"{self.after:.3f} instead of {self.before:.3f} (--no-register leaves it where it was "
            f"imported).{self._stretch_text}"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "shift_mm": self.shift_mm.tolist(),
            "turn_deg": self.turn_deg,
            "stretch": self.stretch.tolist(),
            "affine": self.affine.tolist(),
            "std_shift_mm": self.deviation[:2].tolist(),
            "std_turn_deg": float(np.degrees(self.deviation[2])),
            "std_stretch": self.deviation[3:].tolist(),
            "correlation_before": self.before,
            "correlation_after": self.after,
        }


def with_motions(run: Reference, mesh: Mesh) -> Reference:
    """A run with derivatives of its strain to the motions of the grain map after those it has."""
    slopes_y, slopes_x = (np.gradient(run.strain, axis=axis) for axis in (-2, -1))
    x_row, x_column = np.gradient(mesh.x)
    along_x = slopes_x / x_column
    along_y = (slopes_y - along_x * x_row) / np.gradient(mesh.y, axis=0)
    x, y = mesh.x - mesh.x.mean(), mesh.y - mesh.y.mean()
    rates = [-along_x, -along_y, y * along_x - x * along_y, -x * along_x, -y * along_y]
    own = len(PARAMETERS)
    return replace(
        run,
        parameters=np.append(run.parameters[:own], np.ones(len(rates))),
        strain_rates=np.concatenate([run.strain_rates[:own], np.stack(rates).astype(np.float32)]),
        load_rates=np.vstack([run.load_rates[:own], np.zeros((len(rates), len(run.load)))]),
    )


def motion(problem: Problem, run: Reference, mesh: Mesh) -> Motion:
    """Motion that a run asks for, in one Gauss-Newton step beside ln k.

    Parameters
    ----------
    problem : that of ln k.
    run : as the gauge sees it.
    """
    own = len(PARAMETERS)
    run = with_motions(run, mesh)
    prior = Prior(
        np.append(problem.prior.mean, np.zeros(len(EXPECTED))),
        np.append(problem.prior.deviation, EXPECTED),
    )
    joint = replace(problem, prior=prior)
    at = np.log(run.parameters)
    point, weights = joint.weigh(Point(at, run, joint.compare(at, run, None)))
    covariance = np.linalg.inv(joint.information(point, weights))
    step = joint.step(point, weights, 0.0)
    return Motion(step[own:], np.sqrt(np.diag(covariance))[own:])


def composed(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Affine map (2, 3) that does ``before``, then ``after``."""
    linear = after[:, :2]
    return np.column_stack([linear @ before[:, :2], linear @ before[:, 2] + after[:, 2]])


def moved_map(data: xr.Dataset, affine: np.ndarray) -> xr.Dataset:
    """A specimen whose grain map is moved by an affine map (2, 3) of the sheet, mm."""
    new = composed(affine, data["affine"].values)
    ellipse = data["ellipse"].values * np.sqrt(np.linalg.det(affine[:, :2]))
    values = {"affine": new, "ellipse": ellipse, "size": grain_size(ellipse)}
    if "euler" in data:
        values["euler"] = turn_orientations(data["euler"].values, rotation_of(affine))
    return data.assign({name: data[name].copy(data=array) for name, array in values.items()})


def register(
    data: xr.Dataset,
    placed: Placed,
    again: Callable[[xr.Dataset, int], Placed],
) -> tuple[xr.Dataset, Registered | None]:
    """Move the grain map of a specimen to where the strain maps want it.

    Parameters
    ----------
    placed : the problem of ln k and its run with the map as it lies.
    again : the same for a specimen whose map was moved, with the number of the motion.

    Returns
    -------
    The specimen, and what was done; None where the map lies as well as can be told, or where no
    small motion makes the strain patterns more alike.
    """
    mesh = placed.problem.measurement.mesh
    middle = np.array([mesh.x.mean(), mesh.y.mean()])
    corners = np.array([[mesh.x[i, j], mesh.y[i, j]] for i in (0, -1) for j in (0, -1)])
    close = CLOSE * (mesh.y[1, 0] - mesh.y[0, 0])
    whole = np.column_stack([np.eye(2), np.zeros(2)])
    before = seen = placed.correlation
    deviation = None
    if not seen > RECOGNISED:
        return data, None
    for number in range(MOST_RUNS):
        found = motion(placed.problem, placed.run, mesh)
        step = found.affine(middle)
        moved = corners @ step[:, :2].T + step[:, 2] - corners
        if np.hypot(*moved.T).max() < close or (np.abs(found.values) > LARGEST * EXPECTED).any():
            break
        candidate = moved_map(data, step)
        placed = again(candidate, number)
        if placed.correlation < seen + (GAIN if number == 0 else 0.0):
            break
        data, seen, deviation = candidate, placed.correlation, found.deviation
        whole = composed(step, whole)
    if deviation is None:
        return data, None
    return data, Registered(whole, middle, deviation, before, seen)
