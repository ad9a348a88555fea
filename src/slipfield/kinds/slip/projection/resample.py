"""Fields of one grid averaged at the nodes of another, as an extensometer or DIC window does.

Grids are mapped node grids of the same sheet: node (i, j) of an (m, n) grid lies at the fractions
i / (m - 1) and j / (n - 1) of the height and of the local width.
"""

from __future__ import annotations

import numpy as np

MINIMUM_COVER = 0.25

OWN_SQUARE = 6.0
"""Square of the width, in spacings of the points, that strain at points has been averaged over.

Four for a difference between a point's neighbours, as strain at the nodes of a mesh is (and DIC's,
at least); two for the line that is drawn between the points. Boxes add by the squares of their
widths, as variances do.
"""


def remaining_window(width: float, spacing: float, done: float | None = None) -> float:
    """Window that is left to average over where the points have done a part of it themselves.

    Parameters
    ----------
    width : float
        Width of the whole averaging, in cells of the reference.
    spacing : float
        Distance of the points, in cells of the reference.
    done : float, optional
        Width that the points have been averaged over, by default :data:`OWN_SQUARE` says.

    Returns
    -------
    float
        At least the distance of the points, or a cell if that is less.
    """
    square = OWN_SQUARE * spacing**2 if done is None else done**2
    return float(np.sqrt(max(width**2 - square, min(spacing, 1.0) ** 2)))


def averaging_matrix(source: int, target: int, window: float) -> np.ndarray:
    """Weights that average a nodal line, linear between its nodes, over windows at other nodes.

    Parameters
    ----------
    source, target : int
        Numbers of nodes of the two lines; both span the same length.
    window : float
        Width of the window in spacings of the target; windows are cut at the ends of the line.
        0 takes the value at the node.

    Returns
    -------
    ndarray (target, source)
        Rows sum to 1.
    """
    nodes, centres = np.linspace(0, 1, source), np.linspace(0, 1, target)
    if window == 0:
        place = centres * (source - 1)
        left = np.minimum(place.astype(int), source - 2)
        weights = np.zeros((target, source))
        rows = np.arange(target)
        weights[rows, left], weights[rows, left + 1] = 1 - (place - left), place - left
        return weights
    half = 0.5 * window / (target - 1)
    low, high = np.maximum(centres - half, 0), np.minimum(centres + half, 1)
    return (_integrals(high, nodes) - _integrals(low, nodes)) / (high - low)[:, None]


def _integrals(ends: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Integrals of the hat function of each node from 0 to each end, (end, node)."""
    spacing = np.diff(nodes)
    share = np.clip((ends[:, None] - nodes[:-1]) / spacing, 0, 1)
    result = np.zeros((len(ends), len(nodes)))
    result[:, :-1] += spacing * (share - share**2 / 2)
    result[:, 1:] += spacing * share**2 / 2
    return result


def resample(fields: np.ndarray, shape: tuple[int, int], window: tuple[float, float]) -> np.ndarray:
    """Average fields at the nodes of another grid; missing values (NaN) are left out.

    Parameters
    ----------
    fields : ndarray (..., y, x)
    shape : tuple of int
        Nodes of the target along y and x.
    window : tuple of float
        Height and width of the averaging window in cells of the target.

    Returns
    -------
    ndarray (..., *shape) float32
        NaN where less than a quarter of a window was measured.
    """
    along_y = averaging_matrix(fields.shape[-2], shape[0], window[0]).astype(np.float32)
    along_x = averaging_matrix(fields.shape[-1], shape[1], window[1]).astype(np.float32).T
    fields = np.asarray(fields, np.float32)
    known = np.isfinite(fields)
    if known.all():
        return along_y @ fields @ along_x
    cover = along_y @ known.astype(np.float32) @ along_x
    sums = along_y @ np.where(known, fields, 0) @ along_x
    return np.where(cover >= MINIMUM_COVER, sums / np.maximum(cover, MINIMUM_COVER), np.nan)
