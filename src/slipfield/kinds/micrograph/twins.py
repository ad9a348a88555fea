"""Twin lamellae among the grains of a label image, found by their shape alone.

A lamella crosses a grain, or ends in it: a long cell whose two long sides are straight and
parallel, each with one grain behind it, and together with what is behind them it is one bulging
grain. A single twin boundary that cuts a grain in two looks like any other boundary.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import ConvexHull, QhullError

MIDDLE = 0.35
"""Share of the length to each side of the centre where the long sides are looked at."""
STRAIGHT_PX = 0.9
"""Largest root mean square of a straight side's distance from its line, px."""
PARALLEL = 0.12
"""Largest difference of the slopes of parallel sides, 1."""
LONG = 1.4
"""Least length of a lamella in its widths."""
BULGING = 0.9
"""Least share of its convex hull that a grain with its lamella fills."""
ONE_GRAIN = 0.8
"""Least share of a side's length that borders on one grain."""


def join_twins(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Give lamellae, and the parts of a grain that they separate, one label.

    Parameters
    ----------
    labels : (height, width) whole numbers, 0 for no grain.

    Returns
    -------
    labels after joining (the smallest label of what is joined stays), and the number of lamellae.
    """
    points, own, other = _edges(labels)
    count = int(labels.max()) + 1
    order = np.argsort(own, kind="stable")
    starts = np.searchsorted(own[order], np.arange(count + 1))
    sides = [order[a:b] for a, b in zip(starts, starts[1:], strict=False)]
    pairs = []
    number = 0
    for grain in range(1, count):
        behind = _lamella(points[sides[grain]], other[sides[grain]])
        if not behind:
            continue
        parts = np.concatenate([points[sides[each]] for each in {grain, *behind}])
        area = sum(_area(points[sides[each]], each, labels) for each in {grain, *behind})
        if area < BULGING * _hull_area(parts):
            continue
        number += 1
        pairs += [(grain, each) for each in behind]
    if not pairs:
        return labels, 0
    first, second = np.array(pairs).T
    links = sparse.coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    group = sparse.csgraph.connected_components(links, directed=False)[1]
    smallest = np.full(group.max() + 1, count)
    np.minimum.at(smallest, group, np.arange(count))
    return smallest[group][labels].astype(labels.dtype), number


def _edges(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middles (n, 2), x and y, px, of pixel edges between labels, and the labels on both sides.

    Every edge is there twice, once for each side; beyond the border of the image is label 0.
    """
    padded = np.pad(labels, 1)
    found = []
    for first, second, shift in (
        (padded[1:-1, 1:], padded[1:-1, :-1], (-0.5, 0.0)),
        (padded[1:, 1:-1], padded[:-1, 1:-1], (0.0, -0.5)),
    ):
        rows, columns = np.nonzero(first != second)
        places = np.column_stack((columns + shift[0], rows + shift[1]))
        one, two = first[rows, columns], second[rows, columns]
        found += [(places, one, two), (places, two, one)]
    points, own, other = (np.concatenate(each) for each in zip(*found, strict=True))
    return points, own.astype(np.int64), other.astype(np.int64)


def _lamella(points: np.ndarray, other: np.ndarray) -> list[int]:
    """Grains behind the two long sides of a cell if it has the shape of a lamella, else none.

    Parameters
    ----------
    points : (n, 2), px, of its outline. other : (n,), the label behind each.
    """
    if len(points) < 12:
        return []
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    along, across = centred @ axes[0], centred @ axes[1]
    length = np.ptp(along)
    middle = np.abs(along - 0.5 * (along.max() + along.min())) < MIDDLE * length
    lines, behind = [], []
    for side in (middle & (across > 0), middle & (across < 0)):
        if np.count_nonzero(side) < 6 or np.ptp(along[side]) < MIDDLE * length:
            return []
        slope, offset = np.polyfit(along[side], across[side], 1)
        beyond = across[side] - slope * along[side] - offset
        if np.sqrt(np.mean(beyond**2)) > STRAIGHT_PX:
            return []
        labels, counts = np.unique(other[side], return_counts=True)
        if labels[counts.argmax()] == 0 or counts.max() < ONE_GRAIN * counts.sum():
            return []
        lines.append((slope, offset))
        behind.append(int(labels[counts.argmax()]))
    (one, high), (two, low) = lines
    if abs(one - two) > PARALLEL or length < LONG * (high - low):
        return []
    return behind


def _area(outline: np.ndarray, grain: int, labels: np.ndarray) -> int:
    """Pixels of a grain with that outline."""
    left, top = np.floor(outline.min(axis=0)).astype(int).clip(0)
    right, low = np.ceil(outline.max(axis=0)).astype(int)
    return int(np.count_nonzero(labels[top : low + 1, left : right + 1] == grain))


def _hull_area(points: np.ndarray) -> float:
    """Area of the convex hull of points (n, 2), px^2; infinite if they are on a line."""
    try:
        return float(ConvexHull(points).volume)
    except QhullError:
        return np.inf
