"""Secondary dendrite arm spacing along a line."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.signal import find_peaks

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.micrograph.tones import grey

WIDTH_PX = 5
"""Half the width, px, over which the grey value is averaged across the line."""


def arm_spacing(
    image: np.ndarray, line: tuple[float, float, float, float], pixel_um: float
) -> tuple[float, int]:
    """Mean spacing of the dendrite arms that a line along a trunk crosses, um, and their number.

    The arms are peaks of the averaged grey value that stand out by half its deviation; the spacing
    is the distance of the outermost over the gaps between.

    Parameters
    ----------
    line : x and y of its ends, px from the upper left corner.

    Raises
    ------
    SlipfieldError
        If the line leaves the image or crosses fewer than three arms.
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
    along = ndimage.map_coordinates(value, [y, x], order=1, mode="nearest").mean(0)
    along = ndimage.gaussian_filter1d(along, 4.0)
    along = along - ndimage.uniform_filter1d(along, max(len(along) // 3, 3))
    peaks = find_peaks(along, prominence=0.5 * along.std())[0]
    if len(peaks) < 3:
        raise SlipfieldError(f"arms: the line crosses {len(peaks)} arms; expected 3 or more")
    apart = (peaks[-1] - peaks[0]) / (len(steps) - 1) * length / (len(peaks) - 1)
    return float(apart * pixel_um), len(peaks)
