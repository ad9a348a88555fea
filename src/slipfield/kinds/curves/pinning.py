"""Hardening laws through the three points of a datasheet.

Two unknowns of three are linear. With f = onset + range g(p; shape), the proof point (p0, tau0) and
the maximum (p1, tau1), where Considère asks for the slope h1 = tau1 / (1 - tau1 / E), leave one
equation for the shape: (g(p1) - g(p0)) / g'(p1) = (tau1 - tau0) / h1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.laws import HardeningLaw, HockettSherby, Ludwik, Swift, Voce
from slipfield.kinds.curves.uniaxial import TensilePoint, growth, root

EXPONENT = 0.9
"""Exponent of the default law: between Voce's, 1, and what fits dual-phase and mild steel, 0.6."""

EXPONENTS = np.geomspace(0.15, 2.5, 40)
"""Exponents that are tried where Rp1.0 is known."""

PAPER_EXPONENT = 0.3
PAPER_STEP_MPA = 860.0
PAPER_EXCESS_MPA = 60.0
STEEPEST = 40.0
"""Largest rate x (p1 - p0), 1."""

LARGEST_EXPONENT = 20.0
PRESTRAINS = (1e-9, 10.0)
PIN = 1e-4
"""Relative deviation of a curve from the numbers of the datasheet that counts as none, 1."""

STEP, STEPS = 1.05, 30
"""Factor between elongations that :func:`nearest_law` tries, and how many it tries."""

NEARLY_LINEAR = 1e-9


@dataclass(frozen=True)
class Pins:
    """Proof point and maximum in plastic strain, 1, and Kirchhoff stress, MPa; slope there, MPa."""

    proof_strain: float
    proof_MPa: float
    strain: float
    stress_MPa: float
    slope_MPa: float

    @property
    def ratio(self) -> float:
        """Stress between the two points over the slope at the second, 1."""
        return (self.stress_MPa - self.proof_MPa) / self.slope_MPa


def pins_of(sheet: Datasheet, elongation: float) -> Pins:
    """Pins of a datasheet with a uniform elongation, 1."""
    proof, top = sheet.proof_point, sheet.maximum(elongation)
    slope = top.true_stress_MPa / (1 - top.true_stress_MPa / sheet.modulus_MPa)
    return Pins(
        proof.plastic_strain, proof.true_stress_MPa, top.plastic_strain, top.true_stress_MPa, slope
    )


def voce(pins: Pins) -> Voce | None:
    """Voce's law through the pins; always there, with a negative rate where hardening speeds up."""
    found = hockett_sherby(pins, 1.0)
    return None if found is None else Voce(found.onset_MPa, found.range_MPa, found.rate)


def hockett_sherby(pins: Pins, exponent: float = EXPONENT) -> HockettSherby | None:
    """Hockett and Sherby's law of a given exponent through the pins, or None."""
    power0, power1 = pins.proof_strain**exponent, pins.strain**exponent
    steep = exponent * pins.strain ** (exponent - 1)

    def misfit(rate: float) -> float:
        """(g1 - g0) / g1' - ratio with g = 1 - exp(-rate p^exponent), divided by exp(rate p1^m)."""
        if abs(rate) * (power1 - power0) < NEARLY_LINEAR:
            return (power1 - power0) / steep - pins.ratio
        return math.expm1(rate * (power1 - power0)) / (rate * steep) - pins.ratio

    limit = STEEPEST / (power1 - power0)
    rate = root(misfit, -limit, limit)
    if rate is None:
        return None
    if abs(rate) * power1 < NEARLY_LINEAR:
        rate = NEARLY_LINEAR / power1
    size = pins.slope_MPa / (rate * steep * math.exp(-rate * power1))
    onset = pins.stress_MPa + size * math.expm1(-rate * power1)
    return HockettSherby(onset, size, rate, exponent)


def bent_to(sheet: Datasheet, late: TensilePoint, elongation: float) -> HockettSherby | None:
    """Hockett and Sherby's law through a fourth point, Rp1.0, by its exponent.

    The nearest one where none goes through it; None if none goes through the other three.
    """
    pins, top = pins_of(sheet, elongation), sheet.maximum(elongation)

    def miss(exponent: float) -> float:
        """Relative deviation from the point; infinite where there is no law."""
        law = hockett_sherby(pins, exponent)
        if law is None or not _holds(law, sheet.modulus_MPa, top):
            return math.inf
        return miss_at(law, late)

    misses = np.array([miss(exponent) for exponent in EXPONENTS])
    if not np.isfinite(misses).any():
        return None
    signs = np.sign(misses) * np.isfinite(misses)
    between = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    if len(between):
        found = root(miss, float(EXPONENTS[between[0]]), float(EXPONENTS[between[0] + 1]))
        if found is not None and math.isfinite(miss(found)):
            return hockett_sherby(pins, found)
    return hockett_sherby(pins, float(EXPONENTS[np.argmin(np.abs(misses))]))


def miss_at(law: HardeningLaw, point: TensilePoint) -> float:
    """Relative deviation of a law from a point of the test, 1."""
    return float(law.flow(np.asarray(point.plastic_strain))) / point.true_stress_MPa - 1


