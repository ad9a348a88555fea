"""From points that lie on no grid, such as the nodes of a triangle mesh, to a regular one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay, QhullError, cKDTree

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Maps, Points, stacked

NEIGHBOURS = 4
REACH = 0.8
"""A node further from every point of a frame than this, in steps, is unknown; in a complete map
of square cells the furthest place lies at 0.71."""

SAME_PLACE = 0.1
"""A node outside all triangles takes the value of a point that is no further than this, in steps:
points of the edge scatter by the rounding of their positions."""


def resampled(frames: Sequence[Points]) -> Maps:
    """Interpolate frames of scattered points on one regular grid, linearly in Delaunay triangles.

    The step is the median distance of neighbouring points in the first frame, so that the grid has
    about as many nodes as the frame has points. The maps have ``u`` and ``v`` if all frames have
    them, and are NaN where a frame has no point near.

    Raises
    ------
    SlipfieldError
        If the points of a frame lie on a line, or two share a place.
    """
    step = _step(frames[0])
    x, y = (
        _axis(np.concatenate([getattr(frame, name) for frame in frames]), step)
        for name in ("x", "y")
    )
    nodes = np.stack(np.meshgrid(x, y), axis=-1)
    maps: list[dict[str, np.ndarray]] = []
    mesh = None
    for frame in frames:
        if mesh is None or not mesh.same_places(frame):
            mesh = _Mesh(frame, nodes, step)
        maps.append(mesh.at_nodes(frame))
    names = [n for n in ("exx", "eyy", "exy", "u", "v") if all(n in each for each in maps)]
    return stacked(x, y, {name: np.stack([each[name] for each in maps]) for name in names})


def _step(frame: Points) -> float:
    """Median distance of neighbouring points."""
    places = np.column_stack([frame.x, frame.y])
    if len(places) <= NEIGHBOURS:
        raise SlipfieldError(f"{frame.source}: {len(places)} points; expected a map")
    distance, _ = cKDTree(places).query(places, k=NEIGHBOURS + 1)
    return float(np.median(distance[:, 1:]))


def _axis(values: np.ndarray, step: float) -> np.ndarray:
    low, high = values.min(), values.max()
    return np.linspace(low, high, max(1, int(np.rint((high - low) / step))) + 1)


class _Mesh:
    """Triangles between the points of a frame, and where the nodes of a grid lie in them."""

    def __init__(self, frame: Points, nodes: np.ndarray, step: float) -> None:
        self.places = np.column_stack([frame.x, frame.y])
        if len(np.unique(self.places, axis=0)) != len(self.places):
            raise SlipfieldError(f"{frame.source}: two points at the same place; one frame a file")
        try:
            self.triangles = Delaunay(self.places)
        except QhullError:
            raise SlipfieldError(
                f"{frame.source}: all points lie on a line; expected a map"
            ) from None
        self.nodes, self.step = nodes, step
        self.distance, self.nearest = cKDTree(self.places).query(nodes)

    def same_places(self, frame: Points) -> bool:
        """Whether a frame has the points that the triangles join."""
        return len(frame.x) == len(self.places) and np.array_equal(
            np.column_stack([frame.x, frame.y]), self.places
        )

    def at_nodes(self, frame: Points) -> dict[str, np.ndarray]:
        """Values of a frame at the nodes (ny, nx) by name; NaN where there is no point near."""
        given = np.column_stack(list(frame.values.values()))
        found = LinearNDInterpolator(self.triangles, given)(self.nodes)
        outside = np.isnan(found[..., 0]) & (self.distance < SAME_PLACE * self.step)
        found[outside] = given[self.nearest[outside]]
        found[self.distance > REACH * self.step] = np.nan
        return dict(zip(frame.values, np.moveaxis(found, -1, 0), strict=True))
