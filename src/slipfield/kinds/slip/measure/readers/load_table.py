"""Load curves as CSV: time, load or stress, and perhaps the displacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

TIMES = ("time", "t", "timestamp")
LOADS = ("load", "force", "stress", "force_logic")
DISPLACEMENTS = ("displacement", "extension", "elongation")
TIME_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
LOAD_UNITS = {"n": 1.0, "kn": 1e3, "mpa": None}
LENGTH_UNITS = {"": 1.0, "mm": 1.0, "um": 1e-3, "µm": 1e-3, "m": 1e3}
KNOWN = {*TIMES, *LOADS, *DISPLACEMENTS}


@dataclass(frozen=True)
class LoadCurve:
    """A load curve: time (n,) s or None, load (n,) N or stress (n,) MPa, displacement (n,) mm."""

    time: np.ndarray | None
    load: np.ndarray
    is_stress: bool
    displacement: np.ndarray | None


def read(path: Path, unit: str | None) -> LoadCurve:
    """Read a load curve; the unit is that of the header or, if it has none, ``unit``.

    Raises
    ------
    SlipfieldError
        If a column or its unit is missing, or the times do not ascend.
    """
    columns = list(read_table(path).values())
    load = _pick(path, columns, LOADS)
    if load is None:
        raise SlipfieldError(
            f"{path}: no column of loads; expected one of {', '.join(LOADS)}, for example load_N"
        )
    header = _unit(load)
    if unit and header and unit.lower() != header.lower():
        raise SlipfieldError(f"load-unit: given {unit}; the header of {path} says {header}")
    given = (header or unit or "").lower()
    if given not in LOAD_UNITS:
        raise SlipfieldError(
            f"{path}: unit of the load {given or 'missing'!r}; name it in the header (load_N) or "
            "use --load-unit N, kN or MPa"
        )
    is_stress = LOAD_UNITS[given] is None
    values = load.values if is_stress else LOAD_UNITS[given] * load.values
    if not np.isfinite(values).all():
        raise SlipfieldError(f"{path}: the load is not a number in row {_first_bad(values)}")
    time = _scaled(path, columns, TIMES, TIME_UNITS)
    if time is not None and not np.all(np.diff(time) > 0):
        row = int(np.flatnonzero(~(np.diff(time) > 0))[0]) + 2
        raise SlipfieldError(f"{path}: times must ascend; row {row} does not follow the one before")
    return LoadCurve(time, values, is_stress, _scaled(path, columns, DISPLACEMENTS, LENGTH_UNITS))


def read_times(path: Path, columns: Sequence[Column]) -> np.ndarray | None:
    """Times (n,), s, in a table; None if it has no column of that name."""
    return _scaled(path, columns, TIMES, TIME_UNITS)


def _scaled(
    path: Path, columns: Sequence[Column], names: tuple[str, ...], units: dict[str, float]
) -> np.ndarray | None:
    """Values of one of the columns called ``names`` in the unit of this package, or None."""
    column = _pick(path, columns, names)
    if column is None:
        return None
    unit = _unit(column)
    if unit.lower() not in units:
        known = ", ".join(name for name in units if name)
        raise SlipfieldError(f"{path}: unit {unit!r} of the {_name(column)}; expected {known}")
    return units[unit.lower()] * column.values


def _pick(path: Path, columns: Sequence[Column], names: tuple[str, ...]) -> Column | None:
    found = [column for column in columns if _name(column) in names]
    if len(found) > 1:
        both = " and ".join(repr(column.name) for column in found[:2])
        raise SlipfieldError(f"{path}: columns {both} are both {names[0]}s; leave one of them out")
    return found[0] if found else None


def _name(column: Column) -> str:
    """Name without the unit that may follow an underscore."""
    name = column.name.lower()
    stem = name.rpartition("_")[0]
    return stem if stem in KNOWN and name not in KNOWN else name


def _unit(column: Column) -> str:
    own = column.name.lower() == _name(column)
    return column.unit or ("" if own else column.name.rpartition("_")[2])


def _first_bad(values: np.ndarray) -> int:
    return int(np.flatnonzero(~np.isfinite(values))[0]) + 1
