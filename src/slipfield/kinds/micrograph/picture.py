"""Picture of a grain size: grains, diameters, intercept against height."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from slipfield.kinds.micrograph.areas import Grains
from slipfield.kinds.micrograph.bands import Band
from slipfield.report.style import BLUE, RED, save_figure, use_style


def save_picture(
    labels: np.ndarray,
    pixel_um: float,
    found: Grains,
    profile: tuple[np.ndarray, np.ndarray],
    bands: list[Band],
    path: Path,
) -> None:
    """Draw grains by size, their diameters, and the mean intercept against height.

    Parameters
    ----------
    labels : (height, width), 0 for no grain.
    found : the same grains.
    profile : heights of strips and their mean intercepts, um.
    """
    use_style()
    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    grains, sizes, heights = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    diameter = np.full(int(labels.max()) + 1, np.nan)
    diameter[found.label] = found.diameter_px * pixel_um
    extent = (0, labels.shape[1] * pixel_um, 0, labels.shape[0] * pixel_um)
    step = max(max(labels.shape) // 1000, 1)
    shown = grains.imshow(diameter[labels[::step, ::step]], extent=extent, interpolation="nearest")
    grains.set(xlabel="x (µm)", ylabel="height (µm)", title="grains by size")
    figure.colorbar(shown, ax=grains, label="equivalent diameter (µm)", shrink=0.85)
    if not found.cut.all():
        sizes.hist(diameter[found.label[~found.cut]], bins=20, color=BLUE)
    sizes.set(xlabel="equivalent diameter (µm)", ylabel="grains not cut by the edge")
    sizes.set_title("sizes")
    heights.plot(profile[1], profile[0], ".", color=BLUE, label="strips")
    for number, band in enumerate(bands):
        heights.plot(
            [band.intercept_um] * 2,
            [band.low_um, band.high_um],
            color=RED,
            label="bands" if number == 0 else None,
        )
        if number:
            heights.axhline(band.low_um, color="0.7", linewidth=0.8, linestyle=":")
    heights.set(xlabel="mean intercept (µm)", ylabel="height (µm)", title="size against height")
    heights.set_xlim(left=0)
    heights.legend()
    save_figure(figure, path)
