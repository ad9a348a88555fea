"""The report of a study of micrographs: tables of scores, and what methods find on an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from slipfield.core.files import write_text
from slipfield.core.reading import read_json, reading
from slipfield.core.recorded import refuse_others
from slipfield.kinds.micrograph import figures
from slipfield.kinds.micrograph.kind import KIND
from slipfield.kinds.micrograph.render import render
from slipfield.kinds.micrograph.score import FIRST_SEED, METHODS, means
from slipfield.kinds.micrograph.stages import study_methods
from slipfield.kinds.micrograph.stale import stale
from slipfield.kinds.micrograph.study import MicrographStudy
from slipfield.kinds.micrograph.variants import TITLES
from slipfield.report.page import Card, Section, Table, picture_of
from slipfield.report.render import render as render_page
from slipfield.report.style import save_figure, score_text

SHOWN = "mg-gd"
"""Look of the images that figures show, if the study has it."""
SHOWN_PX = 256
COLUMNS = {
    "boundaries": (
        ("precision", "precision"),
        ("recall", "recall"),
        ("f1", "F1"),
        ("f1_seen", "F1 off second phase"),
        ("weak_recall", "recall of weak ones"),
        ("intercept_error", "error of the intercept"),
        ("g_error", "error of G"),
        ("matched", "grains matched"),
        ("f1_open", "F1 before closing"),
    ),
    "phases": (
        ("iou", "IoU of the phase"),
        ("dice", "Dice"),
        ("precision", "precision"),
        ("accuracy", "accuracy"),
        ("mean_iou", "mean IoU"),
        ("fraction_error", "error of the fraction"),
    ),
}
"""Scores of a table and what readers call them."""
NOTES = {
    "boundaries": "Means over images that no network has seen; 2 px. Errors are relative but G's.",
    "phases": "Mean IoU is that of matrix and phase: never above (1 + precision) / 2 of the phase.",
}


def write_report(study: MicrographStudy, folder: Path, output: Path) -> None:
    """Write the page, and its figures, from what lies in ``folder``.

    Raises
    ------
    SlipfieldError
        If a result is missing, damaged, or of another study.
    """
    refuse_others(stale(study, folder))
    tables = {task: _means(folder / "scores" / f"{task}.json") for task in METHODS}
    _draw(study, tables["boundaries"], folder)
    sections = [_section(task, tables[task], folder / "figures") for task in METHODS]
    cards = [best_of(task, tables[task]) for task in METHODS]
    title, physics = f"Study {study.name}", study.physics_hash()
    page = render_page(title, KIND.question, cards, sections, physics, output.parent)
    write_text(output, page)


def _means(path: Path) -> pd.DataFrame:
    """Means by look and method of what `micrograph compare` wrote."""
    with reading(path, "micrograph compare"):
        return means(pd.DataFrame(read_json(path, "micrograph compare")["rows"]))


_BEST = {"boundaries": ("f1", "F1 of grain boundaries"), "phases": ("iou", "IoU of second phase")}


def best_of(task: str, table: pd.DataFrame) -> Card:
    """The best method over all looks that have a score."""
    score, label = _BEST[task]
    found = table.groupby("method", sort=False)[score].mean().dropna()
    if found.empty:
        return Card("-", f"{label}: no image has any")
    return Card(score_text(found.max()), f"{label}, mean over looks, by {found.idxmax()}")


def _title(method: str) -> str:
    """Name of a method for readers: what a trained network is, or is without."""
    name = method.removeprefix("trained ")
    return method if name == method else f"trained: {TITLES[name]}"


def score_rows(task: str, table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Rows of means by look and method for readers; "-" where no image has what is scored."""
    return [
        (
            str(row["preset"]),
            _title(str(row["method"])),
            *(f"{row[name]:.3f}" if np.isfinite(row[name]) else "-" for name, _ in COLUMNS[task]),
        )
        for _, row in table.iterrows()
    ]


def _section(task: str, table: pd.DataFrame, folder: Path) -> Section:
    header = ("look", "method", *(title for _, title in COLUMNS[task]))
    scores = Table("What is found", score_rows(task, table), header, NOTES[task], text_columns=2)
    if task == "boundaries":
        title = "Grain boundaries"
        pictures = [
            picture_of(folder / "figure4.png", "Repair", "From an image to closed grains."),
            picture_of(folder / "figure5.png", "Closing", "F1 before and after."),
            picture_of(folder / "figure9.png", "Boundaries", "By each method, after closing."),
        ]
    else:
        title = "Second phase"
        pictures = [
            picture_of(folder / "figure6.png", "Scratches", "What a threshold takes for a phase."),
            picture_of(folder / "figure10.png", "Second phase", "By each method."),
        ]
    return Section(task, title, [], pictures, [scores])


def _draw(study: MicrographStudy, table: pd.DataFrame, folder: Path) -> None:
    """Figures by the numbers of the published ones."""
    looks = study.images.presets
    look = SHOWN if SHOWN in looks else looks[0]
    drawn = render(look, FIRST_SEED, (SHOWN_PX, SHOWN_PX))
    other = render(looks[-1], FIRST_SEED + 1, (SHOWN_PX, SHOWN_PX))
    lines, areas = (
        study_methods(task, study.networks(task).variants[:1], folder / "weights" / task)
        for task in METHODS
    )
    keep = study.images.keep
    made = {
        "figure4": figures.figure_repair(drawn, lines["network"], keep),
        "figure5": figures.figure_closing(table),
        "figure6": figures.figure_phases(drawn, {"otsu": areas["otsu"]}),
        "figure9": figures.figure_boundaries(drawn, lines, keep),
        "figure10": figures.figure_phases(other, areas),
    }
    for name, figure in made.items():
        save_figure(figure, folder / "figures" / f"{name}.png")
