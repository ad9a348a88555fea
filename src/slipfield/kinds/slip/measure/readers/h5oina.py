"""Oxford Instruments HDF5 maps (.h5oina, version 1.0 to 8.0): radians, micrometres, y down."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.scans import Scan, gridded

EULER_AXES = "x,y"
"""Reference axes of the angles as seen in the picture: x to the right, y up."""

CUBIC_LAUE_GROUPS = (10, 11)
MILLIMETRES = 1e-3


def read(path: Path) -> Scan:
    """Read the EBSD acquisition of the first slice.

    Raises
    ------
    SlipfieldError
        If the file cannot be read or lacks a mandatory dataset.
    """
    try:
        with h5py.File(path) as file:
            part = file["1/EBSD"]
            columns, rows = (int(np.ravel(part[f"Header/{n} Cells"])[0]) for n in "XY")
            steps = [float(np.ravel(part[f"Header/{n} Step"])[0]) for n in "XY"]
            euler = np.asarray(part["Data/Euler"], dtype=float)
            phase = np.ravel(part["Data/Phase"]).astype(int)
            cubic = {
                int(number): _text(group["Phase Name"])
                for number, group in part["Header/Phases"].items()
                if int(np.ravel(group["Laue Group"])[0]) in CUBIC_LAUE_GROUPS
            }
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise SlipfieldError(f"{path}: not a readable .h5oina map: {error}") from error
    if not len(euler) == len(phase) == rows * columns:
        raise SlipfieldError(
            f"{path}: {rows} x {columns} pixels in the header, but {len(euler)} orientations and "
            f"{len(phase)} phases"
        )
    row, column = np.divmod(np.arange(rows * columns), columns)
    phase[~np.isfinite(euler).all(axis=1)] = 0
    x, y = (MILLIMETRES * step * place for step, place in zip(steps, (column, row), strict=True))
    return gridded(path, x, y, euler, phase, cubic)


def _text(item: h5py.Dataset) -> str:
    value = np.ravel(item[()])[0]
    return value.decode() if isinstance(value, bytes) else str(value)
