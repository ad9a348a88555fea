"""Tables of alloys: the published one, which the package carries, or a user's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.laws import Ludwik
from slipfield.kinds.curves.pinning import PAPER_EXPONENT, paper_strength
from slipfield.kinds.curves.uniaxial import necking
from slipfield.kinds.slip.measure.readers.sheets import read_sheet

PUBLISHED = Path(__file__).with_name("alloys.csv")
NUMBERS = ("proof_stress_MPa", "strength_MPa", "modulus_GPa", "density_kg_m3", "poisson_ratio")
DECIMALS = (*NUMBERS, "ludwik_MPa", "exponent")
WANTED = ("number", "class", "name", *NUMBERS, "ludwik_MPa")
TEXTS = ("class", "name", "flags", "treatment")
OPTIONAL = {"exponent": str(PAPER_EXPONENT), "flags": "", "treatment": ""}
PURPOSE = "K of Ludwik's law onset + K p^exponent, MPa, is what the learners learn"
DENSITIES_KG_M3 = (500.0, 25000.0)
LEAST_UNIFORM = 0.01
"""Least engineering strain at maximum load, 1, for which a curve leaves something to learn."""


@dataclass(frozen=True)
class Alloy:
    """One row: the datasheet of an alloy, and the Ludwik parameters that its curve is made with."""

    number: int
    group: str
    name: str
    treatment: str
    proof_stress_MPa: float
    strength_MPa: float
    modulus_GPa: float
    density_kg_m3: float
    poisson_ratio: float
    ludwik_MPa: float
    exponent: float
    flags: str

    @property
    def law(self) -> Ludwik:
        """Law of the alloy: its proof stress is the onset of yield, as in the paper."""
        return Ludwik(self.proof_stress_MPa, self.ludwik_MPa, self.exponent)

    @property
    def modulus_MPa(self) -> float:
        """Young's modulus, MPa."""
        return 1e3 * self.modulus_GPa

    @property
    def excess_MPa(self) -> float:
        """K - sigma_u, MPa: what the paper calls the compensation value."""
        return self.ludwik_MPa - self.strength_MPa

    @property
    def obeys_rule(self) -> bool:
        """Whether K is sigma_u + 60 MPa below 860 MPa and sigma_u from there on."""
        return math.isclose(self.ludwik_MPa, paper_strength(self.strength_MPa))

    @property
    def curve_key(self) -> tuple[float, ...]:
        """What its curve is made of: alloys with the same key have the same curve."""
        return (self.proof_stress_MPa, self.ludwik_MPa, self.modulus_MPa, self.exponent)


def read_alloys(path: Path = PUBLISHED) -> list[Alloy]:
    """Read a table of alloys.

    Columns: number, class, name, proof_stress_MPa, strength_MPa, modulus_GPa, density_kg_m3,
    poisson_ratio, ludwik_MPa; and perhaps treatment, exponent (0.3), flags. Lines that start with #
    are skipped; spreadsheets may save it as they like (:func:`read_sheet`).

    Raises
    ------
    SlipfieldError
        If the file cannot be read, a column is missing or there twice, an entry is no number or
        cannot belong to a metal, or a number occurs twice.
    """
    alloys = [_alloy(path, row) for row in _rows(path)]
    if not alloys:
        raise SlipfieldError(f"{path}: no alloys under the header")
    numbers = [alloy.number for alloy in alloys]
    if twice := next((n for n in numbers if numbers.count(n) > 1), None):
        raise SlipfieldError(f"{path}: alloy number {twice} is there twice")
    return alloys


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table by the names of its columns, with decimal points; "" where empty."""
    table = read_sheet(path, (*WANTED, *OPTIONAL), TEXTS, comment="#")
    if missing := [name for name in WANTED if name not in table]:
        hint = f"; {PURPOSE}" if missing[0] == "ludwik_MPa" else ""
        raise SlipfieldError(
            f"{path}: no column {missing[0]!r}; expected {', '.join(WANTED)} and perhaps "
            f"{', '.join(OPTIONAL)}{hint}"
        )
    return table.fillna("").to_dict("records")


def _alloy(path: Path, row: dict[str, str]) -> Alloy:
    where = f"{path}: alloy {row['number']!r}"
    values = {name: _number(where, name, row) for name in DECIMALS}
    try:
        proof, strength, modulus = (values[name] for name in NUMBERS[:3])
        Datasheet(proof, strength, modulus)
    except SlipfieldError as error:
        raise SlipfieldError(f"{where}: {error}") from error
    if not row["number"].isdecimal():
        raise SlipfieldError(f"{where}: number is {row['number']!r}; give a whole one")
    low, high = DENSITIES_KG_M3
    if not low <= values["density_kg_m3"] <= high:
        raise SlipfieldError(
            f"{where}: density_kg_m3 is {values['density_kg_m3']:g}; expected {low:g} to {high:g} "
            "(1 g/cm³ is 1000)"
        )
    if not 0 < values["poisson_ratio"] < 0.5:
        raise SlipfieldError(f"{where}: Poisson's ratio must be in (0, 0.5)")
    if not (values["ludwik_MPa"] > 0 and 0 < values["exponent"] <= 1):
        raise SlipfieldError(f"{where}: ludwik_MPa must be above 0, exponent in (0, 1]")
    texts = (row["class"], row["name"], row.get("treatment", ""))
    entries: list[Any] = [int(row["number"]), *texts, *values.values(), row.get("flags", "")]
    alloy = Alloy(*entries)
    top = necking(alloy.law, alloy.modulus_MPa)
    if top is None or top.engineering_strain < LEAST_UNIFORM:
        neck = "never" if top is None else f"at a strain of {top.engineering_strain:.4f}"
        raise SlipfieldError(
            f"{where}: with ludwik_MPa {alloy.ludwik_MPa:g} and exponent {alloy.exponent:g} it "
            f"necks {neck}; expected {LEAST_UNIFORM:g} or more; {PURPOSE}"
        )
    return alloy


def _number(where: str, name: str, row: dict[str, str]) -> float:
    """Number of a row, or its usual value.

    Raises
    ------
    SlipfieldError
        If the entry is empty or no number.
    """
    entry = row.get(name) or OPTIONAL.get(name)
    if entry is None:
        raise SlipfieldError(f"{where}: {name} is empty; fill it in, or leave the row out")
    try:
        return float(entry)
    except ValueError as error:
        raise SlipfieldError(
            f"{where}: {name} is {entry!r}, not a number; its unit stands in the name"
        ) from error


def duplicates(alloys: list[Alloy]) -> list[tuple[Alloy, Alloy]]:
    """Pairs with the same curve; such a pair across training and test would be a leak."""
    first: dict[tuple[float, ...], Alloy] = {}
    pairs = []
    for alloy in alloys:
        if alloy.curve_key in first:
            pairs.append((first[alloy.curve_key], alloy))
        else:
            first[alloy.curve_key] = alloy
    return pairs
