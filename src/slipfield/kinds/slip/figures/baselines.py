"""Learning curves of all methods on the same split."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.style import (
    GREY,
    PURPLE,
    RED,
    SKY,
    save_figure,
    use_style,
)

LOOKS = {
    "mean": ("mean predictor", GREY, ":", "."),
    "ridge_pca": ("ridge on principal components", SKY, "--", "v"),
    "boosted_trees": ("boosted trees on band statistics", PURPLE, "--", "D"),
    "ridge_bands": ("ridge on band statistics", RED, "--", "P"),
    **{name: (model.title, model.colour, "-", model.marker) for name, model in MODELS.items()},
}
"""Label, colour, line and marker of each method."""


def figure_learning_curves(table: pd.DataFrame) -> Figure:
    """Draw 1 - R^2 on unseen microstructures or samples over the number of training samples.

    Parameters
    ----------
    table
        learning_curves.csv: columns method, training_samples, parameter, r2, and split
        ("random" where test samples are of the training's microstructures).
    """
    use_style()
    figure = Figure(figsize=(10.0, 3.4), layout="constrained")
    axes = figure.subplots(1, len(PARAMETERS), sharey=True)
    for axis, name in zip(axes, PARAMETERS, strict=True):
        own = table[table["parameter"] == name]
        for method, (label, colour, line, marker) in LOOKS.items():
            curve = own[own["method"] == method].sort_values("training_samples")
            if len(curve):
                axis.loglog(
                    curve["training_samples"],
                    1 - curve["r2"],
                    color=colour,
                    linestyle=line,
                    marker=marker,
                    markersize=4,
                    label=label,
                )
        counts = sorted(own["training_samples"].unique())
        axis.set_xticks(counts, [f"{count:,}" for count in counts], minor=False)
        axis.minorticks_off()
        axis.axhline(0.01, color=GREY, linewidth=0.8, zorder=0)
        axis.set(title=f"${name[0]}_{name[1:]}$", xlabel="training samples")
    of_samples = "split" in table and (table["split"] == "random").all()
    axes[0].set_ylabel(f"1 - R² on unseen {'samples' if of_samples else 'microstructures'}")
    axes[0].annotate("R² = 0.99", (counts[0], 0.01), (0, 2), textcoords="offset points", fontsize=7)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    return figure


def write_learning_curves(table: Path, output: Path) -> None:
    """Draw the table at ``table``.

    Raises
    ------
    SlipfieldError
        If it is not there.
    """
    if not table.exists():
        raise SlipfieldError(f"{table}: missing; run `baselines` first")
    save_figure(figure_learning_curves(pd.read_csv(table)), output)
