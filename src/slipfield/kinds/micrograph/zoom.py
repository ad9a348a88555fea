"""The scale at which an image is segmented: the one at which the network is least in doubt.

A network knows grooves of one to six pixels. A camera with more pixels than detail shows them
wider, and a network that looks at such an image sees boundaries where none are. So the network
tries the centre of the image at several sizes, and takes the one where it hesitates least, of those
at which it still sees the boundaries that it is sure of at a larger size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from slipfield.kinds.micrograph.scene import boundaries_of

SHRINKAGES = (1, 2, 3, 4, 6, 8)
"""How many times smaller an image is tried; finer images are rare."""
ENLARGED = 2
"""How many times larger an image of very fine grains is taken."""
TRIED_PX = 1024
"""Side of the square at the centre that is tried, px."""
SURE, SEEN, KEPT = 0.75, 0.4, 0.7
"""A smaller image is taken if, of the pixels of probability 0.75 at larger sizes, seven in ten have
0.4 or more nearby."""
LOST = 0.85
"""Doubt from which on the network is at a loss: nothing that it is sure of counts."""
LEAST_PX = 96
"""Side below which a smaller image is not tried: it shows too few grains, px."""
CLEARLY, HARDLY = 0.9, 1.05
"""A smaller image is taken where the doubt is less than 0.9 of that at the image's own size, a
larger one where it is less than 1.05 of it: finer pixels make no doubt where grains are fine."""
ENLARGED_PX = 512
"""Side of the square at the centre that is enlarged to try it, px."""
FINE_PX = 16.0
"""Mean intercept, px, below which grains are too fine to be seen at the image's own scale."""
MOST_PX = 16_000_000
"""Largest image that is enlarged to, px."""


def doubt(probability: np.ndarray) -> float:
    """How undecided a map of boundaries is, 0 to 1: mean of min(p, 1 - p) over mean of p."""
    value = np.asarray(probability, np.float64)
    return float(np.minimum(value, 1.0 - value).mean() / max(value.mean(), 1e-12))


def zoomed(image: np.ndarray, zoom: float) -> np.ndarray:
    """Image at another scale, float32, as bright as before; itself at 1.

    Parameters
    ----------
    image : (height, width) or (height, width, 3). zoom : 1 over a whole number, or a whole number.
    """
    if zoom == 1:
        return image
    value = image.astype(np.float32)
    if zoom < 1:
        times = round(1 / zoom)
        height, width = image.shape[:2]
        added = [(0, -height % times), (0, -width % times), (0, 0)][: image.ndim]
        value = np.pad(value, added, "edge")
        shape = (value.shape[0] // times, times, value.shape[1] // times, times, *image.shape[2:])
        return _in_range(value.reshape(shape).mean(axis=(1, 3)), image)
    factors = (zoom, zoom, 1)[: image.ndim]
    value = ndimage.zoom(value, factors, order=3, mode="mirror", grid_mode=True)
    return _in_range(value, image)


def _in_range(value: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Values as shares of the range that whole numbers of the image have; others as they are."""
    if image.dtype.kind not in "iu":
        return value
    return np.clip(value / np.iinfo(image.dtype).max, 0.0, 1.0)


def choose(find: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> float:
    """Scale of least doubt: 1 over a whole number, 1, or :data:`ENLARGED`.

    Parameters
    ----------
    find : from an image to the probability of boundaries, of its size.
    image : (height, width) or (height, width, 3).
    """
    part = _centre(image, TRIED_PX)
    shape = part.shape[:2]
    doubts: dict[int, float] = {}
    sure: list[np.ndarray] = []
    for times in SHRINKAGES:
        if times > 1 and min(shape) // times < LEAST_PX:
            break
        probability = find(zoomed(part, 1 / times))
        full = at_full_size(probability, 1 / times, shape)
        near = ndimage.maximum_filter(full, size=2 * times + 3) > SEEN
        doubtful = doubt(probability)
        if all(near[each].mean() >= KEPT for each in sure):
            doubts[times] = doubtful
        if doubtful < LOST and (full > SURE).any():
            sure.append(full > SURE)
    best = min(doubts, key=lambda times: doubts[times])
    if doubts[best] < CLEARLY * doubts[1]:
        return 1 / best
    middle = _centre(image, ENLARGED_PX)
    larger = doubt(find(zoomed(middle, ENLARGED)))
    return float(ENLARGED) if larger < HARDLY * doubt(find(middle)) else 1.0


def next_larger(zoom: float) -> float:
    """About twice the scale ``zoom``, one of those that there are."""
    return float(ENLARGED) if zoom == 1 else 1 / max(round(1 / zoom) // 2, 1)


def _centre(image: np.ndarray, side: int) -> np.ndarray:
    """The middle of an image, no more than ``side`` px each way."""
    rows, columns = (
        slice((size - min(size, side)) // 2, (size + min(size, side)) // 2)
        for size in image.shape[:2]
    )
    return image[rows, columns]


def at_full_size(value: np.ndarray, zoom: float, shape: tuple[int, int]) -> np.ndarray:
    """A probability at the scale of the image, float32 ``shape``."""
    if zoom == 1:
        return value
    if zoom > 1:
        times = round(zoom)
        height, width = shape
        return value.reshape(height, times, width, times).mean(axis=(1, 3))
    factor = round(1 / zoom)
    full = ndimage.zoom(value, factor, order=1, mode="nearest", grid_mode=True)
    return full[: shape[0], : shape[1]].astype(np.float32)


def labels_at_full_size(
    labels: np.ndarray, probability: np.ndarray, zoom: float, shape: tuple[int, int]
) -> np.ndarray:
    """Labels at the scale of the image, without steps: their lines follow the probability anew.

    Parameters
    ----------
    labels, probability : (h, w), at the scale ``zoom``. shape : height and width of the image.
    """
    if zoom == 1:
        return labels
    if zoom > 1:
        times = round(zoom)
        return labels[times // 2 :: times, times // 2 :: times]
    times = round(1 / zoom)
    coarse = np.repeat(np.repeat(labels, times, axis=0), times, axis=1)[: shape[0], : shape[1]]
    ridge = ndimage.gaussian_filter(at_full_size(probability, zoom, shape), 0.5 * times)
    depth = depth_of(coarse)
    deepest = ndimage.maximum(depth, coarse, np.arange(int(coarse.max()) + 1))
    sure = depth > np.minimum(1.5 * times, deepest[coarse] - 1.0)
    found = watershed((ridge * 10_000).astype(np.int32), np.where(sure, coarse, 0).astype(np.int32))
    return found.astype(labels.dtype)


def depth_of(labels: np.ndarray) -> np.ndarray:
    """Distance of each pixel (height, width) to the next one at an edge between labels, px."""
    edge = boundaries_of(labels)
    if not edge.any():
        return np.full(labels.shape, float(max(labels.shape)))
    return ndimage.distance_transform_edt(~edge)
