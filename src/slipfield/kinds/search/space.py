"""The variables as a unit cube, and designs that fill it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from slipfield.kinds.search.study import Variable
from slipfield.spine.design import Input, unit_points


def to_unit(variables: Sequence[Variable], table: pd.DataFrame) -> np.ndarray:
    """Positions (n, variables) in the unit cube of the rows of a table."""
    columns = [_input(each).share(table[each.name].to_numpy(float)) for each in variables]
    return np.column_stack(columns)


def from_unit(variables: Sequence[Variable], unit: np.ndarray) -> pd.DataFrame:
    """Values of the variables at positions (n, variables) of the unit cube, within the bounds."""
    values = {}
    for each, column in zip(variables, np.asarray(unit, float).T, strict=True):
        value = _input(each).at(column)
        value = np.round(value) if each.values == "whole" else value
        values[each.name] = np.clip(value, each.low, each.high)
    return pd.DataFrame(values)


def whole_places(variables: Sequence[Variable]) -> dict[int, list[float]]:
    """Positions in the unit cube of all values of the whole variables, by their numbers."""
    return {
        number: _input(each).share(np.arange(each.low, each.high + 1)).tolist()
        for number, each in enumerate(variables)
        if each.values == "whole"
    }


def sobol(variables: Sequence[Variable], count: int, seed: int) -> pd.DataFrame:
    """Scrambled Sobol points (Owen 1998)."""
    return from_unit(variables, unit_points(len(variables), count, seed, "sobol"))


def latin_hypercube(variables: Sequence[Variable], count: int, seed: int) -> pd.DataFrame:
    """Latin hypercube of small centred discrepancy."""
    return from_unit(variables, unit_points(len(variables), count, seed, "lhs"))


def random(variables: Sequence[Variable], count: int, seed: int) -> pd.DataFrame:
    """Independent uniform points."""
    return from_unit(variables, np.random.default_rng(seed).random((count, len(variables))))


def _input(variable: Variable) -> Input:
    log = variable.scale == "log"
    return Input(variable.name, variable.units, variable.low, variable.high, log)
