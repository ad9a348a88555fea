"""Uniform elongation where the datasheet has none: correlations with the yield ratio Rp0.2 / Rm.

Sources
-------
steel : X. Yun, L. Gardner, J. Constr. Steel Res. 133, 36 (2017), hot-rolled; L. Gardner, X. Yun,
    Constr. Build. Mater. 189, 527 (2018), cold-formed: strain at maximum load 0.6 (1 - fy / fu).
stainless : K. J. R. Rasmussen, J. Constr. Steel Res. 59, 47 (2003): 1 - sigma_0.2 / sigma_u.
aluminium : X. Yun, Z. Wang, L. Gardner, J. Struct. Eng. 147, 04021060 (2021): 0.06 + 0.13 (1 -
    f_0.2 / fu).
duplex, nickel, copper, titanium : ASME Boiler and Pressure Vessel Code VIII-2, Annex 3-D, parameter
    m2: the true strain at maximum load.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet

LEAST_PLASTIC_STRAIN = 0.01
"""Least plastic strain at maximum load that a correlation may give, 1; at Rp = Rm it gives 0."""

SIGMOID_RATIO = 0.45
"""Steels with a smaller Rp0.2 / Rm are taken as austenitic: no ferritic grade yields so early."""


@dataclass(frozen=True)
class MaterialClass:
    """A class of alloys: its uniform elongation, 1, from Rp0.2 / Rm, and typical values.

    ``moduli_GPa`` holds the least and the greatest modulus that its alloys have.
    """

    name: str
    elongation: Callable[[float], float]
    source: str
    poisson_ratio: float
    density_kg_m3: float
    moduli_GPa: tuple[float, float]
    synonyms: Sequence[str]

    def modulus_ratio(self, modulus_GPa: float) -> float:
        """Factor, 1, by which a modulus lies outside those of this class; 1 inside."""
        low, high = self.moduli_GPa
        return max(low / modulus_GPa, modulus_GPa / high, 1.0)

    def has_modulus(self, modulus_GPa: float) -> bool:
        """Whether alloys of this class have a modulus, GPa."""
        return self.modulus_ratio(modulus_GPa) == 1


CLASSES = (
    MaterialClass(
        "steel",
        lambda ratio: 0.6 * (1 - ratio),
        "0.6 (1 - Rp/Rm), Gardner & Yun 2018",
        0.30,
        7850.0,
        (155.0, 250.0),
        "ferritic, carbon steel, other steel, tool steel, mild steel, low alloy steel, "
        "dual phase, dual phase steel, dp, trip, trip steel, twip, bainitic".split(", "),
    ),
    MaterialClass(
        "stainless",
        lambda ratio: 1 - ratio,
        "1 - Rp/Rm, Rasmussen 2003",
        0.30,
        7950.0,
        (155.0, 230.0),
        "austenitic, stainless steel, austenitic stainless steel, 304, 304l, 316, 316l".split(", "),
    ),
    MaterialClass(
        "duplex",
        lambda ratio: math.expm1(0.70 * (0.95 - ratio)),
        "true strain 0.70 (0.95 - Rp/Rm), ASME VIII-2 Annex 3-D",
        0.30,
        7800.0,
        (155.0, 230.0),
        ("duplex steel", "duplex stainless steel", "2205"),
    ),
    MaterialClass(
        "aluminium",
        lambda ratio: 0.06 + 0.13 * (1 - ratio),
        "0.06 + 0.13 (1 - Rp/Rm), Yun, Wang & Gardner 2021",
        0.33,
        2700.0,
        (60.0, 85.0),
        ("aluminum", "al"),
    ),
    MaterialClass(
        "nickel",
        lambda ratio: math.expm1(0.75 * (1 - ratio)),
        "true strain 0.75 (1 - Rp/Rm), ASME VIII-2 Annex 3-D",
        0.30,
        8250.0,
        (125.0, 250.0),
        ("ni", "inconel", "superalloy"),
    ),
    MaterialClass(
        "copper",
        lambda ratio: math.expm1(0.50 * (1 - ratio)),
        "true strain 0.50 (1 - Rp/Rm), ASME VIII-2 Annex 3-D",
        0.34,
        8900.0,
        (90.0, 155.0),
        ("cu", "brass", "bronze"),
    ),
    MaterialClass(
        "titanium",
        lambda ratio: math.expm1(0.50 * (0.98 - ratio)),
        "true strain 0.50 (0.98 - Rp/Rm), ASME VIII-2 Annex 3-D",
        0.33,
        4500.0,
        (75.0, 130.0),
        ("ti", "zirconium"),
    ),
)


def find_class(name: str) -> MaterialClass:
    """Class by its name or a synonym.

    Raises
    ------
    SlipfieldError
        If there is none of that name.
    """
    wanted = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    spelled = {wanted, wanted.removesuffix(" alloy"), wanted.removesuffix(" alloys")}
    for known in CLASSES:
        if spelled.intersection((known.name, *known.synonyms)):
            return known
    names = ", ".join(known.name for known in CLASSES)
    raise SlipfieldError(f"class: given {name!r}; expected one of {names}")


def guess_class(sheet: Datasheet) -> MaterialClass:
    """Class whose moduli are nearest; among steels, that which Rp0.2 / Rm suggests.

    Copper and titanium have moduli and correlations close to each other; copper stands for both.
    """
    steel = "stainless" if sheet.yield_ratio < SIGMOID_RATIO else "steel"
    guesses = [find_class(name) for name in ("aluminium", "copper", steel)]
    return min(guesses, key=lambda known: known.modulus_ratio(sheet.modulus_GPa))


def classes_of(modulus_GPa: float) -> list[MaterialClass]:
    """Classes that have a modulus, GPa."""
    return [known for known in CLASSES if known.has_modulus(modulus_GPa)]


def uniform_elongation(sheet: Datasheet, known: MaterialClass) -> float:
    """Total engineering strain at maximum load, 1, by the correlation of a class."""
    return max(known.elongation(sheet.yield_ratio), sheet.proof_strain + LEAST_PLASTIC_STRAIN)
