"""Boundaries by classical methods: the yardsticks of the network, behind the same interface.

Every method gives a map (height, width) from 0 to 1, as the network does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage
from skimage.filters import sato, threshold_otsu
from skimage.segmentation import random_walker, watershed

from slipfield.kinds.micrograph.scene import boundaries_of
from slipfield.kinds.micrograph.tones import grey

LIGHT_PX = 40.0
"""Deviation, px, of the blur that stands for the illumination."""
WALK_PX = 256
"""Longer side, px, to which an image is reduced for the random walker."""


def flattened(image: np.ndarray) -> np.ndarray:
    """Grey values without illumination and grain tones' mean, deviation about 1; float32."""
    value = grey(image)
    value = value - ndimage.gaussian_filter(value, LIGHT_PX, truncate=2.0)
    return value / max(float(value.std()), 1e-6)


def otsu(image: np.ndarray) -> np.ndarray:
    """Dark places of the flattened image by Otsu's threshold, 0 or 1."""
    value = ndimage.gaussian_filter(flattened(image), 1.0)
    return (value < threshold_otsu(value)).astype(np.float32)


def ridge(image: np.ndarray) -> np.ndarray:
    """Sato's ridge filter of dark lines, scaled so that Otsu's threshold is 0.5."""
    strength = sato(flattened(image), sigmas=(1.0, 2.0), black_ridges=True).astype(np.float32)
    threshold = threshold_otsu(strength)
    return np.clip(0.5 * strength / max(float(threshold), 1e-6), 0.0, 1.0)


def marker_watershed(image: np.ndarray) -> np.ndarray:
    """Lines of the watershed of the ridges from markers at places without any; 0 or 1."""
    strength = ridge(image)
    calm = ndimage.gaussian_filter(strength, 2.0)
    markers = ndimage.label(calm < np.quantile(calm[::3, ::3], 0.25))[0]
    return boundaries_of(watershed(strength, markers)).astype(np.float32)


def walker(image: np.ndarray) -> np.ndarray:
    """Borders of the random walker's regions, from markers as in :func:`marker_watershed`; 0 or 1.

    Regions beyond what fits into memory, a field of each marker, are solved on a reduced image.
    """
    reduction = max(max(image.shape[:2]) / WALK_PX, 1.0)
    strength = ridge(image)
    small = ndimage.zoom(strength, 1.0 / reduction, order=1)
    calm = ndimage.gaussian_filter(small, 2.0)
    markers = ndimage.label(ndimage.binary_erosion(calm < np.quantile(calm, 0.25)))[0]
    if markers.max() < 2:
        return np.zeros(image.shape[:2], np.float32)
    regions = random_walker(small, markers, beta=300.0, mode="bf")
    rows, columns = (
        np.minimum((np.arange(size) / reduction).astype(int), limit - 1)
        for size, limit in zip(image.shape[:2], regions.shape, strict=True)
    )
    return boundaries_of(regions[rows][:, columns]).astype(np.float32)


METHODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "otsu": otsu,
    "ridge": ridge,
    "watershed": marker_watershed,
    "random-walker": walker,
}
"""The classical methods by name."""


def second_phase(image: np.ndarray) -> np.ndarray:
    """Second phase by Otsu's threshold of the blurred grey values, 0 or 1.

    The rarer side is the phase; nothing is where the two sides are hardly apart.
    """
    value = ndimage.gaussian_filter(flattened(image), 1.5)
    found = value > threshold_otsu(value)
    if found.mean() > 0.5:
        found = ~found
    if not 0.0 < found.mean() < 1.0:
        return np.zeros(value.shape, np.float32)
    apart = abs(float(value[found].mean() - value[~found].mean()))
    within = float(np.sqrt(0.5 * (value[found].var() + value[~found].var())))
    opened = ndimage.binary_opening(found, iterations=2)
    return (opened & (apart > 2.0 * within)).astype(np.float32)
