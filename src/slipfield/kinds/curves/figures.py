"""Figures of a study of curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from slipfield.core.files import open_netcdf
from slipfield.core.reading import read_json
from slipfield.kinds.curves.evaluation import ENOUGH, read_scores
from slipfield.kinds.curves.study import CurvesStudy
from slipfield.kinds.curves.tables import study_alloys
from slipfield.report.style import BLUE, COLOURS, GREY, ORANGE, RED, save_figure, use_style


def draw_curves(study: CurvesStudy, curves: Path, output: Path) -> None:
    """Draw all curves by class, with their necking points (the paper's figure 4)."""
    use_style()
    alloys = study_alloys(study)
    with open_netcdf(curves) as data:
        strain, stress = data["true_strain"].values, data["true_stress_MPa"].values
        ends = data["necking_strain"].values
    groups = list(dict.fromkeys(alloy.group for alloy in alloys))
    figure = Figure(figsize=(9, 4.8), layout="constrained")
    panels = figure.subplots(-(-len(groups) // 3), min(3, len(groups)), sharex=True, sharey=True)
    for axes, group, colour in zip(np.ravel(panels), groups, COLOURS, strict=False):
        rows = [row for row, alloy in enumerate(alloys) if alloy.group == group]
        for row in rows:
            solid = strain <= ends[row]
            axes.plot(100 * strain, stress[row], color=colour, lw=0.5, alpha=0.35)
            axes.plot(100 * strain[solid], stress[row][solid], color=colour, lw=0.9)
            axes.plot(
                100 * ends[row], np.interp(ends[row], strain, stress[row]), ".", color=GREY, ms=3
            ) if ends[row] <= strain[-1] else None
        axes.set_title(f"{group} ({len(rows)})")
    figure.supxlabel("true strain (%)", fontsize=9)
    figure.supylabel("true stress (MPa)", fontsize=9)
    save_figure(figure, output)


def draw_necking(study: CurvesStudy, curves: Path, output: Path) -> None:
    """Draw how many specimens have passed their maximum load at an elongation."""
    use_style()
    with open_netcdf(curves) as data:
        pull = np.sort(data["pull_at_maximum_mm"].values)
    figure = Figure(figsize=(4.4, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.step(pull, np.arange(1, len(pull) + 1), where="post", color=BLUE)
    mark = study.tension.paper_elongation_mm
    count = int((pull < mark).sum())
    axes.axvline(mark, color=RED, ls="--", lw=1)
    axes.annotate(
        f"{count} of {len(pull)}",
        (mark, count),
        (-4, 4),
        color=RED,
        ha="right",
        textcoords="offset points",
        fontsize=8,
    )
    axes.set(
        xlabel="elongation between the grips (mm)",
        ylabel="specimens past their maximum load",
        ylim=(0, len(pull) * 1.05),
    )
    save_figure(figure, output)


def draw_predicted(trained: Path, output: Path) -> None:
    """Draw known and predicted curves of a test group (the paper's figures 9 to 23)."""
    use_style()
    content: dict[str, Any] = read_json(trained, "curve-train")
    scores = {
        s.name: s.similarity for s in read_scores([trained.with_suffix(".csv")], "curve-train")
    }
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    panels = np.ravel(figure.subplots(2, 5, sharex=True))
    percent = 100 * np.array(content["true_strain"])
    series = zip(content["names"], content["known_MPa"], content["predicted_MPa"], strict=True)
    for axes, (name, known, predicted) in zip(panels, series, strict=False):
        axes.plot(percent, known, color=GREY, lw=2.2, alpha=0.6, label="simulated")
        axes.plot(percent, predicted, color=BLUE, lw=1.0, label="predicted")
        axes.set_title(f"{name}: {scores[name]:.3f}", fontsize=8)
        axes.set_ylim(0, None)
    panels[0].legend(loc="lower right", fontsize=7)
    figure.supxlabel("true strain (%)", fontsize=9)
    figure.supylabel("true stress (MPa)", fontsize=9)
    save_figure(figure, output)


def draw_similarity(scores: list[Path], output: Path) -> None:
    """Draw the similarity of every test alloy, by learner and setting (figures 10 to 24)."""
    use_style()
    found = read_scores(scores, "curve-train")
    names = list(dict.fromkeys(score.name for score in found))
    kinds = list(dict.fromkeys((score.learner, score.setting) for score in found))
    figure = Figure(figsize=(max(5.0, 0.62 * len(names)), 3.4), layout="constrained")
    axes = figure.subplots()
    markers = "osD^vP*"
    for place, (learner, setting) in enumerate(kinds):
        chosen = {
            s.name: s.similarity for s in found if (s.learner, s.setting) == (learner, setting)
        }
        shift = (place - (len(kinds) - 1) / 2) * 0.12
        axes.plot(
            [names.index(name) + shift for name in chosen],
            list(chosen.values()),
            ls="",
            marker=markers[place % len(markers)],
            ms=4.5,
            color=COLOURS[place % len(COLOURS)],
            label=f"{learner}, setting {setting}",
        )
    axes.axhline(ENOUGH, color=ORANGE, lw=0.8, ls="--")
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right")
    axes.set(
        ylabel="similarity (eq. 21)", ylim=(min(0.8, *(s.similarity for s in found)) - 0.02, 1.01)
    )
    axes.legend(loc="lower left", ncols=2)
    save_figure(figure, output)
