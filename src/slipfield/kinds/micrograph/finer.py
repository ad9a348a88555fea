"""Places whose grains are too fine for the scale of the rest of an image, and grains put in there.

A sheet may have fine grains at its edges and coarse ones in the middle: no scale suits both.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from skimage.measure import label
from skimage.segmentation import watershed

from slipfield.kinds.micrograph.grains import numbered
from slipfield.kinds.micrograph.zoom import FINE_PX, depth_of

NEAR_PX = 64
"""Width over which a mean intercept is that of a place, twice over, px at the scale of grains."""
LEAST_PLACE = 4.0
"""Smallest place that is taken, in squares of :data:`NEAR_PX`."""
BEYOND_PX = 48
"""Beyond a place that is looked at, too, so that its grains are whole, px."""
SLIVER_PX = 3.0
"""Half width, px, below which a piece between grains of two scales is no grain."""
WHOLE = 0.9
"""Share of an image from which all of it is as fine, or coarse."""

Box = tuple[slice, slice]


def fine_places(labels: np.ndarray, zoom: float) -> np.ndarray:
    """Where (height, width) the mean intercept is below what the scale ``zoom`` shows, bool.

    Places smaller than :data:`LEAST_PLACE` are not told, be they fine or not.
    """
    crossings = np.zeros(labels.shape, np.float32)
    crossings[:, 1:] += labels[:, 1:] != labels[:, :-1]
    crossings[1:] += labels[1:] != labels[:-1]
    side = round(NEAR_PX / zoom)
    for _ in range(2):
        crossings = ndimage.uniform_filter(crossings, side)
    fine = 0.5 * crossings > zoom / FINE_PX
    least = min(LEAST_PLACE * side**2, 0.5 * fine.size)
    for places in (fine, ~fine):
        parts = label(places, connectivity=1)
        small = np.bincount(parts.ravel()) < least
        small[0] = False
        fine ^= small[parts]
    if max(share := float(fine.mean()), 1 - share) > WHOLE:
        fine[:] = share > WHOLE
    return fine


def places_of(fine: np.ndarray, zoom: float) -> Iterator[tuple[Box, np.ndarray]]:
    """Rows and columns of each place and of what is next to it, and the place in there, bool.

    Parameters
    ----------
    fine : (height, width), bool.
    """
    beyond = round(BEYOND_PX / zoom)
    parts = label(fine, connectivity=1)
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), 1):
        box = (
            slice(max(rows.start - beyond, 0), rows.stop + beyond),
            slice(max(columns.start - beyond, 0), columns.stop + beyond),
        )
        yield box, parts[box] == number


def put_in(
    labels: np.ndarray, box: Box, finer: np.ndarray, place: np.ndarray, zoom: float
) -> np.ndarray:
    """Labels (height, width) with the finer grains that lie in a place by half or more.

    What these leave of other grains are grains if they are wide enough, else go to those around.

    Parameters
    ----------
    labels : (height, width), grains from 1, found at ``zoom``.
    finer, place : in ``box``: grains of a larger scale, and where they are to be put, bool.
    """
    size = np.bincount(finer.ravel())
    taken = np.zeros(labels.shape, bool)
    taken[box] = (np.bincount(finer.ravel(), place.ravel()) >= 0.5 * size)[finer]
    both = labels.astype(np.int64)
    both[box] = np.where(taken[box], finer.astype(np.int64) + int(labels.max()), both[box])
    left = ~taken & np.isin(labels, np.unique(labels[taken]))
    parts = label(both, connectivity=1)
    widest = ndimage.maximum(depth_of(parts), parts, np.arange(int(parts.max()) + 1))
    sliver = left & (widest[parts] < SLIVER_PX / zoom)
    if sliver.all():
        return labels
    markers = np.where(sliver, 0, parts).astype(np.int32)
    return numbered(watershed(np.zeros(parts.shape, np.uint8), markers))
