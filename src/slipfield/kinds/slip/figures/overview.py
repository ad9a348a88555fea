"""The study in one picture: what goes in, and how well the parameters come out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slipfield.kinds.slip.figures.specimen import grain_map
from slipfield.kinds.slip.models import MODELS
from slipfield.kinds.slip.study import PARAMETERS, Study
from slipfield.report.style import FIELD_MAP, GREY, score_text, use_style
from slipfield.spine.metrics import r_squared

TESTED = {"random": "test samples", "microstructure": "unseen specimens"}
"""What the test set holds, by the split that made it."""


def figure_overview(
    grains: xr.Dataset,
    shard: xr.Dataset,
    sample: int,
    predictions: Mapping[str, pd.DataFrame],
    study: Study,
) -> Figure:
    """Grain map, last strain field, and predicted against true parameters of the test set.

    Parameters
    ----------
    grains
        Microstructure of the sample.
    shard
        Shard that holds the sample.
    sample
        Number of the sample in the design.
    predictions
        Table that `train` wrote, by inverter.
    study
        The study; parameters are drawn as shares of its sampling box.
    """
    use_style()
    shape = np.ptp(grains["x_mm"].values) / np.ptp(grains["y_mm"].values)
    sheet = float(np.clip(2.7 * shape, 1.0, 3.6))
    widths = sheet + 0.8, sheet + 1.1, 3.7
    figure = Figure(figsize=(sum(widths), 3.5), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=widths)
    grain_map(left, grains)
    left.set_title("grain map (EBSD)")
    _strain_field(figure, middle, grains, shard.sel(sample=sample))
    for model, table in predictions.items():
        _shares(right, model, table[table["split"] == "test"], study)
    right.plot((0, 1), (0, 1), color=GREY, linewidth=0.8, zorder=0)
    right.set(
        xlabel="true value, share of the sampling box",
        ylabel="predicted",
        title=f"k1, k2, k3 of {TESTED[study.learning.split]}",
    )
    right.set_box_aspect(1)
    right.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), frameon=False)
    return figure


def _strain_field(figure: Figure, axes: Axes, grains: xr.Dataset, one: xr.Dataset) -> None:
    """Strain along the load axis at the last output."""
    percent = 100 * one["strain"].sel(component="yy").isel(time=-1).values
    low, high = np.percentile(percent, (1, 99))
    image = axes.pcolormesh(
        grains["x_mm"],
        grains["y_mm"],
        percent,
        cmap=FIELD_MAP,
        vmin=low,
        vmax=high,
        shading="gouraud",
        rasterized=True,
    )
    axes.set(aspect="equal", xticks=[], yticks=[], title="strain field (DIC) and load")
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, extend="both", label="$E_{yy}$ (%)", shrink=0.9)


def _shares(axes: Axes, model: str, table: pd.DataFrame, study: Study) -> None:
    """All three parameters of one inverter's test set, scaled to the box."""
    look, scores = MODELS[model], []
    for parameter, (low, high) in zip(PARAMETERS, study.sampling.box, strict=True):
        true, predicted = (table[f"{parameter}_{kind}"] for kind in ("true", "predicted"))
        scores.append(score_text(float(r_squared(true.to_numpy(), predicted.to_numpy()))))
        x, y = ((values - low) / (high - low) for values in (true, predicted))
        whole = len(scores) == len(PARAMETERS)
        label = f"{look.title}: $R^2$ {', '.join(scores)}" if whole else None
        points = axes.scatter(x, y, s=14, color=look.colour, marker=look.marker, linewidths=0)
        points.set(alpha=0.75, label=label)
