"""Tables of alloys: the published one, which the package carries, or a user's own."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.datasheet import Datasheet
from slipfield.kinds.curves.laws import Ludwik
from slipfield.kinds.curves.pinning import PAPER_EXPONENT, paper_strength

PUBLISHED = Path(__file__).with_name("alloys.csv")
NUMBERS = ("proof_stress_MPa", "strength_MPa", "modulus_GPa", "density_kg_m3", "poisson_ratio")
OPTIONAL = {"exponent": PAPER_EXPONENT, "flags": "", "treatment": ""}


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
    are skipped.

    Raises
    ------
    SlipfieldError
        If the file cannot be read, a column is missing, an entry is no number or cannot belong to a
        metal, or a number occurs twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SlipfieldError(f"{path}: cannot be read: {error}") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    table = csv.DictReader(lines)
    wanted = ("number", "class", "name", *NUMBERS, "ludwik_MPa")
    if missing := [name for name in wanted if name not in (table.fieldnames or ())]:
        raise SlipfieldError(
            f"{path}: no column {missing[0]!r}; expected {', '.join(wanted)} and perhaps "
            f"{', '.join(OPTIONAL)}"
        )
    alloys = [_alloy(path, row) for row in table]
    if not alloys:
        raise SlipfieldError(f"{path}: no alloys under the header")
    numbers = [alloy.number for alloy in alloys]
    if twice := next((n for n in numbers if numbers.count(n) > 1), None):
        raise SlipfieldError(f"{path}: alloy number {twice} is there twice")
    return alloys


def _alloy(path: Path, row: dict[str, str]) -> Alloy:
    where = f"{path}: alloy {row['number']!r}"
    values = {}
    for name in (*NUMBERS, "ludwik_MPa", "exponent"):
        entry = row.get(name) or OPTIONAL.get(name)
        try:
            values[name] = float(entry)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise SlipfieldError(f"{where}: {name} is {entry!r}, not a number") from error
    try:
        proof, strength, modulus = (values[name] for name in NUMBERS[:3])
        Datasheet(proof, strength, modulus)
        number = int(row["number"])
    except (SlipfieldError, ValueError) as error:
        raise SlipfieldError(f"{where}: {error}") from error
    if not (0 < values["poisson_ratio"] < 0.5 and values["density_kg_m3"] > 0):
        raise SlipfieldError(f"{where}: Poisson's ratio must be in (0, 0.5), density above 0")
    if not (values["ludwik_MPa"] > 0 and 0 < values["exponent"] <= 1):
        raise SlipfieldError(f"{where}: ludwik_MPa must be above 0, exponent in (0, 1]")
    texts = (row["class"], row["name"], row.get("treatment") or "")
    entries: list[Any] = [number, *texts, *values.values(), row.get("flags") or ""]
    return Alloy(*entries)


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
