"""What the grain sizes of a sheet let an inversion tell: k2 from k3, or only a sum of them.

The strength of a grain is k2 + k3 x with x = D^-1/2. With x of mean m and standard deviation s over
the sheet, k2 + m k3 is the mean strength, and k3 is the slope of strength over x: where the
strength of grains is known to some error, k3 m, the boundaries' share, is known m / s times worse.
Relative to themselves k2 and k3, parts of that strength, are known m / s times worse at least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.core.numbers import percent

APART = 4.0
"""Relative errors of both k2 and k3 over that of their best sum, above which the sum is told."""

ROUNDING = 1e-9


@dataclass(frozen=True)
class SizeContrast:
    """Grain sizes over a sheet, by area.

    Attributes
    ----------
    smallest, largest : D that 5 % and 95 % of the area stay below, mm.
    mean, deviation : of D^-1/2, mm^-1/2.
    """

    smallest: float
    largest: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, size: np.ndarray, area: np.ndarray) -> SizeContrast:
        """Contrast of grains of size D (n,), mm, that cover some ``area`` (n,) in any unit."""
        share = np.asarray(area, dtype=float) / np.sum(area)
        order = np.argsort(size)
        reached = np.cumsum(share[order])
        low, high = (float(size[order][np.searchsorted(reached, part)]) for part in (0.05, 0.95))
        root = size**-0.5
        mean = float(share @ root)
        return cls(low, high, mean, float(np.sqrt(share @ (root - mean) ** 2)))

    @property
    def worse(self) -> float:
        """How much worse k3's share of the strength is known than the strength, m / s."""
        return self.mean / self.deviation if self.deviation > ROUNDING * self.mean else float("inf")

    @property
    def sizes(self) -> str:
        """The contrast, for readers."""
        return (
            f"D from {self.smallest:.2g} to {self.largest:.2g} mm (90 % of the area), D^-1/2 "
            f"varies by {percent(self.deviation / self.mean)}"
        )

    @property
    def told(self) -> str:
        """What it lets an inversion tell, before there is one."""
        best = f"the data tell best a sum such as k2 + {self.mean:.3g} k3, the mean strength"
        if self.worse < APART:
            return (
                f"{best}; k2 and k3 each {self.worse:.2g} times worse at least. Which sum, and "
                "whether they are told apart, the inversion says"
            )
        worse = f", {self.worse:.2g} times worse at least" if np.isfinite(self.worse) else ""
        return (
            f"{best}, but not k2 and k3 apart{worse}: use the sum that the inversion names. "
            "Another part of the sheet with grains of another size would tell them apart"
        )
