"""The report of one inversion: figures and one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.files import write_text
from slipfield.core.numbers import percent
from slipfield.kinds.slip.inversion.answers import LEVEL
from slipfield.kinds.slip.inversion.methods import method_name
from slipfield.kinds.slip.inversion.outcome import Inversion
from slipfield.kinds.slip.inversion.refine import Refined
from slipfield.kinds.slip.inversion.report.constants import assumed_table, constants_table
from slipfield.kinds.slip.inversion.report.figures import (
    figure_attention,
    figure_estimates,
    figure_fields,
    figure_loads,
    figure_refinement,
)
from slipfield.kinds.slip.inversion.stiffening import with_factor
from slipfield.kinds.slip.inversion.told import GIVEN, TOGETHER
from slipfield.kinds.slip.inversion.unusual import USUAL
from slipfield.kinds.slip.measure.overlay import figure_overlay
from slipfield.kinds.slip.measure.specimen_file import provenance
from slipfield.kinds.slip.measure.summary import EXPECTED, summary_lines
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS
from slipfield.report.page import (
    Banner,
    Card,
    Section,
    Table,
    duration,
    picture_of,
    significant,
    unit_text,
)
from slipfield.report.render import render
from slipfield.report.style import save_figure

ONE_DRAW = (
    "The orientations of the computed maps are one random draw, so strain cannot agree grain by "
    "grain; only the load is a check."
)


def write_overlay(data: xr.Dataset, folder: Path) -> None:
    """Draw grains over strain, before anything is inferred."""
    save_figure(figure_overlay(data), folder / "overlay.png")


def write_report(found: Inversion, folder: Path) -> None:
    """Write the figures and ``report.html`` of an inversion into ``folder``."""
    sections = [
        _input_section(found, folder),
        _estimate_section(found, folder),
        _unusual_section(found),
        _check_section(found, folder),
        _refinement_section(found, folder),
        _provenance_section(found),
    ]
    page = render(
        heading=f"Inversion of {found.source.name}",
        summary=_summary(found),
        cards=_cards(found),
        sections=[section for section in sections if section is not None],
        physics_hash=found.study.physics_hash(),
        folder=folder,
        banner=_banner(found),
    )
    write_text(folder / "report.html", page)


def _banner(found: Inversion) -> Banner:
    """The verdict, above the numbers."""
    words = {"good": "Good", "doubtful": "Doubtful", "none": "No answer"}
    verdict = found.verdict
    return Banner(verdict.word, words[verdict.word] + verdict.because, verdict.sentence)


def _summary(found: Inversion) -> str:
    runs = found.seconds.get("number of forward runs", 0)
    said = (
        f"the answer of the {method_name(found.answer.method)}"
        if found.answered
        else "no estimate is the answer"
    )
    return (
        f"Slip-law parameters of a measured sheet with {found.data.sizes['grain']} grains: {said}, "
        f"{runs:g} forward run{'s' if runs != 1 else ''}, {duration(found.seconds['whole'])}."
    )


def _cards(found: Inversion) -> list[Card]:
    answer, told = found.answer, found.told
    if not found.answered:
        return []
    together = told is not None and told.only_sum
    cards = [
        Card(
            f"{value:.4g}",
            f"{name}, {percent(answer.level, 3)} interval {low:.4g} to {high:.4g}"
            + (TOGETHER if together and name != "k1" else ""),
            unit_text(PARAMETER_UNITS[name]),
        )
        for name, value, low, high in zip(
            PARAMETERS, answer.parameters, answer.low, answer.high, strict=True
        )
    ]
    if told is not None and together:
        cards.append(
            Card(f"{told.value:.4g}", f"{told.combination}, {told.sum_within}, {GIVEN}", "MPa")
        )
    return cards


def _input_section(found: Inversion, folder: Path) -> Section:
    said = found.answered and found.told is not None
    lines = summary_lines(found.data, inverted=True)
    rows = [line for line in lines if not (said and line[0] == EXPECTED)]
    study = found.study
    corners = ", ".join(f"{u:.4g} mm at {t:.4g} s" for t, u in study.loading.path[1:])
    rows += [
        ("mesh", _mesh_text(found)),
        ("loading of the model", corners),
    ]
    overlay = picture_of(
        folder / "overlay.png",
        "Grains over strain",
        "Boundaries of the grain map (black) and outline of the sheet (red) on the last strain "
        "map. Bands of strain should follow the grains; if they are shifted, turned or mirrored "
        "against them, correct the import before trusting any number below.",
    )
    table = Table("What was imported", rows, text_columns=2)
    tables = [table, assumed_table(found), *constants_table(found)]
    return Section("input", "The input as understood", found.notes, [overlay], tables)


def _mesh_text(found: Inversion) -> str:
    """Elements, and how many grains of the map they hold."""
    sheet, grains = found.study.specimen, found.data.sizes["grain"]
    text = f"{sheet.cells_x} x {sheet.cells_y} elements"
    if sheet.grains == grains:
        return f"{text}, all {grains} grains"
    return (
        f"{text}, {sheet.grains} of the map's {grains} grains; no node and no middle of an element "
        "lies in the others, which are outside of the sheet or too small"
    )


def _estimate_section(found: Inversion, folder: Path) -> Section:
    save_figure(
        figure_estimates(found.answers, found.trained, found.known), folder / "estimates.png"
    )
    rows = []
    for answer in found.answers:
        name = method_name(answer.method)
        answers = found.answered and answer is found.answer
        title = f"{name} (the answer)" if answers else name
        if answer.level < LEVEL:
            title += f" ({percent(answer.level, 3)} interval: few errors to calibrate it)"
        rows.append((title, *map(_interval_text, answer.parameters, answer.low, answer.high)))
    if found.known is not None:
        rows.append(("known beforehand", *(significant(value, 4) for value in found.known)))
    units = [unit_text(PARAMETER_UNITS[name]) for name in PARAMETERS]
    table = Table(
        "Estimates and 95 % intervals",
        rows,
        ("method", *(f"{n} ({unit})" for n, unit in zip(PARAMETERS, units, strict=True))),
        note="Intervals of the trained models are split-conformal: they hold for specimens like "
        "those of the training. That of the projection is widened where the input is unlike them, "
        "and by what the residuals of the forward run suggest. Those of the refinement follow from "
        "the residuals, which are taken as alike within a block of the sheet, and from what a "
        "finer mesh changed, if there was one. Constants with a prior are part of all that follow "
        "from forward runs. None knows of errors that are the same everywhere, such as a wrong "
        "thickness.",
    )
    pictures = [
        picture_of(
            folder / "estimates.png",
            "Estimates and intervals",
            "Bars are 95 % intervals, on logarithmic axes; the box of the training stands above."
            + (" Dashed: known beforehand." if found.known is not None else ""),
        )
    ]
    attention = [
        (np.array(a.details["attention"]), np.array(a.details["attention_time"]))
        for a in found.answers
        if "attention" in a.details
    ]
    if attention:
        figure = figure_attention(*attention[0])
        save_figure(figure, folder / "attention.png")
        caption = "Share of each input in what the network's recurrent layers read."
        pictures.append(picture_of(folder / "attention.png", "Attention of the network", caption))
    why = found.choice.why if found.answered else found.verdict.sentence
    texts = [found.told.text, why] if found.answered and found.told else [why]
    return Section("estimates", "Estimates", texts, pictures, [table])


def _interval_text(value: float, low: float, high: float) -> str:
    return f"{significant(value, 4)} ({significant(low, 4)} to {significant(high, 4)})"


def _unusual_section(found: Inversion) -> Section:
    texts = found.warnings or ["Nothing in the input is unlike the training data of the model."]
    rows = [
        (channel.name, channel.given, channel.trained, f"{channel.excess:.2f}")
        for channel in found.channels
    ]
    table = Table(
        "Channels",
        rows,
        ("channel", "specimen", "training", "times what is usual"),
        note=f"From {USUAL} on the model works outside of what it was trained on.",
        text_columns=3,
    )
    return Section("unusual", "Like the training data?", texts, tables=[table])


def _check_section(found: Inversion, folder: Path) -> Section | None:
    if found.check is None or found.comparison is None:
        return None
    save_figure(figure_fields(found.measurement, found.check), folder / "fields.png")
    ln_m = None if found.drawn is None else float(found.drawn.ln_m.mean())
    sheet = with_factor(found.check, found.factor, ln_m)
    save_figure(figure_loads(found.measurement, sheet, found.study), folder / "check-loads.png")
    strain, load = found.comparison.rms
    against = "" if np.isnan(load) else f" and {percent(load)} of the load"
    text = (
        f"The solver, run at the estimate, leaves a root mean square residual of {strain:.2g} in "
        f"strain{against}."
    )
    pictures = [
        picture_of(
            folder / "fields.png",
            "Measured and computed strain",
            "Last output. Measured maps at the nodes of the mesh, computed maps at the estimate, "
            "and their difference; white is masked.",
        ),
        picture_of(
            folder / "check-loads.png",
            "Load and residual over time",
            "Left: measured load (points) and computed load (line), with what the thickness makes "
            "of it. Right: root mean square strain residual of each output.",
        ),
    ]
    texts = [text] if "euler" in found.data else [text, ONE_DRAW]
    return Section("check", "Forward check", texts, pictures)


def _refinement_section(found: Inversion, folder: Path) -> Section | None:
    result = found.refined
    if result is None:
        return None
    save_figure(figure_refinement(_stages(result)), folder / "refinement.png")
    names = [*PARAMETERS, *(one.name for one in found.assumed if one.prior is not None)]
    correlation = result.whole_covariance / np.outer(result.deviation, result.deviation)
    rows = [
        (name, *(f"{value:.2f}" for value in row), f"{100 * share:.1f} %")
        for name, row, share in zip(names, correlation, result.data_share, strict=True)
    ]
    table = Table(
        "Correlation of the estimates, each by its logarithm",
        rows,
        ("", *names, "share from the data"),
        note="The rest of what is known comes from the sampling box, of constants from priors.",
    )
    texts = [_ended(stage) for stage in _stages(result)]
    if found.fit.lack > 0:
        texts.append(
            f"The strain maps differ from the model by {found.fit.residual:.2g} (grain boundaries "
            f"weighted down), {found.fit.lack:.2g} times their noise of {found.fit.noise:.2g}."
        )
    caption = "Parameters relative to the result, and residuals, against forward runs."
    pictures = [picture_of(folder / "refinement.png", "Convergence", caption)]
    return Section("refinement", "Refinement", texts, pictures, [table])


def _stages(result: Refined) -> list[Refined]:
    """Refinements of one another, that on the coarsest mesh first."""
    return [result] if result.coarser is None else [*_stages(result.coarser), result]


def _ended(stage: Refined) -> str:
    """How one refinement ended."""
    columns, rows = stage.cells
    ended = "converged" if stage.converged else "stopped before it had converged"
    runs = f"{len(stage.path)} run{'s' if len(stage.path) != 1 else ''}"
    values = ", ".join(
        f"{name} {significant(value, 4)}"
        for name, value in zip(PARAMETERS, np.exp(stage.log_parameters), strict=False)
    )
    return f"Levenberg-Marquardt on {columns} x {rows} elements {ended} after {runs}: {values}."


def _provenance_section(found: Inversion) -> Section:
    rows = [
        (step["import"], file["name"], file["sha256"][:16])
        for step in provenance(found.data)
        for file in (
            step["files"] if len(step["files"]) < 4 else step["files"][:: len(step["files"]) - 1]
        )
    ]
    files = Table("Files", rows, ("import", "file", "SHA-256"), "Of a series, first and last.", 3)
    cost = [
        (name, f"{value:g}" if name.startswith("number") else duration(value))
        for name, value in found.seconds.items()
    ]
    return Section(
        "provenance",
        "Provenance and cost",
        tables=[files, Table("Wall time", cost)],
        side_by_side=True,
    )
