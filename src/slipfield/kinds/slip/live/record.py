"""What a live inversion leaves: a row for each frame, a picture over the frames, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slipfield.core.files import write_text
from slipfield.core.numbers import percent
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.figures.labels import parameter_label
from slipfield.kinds.slip.inversion.answers import Answer
from slipfield.kinds.slip.live.recursion import State
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.style import BLUE, GREY, RED, plain_ratios, save_figure, use_style

SECONDS = ("seconds", "cpu_seconds", "reading_seconds", "reading_cpu_seconds")
TABLE, SUMMARY, PICTURE = "live.csv", "live.json", "live.png"


@dataclass(frozen=True)
class Row:
    """One frame.

    Attributes
    ----------
    frame, file : its number, from 0, and its file.
    time, elongation : s and mm.
    state : estimate after it; None before the first output of the model.
    seconds : (2, 2) from the complete file to the estimate, and of reading the file; on the clock,
        and of a core.
    says : reason to stop, empty: none.
    """

    frame: int
    file: str
    time: float
    elongation: float
    state: State | None
    seconds: np.ndarray
    says: str


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write the table of the frames (CSV)."""
    ends = [
        f"{name}_{end}" for name in PARAMETERS for end in ("value", "low", "high", "end_ln_std")
    ]
    names = ("frame", "file", "time_s", "elongation_mm", *ends, "unusual_strain", "unusual_load")
    names = (*names, *SECONDS, "says")
    write_text(path, csv_text([_cells(row, ends) for row in rows], names=names))


def _cells(row: Row, ends: Sequence[str]) -> dict[str, Any]:
    """A row of the table, each kind of number with its own digits."""
    cells: dict[str, Any] = {
        "frame": row.frame,
        "file": row.file,
        "time_s": f"{row.time:.6g}",
        "elongation_mm": f"{row.elongation:.6g}",
        "says": row.says,
    }
    for name, seconds in zip(SECONDS, row.seconds.ravel(), strict=True):
        cells[name] = f"{seconds:.4f}"
    if row.state is not None:
        answer = row.state.answer
        values = np.stack([answer.parameters, answer.low, answer.high, row.state.at_end], axis=1)
        cells |= {name: f"{v:.10g}" for name, v in zip(ends, values.ravel(), strict=True)}
        for name in ("strain", "load"):
            misfit = answer.unusual.get(name)
            cells[f"unusual_{name}"] = "" if misfit is None else f"{misfit:.3g}"
    return cells


def line_of(row: Row) -> str:
    """A row for the console."""
    if row.state is None:
        return f"frame {row.frame}: no estimate yet"
    text = f"frame {row.frame}: {estimates_text(row.state)}"
    return text + (f"; {row.says}" if row.says else "")


def estimates_text(state: State) -> str:
    """k1, k2, k3 with half-widths of their intervals, or that one is not told yet.

    It is not if the interval is as wide as the range of the training.
    """
    answer, each = state.answer, []
    for name, value, low, high, told in zip(
        PARAMETERS, answer.parameters, answer.low, answer.high, state.told, strict=True
    ):
        half = percent(np.sqrt(high / low) - 1)
        each.append(f"{name} {value:.4g} +-{half}" if told else f"{name} not told yet")
    return ", ".join(each)


def summary_lines(content: dict[str, Any]) -> list[str]:
    """What a finished test is told by, from the content of ``live.json``, for the console.

    The answer and the verdict stand last.
    """
    lines = [*content["notes"], *content["warnings"], content["agreement"]]
    for name, each in content["final"].items():
        text = "{value:.4g} ({low:.4g} to {high:.4g}) {unit}".format(**each)
        if not each["told"]:
            text = "not told: its 95 % interval is as wide as the range of the training"
        lines.append(f"{name}: {text}")
    return [*lines, f"verdict: {content['verdict']}"]


def draw_rows(
    rows: Sequence[Row], final: Answer | None, known: np.ndarray | None, path: Path
) -> None:
    """Draw k1, k2, k3 with their intervals over the elongation, and where it is enough.

    Parameters
    ----------
    final : estimate with the run at the measured times, drawn at the end.
    known : (3,) parameters of a simulated specimen, dashed.
    """
    states = [row.state for row in rows if row.state is not None]
    use_style()
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    panels = figure.subplots(1, len(PARAMETERS))
    at = np.array([row.elongation for row in rows if row.state is not None])
    stop = next((row.elongation for row in rows if row.says), None)
    for i, (axes, name) in enumerate(zip(panels, PARAMETERS, strict=True)):
        if states:
            _draw_course(axes, at, states, i)
        if final is not None and states:
            ends = [[final.parameters[i] - final.low[i]], [final.high[i] - final.parameters[i]]]
            axes.errorbar(
                at[-1:],
                final.parameters[i : i + 1],
                ends,
                fmt="s",
                color=RED,
                markersize=4,
                capsize=3,
                label="finished",
            )
        if known is not None:
            axes.axhline(known[i], color="0.3", linestyle="--", linewidth=1.0, label="known")
        if stop is not None:
            axes.axvline(stop, color=GREY, linestyle=":", label="enough")
        axes.set(xlabel="elongation (mm)", title=parameter_label(name))
    if states:
        handles = panels[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=len(handles[0]))
    save_figure(figure, path)


def _draw_course(axes: Axes, at: np.ndarray, states: Sequence[State], i: int) -> None:
    """Draw parameter ``i`` and its interval over the elongation, where it is told."""
    parts = ("low", "parameters", "high")
    low, value, high = np.array([[getattr(s.answer, part)[i] for part in parts] for s in states]).T
    told = np.array([state.told[i] for state in states])
    low, value, high = (np.where(told, each, np.nan) for each in (low, value, high))
    axes.fill_between(at, low, high, color=BLUE, alpha=0.2, linewidth=0, label="95 %")
    axes.plot(at, value, "o-", color=BLUE, markersize=3, label="after each frame")
    shown = np.flatnonzero(told)
    if not len(shown):
        axes.text(0.5, 0.5, "not told yet", transform=axes.transAxes, ha="center")
        return
    inner = shown[len(shown) // 4 :]
    bottom, top = low[inner].min(), high[inner].max()
    margin = (top / bottom) ** 0.15
    axes.set_yscale("log")
    axes.set_ylim(bottom / margin, top * margin)
    plain_ratios(axes.yaxis)
