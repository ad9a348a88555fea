"""Measured points brought to the nodes of the mesh; frames stay at their times.

The nodal field is the bilinear one that fits the measured points best (least squares), with a
slight penalty on curvature that also bridges small gaps. Where points are denser than nodes this
averages noise without the bias of an interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from scipy.sparse import csr_matrix, diags_array, eye_array, kron, vstack
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.elongation import elongation_noise
from slipfield.kinds.slip.measure.gauge import gauge_of
from slipfield.kinds.slip.measure.strain_measures import convert
from slipfield.kinds.slip.measure.times import frame_groups, group_means
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.projection.resample import MINIMUM_COVER, remaining_window
from slipfield.kinds.slip.specimen.mesh import Mesh, bilinear_weights
from slipfield.kinds.slip.study import Study

SMOOTHING = 1e-3
"""Weight of squared second differences relative to the mean weight of a node."""

REACH = 0.75
"""A node further from every measured point than this share of a cell's or step's diagonal is
unknown."""

NODES = 2.0
"""Width, in cells, that strain at the nodes of a mesh is a mean over."""

BLOCKS = 8
"""Blocks along x and along y within which residuals may be alike."""


@dataclass(frozen=True)
class Measurement:
    """A measurement on the mesh of the solver, at the times of its frames.

    Attributes
    ----------
    time : (time,) s; the solver has outputs there.
    points : (time, 3, n) strain in the study's measure at the measured points, NaN: unknown.
    load : (time,) N, NaN: unknown.
    sampling : (n, nodes) bilinear weights of the nodes at the points.
    spacing : distance of the measured points along x and y, mm.
    averaged_frames : frames that each strain map is the mean of.
    gauge : width of the box that the strain was averaged over, mm; None: two steps of the points.
    elongation_noise : standard deviation of the elongation that the run follows, mm.
    """

    time: np.ndarray
    points: np.ndarray
    load: np.ndarray
    sampling: csr_matrix
    mesh: Mesh
    spacing: tuple[float, float]
    averaged_frames: int = 1
    gauge: float | None = None
    elongation_noise: float = 0.0

    @cached_property
    def places(self) -> np.ndarray:
        """Row and column (n, 2), in cells of the mesh, of the measured points."""
        rows, columns = self.mesh.shape
        return self.sampling @ np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)

    @cached_property
    def block(self) -> np.ndarray:
        """Block of the sheet, of :data:`BLOCKS` x :data:`BLOCKS`, that holds each point (n,)."""
        cells = np.array(self.mesh.shape) - 1
        row, column = np.minimum(BLOCKS * self.places / cells, BLOCKS - 1).astype(int).T
        return BLOCKS * row + column

    @property
    def block_count(self) -> int:
        """Number of blocks."""
        return BLOCKS**2

    @cached_property
    def nodal(self) -> np.ndarray:
        """Strain (time, 3, y, x) float32 at the nodes; NaN where unknown."""
        rows, columns = self.mesh.shape
        known = np.isfinite(self.points[:, 0])
        found = np.full((len(self.time), 3, rows * columns), np.nan, np.float32)
        patterns, which = np.unique(known, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            frames = np.flatnonzero(which == number)
            if pattern.any():
                values = self.points[frames][:, :, pattern].reshape(-1, pattern.sum())
                fitted = self._fit(pattern, values).reshape(len(frames), 3, -1)
                found[frames] = np.where(self._reached(pattern), fitted, np.nan)
        return found.reshape(len(self.time), 3, rows, columns)

    def averaged(self, width: float) -> np.ndarray:
        """Strain (time, 3, y, x) float32 at the nodes, averaged over ``width`` cells in all.

        The points have been averaged over the gauge before, or over about two of their own
        spacings if that is not known; windows do the rest. Each point stands for its pixel of the
        measured grid. NaN where less than a quarter of a window is known. Where points are further
        apart than nodes there is nothing to average, and the result is :attr:`nodal`.
        """
        windows = self.windows(width)
        return self.nodal if windows is None else windows.means(self.points)

    def windows(self, width: float) -> Windows | None:
        """Windows of :meth:`averaged`; None where points are further apart than nodes."""
        pitch = np.array(self.spacing) / self._cell
        if pitch.max() > 1:
            return None
        window = remaining_window(width, float(pitch.max()), self._gauge_cells)
        shape = self.mesh.shape
        weights = window_weights(shape, self.places, pitch[::-1], window)
        return Windows(shape, weights, MINIMUM_COVER * window_areas(shape, window))

    @cached_property
    def _cell(self) -> np.ndarray:
        """Width and height of a cell, mm."""
        rows, columns = self.mesh.shape
        return np.ptp(self.mesh.positions, axis=0) / (columns - 1, rows - 1)

    @property
    def _gauge_cells(self) -> float | None:
        """Width of the gauge in cells."""
        return None if self.gauge is None else self.gauge / float(np.sqrt(self._cell.prod()))

    def seen(self, run: Reference, own: float = NODES) -> Reference:
        """Run as the gauge sees it: averaged over what ``own``, in cells, leaves of its width.

        Strain at the nodes of a mesh is a mean over two cells along the derivative already.
        """
        width = self._gauge_cells
        if width is None or width <= own:
            return run
        return run.averaged(float(np.sqrt(width**2 - own**2)))

    def _fit(self, pattern: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Nodal values (m, nodes) that fit point values (m, points)."""
        sampling = self.sampling[pattern]
        normal = sampling.T @ sampling
        weight = SMOOTHING * normal.diagonal().sum() / normal.shape[0]
        return (
            splu((normal + weight * curvature(self.mesh.shape)).tocsc())
            .solve(sampling.T @ values.T)
            .T
        )

    def _reached(self, pattern: np.ndarray) -> np.ndarray:
        """Nodes near enough to a measured point."""
        at = self.sampling[pattern] @ self.mesh.positions
        reach = REACH * max(np.hypot(*self._cell), np.hypot(*self.spacing))
        distance, _ = cKDTree(at).query(self.mesh.positions)
        return distance <= reach


