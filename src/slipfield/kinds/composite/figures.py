"""Pictures of a study of composites; they compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from slipfield.kinds.composite.answers import DISTANCE, column, named_boxes
from slipfield.kinds.composite.constants import UNITS as CONSTANT_UNITS
from slipfield.kinds.composite.geometry import CELLS
from slipfield.kinds.composite.parameters import LABELS, UNITS
from slipfield.report.style import BLUE, FIELD_MAP, GREEN, GREY, ORANGE, PURPLE, RED, SKY

STRESSES = {
    "s22": r"$\sigma_{22}$ under $\varepsilon_{22}$ = 1",
    "s23": r"$\sigma_{23}$ under $2\varepsilon_{23}$ = 1",
    "s12": r"$\sigma_{12}$ under $2\varepsilon_{12}$ = 1",
}
BOX_COLOURS = {"widest": BLUE, "tolerances": GREEN, "largest": ORANGE}


def draw_fields(data: xr.Dataset) -> Figure:
    """Stresses of the whole cell for three loads, mirrored from the quarter that was solved."""
    figure = Figure(figsize=(9, 3.1), layout="constrained")
    samples, array = int(data.attrs["samples"]), _array(data)
    for axes, (name, title) in zip(figure.subplots(1, 3), STRESSES.items(), strict=True):
        values = data[name].values
        low, high = np.percentile(values, [1, 99])
        for x, y, block in zip(data["x"].values, data["y"].values, values, strict=True):
            shape = (samples, samples)
            for sx, sy in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
                picture = axes.pcolormesh(
                    sx * x.reshape(shape),
                    sy * y.reshape(shape),
                    block.reshape(shape),
                    shading="gouraud",
                    cmap=FIELD_MAP,
                    vmin=low,
                    vmax=high,
                    rasterized=True,
                )
        _outline(axes, array, float(data["parameters"].values[4]))
        axes.set(title=title, aspect="equal", xticks=[], yticks=[])
        axes.set_xlabel("axis 2")
        axes.set_ylabel("axis 3")
        figure.colorbar(picture, ax=axes, label="GPa", shrink=0.85, extend="both")
    return figure


def _array(data: xr.Dataset) -> str:
    size = float(data.attrs["height"])
    return min(CELLS, key=lambda name: abs(CELLS[name].height - size))


def _outline(axes: Axes, array: str, fraction: float) -> None:
    cell = CELLS[array]
    radius = cell.radius(fraction)
    for x, y in cell.fibres:
        for sx, sy in {(1, 1), (-1, 1), (1, -1), (-1, -1)}:
            circle = Circle((sx * x, sy * y), radius, fill=False, color="white", lw=1)
            axes.add_patch(circle)
    axes.set_xlim(-cell.width, cell.width)
    axes.set_ylim(-cell.height, cell.height)


def draw_surrogates(reduced: pd.DataFrame, fitted: pd.DataFrame) -> Figure:
    """Errors of surrogates over the cells that they cost."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    own = reduced[reduced["surrogate"] == "reduced basis, C22"]
    axes.semilogy(own["solves"], own["inside_max"], "o-", color=BLUE, label="reduced basis, inside")
    axes.semilogy(own["solves"], own["corners_max"], "s--", color=BLUE, label="its worst corner")
    colours = (RED, PURPLE, ORANGE, GREEN)
    for (_, row), colour in zip(fitted.iterrows(), colours, strict=False):
        axes.plot(row["solves"], row["inside_max"], "o", color=colour, label=row["surrogate"])
        axes.plot(row["solves"], row["corners_max"], "s", color=colour, mfc="none")
    axes.set(xlabel="cells solved", ylabel="largest relative error of C22")
    axes.set_xlim(0, 48)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


@dataclass(frozen=True)
class Beside:
    """What stands beside a front; None of another study than the published one.

    Attributes
    ----------
    target : the one constant whose unit distances are in.
    evolved, recheck : fronts of NSGA-II, and the published designs re-checked.
    """

    target: str | None = None
    evolved: pd.DataFrame | None = None
    recheck: pd.DataFrame | None = None


