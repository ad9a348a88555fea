"""Pictures of a search: progress, models along each variable, Pareto front."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from slipfield.kinds.search.front import kept, on_front, progress_of, reference_point
from slipfield.kinds.search.space import from_unit, to_unit
from slipfield.kinds.search.study import Constraint, Objective, SearchStudy, Variable, in_log
from slipfield.report.style import BLUE, GREEN, GREY, ORANGE, RED, plain, use_style

POINTS = 101
MOST_TICKS = 4
LONG = 1.5
"""Decades of a logarithmic axis from which on only powers of ten are named."""

SERIES = {
    "search": ("search", BLUE, "-"),
    "random": ("random", GREY, "--"),
    "latin_hypercube": ("Latin hypercube", ORANGE, "-."),
}
"""Label, colour and line of each way to choose trials."""


def title_of(each: Variable | Objective | Constraint) -> str:
    """Name and unit of a column, for axes."""
    name = each.name.replace("_", " ")
    suffix = " " + each.units.replace("^", "")
    if each.units == "1" or name.endswith(suffix):
        name, unit = name.removesuffix(suffix), each.units
        return plain(name if unit == "1" else f"{name} ({unit})")
    return plain(f"{name} ({each.units})")


def figure_progress(study: SearchStudy, told: Mapping[str, pd.DataFrame]) -> Figure:
    """Best value so far, or hypervolume, over the trials, of the search and of other designs."""
    use_style()
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    point = reference_point(study, *told.values())
    for name, table in told.items():
        label, colour, line = SERIES[name]
        values = progress_of(study, table, point)
        axes.step(
            np.arange(1, len(values) + 1), values, line, where="post", color=colour, label=label
        )
    initial = study.initial_trials
    if initial < max(map(len, told.values())):
        axes.axvline(initial + 0.5, color=GREY, linewidth=0.8, zorder=0)
        ends = axes.get_ylim()
        axes.annotate(
            "first model", (initial + 0.5, ends[0]), (3, 3), textcoords="offset points", fontsize=7
        )
    axes.set(xlabel="trials", ylabel=_reached(study))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(told) > 1:
        axes.legend()
    return figure


def figure_bench(
    study: SearchStudy, told: Mapping[str, list[pd.DataFrame]], point: np.ndarray
) -> Figure:
    """Best value so far, or hypervolume, over the trials of several searches and other designs.

    Parameters
    ----------
    told : tables of told trials by the way in which they were chosen.
    point : reference point of the hypervolume.
    """
    use_style()
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    for name, tables in told.items():
        label, colour, line = SERIES[name]
        for number, table in enumerate(tables):
            values = progress_of(study, table, point)
            across = np.arange(1, len(values) + 1)
            axes.step(across, values, line, where="post", color=colour, linewidth=1.0)
            axes.lines[-1].set_label("" if number else label)
    axes.set(xlabel="trials", ylabel=_reached(study))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def _reached(study: SearchStudy) -> str:
    if len(study.objectives) > 1:
        return "hypervolume"
    objective = study.objectives[0]
    return f"{'least' if objective.goal == 'minimise' else 'largest'} {title_of(objective)}"


def figure_slices(
    study: SearchStudy,
    told: pd.DataFrame,
    best: pd.Series,
    mean: np.ndarray,
    deviation: np.ndarray,
    acquired: np.ndarray,
) -> Figure:
    """Model of each output and the acquisition along each variable, through the best trial.

    Parameters
    ----------
    mean, deviation : (variables, points, outputs), at the rows of :func:`slices`; of the natural
        logarithm where an objective's scale is that.
    acquired : (variables, points), a logarithm.
    """
    use_style()
    rows, columns = len(study.outputs) + 1, len(study.variables)
    figure = Figure(figsize=(1.2 + 2.2 * columns, 1.9 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex="col", sharey="row")
    good = kept(study, told)
    for column, (variable, table) in enumerate(
        zip(study.variables, slices(study, best), strict=True)
    ):
        x = table[variable.name]
        for row, output in enumerate(study.outputs):
            axes = panels[row, column]
            centre, spread = mean[column, :, row], 2 * deviation[column, :, row]
            low, middle, high = centre - spread, centre, centre + spread
            if in_log(output):
                low, middle, high = np.exp((low, middle, high))
                axes.set_yscale("log")
            axes.fill_between(x, low, high, color=BLUE, alpha=0.2, linewidth=0)
            axes.plot(x, middle, color=BLUE)
            axes.plot(
                told[variable.name][good], told[output.name][good], "o", color=GREY, markersize=2.5
            )
            axes.plot(best[variable.name], best[output.name], "*", color=RED, markersize=9)
            if isinstance(output, Constraint):
                _bounds(axes, output)
        panels[-1, column].plot(x, acquired[column], color=GREEN)
        panels[-1, column].set_xlabel(title_of(variable))
        _scale(panels[-1, column], variable)
    for row, output in enumerate(study.outputs):
        panels[row, 0].set_ylabel(title_of(output))
    panels[-1, 0].set_ylabel("log acquisition")
    figure.align_ylabels(panels[:, 0])
    return figure


def _scale(axes: Axes, variable: Variable) -> None:
    """Scale of a variable's axis, with as many ticks as a narrow panel holds."""
    whole = variable.values == "whole"
    if variable.scale == "log":
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    decades = np.log10(variable.high / variable.low) if variable.scale == "log" else 0.0
    if decades < 1:
        axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, integer=whole))
    else:
        steps = (1.0, 2.0, 5.0) if decades < LONG else (1.0,)
        axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=MOST_TICKS))


def _bounds(axes: Axes, output: Constraint) -> None:
    for end in (output.low, output.high):
        if end is not None:
            axes.axhline(end, color=RED, linewidth=0.8, linestyle=":")


def slices(study: SearchStudy, best: pd.Series) -> list[pd.DataFrame]:
    """Values of the variables along each of them, the others as in the trial ``best``."""
    here = to_unit(study.variables, best.to_frame().T)
    found = []
    for number in range(len(study.variables)):
        unit = np.repeat(here, POINTS, axis=0)
        unit[:, number] = np.linspace(0, 1, POINTS)
        found.append(from_unit(study.variables, unit))
    return found


def figure_front(study: SearchStudy, told: Mapping[str, pd.DataFrame]) -> Figure:
    """All trials over each pair of objectives; those of the Pareto front are filled."""
    use_style()
    names = study.objectives
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    figure = Figure(figsize=(4.2 * len(pairs), 3.6), layout="constrained")
    for axes, (across, up) in zip(
        figure.subplots(1, len(pairs), squeeze=False)[0], pairs, strict=True
    ):
        for name, table in told.items():
            label, colour, _ = SERIES[name]
            good, front = kept(study, table), on_front(study, table)
            axes.plot(
                table[across.name][good],
                table[up.name][good],
                "o",
                color=colour,
                markersize=4,
                markerfacecolor="none",
                markeredgewidth=0.7,
                alpha=0.7,
            )
            line = table[front].sort_values(across.name)
            axes.plot(
                line[across.name],
                line[up.name],
                "o",
                color=colour,
                markersize=5,
                label=f"{label}: front",
            )
        axes.set(xlabel=title_of(across), ylabel=title_of(up))
        axes.legend()
    return figure
