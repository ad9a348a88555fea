"""Figure of what the network's answers rest on: modality, frame and region."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slipfield.kinds.slip.figures.learning import MODALITY_COLOURS
from slipfield.kinds.slip.study import PARAMETERS, Specimen
from slipfield.report.style import COLOURS, FIELD_MAP, GREY, use_style

SYMBOLS = [f"${name[0]}_{name[1:]}$" for name in PARAMETERS]


def figure_attribution(data: xr.Dataset, specimen: Specimen) -> Figure:
    """Shares of modalities, R^2 without each of them, shares of frames, and maps of the strain's.

    Parameters
    ----------
    data
        What :func:`slipfield.kinds.slip.cnn_lstm.attribution.write_attribution` wrote.
    specimen
        Size of the sheet and its bands.
    """
    use_style()
    figure = Figure(figsize=(9.0, 5.6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1], squeeze=False).flat
    left, middle, right = upper.subplots(1, 3)
    _modalities(left, data)
    _ablation(middle, data)
    _frames(right, data)
    axes = lower.subplots(1, 3)
    for axis, symbol, share in zip(axes, SYMBOLS, data["strain_map"].values, strict=True):
        _map(figure, axis, share, specimen)
        axis.set_title(f"{symbol}: strain, by node")
    return figure


def _modalities(axes: Axes, data: xr.Dataset) -> None:
    """Stacked bars: mean absolute share of each modality, normalised for each parameter."""
    size = abs(data["total"]).mean("sample")
    shares = 100 * size / size.sum("modality")
    bottom = np.zeros(len(PARAMETERS))
    for name in data["modality"].values:
        height = shares.sel(modality=name).values
        axes.bar(SYMBOLS, height, 0.6, bottom, color=MODALITY_COLOURS[str(name)], label=str(name))
        bottom += height
    axes.set(ylabel="share of the answer (%)", ylim=(0, 130), yticks=range(0, 101, 25))
    axes.legend(ncols=3, loc="upper center", columnspacing=0.8, handlelength=1)


def _ablation(axes: Axes, data: xr.Dataset) -> None:
    """R^2 with all inputs, and with the mean specimen's data in place of one modality."""
    place = np.arange(len(PARAMETERS))
    bars = {"all inputs": (data["r2"].values, GREY)}
    for name in data["modality"].values:
        values = data["ablated_r2"].sel(modality=name).values
        bars[f"without {name}"] = values, MODALITY_COLOURS[str(name)]
    for i, (label, (values, colour)) in enumerate(bars.items()):
        axes.bar(place + 0.2 * (i - 1.5), values, 0.2, color=colour, label=label)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xticks(place, SYMBOLS)
    lowest = max(-1.0, axes.get_ylim()[0])
    axes.set_yticks(np.arange(np.ceil(2 * lowest) / 2, 1.01, 0.5))
    axes.set_ylim(lowest, 1.55)
    axes.set_ylabel("$R^2$, test samples")
    axes.legend(ncols=2, loc="upper center", columnspacing=0.8, handlelength=1)


def _frames(axes: Axes, data: xr.Dataset) -> None:
    """Mean absolute share of each frame of strain and of each load."""
    size = 100 * abs(data["by_time"]).mean("sample")
    for symbol, colour, own in zip(SYMBOLS, COLOURS, size, strict=False):
        for sequence, style in (("strain", "-"), ("load", "--")):
            label = symbol if sequence == "strain" else None
            values = own.sel(sequence=sequence)
            axes.plot(data["time"], values, style, color=colour, label=label)
    axes.plot([], [], "-", color=GREY, label="strain")
    axes.plot([], [], "--", color=GREY, label="load")
    axes.set(xlabel="time (s)", ylabel="share of a frame (% of range)", ylim=(0, None))
    axes.legend(ncols=2)


def _map(figure: Figure, axes: Axes, share: np.ndarray, specimen: Specimen) -> None:
    """One map on the sheet, with the borders of the bands of grains."""
    width, height = specimen.width_mm, specimen.height_mm
    image = axes.imshow(
        100 * share,
        origin="lower",
        extent=(0, width, 0, height),
        cmap=FIELD_MAP,
        vmin=0,
        vmax=100 * np.percentile(share, 99),
    )
    borders = np.cumsum([band.height_fraction for band in specimen.bands])[:-1]
    for border in borders:
        axes.axhline(border * height, color="white", linewidth=0.8, linestyle=":")
    axes.set(xlabel="x (mm)", ylabel="y, along the load (mm)")
    bar = figure.colorbar(image, ax=axes, extend="max", shrink=0.75, pad=0.02)
    bar.set_label("% of range")
