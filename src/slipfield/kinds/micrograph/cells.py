"""Cells of a map of boundaries: a watershed, and what is known of the lines between its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from slipfield.kinds.micrograph.closing import LEAST, Lines

REACH_PX = 12.0
"""Width of a grain, px, up to which its middle is told from a gap in its boundary."""


@dataclass(frozen=True)
class Cells:
    """Cells, of which a grain is one or several.

    Attributes
    ----------
    labels : int (height, width), cells from 1.
    pairs : int (n, 2), cells that share a line, the lower label first.
    lines : sums along these n lines.
    area : float (cells + 1,), px^2, by label. width : likewise, largest distance to a boundary, px.
    """

    labels: np.ndarray
    pairs: np.ndarray
    lines: Lines
    area: np.ndarray
    width: np.ndarray

    @classmethod
    def of(cls, probability: np.ndarray, border: float) -> Cells:
        """Cells of a map of boundaries (height, width), 0 to 1.

        Markers are the widest places of a probability below ``border``; watersheds between them run
        along high probability and across the narrowest place of a gap.
        """
        smooth = ndimage.gaussian_filter(np.asarray(probability, np.float32), 0.7)
        free = smooth < border
        inside = ndimage.distance_transform_edt(free).astype(np.float32)
        if free.all():
            inside[:] = max(smooth.shape)  # no boundary anywhere: no distance to one
        wide = ndimage.gaussian_filter(inside, 2.0)
        peaks = (wide == ndimage.maximum_filter(wide, size=11)) & (inside > 1.0)
        markers, count = ndimage.label(peaks, np.ones((3, 3)))
        height = smooth + 0.5 * (1.0 - np.minimum(inside / REACH_PX, 1.0))
        labels = (
            watershed((height * 1000).astype(np.int32), markers)
            if count > 1
            else np.ones(smooth.shape, np.int32)
        )
        pairs, pixels, total = along_lines(labels, smooth)
        lines = Lines(
            pixels.astype(float),
            total,
            along_lines(labels, np.log(smooth + LEAST))[2],
            along_lines(labels, inside, largest=True)[2],
        )
        numbers = np.arange(int(labels.max()) + 1)
        width = np.asarray(ndimage.maximum(inside, labels, numbers), float)
        return cls(labels, pairs, lines, np.bincount(labels.ravel()).astype(float), width)


def along_lines(
    labels: np.ndarray, value: np.ndarray, largest: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (n, 2) of neighbours, pixel edges (n,) between them, and a value along these (n,).

    The value is a sum over pixel edges of the larger of the two pixels' ``value``, or the largest.
    """
    keys, values = [], []
    span = int(labels.max()) + 1
    for first, second in (
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
    ):
        across = labels[first] != labels[second]
        one, two = labels[first][across].astype(np.int64), labels[second][across].astype(np.int64)
        keys.append(np.minimum(one, two) * span + np.maximum(one, two))
        values.append(np.maximum(value[first][across], value[second][across]))
    key, place = np.unique(np.concatenate(keys), return_inverse=True)
    number = np.bincount(place, minlength=len(key))
    if largest:
        total: np.ndarray = np.zeros(len(key))
        np.maximum.at(total, place, np.concatenate(values))
    else:
        total = np.bincount(place, np.concatenate(values), minlength=len(key))
    return np.column_stack((key // span, key % span)), number, total
