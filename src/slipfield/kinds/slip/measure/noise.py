"""Noise of measured strain maps, and the least that counts."""

from __future__ import annotations

import numpy as np

STRAIN_FLOOR, LOAD_FLOOR = 1e-5, 3e-4
"""Accuracy of the forward model itself: noise is never taken to be less."""

ORDER = 3
"""Order of the differences in time that tell noise from strain."""

FEWEST_READINGS = 5
"""Readings of a curve around a frame without which nothing is averaged there."""

CHI2_MEDIAN = 0.4549
"""Median of the square of a standard normal variable."""


def strain_noise(strain: np.ndarray, time: np.ndarray | None = None) -> float:
    """Standard deviation of the white noise of strain maps (time, ...), NaN: too few frames.

    Parameters
    ----------
    strain : as measured: frames that were interpolated in time have less noise than that.
    time : (time,) of the frames, s; by default they are equally spaced.
    """
    found = frame_noise(strain, time)
    return found if np.isnan(found) else max(found, STRAIN_FLOOR)


def frame_noise(values: np.ndarray, time: np.ndarray | None = None) -> float:
    """Standard deviation of the white noise of values (time, ...), NaN: too few frames.

    Strains and elongations change smoothly from frame to frame, noise does not. Third divided
    differences, scaled to unit sum of squares, leave nothing of a quadratic course and the whole
    variance of white noise. The median leaves out frames at kinks of the loading.
    """
    time = np.arange(float(len(values))) if time is None else time
    squares = []
    for first in range(len(values) - ORDER):
        own = slice(first, first + ORDER + 1)
        gaps = time[own, None] - time[own] + np.eye(ORDER + 1)
        weights = 1 / gaps.prod(axis=1)
        weights /= np.linalg.norm(weights)
        difference = np.tensordot(weights, values[own], axes=1)
        squares.append(difference[np.isfinite(difference)] ** 2)
    known = np.concatenate(squares) if squares else np.empty(0)
    return float(np.sqrt(np.median(known) / CHI2_MEDIAN)) if known.size else float("nan")


def reading_noise(time: np.ndarray, values: np.ndarray) -> float:
    """Standard deviation of readings (n,), from what neighbours do not predict; NaN: too few.

    Parameters
    ----------
    time : (n,) s, ascending.
    values : (n,) N or mm; the result has their unit.
    """
    if len(values) < 2 * FEWEST_READINGS:
        return float("nan")
    share = (time[1:-1] - time[:-2]) / (time[2:] - time[:-2])
    rest = values[1:-1] - (1 - share) * values[:-2] - share * values[2:]
    return float(np.median(np.abs(rest / np.sqrt(1 + share**2 + (1 - share) ** 2))) / 0.6745)
