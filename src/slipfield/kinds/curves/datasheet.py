"""What a datasheet says of a metal's tension test, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.uniaxial import LATE_OFFSET, OFFSET, TensilePoint

GREATEST_STRESS_MPA = 6000.0
MODULI_GPA = (5.0, 700.0)
GREATEST_ELASTIC_STRAIN = 0.02
LEAST_ELASTIC_STRAIN = 2e-5
"""Of the proof stress, 1; pure soft metals have ten times as much."""


@dataclass(frozen=True)
class Datasheet:
    """Proof stress Rp0.2, strength Rm and modulus; perhaps uniform elongation and class.

    ``proof_stress_1_MPa`` is Rp1.0, which datasheets of stainless steels have.
    ``uniform_elongation`` is the total engineering strain at maximum load, 1, as in ASTM E8 (A_gt
    of ISO 6892-1, whose A_g is its plastic part).

    Raises
    ------
    SlipfieldError
        If the numbers cannot belong to one tension test of a metal.
    """

    proof_stress_MPa: float
    strength_MPa: float
    modulus_GPa: float
    uniform_elongation: float | None = None
    material_class: str | None = None
    proof_stress_1_MPa: float | None = None

    def __post_init__(self) -> None:
        _check_range("proof-stress", self.proof_stress_MPa, 0, GREATEST_STRESS_MPA, "MPa")
        _check_range("strength", self.strength_MPa, 0, GREATEST_STRESS_MPA, "MPa")
        _check_range("modulus", self.modulus_GPa, *MODULI_GPA, "GPa")
        if self.strength_MPa <= self.proof_stress_MPa:
            raise SlipfieldError(
                f"strength: given {self.strength_MPa:g} MPa, not above the proof stress of "
                f"{self.proof_stress_MPa:g} MPa; are the two exchanged, or rounded to one number?"
            )
        if self.proof_stress_MPa > GREATEST_ELASTIC_STRAIN * self.modulus_MPa:
            raise SlipfieldError(
                f"modulus: given {self.modulus_GPa:g} GPa; with a proof stress of "
                f"{self.proof_stress_MPa:g} MPa the elastic strain would be "
                f"{self.proof_stress_MPa / self.modulus_MPa:.0%}; give the modulus in GPa and "
                "stresses in MPa"
            )
        if self.proof_stress_MPa < LEAST_ELASTIC_STRAIN * self.modulus_MPa:
            raise SlipfieldError(
                f"proof-stress: given {self.proof_stress_MPa:g} MPa; with a modulus of "
                f"{self.modulus_GPa:g} GPa no metal yields that early; give stresses in MPa"
            )
        if self.uniform_elongation is not None:
            self._check_elongation(self.uniform_elongation)
        if self.proof_stress_1_MPa is not None:
            self._check_late(self.proof_stress_1_MPa)

    def _check_elongation(self, elongation: float) -> None:
        _check_range("uniform-elongation", elongation, 0, 1, "(8 % is 0.08)")
        if self.maximum(elongation).plastic_strain <= self.proof_point.plastic_strain:
            elastic = self.strength_MPa / self.modulus_MPa
            raise SlipfieldError(
                f"uniform-elongation: given {elongation:g}; the strength alone takes an elastic "
                f"strain of {elastic:.4f}, and the proof stress 0.002 more; give the total strain "
                "at maximum load"
            )

    def _check_late(self, late: float) -> None:
        if not self.proof_stress_MPa < late < self.strength_MPa:
            raise SlipfieldError(
                f"proof-stress-1: given {late:g} MPa; expected Rp1.0 between the proof stress of "
                f"{self.proof_stress_MPa:g} MPa and the strength of {self.strength_MPa:g} MPa"
            )
        reached, end = late / self.modulus_MPa + LATE_OFFSET, self.uniform_elongation
        if end is not None and reached >= end:
            raise SlipfieldError(
                f"proof-stress-1: given {late:g} MPa, which is reached at a strain of "
                f"{reached:.4f}; the uniform elongation is {end:g}, and Rp1.0 is told before it"
            )

    @property
    def modulus_MPa(self) -> float:
        """Young's modulus, MPa."""
        return 1e3 * self.modulus_GPa

    @property
    def yield_ratio(self) -> float:
        """Rp0.2 / Rm, 1."""
        return self.proof_stress_MPa / self.strength_MPa

    @property
    def proof_strain(self) -> float:
        """Engineering strain at the proof stress, 1."""
        return self.proof_stress_MPa / self.modulus_MPa + OFFSET

    @property
    def proof_point(self) -> TensilePoint:
        """Point of the curve that the proof stress gives."""
        return true_point(self.proof_strain, self.proof_stress_MPa, self.modulus_MPa)

    @property
    def late_proof_point(self) -> TensilePoint | None:
        """Point of the curve that Rp1.0 gives, if it is known."""
        if self.proof_stress_1_MPa is None:
            return None
        strain = self.proof_stress_1_MPa / self.modulus_MPa + LATE_OFFSET
        return true_point(strain, self.proof_stress_1_MPa, self.modulus_MPa)

    def maximum(self, elongation: float) -> TensilePoint:
        """Point of maximum load at a uniform elongation, 1."""
        return true_point(elongation, self.strength_MPa, self.modulus_MPa)


def true_point(strain: float, stress_MPa: float, modulus_MPa: float) -> TensilePoint:
    """Point of a tension test from engineering strain, 1, and stress, MPa."""
    true_stress, true_strain = stress_MPa * (1 + strain), math.log1p(strain)
    plastic = true_strain - true_stress / modulus_MPa
    return TensilePoint(strain, stress_MPa, true_strain, true_stress, plastic)


def _check_range(name: str, value: float, low: float, high: float, unit: str) -> None:
    if not low < value < high:
        raise SlipfieldError(
            f"{name}: given {value:g}; expected more than {low:g} and less than {high:g} {unit}"
        )
