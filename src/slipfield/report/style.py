"""Shared look of all figures: Agg canvas, colour-blind safe colours, readable sizes."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
from cycler import cycler
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from slipfield.core.files import complete_file

matplotlib.use("Agg")

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#666666"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW)
FIELD_MAP = "viridis"
SIGNED_MAP = "RdBu_r"

NARROW_RATIO, WIDE_RATIO = 2.5, 12.0
"""Ratios of an axis' ends up to which ticks stand evenly, and from which there are three of each
decade instead of six."""

RULES = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 1.5,
    "image.cmap": FIELD_MAP,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.hashsalt": "slipfield",
}


def use_style() -> None:
    """Make the shared look the default of every figure drawn afterwards."""
    matplotlib.style.use(RULES)


def plain(text: str) -> str:
    """Text of a user as it stands: its dollar signs do not begin a formula."""
    return text.replace("$", r"\$")


def plain_ratios(axis: Axis) -> None:
    """Write plain numbers at a logarithmic axis, few, also where it holds less than a decade.

    For quantities whose errors are relative: an interval of ln x is symmetrical there.
    """
    low, high = axis.get_view_interval()
    if high / low < NARROW_RATIO:
        axis.set_major_locator(MaxNLocator(5, steps=(1, 2, 2.5, 5, 10)))
    else:
        each = (1, 1.5, 2, 3, 5, 7) if high / low < WIDE_RATIO else (1, 2, 5)
        axis.set_major_locator(LogLocator(subs=each))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure completely or not at all; the suffix of ``path`` names the format."""
    kind = Path(path).suffix.removeprefix(".").lower()
    metadata = {"Software": None} if kind == "png" else {"Date": None} if kind == "svg" else None
    with complete_file(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=metadata)


def score_text(r2: float) -> str:
    """Write an R² with as many decimals as tell it from 1, at least three and at most six."""
    missing = 1 - r2
    near = 1e-6 < missing <= 1e-2
    return f"{r2:.{1 + int(-np.log10(missing)) if near else 3}f}"
