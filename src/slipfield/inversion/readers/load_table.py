"""Load curves as CSV: time, load or stress, and perhaps the displacement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.errors import SlipfieldError
from slipfield.inversion.readers.tables import Column, read_table

TIMES = ("time", "t", "timestamp", "time_s")
LOADS = ("load", "force", "stress", "force_logic")
DISPLACEMENTS = ("displacement", "extension", "elongation")
LOAD_UNITS = {"n": 1.0, "kn": 1e3, "mpa": None}
LENGTH_UNITS = {"mm": 1.0, "um": 1e-3, "µm": 1e-3, "m": 1e3}


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
    columns = {_name(column): column for column in read_table(path).values()}
    load = _pick(columns, LOADS)
    if load is None:
        raise SlipfieldError(
            f"{path}: no column of loads; expected one of {', '.join(LOADS)}, for example load_N"
        )
    given = (unit or _unit(load)).lower()
    if given not in LOAD_UNITS:
        raise SlipfieldError(
            f"{path}: unit of the load {given or 'missing'!r}; name it in the header (load_N) or "
            "use --load-unit N, kN or MPa"
        )
    is_stress = LOAD_UNITS[given] is None
    values = load.values if is_stress else LOAD_UNITS[given] * load.values
    if not np.isfinite(values).all():
        raise SlipfieldError(f"{path}: the load is not a number in row {_first_bad(values)}")
    time = _pick(columns, TIMES)
    if time is not None and not np.all(np.diff(time.values) > 0):
        row = int(np.flatnonzero(~(np.diff(time.values) > 0))[0]) + 2
        raise SlipfieldError(f"{path}: times must ascend; row {row} does not follow the one before")
    return LoadCurve(
        None if time is None else time.values, values, is_stress, _lengths(path, columns)
    )


def _lengths(path: Path, columns: dict[str, Column]) -> np.ndarray | None:
    column = _pick(columns, DISPLACEMENTS)
    if column is None:
        return None
    unit = _unit(column) or "mm"
    if unit.lower() not in LENGTH_UNITS:
        raise SlipfieldError(f"{path}: unit of the displacement {unit!r}; expected mm, um or m")
    return LENGTH_UNITS[unit.lower()] * column.values


def _pick(columns: dict[str, Column], names: tuple[str, ...]) -> Column | None:
    return next((columns[name] for name in names if name in columns), None)


def _name(column: Column) -> str:
    name = column.name.lower()
    stem, _, unit = name.rpartition("_")
    return stem if stem and unit in {*LOAD_UNITS, *LENGTH_UNITS, "s"} else name


def _unit(column: Column) -> str:
    return column.unit or column.name.rpartition("_")[2] * ("_" in column.name)


def _first_bad(values: np.ndarray) -> int:
    return int(np.flatnonzero(~np.isfinite(values))[0]) + 1
