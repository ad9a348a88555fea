"""The variables as a unit cube, and designs that fill it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import qmc

from slipfield.kinds.search.study import Variable


def to_unit(variables: Sequence[Variable], table: pd.DataFrame) -> np.ndarray:
    """Positions (n, variables) in the unit cube of the rows of a table."""
    columns = []
    for each in variables:
        low, high = _ends(each)
        columns.append((_scaled(each, table[each.name].to_numpy(float)) - low) / (high - low))
    return np.column_stack(columns)


def from_unit(variables: Sequence[Variable], unit: np.ndarray) -> pd.DataFrame:
    """Values of the variables at positions (n, variables) of the unit cube, within the bounds."""
    values = {}
    for each, column in zip(variables, np.asarray(unit, float).T, strict=True):
        low, high = _ends(each)
        value = low + column * (high - low)
        value = np.exp(value) if each.scale == "log" else value
        value = np.round(value) if each.values == "whole" else value
        values[each.name] = np.clip(value, each.low, each.high)
    return pd.DataFrame(values)


def sobol(variables: Sequence[Variable], count: int, seed: int) -> pd.DataFrame:
    """Scrambled Sobol points (Owen 1998)."""
    power = max(1, (count - 1).bit_length())
    unit = qmc.Sobol(len(variables), rng=seed).random_base2(power)[:count]
    return from_unit(variables, unit)


def latin_hypercube(variables: Sequence[Variable], count: int, seed: int) -> pd.DataFrame:
    """Latin hypercube of small centred discrepancy."""
    design = qmc.LatinHypercube(len(variables), rng=seed, optimization="random-cd")
    return from_unit(variables, design.random(count))


def random(variables: Sequence[Variable], count: int, seed: int) -> pd.DataFrame:
    """Independent uniform points."""
    return from_unit(variables, np.random.default_rng(seed).random((count, len(variables))))


def _scaled(variable: Variable, value: np.ndarray) -> np.ndarray:
    return np.log(value) if variable.scale == "log" else value


def _ends(variable: Variable) -> tuple[float, float]:
    low, high = _scaled(variable, np.array([variable.low, variable.high]))
    return float(low), float(high)
