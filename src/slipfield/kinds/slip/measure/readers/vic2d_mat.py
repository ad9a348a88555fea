"""VIC-2D (Correlated Solutions): MATLAB, one file a frame, one array a variable.

Pixels with y down; ``sigma`` is -1 where the match failed. Lagrangian strain.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Frames, Points, numbered, on_grid
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.matlab import load_mat
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS
from slipfield.kinds.slip.measure.readers.quality import valid_points

NAME = "vic2d-mat"
TITLE = "VIC-2D (MATLAB)"
REQUIRED = ("x", "y", *STRAINS)
ARRAYS = (*REQUIRED, "u", "v")


def recognises(head: Head) -> bool:
    """Whether a MATLAB file has the arrays of VIC-2D."""
    return head.arrays.issuperset(REQUIRED)


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported MATLAB files, one a frame.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or lacks an array.
    """
    return Frames(
        **vars(on_grid([_points(path) for path in numbered(files, gaps)])),
        position_unit="px",
        displacement_unit="px",
        y_axis="down",
        measure="green_lagrange",
    )


def _points(path: Path) -> Points:
    content = load_mat(path)
    missing = [name for name in REQUIRED if name not in content]
    if missing:
        raise SlipfieldError(f"{path}: no array {', '.join(missing)}; not an export of VIC-2D")
    arrays = {name: np.asarray(content[name], dtype=float) for name in ARRAYS if name in content}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1:
        raise SlipfieldError(f"{path}: arrays of different shapes: {sorted(shapes)}")
    shape = shapes.pop()
    others = {
        name: np.asarray(array, dtype=float)
        for name, array in content.items()
        if name not in ARRAYS and np.shape(array) == shape and np.asarray(array).dtype.kind in "iuf"
    }
    valid = valid_points(others)
    valid = np.full(shape, True) if valid is None else valid
    values = {name: array[valid] for name, array in arrays.items()}
    if not valid.any():
        raise SlipfieldError(f"{path}: no point with a result in this frame")
    return Points(path, values.pop("x"), values.pop("y"), values)
