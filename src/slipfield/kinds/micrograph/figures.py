"""Figures of a study of micrographs: what methods find on a rendered image, and their scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from skimage.morphology import skeletonize

from slipfield.kinds.micrograph.finding import find_grains
from slipfield.kinds.micrograph.methods import BoundaryMethod, Finder
from slipfield.kinds.micrograph.render import Micrograph
from slipfield.kinds.micrograph.scene import boundaries_of
from slipfield.kinds.micrograph.segment import overlay
from slipfield.report.style import BLUE, ORANGE, use_style

Panel = tuple[str, np.ndarray]
"""Title and image (height, width) or (height, width, 3)."""


def figure_repair(drawn: Micrograph, method: BoundaryMethod, keep: float) -> Figure:
    """From an image over probability and broken lines to closed grains, and the truth."""
    labels, found, *_ = find_grains(drawn.image, method, keep)
    return _panels(
        [
            ("micrograph", drawn.image),
            ("probability", found),
            ("lines at 0.5", skeletonize(found >= 0.5)),
            ("closed grains", overlay(drawn.image, labels, np.zeros_like(labels))),
            ("truth", overlay(drawn.image, drawn.labels, np.zeros_like(labels))),
        ]
    )


def figure_boundaries(
    drawn: Micrograph, methods: Mapping[str, BoundaryMethod], keep: float
) -> Figure:
    """Grain boundaries by each method, after closing."""
    panels: list[Panel] = [("micrograph", drawn.image), ("truth", boundaries_of(drawn.labels))]
    for name, method in methods.items():
        panels.append((name, boundaries_of(find_grains(drawn.image, method, keep).labels)))
    return _panels(panels)


def figure_phases(drawn: Micrograph, methods: Mapping[str, Finder]) -> Figure:
    """Second phase by each method."""
    panels: list[Panel] = [("micrograph", drawn.image), ("truth", drawn.phases > 0)]
    panels += [(name, method(drawn.image) >= 0.5) for name, method in methods.items()]
    return _panels(panels)


def _panels(panels: list[Panel]) -> Figure:
    use_style()
    columns = min(len(panels), 5)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(1.9 * columns, 2.1 * rows), layout="constrained")
    all_axes = np.ravel(figure.subplots(rows, columns))
    for axes, (title, image) in zip(all_axes, panels, strict=False):
        axes.imshow(image, cmap="gray", interpolation="nearest")
        axes.set_title(title)
    for axes in all_axes:
        axes.set_axis_off()
    return figure


def figure_closing(table: pd.DataFrame) -> Figure:
    """F1 of boundaries before and after grains are closed, by look and method."""
    use_style()
    looks = list(dict.fromkeys(table["preset"]))
    methods = list(dict.fromkeys(table["method"]))
    size = (2.1 * len(looks) + 1.6, 0.8 + 0.26 * len(methods))
    figure = Figure(figsize=size, layout="constrained")
    all_axes: Any = np.ravel(figure.subplots(1, len(looks), sharey=True))
    places = np.arange(len(methods))
    for axes, look in zip(all_axes, looks, strict=True):
        part = table[table["preset"] == look].set_index("method").loc[methods]
        axes.barh(places - 0.18, part["f1_open"], 0.34, color=ORANGE, label="lines at 0.5")
        axes.barh(places + 0.18, part["f1"], 0.34, color=BLUE, label="closed grains")
        axes.set(title=look, xlabel="F1 at 2 px", xlim=(0, 1))
    all_axes[0].set_yticks(places, methods)
    all_axes[0].invert_yaxis()
    figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
