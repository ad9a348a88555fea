"""Closed grains from the probability of boundaries: watershed, and repair of gaps."""

from __future__ import annotations

import heapq

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from slipfield.kinds.micrograph.defaults import KEEP, SMALLEST_PX

BOUNDARY = 0.4
"""Probability from which a pixel keeps markers of grains away."""
NECK = 0.5
"""What a passage between two cells that is narrow beside them adds to the probability, 1."""
REACH_PX = 12.0
"""Width of a grain, px, up to which its middle is told from a gap in its boundary."""


def from_probability(
    probability: np.ndarray, keep: float = KEEP, smallest_px: int = SMALLEST_PX
) -> np.ndarray:
    """Closed grains of a map of boundaries.

    Markers are the widest places of what is no boundary; watersheds between them run along high
    probability and across the narrowest place of a gap. A watershed whose mean probability is
    below ``keep`` was no boundary: its cells are joined, faintest first, with the mean of joined
    watersheds. What is narrow beside the cells on both sides counts as some probability. So a
    boundary with missing stretches stays closed.

    Parameters
    ----------
    probability : (height, width), 0 to 1.
    keep : mean probability that a boundary has at least.
    smallest_px : grains of fewer pixels go to the neighbour behind their faintest boundary.

    Returns
    -------
    uint16 (height, width), or uint32 beyond 65,535 grains; grains from 1.
    """
    smooth = ndimage.gaussian_filter(np.asarray(probability, np.float32), 0.7)
    inside = ndimage.distance_transform_edt(smooth < BOUNDARY).astype(np.float32)
    wide = ndimage.gaussian_filter(inside, 1.5)
    peaks = (wide == ndimage.maximum_filter(wide, size=9)) & (inside > 1.0)
    markers, count = ndimage.label(peaks, np.ones((3, 3)))
    if count < 2:
        return np.ones(smooth.shape, np.uint16)
    height = smooth + 0.5 * (1.0 - np.minimum(inside / REACH_PX, 1.0))
    cells = watershed((height * 1000).astype(np.int32), markers)
    pairs, number, total = borders(cells, smooth)
    widest = ndimage.maximum(inside, cells, np.arange(cells.max() + 1))
    passage = borders(cells, inside, largest=True)[2]
    neck = np.clip(1.0 - passage / np.maximum(widest[pairs].min(1), 1.0), 0.0, 1.0)
    found = pairs, number, total + NECK * neck * number
    return numbered(joined(cells, found, keep, smallest_px))


def numbered(labels: np.ndarray) -> np.ndarray:
    """Labels from 1 without holes, 0 kept for none, in the smallest type that holds them."""
    values, found = np.unique(labels, return_inverse=True)
    start = 0 if values[0] == 0 else 1
    small = len(values) + start <= np.iinfo(np.uint16).max + 1
    return (found.reshape(labels.shape) + start).astype(np.uint16 if small else np.uint32)


Borders = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Pairs (m, 2) of neighbours, lower label first; pixel edges (m,) between them; a value (m,)."""


def borders(labels: np.ndarray, value: np.ndarray, largest: bool = False) -> Borders:
    """Neighbours of a label image.

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


def joined(cells: np.ndarray, found: Borders, keep: float, smallest_px: int) -> np.ndarray:
    """Labels after joining, faintest first, neighbours whose border is below ``keep`` on average.

    Then cells smaller than ``smallest_px`` are joined likewise, whatever their border.
    """
    pairs, number, total = found
    near: dict[int, dict[int, tuple[int, float]]] = {}
    for (one, two), count, amount in zip(pairs.tolist(), number, total, strict=True):
        near.setdefault(one, {})[two] = (int(count), float(amount))
        near.setdefault(two, {})[one] = (int(count), float(amount))
    size = np.bincount(cells.ravel()).tolist()
    owner = list(range(len(size)))
    queue = [
        (amount / count, one, two, count)
        for one, others in near.items()
        for two, (count, amount) in others.items()
        if one < two and amount < keep * count
    ]
    heapq.heapify(queue)
    while queue:
        _, one, two, count = heapq.heappop(queue)
        if near.get(one, {}).get(two, (0, 0.0))[0] != count:
            continue  # one of them is gone, or the border has grown since
        for new in _join(one, two, near, size, owner):
            border = near[one][new]
            if border[1] < keep * border[0]:
                first, second = sorted((one, new))
                heapq.heappush(queue, (border[1] / border[0], first, second, border[0]))
    for cell in np.argsort(size, kind="stable").tolist():
        if cell in near and size[cell] < smallest_px and near[cell]:
            faintest = min(near[cell], key=lambda other: _mean(near[cell][other]))
            _join(faintest, cell, near, size, owner)
    return np.array([_root(owner, cell) for cell in range(len(owner))])[cells]


def _mean(border: tuple[int, float]) -> float:
    return border[1] / border[0]


def _root(owner: list[int], cell: int) -> int:
    while owner[cell] != cell:
        cell = owner[cell]
    return cell


def _join(
    one: int,
    two: int,
    near: dict[int, dict[int, tuple[int, float]]],
    size: list[int],
    owner: list[int],
) -> list[int]:
    """Give cell ``two`` to ``one``; the neighbours of ``one`` whose border has changed."""
    owner[two] = one
    size[one] += size[two]
    del near[one][two]
    moved = near.pop(two)
    moved.pop(one)
    for other, (count, amount) in moved.items():
        mine = near[one].get(other, (0, 0.0))
        near[one][other] = near[other][one] = (mine[0] + count, mine[1] + amount)
        del near[other][two]
    return list(moved)
