"""Noise of measured strain maps, and the least that counts."""

from __future__ import annotations

import numpy as np

STRAIN_FLOOR, LOAD_FLOOR = 1e-5, 3e-4
"""Accuracy of the forward model itself: noise is never taken to be less."""

ORDER = 3
"""Order of the differences in time that tell noise from strain."""

HALF_OF_SQUARES = 0.4549
"""Median of the square of a standard normal variable."""


def strain_noise(strain: np.ndarray) -> float:
    """Standard deviation of the white noise of strain maps (time, ...), NaN: too few frames.

    Strain changes smoothly from frame to frame, noise does not: the third difference of white noise
    has 1 + 9 + 9 + 1 times its variance. The median leaves out frames at kinks of the loading.
    """
    differences = np.diff(strain, ORDER, axis=0)
    known = differences[np.isfinite(differences)]
    if not known.size:
        return float("nan")
    return max(float(np.sqrt(np.median(known**2) / (20 * HALF_OF_SQUARES))), STRAIN_FLOOR)
