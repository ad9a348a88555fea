"""Numbers as readers want them: never 1e+02 %."""

from __future__ import annotations

import math

NORMAL_95 = 1.96
"""Standard deviations of a normal distribution to each side that hold 95 % of it."""

UNTOLD = math.log(10.0)
"""Half-width of an interval of a logarithm from which it says nothing of a value."""


def short(value: float, digits: int = 2) -> str:
    """Write a number with ``digits`` significant digits; a large one whole, without an exponent."""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text else text


def percent(share: float, digits: int = 2) -> str:
    """Write a share in per cent, with its sign: 0.5 is 50 %, 0.999 is 100 %."""
    return f"{short(100 * share, digits)} %"


def within(half_width: float) -> str:
    """Say how well ln x is known by the half-width of its interval: "to 5 %", or "not at all"."""
    return f"to {percent(math.expm1(half_width))}" if half_width < UNTOLD else "not at all"
