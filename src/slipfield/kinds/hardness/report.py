"""The report of a hardness study: scores with intervals, predictions, Shapley values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from slipfield.core.files import write_text
from slipfield.core.reading import read_json, read_table
from slipfield.core.recorded import refuse_others
from slipfield.kinds.hardness.kind import KIND
from slipfield.kinds.hardness.models import title
from slipfield.kinds.hardness.stages import SCHEMES, read_scores
from slipfield.kinds.hardness.stale import stale
from slipfield.kinds.hardness.study import HardnessStudy
from slipfield.kinds.hardness.table import FEATURES, HARDNESS
from slipfield.report.page import Card, Section, Table, picture_of
from slipfield.report.render import render
from slipfield.report.style import BLUE, GREY, ORANGE, save_figure, score_text, use_style

LABELS = {
    "solute_at_percent": "solute (at.%)",
    "grain_size_um": "grain size (µm)",
    "second_phase_fraction": "second-phase fraction (1)",
    "second_phase_ecd_um": "second-phase diameter (µm)",
}


def write_report(study: HardnessStudy, folder: Path, output: Path) -> None:
    """Write the page from what lies in ``folder``.

    Raises
    ------
    SlipfieldError
        If a result is missing, damaged, or of another study.
    """
    refuse_others(stale(study, folder))
    explained = read_json(folder / "explained.json", "hardness explain")
    shares = read_table(folder / "explained.csv", "hardness explain")
    hardness = shares[HARDNESS].to_numpy()
    scored = {
        name: read_scores(folder / "scores" / f"{name}.json", len(hardness))
        for name in study.validation.models
    }
    figures = folder / "figures"
    save_figure(figure_scores(scored), figures / "scores.png")
    save_figure(figure_predictions(hardness, explained), figures / "predictions.png")
    save_figure(figure_shares(shares), figures / "shapley.png")
    save_figure(figure_importance(explained), figures / "importance.png")
    nested = explained["nested"]["scores"]
    cards = [
        Card(str(len(hardness)), "alloys, " + ("rendered" if _rendered(study) else "measured")),
        Card(score_text(nested["r2"]["value"]), f"R² of the chosen model ({_span(nested['r2'])})"),
        Card(f"{nested['mae_HV']:.2f} HV", "mean error of the chosen model"),
    ]
    sections = [_score_section(scored, explained, figures), _share_section(explained, figures)]
    title, physics = f"Study {study.name}", study.physics_hash()
    text = render(title, KIND.question, cards, sections, physics, output.parent)
    write_text(output, text)


def _rendered(study: HardnessStudy) -> bool:
    return study.table.file is None


def _span(interval: dict[str, float]) -> str:
    return f"{interval['low']:.3f} to {interval['high']:.3f}"


def _score_section(scored: dict[str, Any], explained: dict[str, Any], figures: Path) -> Section:
    tables = []
    texts = [
        "Each row is a model that has seen none of what is left out. Intervals are of 2.5 to "
        "97.5 % of bootstrap draws. The chosen model is chosen anew for each alloy, by the errors "
        "on the others.",
    ]
    for scheme, left in SCHEMES.items():
        rows = [
            (
                title(name),
                score_text(part["r2"]["value"]),
                _span(part["r2"]),
                f"{part['mae_HV']:.2f}",
                f"{part['rmse_HV']:.2f}",
            )
            for name, content in scored.items()
            if (part := content["scores"].get(scheme))
        ]
        if not rows:
            texts.append(f"Leaving out {left} at a time takes three: the table has fewer.")
            continue
        header = ("model", "R²", "95 % interval", "MAE, HV", "RMSE, HV")
        tables.append(Table(f"Leaving out {left} at a time", rows, header))
    gains = explained["r2_gain_on_line"]
    if gains:
        found = [
            (title(name), f"{gain['value']:+.3f}", f"{gain['low']:+.3f} to {gain['high']:+.3f}")
            for name, gain in gains.items()
            if name != "line"
        ]
        note = "Paired draws of the same alloys; an interval around 0 tells no difference."
        tables.append(
            Table("R² above the straight line's", found, ("model", "gain", "95 % interval"), note)
        )
    pictures = [
        picture_of(figures / "scores.png", "R² of the models", "With 95 % intervals."),
        picture_of(
            figures / "predictions.png",
            "Chosen model: predicted against measured",
            "Each alloy when it was left out.",
        ),
    ]
    return Section("scores", "What the models reach", texts, pictures, tables)


def _share_section(explained: dict[str, Any], figures: Path) -> Section:
    texts = [
        f"Model: {title(explained['model'])}, trained on all alloys. Its predictions are "
        f"{explained['base_HV']:.1f} HV plus the four values, to "
        f"{explained['residual_HV']:.0e} HV.",
        "A feature's sign changes where it crosses its mean in the table: in a table with many "
        "alloys of one composition that is near this composition, and no threshold of the metal.",
    ]
    pictures = [
        picture_of(figures / "importance.png", "Importance", "Mean size of Shapley values."),
        picture_of(figures / "shapley.png", "Shapley values", "Of each alloy, by feature."),
    ]
    return Section("shapley", "What hardness is made of", texts, pictures)


def figure_scores(scored: dict[str, Any]) -> Figure:
    """R^2 of every model with intervals, for both schemes."""
    use_style()
    figure = Figure(figsize=(7, 0.6 + 0.34 * len(scored)), layout="constrained")
    axes = figure.subplots()
    lowest = 0.0
    for number, (scheme, left) in enumerate(SCHEMES.items()):
        for row, content in enumerate(scored.values()):
            if not (part := content["scores"].get(scheme)):
                continue
            r2 = part["r2"]
            lowest = min(lowest, r2["value"])
            place = row + 0.3 * number - 0.15
            colour = (BLUE, ORANGE)[number]
            label = f"left out: {left}" if row == 0 else None
            axes.plot([r2["low"], r2["high"]], [place, place], color=colour, linewidth=1.2)
            axes.plot(r2["value"], place, "os"[number], color=colour, markersize=4, label=label)
    axes.set_yticks(range(len(scored)), [title(name) for name in scored])
    axes.set(xlabel="R²", xlim=(max(lowest - 0.2, -1.0), 1.02), ylim=(len(scored) - 0.5, -0.5))
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.legend(loc="lower left")
    return figure


def figure_predictions(hardness: np.ndarray, explained: dict[str, Any]) -> Figure:
    """Predicted against true hardness of the nested choice, and the error of each alloy."""
    use_style()
    found = np.array(explained["nested"]["predictions"])
    figure = Figure(figsize=(7, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    ends = [min(hardness.min(), found.min()), max(hardness.max(), found.max())]
    left.plot(ends, ends, color=GREY, linewidth=0.8)
    left.plot(hardness, found, "o", color=BLUE, markersize=4)
    left.set(xlabel="hardness (HV)", ylabel="predicted (HV)", aspect="equal")
    right.bar(range(1, len(found) + 1), found - hardness, color=BLUE)
    right.axhline(0, color=GREY, linewidth=0.8)
    right.set(xlabel="alloy", ylabel="predicted - true (HV)")
    return figure


def figure_shares(shares: Any) -> Figure:
    """Shapley values against each feature."""
    use_style()
    figure = Figure(figsize=(7, 5), layout="constrained")
    for axes, name in zip(figure.subplots(2, 2, sharey=True).ravel(), FEATURES, strict=True):
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.plot(shares[name], shares[f"shapley_{name}_HV"], "o", color=BLUE, markersize=4)
        axes.set(xlabel=LABELS[name])
    figure.supylabel("Shapley value (HV)", fontsize="medium")
    return figure


def figure_importance(explained: dict[str, Any]) -> Figure:
    """Mean size of each feature's Shapley values; of the planted law, too, where there is one."""
    use_style()
    figure = Figure(figsize=(7, 2.4), layout="constrained")
    axes = figure.subplots()
    found, law = explained["importance_HV"], explained["law_importance_HV"]
    places = np.arange(len(found))
    axes.barh(places - (0.18 if law else 0), list(found.values()), 0.34, color=BLUE, label="model")
    if law:
        axes.barh(places + 0.18, list(law.values()), 0.34, color=ORANGE, label="planted law")
        axes.legend(loc="lower right")
    axes.set_yticks(places, [LABELS[name] for name in found])
    axes.invert_yaxis()
    axes.set(xlabel="mean size of Shapley values (HV)")
    return figure
