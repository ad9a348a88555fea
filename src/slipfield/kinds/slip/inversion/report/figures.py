"""Figures of a measured specimen and its inversion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from slipfield.kinds.slip.dataset.contract import COMPONENTS
from slipfield.kinds.slip.figures.labels import parameter_label
from slipfield.kinds.slip.figures.simulation import COMPONENT_MAPS
from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.inversion.methods import method_name
from slipfield.kinds.slip.inversion.refine import Refined
from slipfield.kinds.slip.measure.resample import Measurement
from slipfield.kinds.slip.projection.reference import Reference
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.report.style import BLUE, COLOURS, GREY, RED, SIGNED_MAP, plain_ratios, use_style


def hide_axes(axes: Axes) -> None:
    """Leave a picture without ticks and frame."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def figure_estimates(
    answers: Sequence[Answer], trained: Study, known: np.ndarray | None = None
) -> Figure:
    """Estimates of all methods with their intervals; the sampling box is written above.

    Axes are logarithmic, as the errors of k are relative.

    Parameters
    ----------
    known : (3,) parameters that are known beforehand, drawn as dashed lines.
    """
    use_style()
    figure = Figure(figsize=(9.0, 1.2 + 0.35 * len(answers)), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    height = np.arange(len(answers))[::-1]
    for axes, name, i in zip(panels, PARAMETERS, range(3), strict=True):
        for y, answer, colour in zip(height, answers, COLOURS, strict=False):
            axes.plot([answer.low[i], answer.high[i]], [y, y], color=colour, linewidth=3, alpha=0.5)
            axes.plot(answer.parameters[i], y, "o", color=colour, markersize=5)
        if known is not None:
            axes.axvline(known[i], color="0.3", linestyle="--", linewidth=1.0)
        low, high = trained.sampling.box[i]
        axes.set(xlabel=parameter_label(name), ylim=(-0.6, len(answers) - 0.4))
        axes.set_title(f"box {low:g} to {high:g}", fontsize="small", color="0.4")
        axes.set_xscale("log")
        axes.margins(x=0.3)
        plain_ratios(axes.xaxis)
        axes.grid(axis="x", color="0.9")
    panels[0].set_yticks(height, [method_name(answer.method) for answer in answers])
    return figure


def figure_attention(attention: np.ndarray, time: np.ndarray) -> Figure:
    """Attention (time, modality) of the network on one specimen."""
    use_style()
    figure = Figure(figsize=(6.0, 2.6), layout="constrained")
    axes = figure.subplots()
    axes.stackplot(time, attention.T, labels=("strain", "orientations", "load"), alpha=0.8)
    axes.set(xlabel="time (s)", ylabel="attention", xlim=(time[0], time[-1]), ylim=(0, 1))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def figure_fields(measurement: Measurement, run: Reference) -> Figure:
    """Measured and computed strain components and their difference at the last known output."""
    use_style()
    run = run.at(measurement.time)
    frame = int(np.flatnonzero(np.isfinite(measurement.points[:, 0]).any(axis=1))[-1])
    measured, computed = 100 * measurement.nodal[frame], 100 * run.strain[frame]
    figure = Figure(figsize=(9.0, 8.2), layout="constrained")
    axes = figure.subplots(3, 3, sharex=True, sharey=True)
    mesh = measurement.mesh
    for row, component, one, other in zip(axes, COMPONENTS, measured, computed, strict=True):
        low, high = np.nanpercentile(one, [1, 99])
        if component == "xy":
            high = max(abs(low), abs(high))
            low = -high
        spread = float(np.nanpercentile(np.abs(one - other), 99))
        styles = [(one, COMPONENT_MAPS[component], low, high)]
        styles += [(other, COMPONENT_MAPS[component], low, high)]
        styles += [(one - other, SIGNED_MAP, -spread, spread)]
        for panel, (field, colours, bottom, top) in zip(row, styles, strict=True):
            image = panel.pcolormesh(
                mesh.x, mesh.y, field, cmap=colours, vmin=bottom, vmax=top, rasterized=True
            )
            hide_axes(panel)
            panel.set_aspect("equal")
            figure.colorbar(image, ax=panel, extend="both", aspect=18, pad=0.02)
        row[0].set_ylabel(f"$E_{{{component}}}$ (%)", fontsize="large")
    for panel, title in zip(axes[0], ("measured", "computed", "difference"), strict=True):
        panel.set_title(f"{title}, {measurement.time[frame]:g} s")
    return figure


def figure_loads(measurement: Measurement, run: Reference, study: Study) -> Figure:
    """Measured and computed load, and the strain residual of each output."""
    use_style()
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(100 * run.displacement / study.specimen.height_mm, run.load, color=RED)
    run = run.at(measurement.time)
    elongation = 100 * run.displacement / study.specimen.height_mm
    if np.isfinite(measurement.load).any():
        left.plot(elongation, measurement.load, "o", color=BLUE, markersize=4, label="measured")
    left.lines[0].set_label("computed")
    left.set(xlabel="elongation (%)", ylabel="load (N)")
    left.legend()
    difference = measurement.nodal - run.strain
    square = np.where(np.isfinite(difference), difference, 0) ** 2
    count = np.isfinite(difference).sum(axis=(2, 3))
    rms = np.sqrt(square.sum(axis=(2, 3)) / np.where(count > 0, count, np.nan))
    for component, values, colour in zip(COMPONENTS, rms.T, COLOURS, strict=False):
        right.plot(elongation, 100 * values, color=colour, label=f"$E_{{{component}}}$")
    right.set(xlabel="elongation (%)", ylabel="rms residual (% strain)")
    right.set_ylim(bottom=0)
    right.legend()
    return figure


def figure_refinement(stages: Sequence[Refined]) -> Figure:
    """Parameters relative to the result, and residuals, over the forward runs.

    Parameters
    ----------
    stages : refinements that went on from one another, that on the coarsest mesh first.
    """
    use_style()
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    path = [step for stage in stages for step in stage.path]
    steps = np.arange(1, len(path) + 1)
    away = np.array([step.log_parameters for step in path]) - stages[-1].log_parameters
    away = away[:, : len(PARAMETERS)]
    for name, values, colour in zip(PARAMETERS, away.T, COLOURS, strict=False):
        left.plot(steps, 100 * np.expm1(values), "o-", color=colour, markersize=4, label=name)
    left.axhline(0, color="0.6", linewidth=0.8)
    left.set(xlabel="forward run", ylabel="away from the result (%)")
    right.plot(steps, [100 * step.strain_rms for step in path], "o-", label="strain (%)")
    if np.isfinite(path[0].load_rms):
        right.plot(steps, [100 * step.load_rms for step in path], "s-", label="load (%)")
    right.set(xlabel="forward run", ylabel="rms residual (%)", yscale="log")
    for axes in (left, right):
        for end in np.cumsum([len(stage.path) for stage in stages[:-1]]):
            axes.axvline(end + 0.5, color="0.6", linestyle=":", label="mesh twice as fine")
        axes.legend()
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def figure_bench(rows: Sequence[dict[str, Any]]) -> Figure:
    """Error of the parameters against forward runs, from both starts; one panel per noise."""
    use_style()
    noises = list(dict.fromkeys(row["strain_noise"] for row in rows))
    figure = Figure(figsize=(4.5 * len(noises), 3.2), layout="constrained")
    panels = figure.subplots(1, len(noises), sharey=True, squeeze=False)[0]
    for axes, noise in zip(panels, noises, strict=True):
        for start, colour in (("centre", GREY), ("projection", BLUE)):
            own = [r for r in rows if r["start"] == start and r["strain_noise"] == noise]
            if not own:
                continue
            longest = max(len(row["errors"]) for row in own)
            padded = [r["errors"] + r["errors"][-1:] * (longest - len(r["errors"])) for r in own]
            runs = np.arange(1, longest + 1)
            for errors in padded:
                axes.plot(runs, 100 * np.array(errors), color=colour, linewidth=0.6, alpha=0.4)
            label = f"from the {start}"
            axes.plot(runs, 100 * np.median(padded, axis=0), "o-", color=colour, label=label)
        title = f"strain noise {noise:g}" if noise else "no noise"
        axes.set(xlabel="forward runs", yscale="log", title=title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("largest error of k1, k2, k3 (%)")
    panels[0].legend()
    return figure
