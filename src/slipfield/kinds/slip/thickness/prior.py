"""What is known of ln M before a sheet is measured: the table of the thickness study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.thickness.factor import direction, felt_diameter, mean_diameter

RATIOS = (0.1, 0.2, 0.4, 0.65, 1.1, 2.2, 4.4)
LN_M = (0.005, 0.010, 0.018, 0.028, 0.035, 0.059, 0.101)
SCATTER = (0.002, 0.005, 0.008, 0.017, 0.028, 0.038, 0.038)
"""ln M of sheets with grains below the face by t/d, and its standard deviation over grain maps,
subsurfaces and parameters: those of results/reference/thickness/table.csv (pooled over the last
two, which have three runs each)."""

LN_M_LIMIT = 0.12
"""ln M of a very thick sheet: about that of a law without transverse shear, whose load is 18 %
larger (docs/verification.md) where that of the last entry is 16 %."""

CORRELATION = (0.98, 0.97, 0.94, 0.90, 0.84, 0.76, 0.57)
"""Correlation of the strain map of such a sheet with its membrane's, from that table."""

FELT = 1.48
"""Diameter by area over diameter by number on the faces of that table."""

FOIL, LN_M_FOIL = 0.1, 0.005
"""t/d at which columns are all but a membrane, and their ln M there by that table: what a solid of
them shows beyond it is its mesh."""

THIN = 0.25
"""t/d below which the membrane is good: k1 within a few per cent."""


@dataclass(frozen=True)
class SheetFactor:
    """The factor M of one sheet, before it is measured.

    Attributes
    ----------
    ratio : t/d, d of the mean section.  mean, deviation : of ln M.
    alike : correlation of its strain map with its membrane's, expected by t/d.
    material, sizes, areas : what its direction in ln k follows from.
    """

    ratio: float
    mean: float
    deviation: float
    material: Material
    sizes: np.ndarray
    areas: np.ndarray
    alike: float = 1.0

    def along(self, k: Parameters) -> np.ndarray:
        """D ln(k1, k2, k3) / d ln M (3,) at k1, k2, k3."""
        return direction(self.material, k, self.sizes, self.areas)

    def k1_excess(self, k: Parameters) -> float:
        """Share by which a membrane that knows no M finds k1 too large, to first order."""
        return float(np.expm1(self.mean * self.along(k)[0]))


def expected(ratio: float) -> tuple[float, float]:
    """Mean and standard deviation of ln M at a t/d of the table's faces.

    Below the first entry in proportion to t/d. Beyond the last what lacks to the limit falls with
    d/t, the share of the sheet that its faces free; the deviation stays.
    """
    if ratio <= RATIOS[0]:
        share = ratio / RATIOS[0]
        return share * LN_M[0], share * SCATTER[0]
    if ratio >= RATIOS[-1]:
        lack = (LN_M_LIMIT - LN_M[-1]) * RATIOS[-1] / ratio
        return LN_M_LIMIT - lack, SCATTER[-1]
    return float(np.interp(ratio, RATIOS, LN_M)), float(np.interp(ratio, RATIOS, SCATTER))


def ratios(thickness_mm: float, areas_mm2: np.ndarray) -> tuple[float, float]:
    """t/d of a face's sections (n,), and the t/d at which the table's faces are alike.

    Faces differ in how wide their sections spread. What holds a grain is the thickness over the
    diameter at a place of the face, so that diameters by area are compared.
    """
    areas = areas_mm2[areas_mm2 > 0]
    mean = mean_diameter(float(areas.sum()), len(areas))
    return thickness_mm / mean, FELT * thickness_mm / felt_diameter(areas)


def sheet_factor(
    material: Material, thickness_mm: float, areas_mm2: np.ndarray, sizes: np.ndarray
) -> SheetFactor:
    """Prior of a sheet from its thickness and the areas and D (n,) of its grains on the face."""
    ratio, alike = ratios(thickness_mm, areas_mm2)
    correlation = float(np.interp(alike, (0.0, *RATIOS), (1.0, *CORRELATION)))
    return SheetFactor(ratio, *expected(alike), material, sizes, areas_mm2, correlation)
