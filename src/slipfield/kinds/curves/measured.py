"""Measured tension tests, and how a curve scores against one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.band import Band, shape
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.laws import HardeningLaw
from slipfield.kinds.curves.metrics import similarity
from slipfield.kinds.curves.uniaxial import LATE_OFFSET, OFFSET, plastic_strain_at, stress_at

POINTS = 60
LONGEST_STRAIN = 0.18
"""Scores run on 60 points to the true strain at maximum load, at most 0.18, as the paper's do."""

FLAT = 0.01
"""How much the last stress may lie below the largest, 1, with strains to the maximum load."""


@dataclass(frozen=True)
class TensionTest:
    """Engineering strain (n,), 1, and stress (n,), MPa, up to the maximum load.

    ``largest_MPa`` is the largest stress of a test whose strains end before it, ``unused`` names
    the options of its reading that the file left nothing to do.
    """

    strain: np.ndarray
    stress_MPa: np.ndarray
    largest_MPa: float = 0.0
    unused: tuple[str, ...] = ()

    @property
    def strength_MPa(self) -> float:
        """Tensile strength, MPa."""
        return max(float(self.stress_MPa.max()), self.largest_MPa)

    @property
    def strains_end_early(self) -> bool:
        """Whether the strains end before the maximum load: the extensometer did not stay."""
        return float(self.stress_MPa[-1]) < (1 - FLAT) * self.strength_MPa

    @property
    def true_strain(self) -> np.ndarray:
        """Logarithmic strain (n,), 1."""
        return np.log1p(self.strain)

    @property
    def true_stress_MPa(self) -> np.ndarray:
        """Stress s (1 + e), (n,), MPa."""
        return self.stress_MPa * (1 + self.strain)

    def datasheet(self, modulus_GPa: float, material_class: str | None = None) -> Datasheet:
        """What a datasheet would say of the test, given its modulus, GPa.

        Raises
        ------
        SlipfieldError
            If the curve never crosses the line of 0.2 % offset.
        """
        proof = self.proof_stress(OFFSET, modulus_GPa)
        if proof is None:
            raise SlipfieldError(
                f"modulus: with {modulus_GPa:g} GPa the test has no 0.2 % proof stress"
            )
        elongation = None if self.strains_end_early else float(self.strain[-1])
        late = self.proof_stress(LATE_OFFSET, modulus_GPa)
        return Datasheet(proof, self.strength_MPa, modulus_GPa, elongation, material_class, late)

    def proof_stress(self, offset: float, modulus_GPa: float) -> float | None:
        """Proof stress, MPa, at a plastic strain, 1; None if the test does not get there."""
        beyond = 1e3 * modulus_GPa * (self.strain - offset) - self.stress_MPa
        crossing = np.flatnonzero((beyond[:-1] < 0) & (beyond[1:] >= 0))
        if not len(crossing):
            return None
        i = crossing[0]
        share = beyond[i] / (beyond[i] - beyond[i + 1])
        return float(self.stress_MPa[i] + share * (self.stress_MPa[i + 1] - self.stress_MPa[i]))


@dataclass(frozen=True)
class Score:
    """How a curve compares with a test.

    Attributes
    ----------
    similarity : R² of the paper's equation 21 on 60 points.
    median_error, largest_error : of the true stress relative to the test's, 1, beyond the first
        point.
    covered : whether the band holds the whole test from the proof point on.
    """

    similarity: float
    median_error: float
    largest_error: float
    covered: bool
    true_strain_to: float


def score(test: TensionTest, law: HardeningLaw, sheet: Datasheet, band: Band) -> Score:
    """Score a law against a test; beyond its own necking point the law goes on."""
    strain, stress = test.true_strain, test.true_stress_MPa
    end = min(float(strain[-1]), LONGEST_STRAIN)
    grid = np.linspace(0, end, POINTS)
    measured = np.interp(grid, strain, stress)
    predicted = stress_at(law, sheet.modulus_MPa, grid)
    errors = np.abs(predicted / np.where(measured > 0, measured, np.nan) - 1)[1:]
    worst = nonconformity(test, law, sheet, band.elongation_given)
    return Score(
        similarity(predicted, measured),
        float(np.nanmedian(errors)),
        float(np.nanmax(errors)),
        worst <= band.half_width,
        end,
    )


def nonconformity(
    test: TensionTest, law: HardeningLaw, sheet: Datasheet, elongation_given: bool
) -> float:
    """Largest |log(measured / predicted)| over the band's shape, proof point to maximum load."""
    strain, stress = test.true_strain, test.true_stress_MPa
    proof = sheet.proof_point
    grid = np.linspace(proof.true_strain, strain[-1], 200)
    plastic = plastic_strain_at(law, sheet.modulus_MPa, grid)
    deviation = np.abs(np.log(np.interp(grid, strain, stress) / law.flow(plastic)))
    end = plastic[-1]
    return float(np.max(deviation / shape(plastic, proof.plastic_strain, end, elongation_given)))
