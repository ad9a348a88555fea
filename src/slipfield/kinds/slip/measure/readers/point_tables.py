"""Strain maps from one table of points per frame: what the text formats share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import (
    Direction,
    Frames,
    Points,
    Unit,
    numbered,
    on_grid,
)
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

STRAINS = ("exx", "eyy", "exy")
STRAIN_UNITS = {"": 1.0, "1": 1.0, "-": 1.0, "mm/mm": 1.0, "m/m": 1.0, "%": 1e-2, "percent": 1e-2}
STRAIN_UNITS |= dict.fromkeys(("‰", "permille", "mm/m"), 1e-3)
STRAIN_UNITS |= dict.fromkeys(("um/m", "µm/m", "μm/m", "microstrain", "µε", "με"), 1e-6)
LENGTH_UNITS = {
    "px": dict.fromkeys(("", "px", "pixel", "pixels"), 1.0),
    "mm": {"": 1.0, "mm": 1.0, "cm": 10.0, "m": 1e3, "um": 1e-3, "µm": 1e-3, "μm": 1e-3},
}
Valid = Callable[[dict[str, Column]], np.ndarray | None]


@dataclass(frozen=True)
class Layout:
    """Names of the columns of one format.

    Attributes
    ----------
    program : name of the program, for messages.
    columns : column of x, y, exx, eyy, exy and, if the format has them, u, v.
    position_unit, displacement_unit, y_axis, measure : as in :class:`Frames`.
    valid : tells from the columns which points hold a result; None if all do.
    comment : what lines before the header start with.
    """

    program: str
    columns: dict[str, str]
    position_unit: Unit
    displacement_unit: Unit
    y_axis: Direction
    measure: str | None
    valid: Valid = lambda columns: None
    comment: str = "#"

    @property
    def required(self) -> set[str]:
        """Columns without which a file is not of this format."""
        return {self.columns[name] for name in ("x", "y", *STRAINS)}


def read_frames(files: Sequence[Path], layouts: Sequence[Layout]) -> Frames:
    """Read the frames of a series; the first file decides which layout it is.

    Raises
    ------
    SlipfieldError
        If a file cannot be read, lacks a column, or the points are on no regular grid.
    """
    files = numbered(files)
    first = read_table(files[0], layouts[0].comment)
    layout = next((each for each in layouts if each.required <= first.keys()), None)
    if layout is None:
        missing = sorted(layouts[-1].required - first.keys())
        raise SlipfieldError(
            f"{files[0]}: no column {', '.join(map(repr, missing))}; "
            f"not an export of {layouts[-1].program} with strains"
        )
    frames = [points(path, read_table(path, layout.comment), layout) for path in files]
    grid = on_grid(frames)
    strain = first[layout.columns["exx"]]
    return Frames(
        **vars(grid),
        position_unit=layout.position_unit,
        displacement_unit=layout.displacement_unit,
        y_axis=layout.y_axis,
        measure=_measure_in(strain.remark) or layout.measure,
        strain_unit=strain.unit,
    )


def points(path: Path, table: dict[str, Column], layout: Layout) -> Points:
    """Points of one frame that hold a result, in the layout's units.

    Raises
    ------
    SlipfieldError
        If a column is missing or in an unknown unit, or no point holds a result.
    """
    missing = sorted(layout.required - table.keys())
    if missing:
        raise SlipfieldError(f"{path}: no column {', '.join(map(repr, missing))}, as before it")
    values = {
        name: _in_unit(path, table[column], name, layout)
        for name, column in layout.columns.items()
        if column in table
    }
    valid = layout.valid(table)
    keep = np.full(len(values["x"]), True) if valid is None else valid
    if not keep.any():
        raise SlipfieldError(f"{path}: no point with a result in this frame")
    values = {name: array[keep] for name, array in values.items()}
    x, y = values.pop("x"), values.pop("y")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise SlipfieldError(f"{path}: a point without position")
    return Points(path, x, y, values)


def _in_unit(path: Path, column: Column, name: str, layout: Layout) -> np.ndarray:
    """Values of a column in the layout's unit, or plain strains, from the unit in its header."""
    if name in STRAINS:
        units, wanted = STRAIN_UNITS, "1, %, mm/m or um/m"
    else:
        unit = layout.position_unit if name in ("x", "y") else layout.displacement_unit
        units, wanted = LENGTH_UNITS[unit], f"{unit} or a metric unit" if unit == "mm" else unit
    given = column.unit.lower()
    if given not in units:
        raise SlipfieldError(
            f"{path}: unit {column.unit!r} of column {column.name!r}; expected {wanted}"
        )
    return column.values * units[given]


def _measure_in(remark: str) -> str | None:
    """Strain measure named in a header, such as ``Lagrange`` or ``Hencky``."""
    words = {
        "hencky": "hencky",
        "logarithmic": "hencky",
        "almansi": "almansi",
        "lagrange": "green_lagrange",
        "engineering": "engineering",
    }
    return next((name for word, name in words.items() if word in remark.lower()), None)
