"""The virtual strain gauge: what subset and strain fit of a correlation program average over.

A subset that may deform linearly is displaced by the mean of its points, a box. The slope of a
plane that is fitted to the displacements within a circle of radius R is the mean of the gradient
with the weights 2 (R^2 - r^2) / (pi R^4), whose variance along an axis is R^2 / 6: that of a box of
width R sqrt(2). Boxes add by the squares of their widths. A square fit of full width W averages
over 0.77 W along the derivative and W across; a fit that weighs its rim down averages over less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError

FIT_SQUARE = 0.5
"""Square of a box's width over that of a circular fit's full width, of the same variance."""

UNEVEN = 0.02
"""Deviation of the points' distance from a multiple of the step, relative to the step."""

SMALL_GRAINS = 0.05
"""Share of the grains that are the smallest."""

LARGEST_SHARE = 0.5
"""Gauge over D of the smallest grains above which their strain is averaged away."""

NAMES = ("dic_subset_mm", "dic_step_mm", "dic_strain_window_mm")
"""Attributes of a specimen file."""

Pixels = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Gauge:
    """Widths of the subset and of the strain fit (full), and step of the points, mm."""

    subset: float
    step: float
    strain_window: float

    @property
    def width(self) -> float:
        """Width of the box that averages as much, mm."""
        return float(np.sqrt(self.subset**2 + FIT_SQUARE * self.strain_window**2))

    @property
    def text(self) -> str:
        """For readers."""
        return (
            f"averages over {1e3 * self.width:.3g} um (subset {1e3 * self.subset:.3g} um, strain "
            f"fit {1e3 * self.strain_window:.3g} um)"
        )


def gauge_of(data: xr.Dataset) -> Gauge | None:
    """Gauge of a specimen's strain maps; None if it is not known."""
    known = [float(data.attrs[name]) for name in NAMES if name in data.attrs]
    return Gauge(*known) if len(known) == len(NAMES) else None


def gauge_facts(
    given: Pixels, in_file: Pixels | None, spacing: float, pixel: float | None
) -> dict[str, float]:
    """Attributes of a specimen file from widths in pixels; empty if nothing is known.

    Parameters
    ----------
    given, in_file : subset, step and full width of the strain fit, as the user and the file say.
    spacing : distance of the points, mm.
    pixel : size of a pixel, mm; None where the positions are not pixels, so that the step tells it.

    Raises
    ------
    SlipfieldError
        If one of the three is missing, or does not fit the points.
    """
    known = [a if a is not None else b for a, b in zip(given, in_file or (None,) * 3, strict=True)]
    if known == [None] * 3:
        return {}
    if pixel is not None and known[1] is None:
        known[1] = spacing / pixel
    for name, value in zip(("subset", "step", "strain-window"), known, strict=True):
        if value is None:
            raise SlipfieldError(
                f"{name}: not given; the gauge takes --subset, --step and --strain-window, pixels"
            )
        if not (np.isfinite(value) and value >= 0 and (value > 0 or name == "strain-window")):
            raise SlipfieldError(f"{name}: given {value:g}; expected pixels above 0")
    subset, step, window = (float(value) for value in known if value is not None)
    if pixel is None:
        pixel = spacing / step
    every = spacing / (pixel * step)
    if round(every) < 1 or abs(every - round(every)) > UNEVEN * max(every, 1.0):
        raise SlipfieldError(
            f"step: given {step:g} pixels of {pixel:.4g} mm, but the points are {spacing:.4g} mm "
            "apart; check --step and --scale"
        )
    return dict(zip(NAMES, (pixel * subset, pixel * step, pixel * window), strict=True))


def smallest_grain(data: xr.Dataset) -> float:
    """Grain size D, mm, that the smallest grains stay below."""
    return float(np.quantile(data["size"].values, SMALL_GRAINS))


def gauge_doubt(data: xr.Dataset) -> str | None:
    """Warning of a gauge that is too wide for the smallest grains, or None."""
    gauge = gauge_of(data)
    if gauge is None or "size" not in data:
        return None
    small = smallest_grain(data)
    if gauge.width <= LARGEST_SHARE * small:
        return None
    return (
        f"gauge: {gauge.text}, more than half of D = {1e3 * small:.3g} um that "
        f"{100 * SMALL_GRAINS:g} % of the grains stay below. Their strain is averaged with their "
        "neighbours'; the forward model allows for it, but k3 is known less well. Take smaller "
        "subsets and strain windows, or more pixels a grain"
    )