def ludwik(pins: Pins) -> Ludwik | None:
    """Ludwik's law through the pins, or None."""

    def misfit(exponent: float) -> float:
        share = -math.expm1(exponent * math.log(pins.proof_strain / pins.strain))
        return share * pins.strain / exponent - pins.ratio

    exponent = root(misfit, 1e-6, LARGEST_EXPONENT)
    if exponent is None:
        return None
    strength = pins.slope_MPa / (exponent * pins.strain ** (exponent - 1))
    return Ludwik(pins.stress_MPa - strength * pins.strain**exponent, strength, exponent)


def swift(pins: Pins) -> Swift | None:
    """Swift's law through the pins, or None."""
    steep = pins.slope_MPa / pins.stress_MPa

    def misfit(log_prestrain: float) -> float:
        prestrain = math.exp(log_prestrain)
        exponent = steep * (pins.strain + prestrain)
        span = math.log((pins.strain + prestrain) / (pins.proof_strain + prestrain))
        return exponent * span - math.log(pins.stress_MPa / pins.proof_MPa)

    log_prestrain = root(misfit, math.log(PRESTRAINS[0]), math.log(PRESTRAINS[1]))
    if log_prestrain is None:
        return None
    prestrain = math.exp(log_prestrain)
    exponent = steep * (pins.strain + prestrain)
    return Swift(pins.stress_MPa / (pins.strain + prestrain) ** exponent, prestrain, exponent)


PINNED: dict[str, Callable[[Pins], HardeningLaw | None]] = {
    "hockett-sherby": hockett_sherby,
    "voce": voce,
    "ludwik": ludwik,
    "swift": swift,
}
"""Laws that go through the pins; the first is the default."""

BENDING_LAW = "hockett-sherby"
"""The law whose exponent follows Rp1.0."""

PAPER_LAW = "ludwik-paper"
LAWS = (*PINNED, PAPER_LAW)


def paper_strength(strength_MPa: float) -> float:
    """Ludwik's K, MPa, by the rule behind the paper's table: Rm + 60 MPa below 860 MPa, else Rm."""
    return strength_MPa + (PAPER_EXCESS_MPA if strength_MPa < PAPER_STEP_MPA else 0.0)


def paper_law(sheet: Datasheet) -> Ludwik:
    """Ludwik's law as in crmeca.315: the proof stress as onset, n = 0.3, K by the rule."""
    strength = paper_strength(sheet.strength_MPa)
    return Ludwik(sheet.proof_stress_MPa, strength, PAPER_EXPONENT)


def pinned_law(sheet: Datasheet, elongation: float, name: str) -> HardeningLaw | None:
    """Law ``name`` through Rp0.2, Rm and the uniform elongation, 1; None if none of its kind is.

    Raises
    ------
    SlipfieldError
        If there is no law of that name.
    """
    if name not in PINNED:
        raise SlipfieldError(f"law: given {name!r}; expected one of {', '.join(LAWS)}")
    late = sheet.late_proof_point
    if late is not None and name == BENDING_LAW:
        return bent_to(sheet, late, elongation)
    law = PINNED[name](pins_of(sheet, elongation))
    top = sheet.maximum(elongation)
    return law if law is not None and _holds(law, sheet.modulus_MPa, top) else None


def nearest_law(
    sheet: Datasheet, elongation: float, name: str
) -> tuple[HardeningLaw, float] | None:
    """Law ``name`` through Rp0.2 and Rm at the elongation nearest to the given one, if any.

    Where Rp1.0 is above all such curves, it necks earlier, at the next elongation with one through
    Rp1.0 as well; if there is none, the nearest stays.
    """

    @cache
    def law_at(other: float) -> HardeningLaw | None:
        return pinned_law(sheet, other, name) if sheet.proof_strain < other < 1 else None

    late = sheet.late_proof_point
    if late is not None and name == BENDING_LAW:
        for step in range(STEPS):
            shorter = elongation * STEP**-step
            law = law_at(shorter)
            miss = miss_at(law, late) if law is not None else -1.0
            if law is not None and abs(miss) < PIN:
                return law, shorter
            if miss > 0:
                break
    for step in range(STEPS):
        for factor in (STEP**step, STEP**-step):
            if law := law_at(elongation * factor):
                return law, elongation * factor
    return None


def no_law(sheet: Datasheet, elongation: float, name: str) -> SlipfieldError:
    """What to say where no law of a kind goes through the three points."""
    others = [kind for kind in PINNED if kind != name and pinned_law(sheet, elongation, kind)]
    remedy = f"use --law {others[0]}" if others else "check the three numbers"
    return SlipfieldError(
        f"law: no {name} curve goes through Rp0.2 {sheet.proof_stress_MPa:g} MPa, Rm "
        f"{sheet.strength_MPa:g} MPa and a uniform elongation of {elongation:.4f}; {remedy}"
    )


def _holds(law: HardeningLaw, modulus_MPa: float, top: TensilePoint) -> bool:
    """Whether a law yields at a positive stress and its load grows up to the maximum alone."""
    grid = top.plastic_strain * np.concatenate([[0.0], np.geomspace(1e-4, 1 - 1e-6, 400)])
    return bool(law.flow(grid)[0] > 0 and (growth(law, modulus_MPa, grid) > 0).all())
