"""The figure of the thickness study: M, the excess of the load and the strain map over t/d."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slipfield.core.reading import read_json, read_table
from slipfield.kinds.slip.thickness.table import COLUMNS, KINDS, mesh_shares, thinnest
from slipfield.report.style import BLUE, GREY, ORANGE, save_figure, use_style

COLOURS = dict(zip(KINDS, (BLUE, ORANGE), strict=True))
NAMES = {"columns": "columns", "grains": "grains below the face"}
MAKER = "slipfield thickness (make thickness)"


def figure_thickness(table: pd.DataFrame, runs: list[dict]) -> Figure:
    """M - 1, load and correlation of the strain map over t/d.

    Parameters
    ----------
    table, runs : ``table.csv`` and ``runs.json`` of the study.
    """
    use_style()
    figure = Figure(figsize=(7.2, 2.7), layout="constrained")
    factor, load, strain = figure.subplots(1, 3)
    for kind in KINDS:
        rows = table[table["grains"] == kind]
        ratio, colour = rows["ratio"].to_numpy(), COLOURS[kind]
        one = [run for run in runs if run["grains"] == kind and not run["refined"]]
        thin, (at, shares) = thinnest(runs), mesh_shares(runs)
        share = np.interp([run["ratio"] for run in one], at, shares)
        net = np.array(
            [run["ln_m"] - s * thin[run["number"]] for run, s in zip(one, share, strict=True)]
        )
        factor.plot([run["ratio"] for run in one], 100 * np.expm1(net), ".", color=colour, ms=3)
        m = rows["ln_m"].to_numpy()
        factor.plot(ratio, 100 * np.expm1(m), color=colour, label=NAMES[kind])
        load.plot(ratio, 100 * rows["excess_last"], color=colour)
        load.plot(ratio, 100 * rows["excess_first"], "--", color=colour)
        strain.plot(ratio, rows["correlation"], color=colour)
        strain.plot(ratio, rows["faces_correlation"], ":", color=colour)
    _label(factor, "M - 1, %, without the mesh's share")
    factor.legend()
    _label(load, "excess of the load, %")
    load.plot([], [], color=GREY, label="last output")
    load.plot([], [], "--", color=GREY, label="first output")
    load.legend()
    _label(strain, "correlation of strain along y")
    strain.plot([], [], color=GREY, label="with the membrane")
    strain.plot([], [], ":", color=GREY, label="with the back")
    strain.legend()
    return figure


def _label(axes: Axes, text: str) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("thickness / grain diameter")
    axes.set_title(text)


def write_figure(folder: Path) -> None:
    """Draw ``thickness.svg`` beside the table in ``folder``.

    Raises
    ------
    SlipfieldError
        If table or runs are missing.
    """
    table = read_table(folder / "table.csv", MAKER, COLUMNS)
    runs = read_json(folder / "runs.json", MAKER)
    save_figure(figure_thickness(table, runs), folder / "thickness.svg")
