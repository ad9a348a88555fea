"""The uniaxial tension test in closed form: finite strain, Kirchhoff stress, J2 flow.

For a homogeneous specimen the logarithmic strain is tau / E + p, where tau = f(p) on the flow
curve. The load F / A0 = tau exp(-strain) is largest where d tau / d strain = tau (Considère, Ann.
Ponts Chaussées 9, 574, 1885).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slipfield.kinds.curves.laws import HardeningLaw

OFFSET = 0.002
"""Plastic part of the engineering strain at the proof stress Rp0.2 (ISO 6892-1), 1."""

LATE_OFFSET = 0.01
"""The same at Rp1.0, 1."""

LARGEST_STRAIN = 3.0
HALVINGS = 200
DOUBLE_PRECISION = 4e-16


@dataclass(frozen=True)
class TensilePoint:
    """One point of a tension test; strains 1, stresses MPa."""

    engineering_strain: float
    engineering_stress_MPa: float
    true_strain: float
    true_stress_MPa: float
    plastic_strain: float


def root(function: Callable[[float], float], low: float, high: float) -> float | None:
    """Zero of a function between ``low`` and ``high`` by bisection; None if it keeps its sign.

    SciPy's solvers are better, and importing them takes longer than everything that `curve` does.
    """
    at_low = function(low)
    if at_low == 0:
        return low
    if not np.sign(at_low) * np.sign(function(high)) <= 0:
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if high - low <= DOUBLE_PRECISION * abs(middle):
            break
        if np.sign(function(middle)) == np.sign(at_low):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def point_at(law: HardeningLaw, modulus_MPa: float, plastic: float) -> TensilePoint:
    """Point of the test on the flow curve at a plastic strain, 1."""
    stress = float(law.flow(np.asarray(plastic)))
    strain = plastic + stress / modulus_MPa
    return TensilePoint(
        float(np.expm1(strain)), stress * float(np.exp(-strain)), strain, stress, plastic
    )


def plastic_strain_at(law: HardeningLaw, modulus_MPa: float, strain: np.ndarray) -> np.ndarray:
    """Plastic strain (n,), 1, at logarithmic strains (n,), by bisection; 0 in the elastic range."""
    strain = np.asarray(strain, dtype=float)
    elastic = strain <= law.flow(np.zeros_like(strain)) / modulus_MPa
    low, high = np.zeros_like(strain), np.maximum(strain, 0.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = middle + law.flow(middle) / modulus_MPa < strain
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(elastic, 0.0, (low + high) / 2)


def stress_at(law: HardeningLaw, modulus_MPa: float, strain: np.ndarray) -> np.ndarray:
    """Kirchhoff stress (n,), MPa, at logarithmic strains (n,), 1."""
    plastic = plastic_strain_at(law, modulus_MPa, strain)
    return np.where(plastic > 0, law.flow(plastic), modulus_MPa * np.asarray(strain))


def growth(law: HardeningLaw, modulus_MPa: float, plastic: np.ndarray) -> np.ndarray:
    """Growth of the load, d tau / d strain - tau, MPa: negative where the specimen necks."""
    slope = law.slope(plastic)
    return modulus_MPa * slope / (modulus_MPa + slope) - law.flow(plastic)


def necking(law: HardeningLaw, modulus_MPa: float) -> TensilePoint | None:
    """First maximum of the load; None if the load still grows at a plastic strain of 3."""
    grid = np.concatenate([[0.0], np.geomspace(1e-7, LARGEST_STRAIN, 2000)])
    falling = np.flatnonzero(growth(law, modulus_MPa, grid) <= 0)
    if not len(falling):
        return None
    if falling[0] == 0:
        return point_at(law, modulus_MPa, 0.0)
    low, high = grid[falling[0] - 1], grid[falling[0]]
    plastic = root(lambda p: float(growth(law, modulus_MPa, np.asarray(p))), low, high)
    assert plastic is not None  # the sign changes between the two
    return point_at(law, modulus_MPa, plastic)


def proof_stress(law: HardeningLaw, modulus_MPa: float) -> float | None:
    """Rp0.2 of a law, MPa: engineering stress where its engineering strain is that / E + 0.2 %.

    None if the curve does not reach that strain before it necks.
    """

    def beyond(plastic: float) -> float:
        point = point_at(law, modulus_MPa, plastic)
        return point.engineering_strain - point.engineering_stress_MPa / modulus_MPa - OFFSET

    plastic = root(beyond, 0.0, 4 * OFFSET)
    return None if plastic is None else point_at(law, modulus_MPa, plastic).engineering_stress_MPa
