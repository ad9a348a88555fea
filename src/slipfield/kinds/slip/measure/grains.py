"""Grains of an orientation map: segmentation, cleaning, mean orientations, outlines and sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.cubic import misorientation, quaternions
from slipfield.kinds.slip.specimen.size import enclosing_ellipses

NONE = -1
SIMPLIFICATION = 2.0
"""Side of the triangles, in pixels, that smoothing may cut off the staircase of an outline."""


@dataclass(frozen=True)
class GrainMap:
    """Grains on a regular grid of pixels.

    Attributes
    ----------
    x, y : (nx,), (ny,) centres of the pixels, mm, ascending.
    grain : (ny, nx) int32 number of the grain from 0, -1 where there is none.
    euler : (grains, 3) Bunge angles, rad, or None if the orientations are unknown.
    """

    x: np.ndarray
    y: np.ndarray
    grain: np.ndarray
    euler: np.ndarray | None


def segment(euler: np.ndarray, indexed: np.ndarray, threshold: float) -> np.ndarray:
    """Grain of each pixel: neighbours that differ by less than ``threshold`` belong together.

    Parameters
    ----------
    euler : (ny, nx, 3) Bunge angles, rad.
    indexed : (ny, nx) whether the pixel has an orientation.
    threshold : smallest misorientation of a grain boundary under cubic symmetry, rad.

    Returns
    -------
    (ny, nx) int32, -1 where not indexed.
    """
    orientation = quaternions(euler.reshape(-1, 3))

    def alike(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return misorientation(orientation[first], orientation[second]) < threshold

    return _regions(indexed, alike)


def connected_parts(label: np.ndarray) -> np.ndarray:
    """Give each connected part of equal labels (ny, nx) a number; -1 where a label is negative."""
    values = label.ravel()
    return _regions(label >= 0, lambda first, second: values[first] == values[second])


def _regions(
    inside: np.ndarray, alike: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Give each region of 4-neighbours (flat pixel numbers) that are ``alike`` a number."""
    number = np.arange(inside.size).reshape(inside.shape)
    pairs = []
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        both = inside[here] & inside[there]
        pair = np.stack([number[here][both], number[there][both]])
        pairs.append(pair[:, alike(*pair)])
    first, second = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(len(first)), (first, second)), shape=(inside.size,) * 2)
    _, region = connected_components(graph, directed=False)
    return renumber(np.where(inside, region.reshape(inside.shape), NONE))


def renumber(label: np.ndarray) -> np.ndarray:
    """Give labels new numbers, int32, in the order of their first pixel; -1 for negative ones."""
    values, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.full(len(values), NONE, dtype=np.int32)
    real = np.flatnonzero(values >= 0)
    rank[real[np.argsort(first[real])]] = np.arange(len(real))
    return rank[inverse].reshape(label.shape)


def clean(grain: np.ndarray, fewest_pixels: int, gap: int) -> np.ndarray:
    """Drop small grains and fill holes and gaps between grains with the nearest grain.

    Parameters
    ----------
    grain : (ny, nx) from 0, -1 where there is none.
    fewest_pixels : grains with fewer pixels are dropped.
    gap : widest gap between two grains that is filled, pixels; the outer rim stays as it is.

    Raises
    ------
    SlipfieldError
        If no grain is left.
    """
    kept = np.where(large_parts(grain, fewest_pixels), grain, NONE)
    if not (kept >= 0).any():
        raise SlipfieldError(
            f"grain map: no grain of {fewest_pixels} pixels or more; "
            "check the misorientation threshold and the smallest grain"
        )
    width = -(-gap // 2)
    padded = np.pad(kept >= 0, width, mode="edge")
    closed = ndimage.binary_closing(padded, np.ones((3, 3)), iterations=width) if width else padded
    inner = closed[width : width + kept.shape[0], width : width + kept.shape[1]]
    inside = ndimage.binary_fill_holes(inner | (kept >= 0))
    return renumber(np.where(inside, nearest_grain(kept), NONE))


def large_parts(grain: np.ndarray, fewest_pixels: int) -> np.ndarray:
    """Pixels (ny, nx) of grains that are large enough to stay; they alone count for the mean."""
    count = np.bincount(grain[grain >= 0], minlength=1)
    return (grain >= 0) & (count[grain] >= fewest_pixels)


def nearest_grain(grain: np.ndarray) -> np.ndarray:
    """Grain of the nearest pixel that has one."""
    row, column = ndimage.distance_transform_edt(
        grain < 0, return_distances=False, return_indices=True
    )
    return grain[row, column]


def outlines(grains: GrainMap) -> np.ndarray:
    """Outline of every grain: polygons (grains,), mm, counter-clockwise, in the map's axes.

    The pixels' staircase is simplified so that neighbours keep their common boundaries. Of a
    grain that this leaves in several parts, the largest counts.
    """
    places = ndimage.find_objects(grains.grain + 1)
    cells = [_pixels(grains.grain, place, number) for number, place in enumerate(places)]
    smooth = [_largest(shape) for shape in shapely.coverage_simplify(cells, SIMPLIFICATION)]
    steps, origin = np.array(pixel_size(grains)), np.array([grains.x[0], grains.y[0]])
    return shapely.orient_polygons(shapely.transform(smooth, lambda at: origin + steps * at))


def sizes(polygons: np.ndarray) -> np.ndarray:
    """Axes (grains, 2), mm, of the minimum-area ellipses around polygons (grains,)."""
    return enclosing_ellipses([shapely.get_coordinates(polygon) for polygon in polygons])


def pixel_size(grains: GrainMap) -> tuple[float, float]:
    """Pitch of the pixels along x and y, mm."""
    return tuple((axis[-1] - axis[0]) / (len(axis) - 1) for axis in (grains.x, grains.y))


def _pixels(grain: np.ndarray, place: tuple[slice, slice], number: int) -> shapely.Geometry:
    """Union of the pixels of a grain, in pixels, with a vertex at every corner of a pixel."""
    row, column = np.nonzero(grain[place] == number)
    row, column = row + place[0].start, column + place[1].start
    boxes = shapely.box(column - 0.5, row - 0.5, column + 0.5, row + 0.5)
    return shapely.coverage_union_all(boxes)


def _largest(shape: shapely.Geometry) -> shapely.Polygon:
    """Largest part of a shape, without holes."""
    parts = shapely.get_parts(shape)
    return shapely.Polygon(parts[np.argmax(shapely.area(parts))].exterior)
