"""Scores as tables on the terminal."""

from __future__ import annotations

from typing import Any

import xarray as xr
from rich.console import Console
from rich.table import Table

from slipfield.core.numbers import percent
from slipfield.kinds.slip.study import PARAMETER_UNITS
from slipfield.spine.metrics import Scores

PLAIN_WIDTH = 130
_COLUMNS = {
    "r2": (1, "z.5f"),
    "median_relative_error": (100, ".2f"),
    "p95_relative_error": (100, ".2f"),
    "mae": (1, ".3g"),
    "rmse": (1, ".3g"),
}


def print_scores(found: Scores, baseline: Scores, samples: int) -> None:
    """Print R^2 and relative errors of each parameter beside those of the mean predictor."""
    table = Table(title=f"{samples} samples; the mean predictor's values in brackets")
    for heading in ("parameter", "R2", "median error %", "95th percentile %", "MAE", "RMSE"):
        table.add_column(heading, justify="left" if heading == "parameter" else "right")
    for name, values in found.items():
        unit = PARAMETER_UNITS.get(name)
        table.add_row(
            f"{name}, {unit}" if unit else name,
            *(_pair(values, baseline[name], key) for key in _COLUMNS),
        )
    _console().print(table)


def print_coverage(coverage: dict[str, float] | None, level: float | None) -> None:
    """Print how many intervals of ``level`` hold the truth, if there are intervals."""
    if coverage is not None and level is not None:
        shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in coverage.items())
        _console().print(f"{level_text(level)} intervals that hold the truth: {shares}")


def level_text(level: float) -> str:
    """Level of an interval for a reader: 95 %, 93.3 %."""
    return percent(level, 3)


def _pair(values: dict[str, float], baseline: dict[str, float], key: str) -> str:
    """Value with the mean predictor's in brackets; empty if there is none."""
    if key not in values:
        return ""
    factor, form = _COLUMNS[key]
    return f"{factor * values[key]:{form}} ({factor * baseline[key]:{form}})"


def print_summary(rows: list[dict[str, Any]]) -> None:
    """Print the table of cross-validation, a block for each model and grouping."""
    for model, grouping in dict.fromkeys((row["model"], row["grouping"]) for row in rows):
        block = [row for row in rows if (row["model"], row["grouping"]) == (model, grouping)]
        table = Table(title=f"{model}, {block[0]['folds']} {grouping} folds; 95 % intervals")
        headings = "mean", "std", "t-interval", "corrected interval", "CV %", "mean predictor"
        for heading in ("parameter", "metric", *headings):
            table.add_column(heading, justify="right" if heading in headings else "left")
        for row in block:
            unit = "" if row["unit"] == "1" else f", {row['unit']}"
            table.add_row(
                row["parameter"],
                row["metric"].replace("_", " ") + unit,
                f"{row['mean']:.4g}",
                f"{row['std']:.2g}",
                f"{row['t_low']:.4g} to {row['t_high']:.4g}",
                f"{row['corrected_low']:.4g} to {row['corrected_high']:.4g}",
                f"{row['cv_percent']:.2f}",
                f"{row['mean_predictor']:.4g}",
            )
        _console().print(table)


def print_sweep(rows: list[dict[str, Any]]) -> None:
    """Print the comparison of one setting's values; the lowest validation loss is marked."""
    table = Table(title=f"{rows[0]['field']}: R2 on test samples, {rows[0]['runs']} training(s)")
    for heading in ("value", "k1", "k2", "k3", "overall", "validation loss", "best epoch", ""):
        table.add_column(heading, justify="right" if heading else "left")
    for row in rows:
        table.add_row(
            str(row["value"]),
            *(f"{row[f'{name}_r2']:z.3f}" for name in (*PARAMETER_UNITS, "overall")),
            f"{row['validation_loss']:.4f}",
            f"{row['best_epoch']:.0f}",
            "lowest" if row["best"] else "",
        )
    _console().print(table)


def print_attribution(data: xr.Dataset) -> None:
    """Print shares of the modalities and R^2 without each of them."""
    size = abs(data["total"]).mean("sample")
    shares = 100 * size / size.sum("modality")
    off = abs(data["total"].sum("modality") - data["change"]).max().item()
    names = [str(name) for name in data["modality"].values]
    title = f"{data.sizes['sample']} samples; shares add up to the answers within {off:.1e}"
    table = Table(title=title)
    for heading in ("parameter", "R2", *(f"{n} %" for n in names), *(f"R2, no {n}" for n in names)):
        table.add_column(heading, justify="left" if heading == "parameter" else "right")
    for name in data["parameter"].values:
        own = data.sel(parameter=name)
        table.add_row(
            str(name),
            f"{own['r2'].item():z.3f}",
            *(f"{value:.1f}" for value in shares.sel(parameter=name).values),
            *(f"{value:z.3f}" for value in own["ablated_r2"].values),
        )
    _console().print(table)


def _console() -> Console:
    """Console as wide as the terminal, or wide enough for the tables where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)
