"""Figure of trainings that differ in one setting: the paper's tables 3 to 5 as pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slipfield.kinds.slip.study import PARAMETERS
from slipfield.report.style import COLOURS, GREY, use_style

AXIS_NAMES = {
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "convolution_blocks": "convolution blocks",
    "initialisation": "initialisation",
    "precision": "precision of the training steps",
}


def figure_sweep(table: pd.DataFrame) -> Figure:
    """R^2 on the test samples and lowest validation loss over the values of one setting.

    Parameters
    ----------
    table
        Columns of :func:`slipfield.kinds.slip.cnn_lstm.sweep.summarise_sweep`.
    """
    use_style()
    figure = Figure(figsize=(7.6, 3.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    place = np.arange(len(table))
    for i, name in enumerate(PARAMETERS):
        shift = 0.09 * (i - 1)
        left.errorbar(
            place + shift,
            table[f"{name}_r2"],
            yerr=table[f"{name}_r2_std"].fillna(0),
            fmt="os^"[i],
            markersize=4,
            color=COLOURS[i],
            label=f"${name[0]}_{name[1:]}$",
        )
    left.plot(place, table["overall_r2"], "_", color="black", markersize=14, label="mean")
    left.plot(place, table["mean_predictor_r2"], ":", color=GREY, label="mean predictor")
    left.set_ylabel("$R^2$, test samples")
    left.legend(fontsize=7, handlelength=1.5)
    right.plot(place, table["validation_loss"], "o", color=COLOURS[0])
    best = np.flatnonzero(table["best"])
    right.plot(best, table["validation_loss"].iloc[best], "o", color=COLOURS[1], label="lowest")
    right.set(ylabel="validation loss, best epoch", ylim=(0, 1.1 * table["validation_loss"].max()))
    right.legend()
    for axes in (left, right):
        _name_values(axes, table)
    return figure


def _name_values(axes: Axes, table: pd.DataFrame) -> None:
    """Write the values of the setting below the axis."""
    values = table["value"]
    names = [f"{value:g}" if isinstance(value, int | float) else str(value) for value in values]
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_xlabel(AXIS_NAMES[table["field"].iloc[0]])
