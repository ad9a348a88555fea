"""Figures of training and prediction: the paper's figures 9, 10 and 11."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS
from slipfield.report.style import BLUE, GREEN, GREY, ORANGE, score_text, use_style
from slipfield.spine.metrics import r_squared

MODALITY_COLOURS = {"strain": GREEN, "orientation": ORANGE, "load": BLUE}


def figure_loss(history: pd.DataFrame) -> Figure:
    """Training and validation loss over the epochs, with the best one (figure 9).

    Parameters
    ----------
    history
        Columns epoch, learning_rate, train_loss, validation_loss (MSE of scaled labels).
    """
    use_style()
    figure = Figure(figsize=(5.4, 3.4), layout="constrained")
    axes = figure.subplots()
    epoch = history["epoch"]
    axes.plot(epoch, history["train_loss"], color=GREY, label="training (with dropout)")
    axes.plot(epoch, history["validation_loss"], color=BLUE, label="validation")
    best = history.loc[history["validation_loss"].idxmin()]
    label = f"best epoch {best['epoch']:.0f}: {best['validation_loss']:.4f}"
    axes.plot(best["epoch"], best["validation_loss"], "o", color=ORANGE, label=label)
    rate = history["learning_rate"]
    for number in epoch[rate.diff() < 0]:
        axes.axvline(number - 0.5, color=GREY, linewidth=0.8, linestyle=":")
    if (rate.diff() < 0).any():
        axes.plot([], [], color=GREY, linewidth=0.8, linestyle=":", label="learning rate decays")
    axes.set(xlabel="epoch", ylabel="loss: MSE of scaled labels", yscale="log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def figure_predictions(predictions: pd.DataFrame, part: str = "test") -> Figure:
    """Predicted against true k1, k2, k3 with R^2 and the diagonal (figure 10).

    Parameters
    ----------
    predictions
        Columns split and, for each parameter, k1_true and k1_predicted (own units).
    part
        Which samples to show: "test", "validation" or "train".
    """
    shown = predictions[predictions["split"] == part]
    use_style()
    figure = Figure(figsize=(9.0, 3.3), layout="constrained")
    for axes, name in zip(figure.subplots(1, 3), PARAMETERS, strict=True):
        true, predicted = (shown[f"{name}_{kind}"].to_numpy() for kind in ("true", "predicted"))
        _scatter(axes, name, true, predicted)
    return figure


def _scatter(axes: Axes, name: str, true: np.ndarray, predicted: np.ndarray) -> None:
    """One panel: points, diagonal, R^2."""
    both = np.concatenate([true, predicted])
    margin = 0.05 * np.ptp(both)
    limits = both.min() - margin, both.max() + margin
    size = float(np.clip(3000 / len(true), 2, 18))
    axes.plot(limits, limits, color=GREY, linewidth=0.8)
    axes.scatter(true, predicted, s=size, color=BLUE, alpha=0.7, linewidths=0)
    unit = PARAMETER_UNITS[name].replace("mm^0.5", "mm$^{1/2}$")
    axes.set(xlim=limits, ylim=limits, xlabel=f"true {name} ({unit})")
    axes.set_ylabel(f"predicted {name} ({unit})")
    axes.set_box_aspect(1)
    score = float(r_squared(true, predicted))
    axes.text(0.05, 0.93, f"$R^2$ = {score_text(score)}", transform=axes.transAxes, va="top")


def figure_attention(data: xr.Dataset) -> Figure:
    """Attention weight of each input over the loading: mean and spread (figure 11).

    Parameters
    ----------
    data
        attention (sample, time, modality) and time (s).
    """
    use_style()
    figure = Figure(figsize=(5.4, 3.4), layout="constrained")
    axes = figure.subplots()
    attention, time = data["attention"], data["time"].values
    for name in attention["modality"].values:
        weights = attention.sel(modality=name).values
        colour = MODALITY_COLOURS[str(name)]
        axes.plot(time, weights.mean(axis=0), color=colour, marker=".", label=str(name))
        low, high = np.percentile(weights, [5, 95], axis=0)
        axes.fill_between(time, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.set(xlabel="time (s)", ylabel="attention weight", ylim=(-0.02, 1.02))
    axes.legend(title=f"{attention.sizes['sample']} samples: mean, 5 to 95 %")
    return figure