@dataclass(frozen=True)
class Windows:
    """Windows around the nodes of a mesh, over which measured points are averaged.

    Attributes
    ----------
    shape : nodes along y and x.
    weights : (nodes, n) area, in cells, that windows share with the pixels of the points.
    least : (nodes,) area below which a node is unknown.
    """

    shape: tuple[int, int]
    weights: csr_matrix
    least: np.ndarray

    def means(self, points: np.ndarray) -> np.ndarray:
        """Strain (time, 3, y, x) float32 at the nodes from points (time, 3, n); NaN: unknown."""
        flat = points.reshape(-1, points.shape[2]).T
        known = np.isfinite(flat)
        area = self.weights @ known.astype(float)
        sums = self.weights @ np.where(known, flat, 0.0)
        found = np.where(area >= self.least[:, None], sums / np.where(area > 0, area, 1.0), np.nan)
        return found.T.reshape(len(points), 3, *self.shape).astype(np.float32)


def resample(
    data: xr.Dataset, study: Study, mesh: Mesh, groups: list[slice] | None = None
) -> Measurement:
    """Bring a specimen's strain maps and loads to ``mesh``, in the strain measure of ``study``.

    Parameters
    ----------
    groups : frames that are averaged, by default none; see :func:`~.times.frame_groups`.

    Raises
    ------
    SlipfieldError
        If no measured point lies on the sheet or no frame has a strain.
    """
    time = data["time"].values
    groups = frame_groups(time, len(time)) if groups is None else groups
    strain = data["strain"].values.astype(float)
    strain = convert(strain, data.attrs["strain_measure"], study.solver.strain_measure, axis=1)
    x, y = np.meshgrid(data["x_mm"].values, data["y_mm"].values)
    inside, sampling = bilinear_weights(mesh, x.ravel(), y.ravel())
    if not inside.any():
        raise SlipfieldError("specimen: no measured point lies on the sheet; check its origin")
    points = group_means(strain.reshape(*strain.shape[:2], -1)[:, :, inside], groups)
    if not np.isfinite(points).any():
        raise SlipfieldError("specimen: no frame has a measured point on the sheet")
    load = np.full(len(points), np.nan)
    if "load" in data:
        load = group_means(data["load"].values, groups)
    dx, dy = (float(np.diff(data[name].values).mean()) for name in ("x_mm", "y_mm"))
    each = groups[0].stop - groups[0].start
    gauge, at = gauge_of(data), group_means(time, groups)
    width = None if gauge is None else gauge.width
    noise = elongation_noise(data) / np.sqrt(each)
    return Measurement(at, points, load, sampling, mesh, (dx, dy), each, width, noise)


def window_weights(
    shape: tuple[int, int], places: np.ndarray, pitch: np.ndarray, window: float
) -> csr_matrix:
    """Area, in cells, that each node's window shares with the pixel of each point (nodes, n).

    Parameters
    ----------
    shape : nodes along y and x.
    places : (n, 2) row and column of the points, in cells.
    pitch : height and width of a pixel, in cells.
    window : width of the windows, in cells; they are cut at the edges of the sheet.
    """
    (row, high), (column, wide) = (
        _overlaps(place, step, window, count)
        for place, step, count in zip(places.T, pitch, shape, strict=True)
    )
    node = row[:, :, None] * shape[1] + column[:, None, :]
    area = high[:, :, None] * wide[:, None, :]
    point = np.broadcast_to(np.arange(len(places))[:, None, None], area.shape)
    there = area > 0
    size = np.prod(shape), len(places)
    return csr_matrix((area[there], (node[there], point[there])), shape=size)


def _overlaps(
    place: np.ndarray, step: float, window: float, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (n, m) of a line whose windows may meet the pixels, and the lengths they share."""
    reach = 0.5 * (step + window)
    node = np.ceil(place - reach).astype(int)[:, None] + np.arange(int(2 * reach) + 1)
    low = np.maximum(np.maximum(node - 0.5 * window, 0), place[:, None] - 0.5 * step)
    high = np.minimum(np.minimum(node + 0.5 * window, count - 1), place[:, None] + 0.5 * step)
    inside = (node >= 0) & (node < count)
    return np.clip(node, 0, count - 1), np.where(inside, np.maximum(high - low, 0), 0.0)


def window_areas(shape: tuple[int, int], window: float) -> np.ndarray:
    """Area (nodes,), in cells, of the nodes' windows, which are cut at the edges of the sheet."""
    lengths = []
    for count in shape:
        node = np.arange(count)
        ends = np.minimum(node + 0.5 * window, count - 1) - np.maximum(node - 0.5 * window, 0)
        lengths.append(ends)
    return np.outer(*lengths).ravel()


def curvature(shape: tuple[int, int]) -> csr_matrix:
    """Sum of squared second differences along rows and columns, (nodes, nodes)."""
    along = []
    for count in shape:
        ones = np.ones(count)
        along.append(
            diags_array(
                [ones[2:], -2 * ones[1:-1], ones[2:]], offsets=[0, 1, 2], shape=(count - 2, count)
            )
        )
    rows, columns = shape
    parts = kron(along[0], eye_array(columns)), kron(eye_array(rows), along[1])
    second = vstack(parts).tocsr()
    return second.T @ second
