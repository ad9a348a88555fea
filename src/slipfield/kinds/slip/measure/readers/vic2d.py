"""VIC-2D (Correlated Solutions): CSV, one file a frame, and MATLAB, one file a frame.

Columns ``x, y, u, v`` are pixels with y down; newer versions add calibrated ones (``x_c`` and so
on, or ``X``), mm with y up. ``sigma`` is the confidence of the match, -1 where there is none.
Strains are tensor components, Lagrangian unless the analysis was told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import (
    Direction,
    Frames,
    Points,
    Unit,
    numbered,
    on_grid,
)
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, read_frames
from slipfield.kinds.slip.measure.readers.tables import Column

NAMES = ("x", "y", "u", "v", *STRAINS)


def _valid(columns: dict[str, Column]) -> np.ndarray | None:
    return columns["sigma"].values >= 0 if "sigma" in columns else None


def _layout(positions: dict[str, str], calibrated: bool) -> Layout:
    unit: Unit = "mm" if calibrated else "px"
    columns = {**positions, **{name: name for name in STRAINS}}
    y_axis: Direction = "up" if calibrated else "down"
    return Layout("VIC-2D", columns, unit, unit, y_axis, "green_lagrange", _valid)


LAYOUTS = (
    _layout({"x": "x_c", "y": "y_c", "u": "u_c", "v": "v_c"}, True),
    _layout({"x": "X", "y": "Y", "u": "U", "v": "V"}, True),
    _layout({"x": "x", "y": "y", "u": "u", "v": "v"}, False),
)


def read_csv(files: Sequence[Path]) -> Frames:
    """Read exported CSV files, one a frame."""
    return read_frames(files, LAYOUTS)


def read_mat(files: Sequence[Path]) -> Frames:
    """Read exported MATLAB files, one a frame.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or lacks an array.
    """
    files = numbered(files)
    grid = on_grid([_points(path) for path in files])
    return Frames(
        **vars(grid),
        position_unit="px",
        displacement_unit="px",
        y_axis="down",
        measure="green_lagrange",
    )


def _points(path: Path) -> Points:
    try:
        content = loadmat(path)
    except (OSError, ValueError, NotImplementedError, TypeError) as error:
        raise SlipfieldError(f"{path}: not a readable MATLAB file: {error}") from error
    missing = [name for name in ("x", "y", *STRAINS) if name not in content]
    if missing:
        raise SlipfieldError(f"{path}: no array {', '.join(missing)}; not an export of VIC-2D")
    arrays = {name: np.asarray(content[name], dtype=float) for name in NAMES if name in content}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1:
        raise SlipfieldError(f"{path}: arrays of different shapes: {sorted(shapes)}")
    valid = content["sigma"] >= 0 if "sigma" in content else np.full(arrays["x"].shape, True)
    values = {name: array[valid] for name, array in arrays.items()}
    if not valid.any():
        raise SlipfieldError(f"{path}: no point with a result in this frame")
    return Points(path, values.pop("x"), values.pop("y"), values)
