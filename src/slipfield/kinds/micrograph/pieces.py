"""Grains in one piece: what an image at another scale, or two of them, leave in several."""

from __future__ import annotations

import numpy as np
from skimage.measure import label
from skimage.segmentation import watershed

from slipfield.kinds.micrograph.grains import numbered


def in_one_piece(labels: np.ndarray) -> np.ndarray:
    """Labels (height, width) from 1 without holes in the numbers, each one region of 4-neighbours.

    Of a grain in several pieces the largest stays; the others go to the grains around them. Label
    0, no grain, stays as it is.
    """
    parts = label(labels, background=0, connectivity=1)
    _, first = np.unique(parts, return_index=True)
    owner = labels.ravel()[first]
    if len(np.unique(owner)) == len(owner):
        return numbered(labels)
    size = np.bincount(parts.ravel())
    order = np.lexsort((-size[parts.ravel()[first]], owner))
    largest = np.unique(owner[order], return_index=True)[1]
    kept = np.isin(parts, parts.ravel()[first[order[largest]]])
    markers = np.where(kept, labels, 0).astype(np.int32)
    grown = watershed(np.zeros(labels.shape, np.uint8), markers, mask=labels > 0)
    return numbered(grown)