def draw_front(curve: pd.DataFrame, boxes: pd.DataFrame, beside: Beside) -> Figure:
    """Figure 3: width over distance, of the front, of NSGA-II and of the published designs."""
    figure = Figure(figsize=(7.4, 4.0), layout="constrained")
    axes = figure.subplots()
    if beside.evolved is not None:
        for run, points in beside.evolved.groupby("run"):
            label = "NSGA-II on the published surface (claimed)" if run == 0 else None
            axes.plot(points["distance_GPa"], points["width"], ".", color=SKY, ms=3, label=label)
    if beside.recheck is not None:
        _draw_published(axes, beside.recheck)
    at = DISTANCE if beside.target is None else column(beside.target, "miss")
    unit = "in target widths" if beside.target is None else CONSTANT_UNITS[beside.target]
    axes.plot(curve[at], curve["width"], color=BLUE, label="front by continuation")
    axes.plot(boxes[at], boxes["width"], "D", color=BLUE, ms=4, label="re-checked boxes")
    axes.set(xlabel=f"distance of the exact ranges from the targets, {unit}")
    axes.set_ylabel("smallest normalised width")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right")
    return figure


def _draw_published(axes: Axes, recheck: pd.DataFrame) -> None:
    """Published designs as they claim to be, and what the exact cell says of them."""
    claimed = axes.plot(
        recheck["claimed_distance_GPa"], recheck["width"], "o", mfc="none", color=GREY, ms=5
    )
    claimed[0].set_label("published designs, as claimed")
    axes.plot(
        recheck["exact_distance_GPa"],
        recheck["width"],
        "o",
        color=RED,
        ms=4,
        label="published designs, by the exact cell",
    )
    for _, row in recheck.iterrows():
        axes.plot(
            [row["claimed_distance_GPa"], row["exact_distance_GPa"]],
            [row["width"], row["width"]],
            color=RED,
            lw=0.5,
        )


def draw_boxes(design: dict[str, Any]) -> Figure:
    """Ranges of all parameters of the boxes, between the bounds of each."""
    named = named_boxes(design)
    chosen = [name for name, (low, high) in design["bounds"].items() if low < high]
    figure = Figure(figsize=(0.6 + 1.6 * max(3, len(chosen)), 2.9), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(chosen), squeeze=False)[0], chosen, strict=True):
        for i, (kind, box) in enumerate(named.items()):
            low, high = box["box"][name]
            axes.bar(i, high - low, 0.6, bottom=low, color=BOX_COLOURS[kind], label=kind)
            axes.plot([i - 0.3, i + 0.3], [low, low], color=BOX_COLOURS[kind], lw=1.5)
        low, high = design["bounds"][name]
        margin = 0.03 * (high - low)
        axes.set(ylim=(low - margin, high + margin), xticks=[], xlim=(-0.6, len(named) - 0.4))
        axes.axhspan(high, high + margin, color="0.9")
        axes.axhspan(low - margin, low, color="0.9")
        unit = "" if UNITS[name] == "1" else f" ({UNITS[name]})"
        axes.set_title(f"{LABELS[name]}{unit}")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(named))
    return figure


def draw_recheck(table: pd.DataFrame, target: Sequence[float]) -> Figure:
    """Claimed and exact range of the published designs that claim to match the target."""
    matched = table[table["kind"] == "matched"].reset_index()
    figure = Figure(figsize=(7.4, 0.24 * len(matched) + 1.1), layout="constrained")
    axes = figure.subplots()
    for i, row in matched.iterrows():
        axes.plot(
            [row["claimed_low_GPa"], row["claimed_high_GPa"]],
            [i - 0.15] * 2,
            "|-",
            color=GREY,
            lw=2,
            label="claimed" if i == 0 else None,
        )
        axes.plot(
            [row["exact_low_GPa"], row["exact_high_GPa"]],
            [i + 0.15] * 2,
            "|-",
            color=RED,
            lw=2,
            label="exact cell" if i == 0 else None,
        )
    for end in target:
        axes.axvline(end, color="0.3", lw=0.8, ls=":")
    names = [f"table {row['table']}, {row['row']}" for _, row in matched.iterrows()]
    axes.set_yticks(range(len(matched)), names)
    axes.invert_yaxis()
    axes.set_xlabel("range of C22, GPa; dotted: the target")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    return figure
