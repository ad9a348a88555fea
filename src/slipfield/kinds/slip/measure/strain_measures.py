"""Strain measures: what a correlation program wrote, turned into what the solver writes.

Green-Lagrange and Hencky (logarithmic) strain are functions of F'F alone, so they convert into each
other exactly. Engineering strain (the symmetric displacement gradient) and Euler-Almansi strain
also hold the local rotation, which strain alone does not tell: it is neglected, an error of the
order of the squared rotation for the one and of rotation times strain for the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError

Function = Callable[[np.ndarray], np.ndarray]

TO_SQUARED_STRETCH: dict[str, Function] = {
    "green_lagrange": lambda e: 1 + 2 * e,
    "hencky": lambda e: np.exp(2 * e),
    "engineering": lambda e: (1 + e) ** 2,
    "almansi": lambda e: 1 / (1 - 2 * e),
}
FROM_SQUARED_STRETCH: dict[str, Function] = {
    "green_lagrange": lambda c: 0.5 * (c - 1),
    "hencky": lambda c: 0.5 * np.log(c),
    "engineering": lambda c: np.sqrt(c) - 1,
    "almansi": lambda c: 0.5 * (1 - 1 / c),
}
MEASURES = tuple(TO_SQUARED_STRETCH)
ROTATION_NEGLECTED = ("engineering", "almansi")


def convert(strain: np.ndarray, given: str, wanted: str, axis: int = -1) -> np.ndarray:
    """Turn strain components xx, yy, xy (along ``axis``) into another measure; NaN stays NaN.

    Raises
    ------
    SlipfieldError
        If a measure is unknown or a strain is impossible in it.
    """
    check_measure(given)
    check_measure(wanted)
    if given == wanted:
        return strain
    return _isotropic(strain, lambda e: FROM_SQUARED_STRETCH[wanted](_squared(e, given)), axis)


def stretch_along_y(strain: np.ndarray, given: str, axis: int = -1) -> np.ndarray:
    """Stretch of a material line along y: sqrt(C_yy)."""
    check_measure(given)
    squared = _isotropic(strain, lambda e: _squared(e, given), axis)
    return np.sqrt(np.take(squared, 1, axis=axis))


def check_measure(name: Any) -> None:
    """Refuse an unknown strain measure."""
    if name not in MEASURES:
        raise SlipfieldError(
            f"strain measure: given {name!r}; expected one of {', '.join(MEASURES)}"
        )


def _squared(principal: np.ndarray, given: str) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = TO_SQUARED_STRETCH[given](principal)
    wrong = ~(np.isnan(principal) | ((squared > 0) & np.isfinite(squared)))
    if wrong.any():
        value = principal[wrong].flat[0]
        raise SlipfieldError(
            f"strain: a principal value of {value:.3g} is impossible in the measure {given!r}; "
            "check the strain unit (percent?) and the measure"
        )
    return squared


def _isotropic(strain: np.ndarray, function: Function, axis: int) -> np.ndarray:
    """Apply a function to the principal values of plane tensors, in closed form."""
    xx, yy, xy = np.moveaxis(np.asarray(strain, dtype=float), axis, 0)
    mean, half = 0.5 * (xx + yy), 0.5 * (xx - yy)
    radius = np.hypot(half, xy)
    high, low = function(mean + radius), function(mean - radius)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(radius > 0, 0.5 * (high - low) / radius, 0.0)
    centre = 0.5 * (high + low)
    return np.stack([centre + share * half, centre - share * half, share * xy], axis=axis)
