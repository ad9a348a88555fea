"""Elongation of the sheet from its strain maps: top edge relative to bottom edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.gauge import gauge_of
from slipfield.kinds.slip.measure.noise import frame_noise
from slipfield.kinds.slip.measure.specimen_file import part
from slipfield.kinds.slip.measure.strain_measures import stretch_along_y

EDGE_SHARE = 0.1
"""Share of the rows of points from which the displacement of an edge is drawn to the edge."""

FEWEST_ROWS = 3
"""Rows that a straight line to the edge takes; fewer would extrapolate noise."""

FEWEST_POINTS = 3
"""Points of a row that a straight line along it takes."""

MOST_FILLED = 0.5
"""Share of the frames whose elongation may be taken from their neighbours."""


def with_elongation(data: xr.Dataset) -> xr.Dataset:
    """Add the displacement of the top edge relative to the bottom edge, mm, from the maps.

    From the measured displacements near both edges if there are any, else from the strains: the
    mean stretch along y. A frame whose edge is masked takes the mean of the frames beside it,
    weighted by time. The attribute ``displacement_source`` says which.

    Raises
    ------
    SlipfieldError
        If an edge is masked in the last frame, or in more than half of them.
    """
    height, y, time = data.attrs["sheet_height_mm"], data["y_mm"].values, data["time"].values
    if "v" in data:
        rows = _row_means(data["v"].values)
        top, bottom = _edge(rows[:, ::-1], y[::-1], height), _edge(rows, y, 0.0)
        elongation, source = top - bottom, "measured displacements of the edges"
        lost = {"top": np.isnan(top), "bottom": np.isnan(bottom)}
    else:
        stretch = stretch_along_y(data["strain"].values, data.attrs["strain_measure"], axis=1)
        known = np.isfinite(stretch)
        area = np.where(known, _areas(data), 0.0)
        seen = area.sum(axis=(1, 2))
        total = (area * np.where(known, stretch, 0.0)).sum(axis=(1, 2))
        means = np.where(seen > 0, total / np.where(seen > 0, seen, 1.0), np.nan)
        elongation, source = height * (means - 1), "mean of the measured strains"
        lost = {"": seen == 0}
    elongation, filled = _filled(time, elongation, lost)
    if filled:
        names = ", ".join(map(str, filled))
        source += f"; frame{'s' if len(filled) > 1 else ''} {names} from the frames beside"
    data = data.assign(part({"displacement": elongation}))
    return data.assign_attrs(displacement_source=source)


def elongation_noise(data: xr.Dataset) -> float:
    """Standard deviation of a frame's elongation, mm; 0 where too few frames tell it.

    From the scatter over the frames. Where the loading turns often that is too much: strain over
    the length of a gauge, or two steps of the points, is never known worse than one point of it.
    """
    time = data["time"].values
    gauge = gauge_of(data)
    length = 2 * float(np.diff(data["y_mm"].values).mean()) if gauge is None else gauge.width
    seen = frame_noise(data["displacement"].values, time)
    most = length * frame_noise(data["strain"].values, time)
    return float(np.nan_to_num(min(seen, most)))


def _filled(
    time: np.ndarray, elongation: np.ndarray, lost: dict[str, np.ndarray]
) -> tuple[np.ndarray, Sequence[int]]:
    """Elongation (time,) without gaps, and the numbers, from 0, of the frames that were filled."""
    known = np.isfinite(elongation)
    if known.all():
        return elongation, []
    gaps = np.flatnonzero(~known)
    if not known[-1] or len(gaps) > MOST_FILLED * len(time):
        frame = len(time) - 1 if not known[-1] else int(gaps[0])
        edge = next(name for name, missing in lost.items() if missing[frame])
        place = f"the {edge} edge of the sheet is masked" if edge else "everything is masked"
        raise SlipfieldError(
            f"displacement: {place} in frame {frame}{_others(gaps, frame)}, so that its elongation "
            f"is not known; leave {'it' if len(gaps) == 1 else 'them'} out, or give --sheet and "
            "--origin of the part that is seen in all frames"
        )
    given, values = time[known], elongation[known]
    if given[0] > 0:
        given, values = np.append(0.0, given), np.append(0.0, values)
    return np.where(known, elongation, np.interp(time, given, values)), gaps.tolist()


def _others(gaps: np.ndarray, frame: int) -> str:
    return (
        "" if len(gaps) == 1 else f" and in {len(gaps) - 1} others ({gaps[gaps != frame][0]} ...)"
    )


def _areas(data: xr.Dataset) -> np.ndarray:
    """Shares (y, x) of the sheet that the points stand for: half of one for a point at an edge."""
    lengths = []
    for name, size in (("y_mm", "sheet_height_mm"), ("x_mm", "sheet_width_mm")):
        at = data[name].values
        step = (at[-1] - at[0]) / (len(at) - 1)
        ends = np.clip(at, 0.5 * step, data.attrs[size] - 0.5 * step)
        lengths.append(np.where(np.abs(ends - at) > 0.25 * step, 0.5, 1.0))
    return np.outer(*lengths)


def _row_means(values: np.ndarray) -> np.ndarray:
    """Mean displacements (time, y) of the rows of points; NaN for a row without any.

    Where points of a row are lost the mean is that of a straight line through the others, at the
    middle of the map, as a sheet that turns would else seem to stretch.
    """
    known = np.isfinite(values)
    place = np.arange(values.shape[2], dtype=float)
    middle = place.mean()
    count = known.sum(axis=2)
    divisor = np.maximum(count, 1)
    given = np.where(known, values, 0.0)
    at, mean = (known @ place) / divisor, given.sum(axis=2) / divisor
    spread = (known @ place**2) / divisor - at**2
    slope = ((given @ place) / divisor - at * mean) / np.where(spread > 0, spread, np.inf)
    told = count >= FEWEST_POINTS
    return np.where(count > 0, mean + np.where(told, slope * (middle - at), 0.0), np.nan)


def _edge(rows: np.ndarray, y: np.ndarray, place: float) -> np.ndarray:
    """Mean displacement (time,) at the edge ``place`` from row means (time, y), nearest first.

    NaN where fewer than three of the rows near the edge are measured.
    """
    step_mm = abs(y[1] - y[0])
    if abs(y[0] - place) < 1e-3 * step_mm and np.isfinite(rows[:, 0]).all():
        return rows[:, 0]
    count = max(FEWEST_ROWS, int(EDGE_SHARE * len(y)))
    design = np.column_stack([y[:count] - place, np.ones(count)])
    found = np.full(len(rows), np.nan)
    for frame, row in enumerate(rows[:, :count]):
        known = np.isfinite(row)
        if known.sum() >= FEWEST_ROWS:
            found[frame] = np.linalg.lstsq(design[known], row[known], rcond=None)[0][1]
    return found
