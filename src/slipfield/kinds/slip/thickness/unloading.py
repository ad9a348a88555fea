"""Whether sheets are as much stiffer than their membranes as they are stronger: an unloading."""

from __future__ import annotations

import numpy as np

from slipfield.kinds.slip.study import Study
from slipfield.kinds.slip.thickness.prior import expected

FEWEST = 2
"""Outputs after the peak that tell a slope."""


def excesses(study: Study, load: np.ndarray, sheet: np.ndarray) -> dict[str, float]:
    """What a solid's flow stress at the peak and its unloading's slope exceed the membrane's by, 1.

    Parameters
    ----------
    load, sheet : (time,) N, of the solid and of its membrane, at the outputs.

    Returns
    -------
    dict
        ``flow_excess`` and ``slope_excess``; nothing if the path does not unload.
    """
    times, corners = study.loading.output_times, np.array(study.loading.path)
    moved = np.interp(times, *corners.T)
    peak = int(moved.argmax())
    after = slice(peak + 1, None)
    if len(moved[after]) < FEWEST or not (np.diff(moved[peak:]) < 0).all():
        return {}
    slopes = [np.polyfit(moved[after], each[after], 1)[0] for each in (load, sheet)]
    return {
        "flow_excess": float(load[peak] / sheet[peak] - 1),
        "slope_excess": float(slopes[0] / slopes[1] - 1),
    }


def rows_of(runs: list[dict]) -> list[dict[str, float | str]]:
    """Means over sheets with grains below the face, by t/d and of all; the mesh is taken off.

    What the thinnest columns of a face exceed its membrane by is the mesh's. The difference of the
    two excesses, over the scatter of ln M that the prior has at that t/d, is what the stiffness
    scatters by beyond the strength; its error is that of a mean over faces.
    """
    told = [run for run in runs if "slope_excess" in run and not run["refined"]]
    columns = [run for run in told if run["grains"] == "columns"]
    thin = {run["number"]: run for run in sorted(columns, key=lambda run: -run["ratio"])}
    least = min((run["ratio"] for run in columns), default=0.0)
    sheets = [run for run in told if run["grains"] == "grains" and run["ratio"] > least]
    groups = {f"{r:g}": [run for run in sheets if run["ratio"] == r] for r in _ratios(sheets)}
    return [
        {"t_over_d": name, **_row(group, thin)}
        for name, group in {**groups, "all": sheets}.items()
        if group
    ]


def _ratios(runs: list[dict]) -> list[float]:
    return sorted({run["ratio"] for run in runs})


def _row(sheets: list[dict], thin: dict[int, dict]) -> dict[str, float]:
    """Row of a group of sheets; ``thin``: the thinnest columns of each face."""
    flow, slope = (
        np.array([run[name] - thin[run["number"]][name] for run in sheets])
        for name in ("flow_excess", "slope_excess")
    )
    scatter = np.array([expected(run["ratio"])[1] for run in sheets])
    squares, faces = ((slope - flow) / scatter) ** 2, np.array([run["number"] for run in sheets])
    share = float(np.sqrt(squares.mean()))
    means = np.array([squares[faces == face].mean() for face in np.unique(faces)])
    spread = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else np.nan
    return {
        "sheets": len(sheets),
        "flow_excess": float(flow.mean()),
        "slope_excess": float(slope.mean()),
        "difference_rms": float(np.sqrt(np.mean((slope - flow) ** 2))),
        "difference_over_scatter": share,
        "error": float(spread / (2 * share)) if share else np.nan,
    }
