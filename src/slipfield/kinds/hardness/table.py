"""The table of a hardness study: a user's, or one that is rendered from a known law."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field

from slipfield.core.errors import SlipfieldError
from slipfield.core.section import Section
from slipfield.kinds.slip.measure.readers.sheets import read_sheet

FEATURES = {
    "solute_at_percent": (0.0, 100.0),
    "grain_size_um": (1e-3, 1e6),
    "second_phase_fraction": (0.0, 1.0),
    "second_phase_ecd_um": (0.0, 1e6),
}
"""Bounds of each feature, in the unit of its name, in the order of the columns."""

HARDNESS = "hardness_HV"
COMPOSITION = "composition"
"""Column of what stays together when compositions are left out; default: the solute content."""

FEWEST = 6

PUBLISHED_GD_AT_PERCENT = (*(2.1,) * 9, 0.08, 0.16, 0.31, 0.49, 0.52, 1.67, 2.06) + (
    2.43,
    2.45,
    2.46,
    2.49,
    2.9,
)
"""Gd contents of the published study's 21 alloys (section 3.1). Its other columns are not
published, and none is made up: rendered tables draw them."""


class LawSettings(Section):
    """Law of the rendered table: constant and slopes of what it adds up."""

    constant_HV: float = Field(28.0, ge=0, description="Hardness of the pure metal, HV.")
    solute_HV: float = Field(22.0, description="Per at.% of solute, HV.")
    grain_HV_sqrtum: float = Field(40.0, description="Per grain size^-1/2, HV um^0.5.")
    fraction_HV: float = Field(150.0, description="Per area fraction of second phase, HV.")
    ecd_HV: float = Field(-1.2, description="Per um of equivalent diameter, HV/um.")

    def terms(self, x: np.ndarray) -> np.ndarray:
        """What each feature adds, HV (n, 4), of features (n, 4)."""
        slopes = (self.solute_HV, self.grain_HV_sqrtum, self.fraction_HV, self.ecd_HV)
        return np.column_stack([x[:, 0], x[:, 1] ** -0.5, x[:, 2], x[:, 3]]) * slopes

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Hardness, HV (n,), of features (n, 4)."""
        return self.constant_HV + self.terms(x).sum(axis=1)


def rendered_table(law: LawSettings, scatter_HV: float, seed: int) -> pd.DataFrame:
    """Table with the published study's 21 Gd contents; features drawn, hardness by the law.

    Parameters
    ----------
    scatter_HV : standard deviation of what is added to the law.
    """
    generator = np.random.default_rng(seed)
    solute = np.array(PUBLISHED_GD_AT_PERCENT)
    count = len(solute)
    x = np.column_stack(
        [
            solute,
            np.exp(generator.uniform(np.log(40), np.log(400), count)),
            np.clip(generator.uniform(0, 0.12, count), 0, 1),
            generator.uniform(1, 8, count),
        ]
    )
    table = pd.DataFrame(x, columns=list(FEATURES))
    table[HARDNESS] = law.predict(x) + scatter_HV * generator.standard_normal(count)
    return table


def read_table(path: Path) -> pd.DataFrame:
    """Read and check a table (CSV), as spreadsheets save it.

    Raises
    ------
    SlipfieldError
        One line that names the file, the row and column, and what is expected.
    """
    bounds = {**FEATURES, HARDNESS: (1e-3, 1e5)}
    table = read_sheet(path, [*bounds, COMPOSITION], [COMPOSITION], comment="#")
    if missing := [name for name in bounds if name not in table]:
        raise SlipfieldError(
            f"{path}: no column {', '.join(missing)}; expected {', '.join(bounds)} and perhaps "
            f"{COMPOSITION}"
        )
    for name, (low, high) in bounds.items():
        values = pd.to_numeric(table[name], errors="coerce")
        wrong = ~((values >= low) & (values <= high))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            entry = table[name].iloc[row]
            given = "nothing" if pd.isna(entry) else entry
            raise SlipfieldError(
                f"{path}: row {row + 1}, {name}: given {given}; "
                f"expected a number from {low:g} to {high:g}"
            )
        table[name] = values.astype(float)
    if COMPOSITION in table and (empty := table[COMPOSITION].isna()).any():
        raise SlipfieldError(
            f"{path}: row {np.flatnonzero(empty)[0] + 1}, {COMPOSITION}: given nothing; fill it in "
            "for all rows, or leave the column out"
        )
    different = len(table.drop_duplicates(list(FEATURES)))
    if different < FEWEST:
        raise SlipfieldError(
            f"{path}: {len(table)} rows of {different} different alloys; expected {FEWEST} or more"
        )
    if np.ptp(table[HARDNESS]) == 0:
        raise SlipfieldError(f"{path}: {HARDNESS}: all rows are equal; there is nothing to learn")
    return table


@dataclass(frozen=True)
class Alloys:
    """Features (n, 4), hardness (n,) in HV, and what belongs together.

    Attributes
    ----------
    alloys : number of each row's alloy (n,): rows of the same features are measurements of one.
    groups : number of each row's composition (n,).
    """

    x: np.ndarray
    y: np.ndarray
    alloys: np.ndarray
    groups: np.ndarray


def alloys_of(table: pd.DataFrame) -> Alloys:
    """Arrays of a table; compositions that differ in spelling alone are the same."""
    x = table[list(FEATURES)].to_numpy()
    alloys = pd.factorize(pd.MultiIndex.from_arrays(x.T))[0]
    key = table[next(iter(FEATURES))]
    if COMPOSITION in table:
        key = table[COMPOSITION].map(_spelt)
    return Alloys(x, table[HARDNESS].to_numpy(), alloys, pd.factorize(key)[0])


def _spelt(composition: object) -> str | float:
    """A composition without blanks and capitals, or its number: 2.1 and 2.10 are the same."""
    text = "".join(str(composition).split()).casefold()
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return number if np.isfinite(number) else text
