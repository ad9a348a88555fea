"""Tables of coordinates that a user writes: outlines of the sheet, control points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.tables import Column, read_table


def read_coordinates(path: Path, names: Sequence[str]) -> np.ndarray:
    """Columns of lengths (n, names), mm; a unit in a header counts (``y [um]``, ``y_um``).

    Raises
    ------
    SlipfieldError
        If the file cannot be read, a column is missing or its unit is no length.
    """
    table = read_table(path, knows=lambda given: all(_named(name, given) for name in names))
    columns = []
    for name in names:
        key = _named(name, list(table))
        if key is None:
            raise SlipfieldError(f"{path}: no column {name!r}; expected {', '.join(names)} in mm")
        columns.append(_millimetres(path, table[key], name))
    return np.column_stack(columns)


def _named(name: str, given: Sequence[str]) -> str | None:
    """Which of the ``given`` names is ``name``, perhaps with a unit behind it."""
    for candidate in given:
        bare = candidate.strip().lower()
        if bare == name or (bare.startswith(f"{name}_") and units.is_unit(bare[len(name) + 1 :])):
            return candidate
    return None


def _millimetres(path: Path, column: Column, name: str) -> np.ndarray:
    unit = column.unit or column.name.strip().lower().removeprefix(name).strip("_")
    factor = units.length(unit) if unit else 1.0
    if factor is None:
        raise SlipfieldError(f"{path}: unit {unit!r} of column {name!r}; expected mm, um or inch")
    return factor * column.values
