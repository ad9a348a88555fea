"""Hardening laws: flow stress over plastic strain, with its slope.

All are written f(p) in MPa of the plastic strain p, 1, and are called with arrays of any shape.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

LEAST_STRAIN = 1e-12
"""Plastic strain below which the slope is that at this strain: p^n with n < 1 starts vertically."""


class HardeningLaw(Protocol):
    """Flow stress as a function of plastic strain."""

    name: ClassVar[str]

    def flow(self, plastic: np.ndarray) -> np.ndarray:
        """Flow stress, MPa, at plastic strains, 1."""

    def slope(self, plastic: np.ndarray) -> np.ndarray:
        """Derivative of the flow stress, MPa."""


@dataclass(frozen=True)
class Ludwik:
    """f = onset + strength p^exponent (Ludwik, Elemente der technologischen Mechanik, 1909)."""

    name: ClassVar[str] = "ludwik"
    onset_MPa: float
    strength_MPa: float
    exponent: float

    def flow(self, plastic: np.ndarray) -> np.ndarray:
        """Flow stress, MPa."""
        return self.onset_MPa + self.strength_MPa * np.asarray(plastic) ** self.exponent

    def slope(self, plastic: np.ndarray) -> np.ndarray:
        """Derivative of the flow stress, MPa."""
        p = np.maximum(plastic, LEAST_STRAIN)
        return self.strength_MPa * self.exponent * p ** (self.exponent - 1)


@dataclass(frozen=True)
class Voce:
    """f = onset + range (1 - exp(-rate p)) (Voce, J. Inst. Metals 74, 537, 1948).

    A negative rate with a negative range is a curve that hardens ever faster.
    """

    name: ClassVar[str] = "voce"
    onset_MPa: float
    range_MPa: float
    rate: float

    def flow(self, plastic: np.ndarray) -> np.ndarray:
        """Flow stress, MPa."""
        return self.onset_MPa - self.range_MPa * np.expm1(-self.rate * np.asarray(plastic))

    def slope(self, plastic: np.ndarray) -> np.ndarray:
        """Derivative of the flow stress, MPa."""
        return self.range_MPa * self.rate * np.exp(-self.rate * np.asarray(plastic))


@dataclass(frozen=True)
class HockettSherby:
    """f = onset + range (1 - exp(-rate p^exponent)).

    Hockett & Sherby, J. Mech. Phys. Solids 23, 87, 1975; Voce's law has the exponent 1.
    """

    name: ClassVar[str] = "hockett-sherby"
    onset_MPa: float
    range_MPa: float
    rate: float
    exponent: float

    def flow(self, plastic: np.ndarray) -> np.ndarray:
        """Flow stress, MPa."""
        power = np.asarray(plastic) ** self.exponent
        return self.onset_MPa - self.range_MPa * np.expm1(-self.rate * power)

    def slope(self, plastic: np.ndarray) -> np.ndarray:
        """Derivative of the flow stress, MPa."""
        p = np.maximum(plastic, LEAST_STRAIN)
        steep = self.range_MPa * self.rate * self.exponent * p ** (self.exponent - 1)
        return steep * np.exp(-self.rate * p**self.exponent)


@dataclass(frozen=True)
class Swift:
    """f = strength (prestrain + p)^exponent (Swift, J. Mech. Phys. Solids 1, 1, 1952)."""

    name: ClassVar[str] = "swift"
    strength_MPa: float
    prestrain: float
    exponent: float

    def flow(self, plastic: np.ndarray) -> np.ndarray:
        """Flow stress, MPa."""
        return self.strength_MPa * (self.prestrain + np.asarray(plastic)) ** self.exponent

    def slope(self, plastic: np.ndarray) -> np.ndarray:
        """Derivative of the flow stress, MPa."""
        base = np.maximum(self.prestrain + np.asarray(plastic), LEAST_STRAIN)
        return self.strength_MPa * self.exponent * base ** (self.exponent - 1)


@dataclass(frozen=True)
class Tabulated:
    """Straight lines between points, as a solver reads its table; the last stress holds beyond.

    ``plastic_strain`` ascends from 0; ``stress_MPa`` has as many entries.
    """

    name: ClassVar[str] = "tabulated"
    plastic_strain: tuple[float, ...]
    stress_MPa: tuple[float, ...]

    def flow(self, plastic: np.ndarray) -> np.ndarray:
        """Flow stress, MPa."""
        return np.interp(plastic, self.plastic_strain, self.stress_MPa)

    def slope(self, plastic: np.ndarray) -> np.ndarray:
        """Slope of the line that begins at or before the plastic strain, MPa."""
        strains = np.asarray(self.plastic_strain)
        slopes = np.append(np.diff(self.stress_MPa) / np.diff(strains), 0.0)
        line = np.searchsorted(strains, plastic, side="right") - 1
        return slopes[np.clip(line, 0, len(slopes) - 1)]


def as_dict(law: HardeningLaw) -> dict[str, Any]:
    """Name and parameters of a law, for a JSON file."""
    return {"name": law.name, **asdict(law)}  # type: ignore[call-overload]
