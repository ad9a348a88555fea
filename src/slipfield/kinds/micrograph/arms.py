"""Secondary dendrite arm spacing along a line."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.signal import find_peaks

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph import statistics
from slipfield.kinds.micrograph.statistics import Estimate
from slipfield.kinds.micrograph.tones import grey

WIDTH_PX = 5
"""Half the width, px, over which the grey value is averaged across the line."""
BLUR_PX = 2.0
"""Deviation, px, of the blur along the line."""
FINEST_PX = 8.0
"""Spacing from which the blur leaves a quarter of the arms' contrast and more."""
AGREED = 0.5
"""Correlation of the grey values on the two sides of the line, which arms cross (some slant)."""


def arm_spacing(
    image: np.ndarray, line: tuple[float, float, float, float], pixel_um: float
) -> tuple[Estimate, int]:
    """Mean spacing of the dendrite arms that a line along a trunk crosses, um, and their number.

    The arms are peaks of the averaged grey value that stand out by half its deviation; the spacing
    is the distance of the outermost over the gaps between, its interval (95 %, t) that of the mean
    of the gaps.

    Parameters
    ----------
    line : x and y of its ends, px from the upper left corner.

    Raises
    ------
    SlipfieldError
        If the line leaves the image, crosses fewer than three arms or no arms but noise, or they
        are too fine.
    """
    x0, y0, x1, y1 = line
    value = grey(image)
    if not all(
        0 <= x < value.shape[1] and 0 <= y < value.shape[0] for x, y in ((x0, y0), (x1, y1))
    ):
        raise SlipfieldError(f"arms: the line {line} leaves the image of {value.shape[::-1]} px")
    length = float(np.hypot(x1 - x0, y1 - y0))
    steps = np.linspace(0.0, 1.0, max(int(2 * length), 8))
    normal = np.array([-(y1 - y0), x1 - x0]) / max(length, 1e-9)
    across = np.arange(-WIDTH_PX, WIDTH_PX + 1)[:, None]
    x = x0 + (x1 - x0) * steps + across * normal[0]
    y = y0 + (y1 - y0) * steps + across * normal[1]
    strip = ndimage.map_coordinates(value, [y, x], order=1, mode="nearest")
    sides = strip[:WIDTH_PX].mean(0), strip[-WIDTH_PX:].mean(0)
    along, one, other = (_flattened(each, length) for each in (strip.mean(0), *sides))
    peaks = find_peaks(along, prominence=0.5 * along.std())[0]
    if len(peaks) < 3:
        raise SlipfieldError(f"arms: the line crosses {len(peaks)} arms; expected 3 or more")
    if _agreement(one, other, 2 * WIDTH_PX * (len(steps) - 1) / length) < AGREED:
        raise SlipfieldError(
            "arms: the grey values on the two sides of the line do not go together, as they would "
            "where arms cross it; put it along a trunk, at right angles to the arms"
        )
    gaps = np.diff(peaks) / (len(steps) - 1) * length
    if gaps.mean() < FINEST_PX:
        raise SlipfieldError(
            f"arms: {gaps.mean():.2g} px apart; below {FINEST_PX:g} px some are missed: take an "
            "image of higher magnification"
        )
    return statistics.over_fields(gaps * pixel_um, np.ones(len(gaps))), len(peaks)


def _flattened(along: np.ndarray, length: float) -> np.ndarray:
    """Grey values along a line of ``length`` px, blurred, without what changes over a third."""
    blurred = ndimage.gaussian_filter1d(along, BLUR_PX * (len(along) - 1) / max(length, 1.0))
    return blurred - ndimage.uniform_filter1d(blurred, max(len(along) // 3, 3))


def _agreement(one: np.ndarray, other: np.ndarray, furthest: float) -> float:
    """Largest correlation of values (n,) along two lines, of which one is up to so far behind."""
    lags = range(min(int(furthest), len(one) // 4) + 1)
    pairs = [(one[lag:], other[: len(other) - lag]) for lag in lags]
    pairs += [(other[lag:], one[: len(one) - lag]) for lag in lags]
    return max(float(np.corrcoef(first, second)[0, 1]) for first, second in pairs)
