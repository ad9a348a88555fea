"""Figures of the projection inverter: what a reference run gives, and how accurate it makes k."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.style import COLOURS, GREY, save_figure, use_style

AIM_PERCENT, REQUIRED_PERCENT, MESH_PERCENT = 0.5, 1.0, 2.0
MARKERS = dict(zip(PARAMETERS, "os^", strict=True))


def write_figures(tables: Path, output: Path) -> None:
    """Draw the tables in a folder: accuracy.png, and crossmesh.png if there is such a table.

    Raises
    ------
    SlipfieldError
        If a table is missing.
    """
    names = ("samples", "noise", "frames")
    missing = [name for name in names if not (tables / f"{name}.csv").exists()]
    if missing:
        raise SlipfieldError(f"{tables}: no {missing[0]}.csv; run `projection tables` first")
    read = {name: pd.read_csv(tables / f"{name}.csv") for name in names}
    save_figure(figure_accuracy(read), output / "accuracy.png")
    crossmesh = tables / "crossmesh.csv"
    if crossmesh.exists():
        save_figure(figure_crossmesh(pd.read_csv(crossmesh)), output / "crossmesh.png")


def figure_accuracy(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the median error over training samples, noise and number of frames.

    Parameters
    ----------
    tables
        "samples", "noise" and "frames": columns case, parameter, median_percent.
    """
    use_style()
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    noise = tables["noise"]
    noise = noise[noise["case"].astype(str).str.endswith("%")]
    noise = noise.assign(case=noise["case"].str.removesuffix(" %"))
    panels = (
        (tables["samples"], "training samples"),
        (noise, "noise of strain and load (%)"),
        (tables["frames"], "strain frames"),
    )
    for axis, (table, label) in zip(axes, panels, strict=True):
        _error_curves(axis, table)
        axis.set_xlabel(label)
    for index in (0, 2):
        axes[index].set_xscale("log")
        numbers = sorted(panels[index][0]["case"].astype(int).unique())
        axes[index].set_xticks(numbers, [f"{number:,}" for number in numbers], rotation=40)
        axes[index].minorticks_off()
    axes[0].set_ylabel("median relative error (%)")
    axes[0].legend()
    return figure


def _error_curves(axis: Axes, table: pd.DataFrame) -> None:
    """One curve for each parameter, with the aimed and the required error."""
    for name, colour in zip(PARAMETERS, COLOURS, strict=False):
        own = table[table["parameter"] == name]
        number = own["case"].astype(float)
        label = f"${name[0]}_{name[1:]}$"
        axis.plot(number, own["median_percent"], MARKERS[name] + "-", color=colour, label=label)
    axis.axhline(REQUIRED_PERCENT, color=GREY, lw=0.8)
    axis.axhline(AIM_PERCENT, color=GREY, lw=0.8, ls="--")
    axis.set_ylim(0, None)


def figure_crossmesh(table: pd.DataFrame) -> Figure:
    """Draw median error and shift of specimens on finer meshes, before and after adapting.

    Parameters
    ----------
    table
        Columns adapted_to, tested_on, parameter, median_percent and shift_percent.
    """
    use_style()
    cases = table[["adapted_to", "tested_on"]].drop_duplicates()
    labels = [
        f"tested on {row.tested_on}, "
        + ("not adapted" if row.adapted_to == "none" else f"adapted to {row.adapted_to}")
        for row in cases.itertuples()
    ]
    figure = Figure(figsize=(9.6, 0.45 * len(labels) + 1.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    height = np.arange(len(labels))[::-1]
    for i, (name, colour) in enumerate(zip(PARAMETERS, COLOURS, strict=False)):
        own = table[table["parameter"] == name]
        place = height + 0.2 * (1 - i)
        label = f"${name[0]}_{name[1:]}$"
        left.plot(own["median_percent"], place, MARKERS[name], color=colour, label=label)
        right.plot(own["shift_percent"], place, MARKERS[name], color=colour)
    left.set_xscale("log")
    left.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.xaxis.set_major_formatter("{x:g}")
    left.minorticks_off()
    left.axvline(MESH_PERCENT, color=GREY, lw=0.8)
    right.axvline(0, color=GREY, lw=0.8)
    left.set_yticks(height, labels)
    left.set_xlabel("median relative error (%)")
    right.set_xlabel("median shift (%)")
    left.legend()
    return figure
