"""The report of a study whose stages are the shared ones: one self-contained page."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from slipfield.core.files import open_netcdf, write_text
from slipfield.core.kind import Kind, load
from slipfield.core.reading import read_json, read_table
from slipfield.report.page import Card, Section, Table, picture_of, significant, unit_text
from slipfield.report.render import render
from slipfield.report.style import plain, save_figure, score_text, use_style
from slipfield.spine.check import models_of
from slipfield.spine.design import Design
from slipfield.spine.outputs import Output
from slipfield.spine.stale import refuse_stale
from slipfield.spine.study import SpineStudy

MOST_PANELS = 6
LABEL_WIDTH = 34
"""Letters in a line below a panel: more would run into the next panel."""


def write_report(study: SpineStudy, kind: Kind, folder: Path, output: Path) -> None:
    """Write the page from what lies in ``folder``.

    Raises
    ------
    SlipfieldError
        If a result is missing, damaged, or of another study.
    """
    refuse_stale(study, folder)
    design: Design = load(kind.design)(study)
    outputs: tuple[Output, ...] = load(kind.outputs)
    tables = {
        model: read_json(folder / "crossval" / f"{model}.json", "study crossval")["table"]
        for model in models_of(study, kind)
    }
    with open_netcdf(folder / "dataset.nc") as data:
        status, reasons = data["status"].values, data["reason"].values
    failed = int(status.sum())
    sections = [
        _design_section(design, len(status), [r for r in reasons if r]),
        _score_section(tables, outputs, kind, folder),
        *(load(kind.sections)(study, folder) if kind.sections else ()),
    ]
    cards = [Card(f"{len(status) - failed} of {len(status)}", "samples simulated to the end")]
    best = max(tables, key=lambda model: _mean_r2(tables[model]))
    cards.append(Card(score_text(_mean_r2(tables[best])), f"mean R², {kind.models[best].title}"))
    title, physics = f"Study {study.name}", study.physics_hash()
    text = render(title, kind.question, cards, sections, physics, output.parent)
    write_text(output, text)


def _design_section(design: Design, count: int, reasons: list[str]) -> Section:
    rows = [
        (each.name, each.units, significant(each.low), significant(each.high))
        for each in design.inputs
    ]
    texts = [f"{count} samples of {len(rows)} inputs."]
    if reasons:
        texts.append(f"{len(reasons)} failed; the first: {reasons[0]}")
    table = Table("Inputs", rows, ("input", "unit", "low", "high"), text_columns=2)
    return Section("design", "Design", texts, tables=[table])


def _score_section(
    tables: dict[str, list[dict[str, Any]]], outputs: tuple[Output, ...], kind: Kind, folder: Path
) -> Section:
    rows = [
        (
            kind.models[model].title,
            row["parameter"],
            score_text(row["mean"]),
            f"{score_text(row['corrected_low'])} to {score_text(row['corrected_high'])}",
            score_text(row["mean_predictor"]),
        )
        for model, table in tables.items()
        for row in table
        if row["metric"] == "r2"
    ]
    header = ("estimator", "target", "R²", "95 % interval, corrected", "R² of the mean")
    pictures = []
    for model in tables:
        path = folder / "figures" / f"predictions-{model}.png"
        found = read_table(folder / "crossval" / f"{model}.csv", "study crossval")
        save_figure(figure_predictions(found, kind, model, outputs), path)
        title = f"Predicted against simulated: {kind.models[model].title}"
        pictures.append(picture_of(path, title, "Each sample when its fold was held out."))
    table = Table("Cross-validation", rows, header, text_columns=2)
    return Section("scores", "What the estimators reach", pictures=pictures, tables=[table])


def _mean_r2(table: list[dict[str, Any]]) -> float:
    return float(np.mean([row["mean"] for row in table if row["metric"] == "r2"]))


def figure_predictions(
    found: pd.DataFrame, kind: Kind, model: str, outputs: tuple[Output, ...]
) -> Figure:
    """Predicted against true targets, at most :data:`MOST_PANELS` of them."""
    use_style()
    names = [c.removesuffix("_true") for c in found.columns if c.endswith("_true")][:MOST_PANELS]
    known = {each.name: each for each in outputs}
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(3.1 * columns, 2.9 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        true, predicted = found[f"{name}_true"], found[f"{name}_predicted"]
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        axes.plot(ends, ends, color="#666666", linewidth=0.8)
        entry = kind.models[model]
        axes.plot(true, predicted, entry.marker, color=entry.colour, markersize=3)
        output = known[name.partition("[")[0]]
        label = f"simulated {output.long_name}{name.removeprefix(output.name)}"
        unit = f" ({text})" if (text := unit_text(output.units)) else ""
        axes.set(xlabel=plain(fill(label + unit, LABEL_WIDTH)), ylabel="predicted")
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    return figure
