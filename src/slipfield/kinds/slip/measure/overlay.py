"""Picture of a specimen file: grain map and outline over the strain."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from slipfield.kinds.slip.figures.simulation import COMPONENT_MAPS
from slipfield.kinds.slip.measure.summary import MEASURES
from slipfield.report.style import use_style


def figure_overlay(data: xr.Dataset) -> Figure:
    """Grain boundaries and outline of the sheet over the last measured strain along the load.

    On the left the whole sheet, on the right its middle quarter.
    """
    use_style()
    figure = Figure(figsize=(9.6, 5.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    width, height = data.attrs["sheet_width_mm"], data.attrs["sheet_height_mm"]
    field = 100 * data["strain"].sel(component="yy").isel(time=-1).values
    low, high = np.nanpercentile(field, [1, 99])
    for axes in (left, right):
        image = axes.pcolormesh(
            data["x_mm"], data["y_mm"], field, cmap=COMPONENT_MAPS["yy"], vmin=low, vmax=high
        )
        axes.add_collection(LineCollection(list(boundaries(data)), colors="black", linewidths=0.5))
        axes.plot(*sheet_outline(data).T, color="red", linewidth=1.0)
        axes.set(aspect="equal", xlabel="x (mm)")
    left.set(ylabel="y, load axis (mm)", title="grain boundaries over the last strain map")
    right.set(xlim=(0.25 * width, 0.75 * width), ylim=(0.25 * height, 0.75 * height))
    right.set_title("middle of the sheet")
    label = f"{MEASURES[data.attrs['strain_measure']]}, yy (%)"
    figure.colorbar(image, ax=(left, right), label=label, extend="both", shrink=0.8)
    return figure


def boundaries(data: xr.Dataset) -> np.ndarray:
    """Grain boundaries as segments (n, 2, 2) in specimen axes, mm."""
    if "grain_id" not in data:
        return np.empty((0, 2, 2))
    grain = data["grain_id"].values
    x, y = (_edges(data[f"grain_{name}_mm"].values) for name in "xy")
    row, column = np.nonzero(grain[:, 1:] != grain[:, :-1])
    upright = [[x[column + 1], y[row]], [x[column + 1], y[row + 1]]]
    row, column = np.nonzero(grain[1:] != grain[:-1])
    level = [[x[column], y[row + 1]], [x[column + 1], y[row + 1]]]
    segments = np.concatenate([np.array(part).transpose(2, 0, 1) for part in (upright, level)])
    affine = data["affine"].values
    return segments @ affine[:, :2].T + affine[:, 2]


def _edges(centres: np.ndarray) -> np.ndarray:
    step = (centres[-1] - centres[0]) / (len(centres) - 1)
    return centres[0] + step * (np.arange(len(centres) + 1) - 0.5)


def sheet_outline(data: xr.Dataset) -> np.ndarray:
    """Outline of the sheet, closed, (n, 2) mm."""
    if "outline_y" in data:
        y, left, right = (data[f"outline_{name}"].values for name in ("y", "left", "right"))
    else:
        y = np.array([0.0, data.attrs["sheet_height_mm"]])
        left, right = np.zeros(2), np.full(2, data.attrs["sheet_width_mm"])
    ring = [np.column_stack([right, y]), np.column_stack([left, y])[::-1]]
    return np.vstack([*ring, ring[0][:1]])
