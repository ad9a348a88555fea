"""What is known of ln M before a sheet is measured: the table of the thickness study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.thickness.factor import direction, mean_diameter

RATIOS = (0.1, 0.2, 0.4, 0.65, 1.1, 2.2)
LN_M = (0.001, 0.004, 0.014, 0.03, 0.05, 0.09)
SCATTER = (0.002, 0.005, 0.010, 0.015, 0.02, 0.03)
"""ln M of sheets with grains below the face by t/d, and its standard deviation over grain maps,
subsurfaces and parameters: those of results/reference/thickness/table.csv."""

THIN = 0.25
"""t/d below which the membrane is good: k1 within a few per cent."""


@dataclass(frozen=True)
class SheetFactor:
    """The factor M of one sheet, before it is measured.

    Attributes
    ----------
    ratio : t/d.  mean, deviation : of ln M.
    material, sizes, areas : what its direction in ln k follows from.
    """

    ratio: float
    mean: float
    deviation: float
    material: Material
    sizes: np.ndarray
    areas: np.ndarray

    def along(self, k: Parameters) -> np.ndarray:
        """D ln(k1, k2, k3) / d ln M (3,) at k1, k2, k3."""
        return direction(self.material, k, self.sizes, self.areas)

    def k1_excess(self, k: Parameters) -> float:
        """Share by which a membrane that knows no M finds k1 too large, to first order."""
        return float(np.expm1(self.mean * self.along(k)[0]))


def expected(ratio: float) -> tuple[float, float]:
    """Mean and standard deviation of ln M at a t/d.

    Between the entries by their logarithm in t/d, below the first in proportion to t/d, beyond
    the last as there.
    """
    if ratio <= RATIOS[0]:
        share = ratio / RATIOS[0]
        return share * LN_M[0], share * SCATTER[0]
    place, known = np.log(ratio), np.log(RATIOS)
    return float(np.interp(place, known, LN_M)), float(np.interp(place, known, SCATTER))


def sheet_factor(
    material: Material, thickness_mm: float, area_mm2: float, sizes: np.ndarray, areas: np.ndarray
) -> SheetFactor:
    """Prior of a sheet from its thickness, the area of its face and its grains.

    Parameters
    ----------
    sizes, areas : D (n,), mm, and area (n,), any unit, of the grains on the face.
    """
    ratio = thickness_mm / mean_diameter(area_mm2, int(np.count_nonzero(areas)))
    return SheetFactor(ratio, *expected(ratio), material, sizes, areas)
