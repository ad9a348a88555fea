"""Figures of the simulations: strain fields, load curves, cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from slipfield.core.numbers import short
from slipfield.kinds.slip.figures.labels import parameter_label
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.report.style import FIELD_MAP, SIGNED_MAP, use_style

MOST_CURVES = 300
COMPONENT_MAPS = {"xx": f"{FIELD_MAP}_r", "yy": FIELD_MAP, "xy": SIGNED_MAP}
STRAIN_NAMES = {
    "green_lagrange": "Green-Lagrange strain",
    "hencky": "Hencky strain",
    "engineering": "engineering strain",
}


def figure_strain(shard: xr.Dataset, grains: xr.Dataset, sample: int, frames: int = 4) -> Figure:
    """Strain components (rows) of one sample at several outputs (columns), as in figure 3.

    Parameters
    ----------
    shard
        Shard that holds the sample.
    grains
        Its microstructure: nodal coordinates and grain polygons, mm.
    sample
        Number of the sample in the design.
    frames
        Number of outputs to show, equally spaced, the last one included.
    """
    one = shard.sel(sample=sample)
    times = np.linspace(0, one.sizes["time"], frames + 1)[1:].round().astype(int) - 1
    use_style()
    figure = Figure(figsize=(9.6, 6.4), layout="constrained")
    axes = figure.subplots(3, len(times), sharex=True, sharey=True, squeeze=False)
    for row, component in zip(axes, shard["component"].values, strict=True):
        percent = 100 * one["strain"].sel(component=component).isel(time=times).values
        for axis, field in zip(row, percent, strict=True):
            low, high = _limits(field, symmetric=component == "xy")
            image = axis.pcolormesh(
                grains["x_mm"],
                grains["y_mm"],
                field,
                cmap=COMPONENT_MAPS[str(component)],
                vmin=low,
                vmax=high,
                shading="gouraud",
                rasterized=True,
            )
            axis.add_collection(_outlines(grains))
            axis.set(aspect="equal", xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            bar = figure.colorbar(image, ax=axis, extend="both", aspect=18, pad=0.02)
            bar.locator = MaxNLocator(4)
        row[0].set_ylabel(f"$E_{{{component}}}$ (%)", fontsize="large")
    elongation = 100 * one["displacement"].values / float(grains["y_mm"].max())
    for axis, time in zip(axes[0], times, strict=True):
        axis.set_title(f"{float(one['time'][time]):g} s, {short(elongation[time], 3)} % elongation")
    values = ", ".join(f"{name} = {float(one[name]):.3g}" for name in PARAMETERS)
    measure = STRAIN_NAMES[shard.attrs["strain_measure"]]
    figure.suptitle(f"Sample {sample}, {measure}: {values}", fontsize=9.5)
    return figure


def figure_loads(runs: xr.Dataset, study: Study) -> Figure:
    """Load curves of the samples, and the rotation of their lattices, coloured by each parameter.

    Parameters
    ----------
    runs
        load (sample, time) in N, displacement (time) in mm, k1, k2, k3 (sample), failed ones left
        out; mean_lattice_rotation (sample, time) in rad, if the shards have it.
    study
        The study: height and section of the specimen.
    """
    shown = np.linspace(0, runs.sizes["sample"] - 1, min(runs.sizes["sample"], MOST_CURVES))
    runs = runs.isel(sample=np.unique(shown.astype(int)))
    specimen = study.specimen
    elongation = np.concatenate([[0], 100 * runs["displacement"].values / specimen.height_mm])
    quantities = {"load (N)": runs["load"].values}
    if "mean_lattice_rotation" in runs:
        degrees = np.degrees(runs["mean_lattice_rotation"].values)
        quantities["mean lattice rotation (°)"] = degrees
    use_style()
    figure = Figure(figsize=(9.0, 1.2 + 2.2 * len(quantities)), layout="constrained")
    grid = figure.subplots(len(quantities), 3, sharex=True, sharey="row", squeeze=False)
    for row, (label, values) in enumerate(quantities.items()):
        points = np.broadcast_arrays(elongation, np.pad(values, ((0, 0), (1, 0))))
        curves = list(np.stack(points, axis=-1))
        for axis, name in zip(grid[row], PARAMETERS, strict=True):
            lines = LineCollection(curves, array=runs[name].values, cmap="viridis", linewidths=0.6)
            axis.add_collection(lines)
            axis.autoscale_view()
            if row == 0:
                title = parameter_label(name)
                figure.colorbar(lines, ax=axis, location="top", label=title, aspect=25)
        grid[row, 0].set_ylabel(label)
    for axis in grid[-1]:
        axis.set_xlabel("elongation (%)")
    section = specimen.width_mm * specimen.thickness_mm
    stress = grid[0, -1].secondary_yaxis("right", (lambda n: n / section, lambda s: s * section))
    stress.set_ylabel("nominal stress (MPa)")
    return figure


def figure_runtime(runs: xr.Dataset, stages: pd.DataFrame) -> Figure:
    """Cost of one sample, and of each stage of the workflow.

    Parameters
    ----------
    runs
        cpu_seconds (sample) in s.
    stages
        Index: stage; columns wall_seconds (summed over its jobs), jobs.
    """
    use_style()
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.hist(runs["cpu_seconds"].values, bins="auto", edgecolor="white")
    left.set_xlabel("CPU time of one sample (s)")
    left.set_ylabel("samples")
    stages = stages.sort_values("wall_seconds")
    bars = right.barh(stages.index, stages["wall_seconds"] / 60)
    labels = [f"{jobs} job{'s' if jobs > 1 else ''}" for jobs in stages["jobs"]]
    right.bar_label(bars, labels, padding=3, fontsize="small")
    right.margins(x=0.2)
    right.set_xlabel("wall-clock time of the stage, summed over its jobs (min)")
    return figure


def _limits(field: np.ndarray, symmetric: bool) -> tuple[float, float]:
    """Colour limits that leave out the outermost percent on either side."""
    low, high = np.nanpercentile(field, [1, 99])
    if symmetric:
        high = max(abs(low), abs(high))
        low = -high
    return low, high


def _outlines(grains: xr.Dataset) -> LineCollection:
    """Outlines of the grains."""
    corners = np.column_stack([grains["polygon_x"], grains["polygon_y"]])
    rings = np.split(corners, grains["polygon_start"].values[1:])
    closed = [np.vstack([ring, ring[:1]]) for ring in rings]
    return LineCollection(closed, colors="black", linewidths=0.3, alpha=0.5)
