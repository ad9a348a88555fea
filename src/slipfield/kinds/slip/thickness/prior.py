"""What is known of ln M before a sheet is measured: the table of the thickness study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.core.numbers import NORMAL_95
from slipfield.kinds.slip.crystal.law import Parameters
from slipfield.kinds.slip.specimen.size import mean_diameter
from slipfield.kinds.slip.study import Material
from slipfield.kinds.slip.thickness.factor import (
    direction,
    exchange,
    felt_diameter,
)

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

SHARED_RATIOS = (0.0, 0.2, 0.6, 1.1, 2.2)
SHARED = (0.0, 0.016, 0.067, 0.13, 0.23)
SHARED_BEYOND = (0.0, 0.008, 0.035, 0.09, 0.17)
"""Share of the strength that is moved between k2 and k3 D^-1/2, root mean square by t/d, where the
strain maps of such sheets are taken for a membrane's, and what is moved beyond the scatter of drawn
sheets where they are corrected by those: what the answers of two benches were off by, 48 sheets
(docs/thickness.md). Beyond the last t/d they stay."""

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
    shared, shared_beyond : share of the strength that its strain map moves between k2 and k3, root
    mean square; the same beyond the scatter of subsurface sheets.
    material, sizes, areas : what its direction in ln k follows from.
    """

    ratio: float
    mean: float
    deviation: float
    material: Material
    sizes: np.ndarray
    areas: np.ndarray
    alike: float = 1.0
    shared: float = 0.0
    shared_beyond: float = 0.0

    @property
    def diameter_mm(self) -> float:
        """d, of the mean section."""
        areas = self.areas[self.areas > 0]
        return mean_diameter(float(areas.sum()), len(areas))

    @property
    def thickness_text(self) -> str:
        """t/d with its d, for readers."""
        return diameters_text(self.ratio, self.diameter_mm)

    def along(self, k: Parameters) -> np.ndarray:
        """D ln(k1, k2, k3) / d ln M (3,) at k1, k2, k3."""
        return direction(self.material, k, self.sizes, self.areas)

    def exchange(self, k: Parameters) -> np.ndarray:
        """Rate of ln(k1, k2, k3) (3,) by that share at k1, k2, k3."""
        return exchange(k, self.sizes, self.areas)

    def exchanged(self, k: Parameters, share: float) -> np.ndarray:
        """Standard deviations (3,) of ln k by a share of that deviation, k3's with its sign.

        So that 1.96 of them end where 1.96 shares lead upwards: to the strength at most, more or
        less, where k2 or k3 has little of it.
        """
        rate = self.exchange(k)
        return np.sign(rate) * np.log1p(NORMAL_95 * share * np.abs(rate)) / NORMAL_95

    def k1_excess(self, k: Parameters) -> float:
        """Share by which a membrane that knows no M finds k1 too large, to first order."""
        return float(np.expm1(self.mean * self.along(k)[0]))


def diameters_text(ratio: float, diameter_mm: float) -> str:
    """Thickness in grain diameters, with d of the mean section, for readers."""
    return f"{ratio:.2g} grain diameters (d = {diameter_mm:.2g} mm)"


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


def carried_on(mean: float) -> str:
    """Say of a mean of ln M that no sheet as thick as its was run; nothing of the others."""
    if mean <= LN_M[-1]:
        return ""
    return f"; carried on to a law without transverse shear from {RATIOS[-1]:g} diameters"


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
    shared = (float(np.interp(alike, SHARED_RATIOS, table)) for table in (SHARED, SHARED_BEYOND))
    return SheetFactor(ratio, *expected(alike), material, sizes, areas_mm2, correlation, *shared)
