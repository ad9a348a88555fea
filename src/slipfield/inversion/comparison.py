"""Measured against computed: residuals at the measured points and what they say about ln k."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.inversion.resample import Measurement
from slipfield.projection.reference import Reference

STRAIN_FLOOR, LOAD_FLOOR = 1e-5, 3e-4
"""Accuracy of the forward model itself: noise is never taken to be less."""

SMALL_LOAD = 0.05
"""Loads below this share of the largest are compared relative to this share of it."""


@dataclass(frozen=True)
class Comparison:
    """Residuals r of a run and their derivatives J to ln k; strain by blocks of the sheet.

    Attributes
    ----------
    squares, counts : (blocks,) sums of squared strain residuals and their numbers.
    normals, slopes : (blocks, 3, 3) and (blocks, 3), J'J and J'r of the strain.
    load_squares, load_count : of the residuals of the load, relative to the measured load.
    load_normal, load_slope : (3, 3) and (3,) of the relative load.
    """

    squares: np.ndarray
    counts: np.ndarray
    normals: np.ndarray
    slopes: np.ndarray
    load_squares: float
    load_count: int
    load_normal: np.ndarray
    load_slope: np.ndarray

    @property
    def rms(self) -> tuple[float, float]:
        """Root mean square residuals of strain and relative load; NaN where not measured."""
        sums = (self.squares.sum(), self.counts.sum()), (self.load_squares, self.load_count)
        return tuple(float(np.sqrt(s / n)) if n else float("nan") for s, n in sums)


@dataclass(frozen=True)
class Weights:
    """Standard deviations that stand for the residuals: strain, and load relative to itself.

    Neighbouring strain residuals are alike, from filters of the measurement and from errors of the
    model (grains, mesh), and stay alike over the frames. So the strain's standard deviation is
    raised until the information of a block equals the scatter of the blocks' scores J'r (a
    cluster-robust estimate; Liang & Zeger, Biometrika 73, 1986).
    """

    strain: float
    load: float

    @classmethod
    def of(cls, found: Comparison, load_noise: float) -> Weights:
        """Judge the strain by what a linear correction leaves, the load by its known noise."""
        total = found.counts.sum()
        if not total:
            return cls(STRAIN_FLOOR, max(load_noise, LOAD_FLOOR))
        normal = found.normals.sum(axis=0)
        change = np.linalg.solve(normal, found.slopes.sum(axis=0))
        left = found.squares.sum() - change @ found.slopes.sum(axis=0)
        variance = max(left / total, STRAIN_FLOOR**2)
        scores = found.slopes - found.normals @ change
        scatter = np.trace(np.linalg.solve(normal, scores.T @ scores)) / len(change)
        filled = np.count_nonzero(found.counts)
        inflation = max(1.0, filled / max(filled - 1, 1) * scatter / variance)
        return cls(float(np.sqrt(variance * inflation)), max(load_noise, LOAD_FLOOR))

    def combine(self, strain: np.ndarray, load: np.ndarray) -> np.ndarray:
        """Weighted sum of a term of the strain and one of the load."""
        return strain / self.strain**2 + load / self.load**2


def compare(measurement: Measurement, run: Reference) -> Comparison:
    """Compare a measurement with a run; points and loads that are not known are left out."""
    blocks = measurement.block_count
    sums = np.zeros((blocks, 4, 4))
    counts = np.zeros(blocks, dtype=int)
    for frame in range(len(measurement.time)):
        known = np.isfinite(measurement.points[frame, 0])
        if not known.any():
            continue
        fields = np.concatenate([run.strain_rates[:, frame], run.strain[None, frame]])
        there = measurement.sampling[known] @ fields.reshape(12, -1).T.astype(float)
        columns = there.T.reshape(4, 3, -1)
        columns[3] = measurement.points[frame][:, known] - columns[3]
        block = measurement.block[known]
        for i in range(4):
            for j in range(i, 4):
                products = (columns[i] * columns[j]).sum(axis=0)
                sums[:, i, j] += np.bincount(block, products, blocks)
        counts += 3 * np.bincount(block, minlength=blocks)
    sums += np.triu(sums, 1).swapaxes(1, 2)
    return Comparison(
        sums[:, 3, 3], counts, sums[:, :3, :3], sums[:, :3, 3], *_load_part(measurement, run)
    )


def _load_part(
    measurement: Measurement, run: Reference
) -> tuple[float, int, np.ndarray, np.ndarray]:
    """Squares, number, J'J and J'r of the relative load."""
    given = np.isfinite(measurement.load)
    if not given.any():
        return 0.0, 0, np.zeros((3, 3)), np.zeros(3)
    load = measurement.load[given]
    scale = np.maximum(np.abs(load), SMALL_LOAD * np.abs(load).max())
    misfit, rates = (load - run.load[given]) / scale, run.load_rates[:, given] / scale
    return float(misfit @ misfit), int(given.sum()), rates @ rates.T, rates @ misfit
