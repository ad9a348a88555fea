"""Designs: which inputs are simulated, as a box that is sampled or as a table that is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import write_text
from slipfield.core.reading import reading
from slipfield.core.sobol import sobol_points
from slipfield.core.tables import csv_text

GROUP = "group"
"""Column of what stays together in cross-validation, such as the alloy; optional."""


@dataclass(frozen=True)
class Input:
    """An input: its name (with the unit at its end where it has one), unit, and bounds."""

    name: str
    units: str
    low: float
    high: float
    log: bool = False

    def at(self, share: np.ndarray) -> np.ndarray:
        """Values at shares (n,) of the range, 0 to 1."""
        low, high = self._scaled(np.array([self.low, self.high]))
        value = low + share * (high - low)
        return np.exp(value) if self.log else value

    def share(self, values: np.ndarray) -> np.ndarray:
        """Shares (n,) of the range at which values lie."""
        low, high = self._scaled(np.array([self.low, self.high]))
        return (self._scaled(values) - low) / (high - low)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        return np.log(values) if self.log else values


@dataclass(frozen=True)
class Design:
    """Inputs and the rows to simulate.

    Attributes
    ----------
    inputs : in the order of the columns.
    rows : table (samples, inputs) by name, and perhaps :data:`GROUP`.
    """

    inputs: tuple[Input, ...]
    rows: pd.DataFrame


def sampled(
    inputs: Sequence[Input], samples: int, seed: int, method: Literal["lhs", "sobol"] = "lhs"
) -> Design:
    """Fill the box of the inputs evenly.

    Parameters
    ----------
    method : Latin hypercube, optimised for small centred discrepancy, or Sobol's points (both of
        :mod:`scipy.stats.qmc`).
    """
    unit = unit_points(len(inputs), samples, seed, method)
    values = {each.name: each.at(column) for column, each in zip(unit.T, inputs, strict=True)}
    return Design(tuple(inputs), pd.DataFrame(values))


def unit_points(
    dimensions: int, samples: int, seed: int, method: Literal["lhs", "sobol"]
) -> np.ndarray:
    """Points (samples, dimensions) that fill the unit cube, as :func:`sampled` says."""
    from scipy.stats import qmc

    if method == "sobol":
        return sobol_points(qmc.Sobol(dimensions, rng=seed), samples)
    return qmc.LatinHypercube(dimensions, rng=seed, optimization="random-cd").random(samples)


def write_design(design: Design, path: Path) -> None:
    """Write the rows as CSV with their numbers in the column ``sample``."""
    write_text(path, design_text(design))


def design_text(design: Design) -> str:
    """Rows as CSV."""
    return csv_text(design.rows.rename_axis("sample").reset_index(), digits=17)


def read_design(path: Path, design: Design) -> pd.DataFrame:
    """Read the rows that :func:`write_design` wrote.

    Raises
    ------
    SlipfieldError
        If the file cannot be read or is not of this design.
    """
    with reading(path, "study design"):
        table = pd.read_csv(path, index_col="sample")
    names = [each.name for each in design.inputs]
    if list(table.columns) != list(design.rows.columns) or len(table) != len(design.rows):
        raise SlipfieldError(f"{path}: not the design of this study; delete it and run again")
    numbers = table[names].apply(pd.to_numeric, errors="coerce")
    if not np.isfinite(numbers.to_numpy(float)).all():
        raise SlipfieldError(f"{path}: a value is no number; delete it and run again")
    table[names] = numbers
    return table
