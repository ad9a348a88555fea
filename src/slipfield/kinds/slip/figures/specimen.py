"""Figures of the specimen: grain map and size distribution, like figure 1 of the paper."""

from __future__ import annotations

from typing import cast

import numpy as np
import shapely
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from slipfield.core import dask
from slipfield.kinds.slip.specimen.microstructure import polygons_of
from slipfield.kinds.slip.specimen.size import are_spread, size_distribution
from slipfield.kinds.slip.study import Study
from slipfield.report.style import COLOURS, RED, plain, use_style

FEWEST_FOR_A_FIT = 20


KEY = 0.16
"""Height of the key of colours, as a share of the longer side of the sheet."""


def figure_microstructure(data: xr.Dataset, study: Study) -> Figure:
    """Grain map with its bands, and the distributions of D with their log-normal fits.

    Parameters
    ----------
    data
        A microstructure.
    study
        The study that made it; names the bands.
    """
    use_style()
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.45, 1), squeeze=False).flat
    axes = left.subplots()
    grain_map(axes, data)
    name_bands(axes, study)
    size_histograms(right, data, study)
    for part, letter in ((left, "(a)"), (right, "(b)")):
        part.suptitle(letter, x=0.01, ha="left", fontweight="bold", fontsize=10)
    return figure


def grain_map(axes: Axes, data: xr.Dataset) -> None:
    """Draw the grain polygons, coloured by the direction along y, the sheet (mm) and the key."""
    polygons = polygons_of(data)
    rings = [shapely.get_coordinates(polygon) for polygon in polygons]
    patches = PolyCollection(rings, edgecolors="black", linewidths=0.4)
    axes.add_collection(patches)
    outline = shapely.get_coordinates(shapely.union_all(polygons))
    axes.plot(*outline.T, color="black", linewidth=1.2)
    axes.set(xlabel="x (mm)", ylabel="y, load axis (mm)", aspect="equal")
    axes.margins(0.01)
    patches.set(facecolor=ipf_colours(data["euler"].values))
    _ipf_key(axes, (float(np.ptp(outline[:, 0])), float(np.ptp(outline[:, 1]))))


def ipf_colours(euler: np.ndarray) -> np.ndarray:
    """Inverse-pole-figure colours (grain, 3) of the load axis y for Bunge angles (grain, 3), rad.

    The cubic (m-3m) key of orix.
    """
    dask.show()
    from orix.plot import IPFColorKeyTSL
    from orix.quaternion import Orientation
    from orix.quaternion.symmetry import Oh
    from orix.vector import Vector3d

    key = IPFColorKeyTSL(Oh, direction=Vector3d.yvector())
    return key.orientation2color(Orientation.from_euler(euler, symmetry=Oh))


def _ipf_key(axes: Axes, sheet: tuple[float, float]) -> None:
    """Draw the standard triangle with the colours of the crystal directions along the load axis.

    It stands below the lower right corner, as large whatever the shape of the sheet (mm).
    """
    dask.show()
    from orix.plot import InversePoleFigurePlot
    from orix.quaternion.symmetry import Oh

    across, along = (KEY * max(sheet) / size for size in sheet)
    bounds = (1.05, -along, 1.25 * across, along)
    key = cast(InversePoleFigurePlot, axes.inset_axes(bounds, projection="ipf", symmetry=Oh))
    key.plot_ipf_color_key(show_title=False)
    for label in key.texts:
        label.set_fontsize(6)
    axes.annotate(
        "crystal direction\nalong y",
        (1.05 + 0.6 * across, -along),
        xytext=(0, -12),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=6,
        ha="center",
        va="top",
    )


def name_bands(axes: Axes, study: Study) -> None:
    """Name every band at its height, right of the map."""
    top = 0.0
    for band in study.specimen.bands:
        low, top = top, top + band.height_fraction * study.specimen.height_mm
        place = 1.02 * study.specimen.width_mm, 0.5 * (low + top)
        axes.text(*place, plain(band.name).replace(" ", "\n"), va="center", fontsize=8)


def size_histograms(figure: Figure | SubFigure, data: xr.Dataset, study: Study) -> None:
    """Histogram of D and log-normal fit of its bin centres, one panel for each kind of band."""
    groups = _alike_bands(study)
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    band, sizes = data["band"].values, data["size"].values
    for axes, (name, members), colour in zip(panels, groups.items(), COLOURS, strict=False):
        facts = _size_histogram(axes, sizes[np.isin(band, members)], colour)
        axes.set_title(f"{name}\n{facts}", loc="right", fontsize=8)
        axes.set_ylabel("grains")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    panels[-1].set(xlabel="grain size D (mm)", xlim=(0, 1.08 * sizes.max()))
    if panels[0].get_legend_handles_labels()[0]:
        panels[0].legend(loc="upper right")


def _alike_bands(study: Study) -> dict[str, list[int]]:
    """Bands of the same kind, height and number of grains: joint name and numbers."""
    alike: dict[tuple, list[int]] = {}
    for number, band in enumerate(study.specimen.bands):
        key = band.kind, band.height_fraction, band.grain_fraction
        alike.setdefault(key, []).append(number)
    names = [plain(band.name) for band in study.specimen.bands]
    return {" + ".join(names[n] for n in members): members for members in alike.values()}


def _size_histogram(axes: Axes, sizes: np.ndarray, colour: str) -> str:
    """Histogram of ``sizes`` (mm), its bin centres and the fit; returns what was found."""
    if not are_spread(sizes):
        axes.axvline(np.median(sizes), color=colour)
        return f"{len(sizes)} grains of {np.median(sizes):.3f} mm"
    if len(sizes) < FEWEST_FOR_A_FIT:
        axes.hist(sizes, "auto", color=colour, alpha=0.6, ec="white", linewidth=0.3)
        return f"{len(sizes)} grains, median {np.median(sizes):.3f} mm"
    fit = size_distribution(sizes)
    width = np.diff(fit.edges)
    grains = fit.density * len(sizes) * width
    axes.bar(fit.centres, grains, width, color=colour, alpha=0.6, ec="white", linewidth=0.3)
    axes.plot(fit.centres, grains, "o", color="black", markersize=2, label="bin centres")
    fine = np.linspace(0.7 * fit.edges[0], 1.2 * fit.edges[-1], 300)
    axes.plot(fine, fit.pdf(fine) * len(sizes) * width[0], color=RED, label="log-normal fit")
    spread = f"$\\sigma_{{\\ln D}}$ {fit.sigma:.2f}"
    return f"{len(sizes)} grains, median {fit.median_mm:.3f} mm, {spread}"
