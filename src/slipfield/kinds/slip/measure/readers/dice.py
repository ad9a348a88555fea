"""DICe (Sandia): text tables ``DICe_solution_N.txt``, one file a frame, pixels, y down.

The virtual strain gauge gives Green-Lagrange strain. SIGMA is -1 where a subset was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, read_frames
from slipfield.kinds.slip.measure.readers.tables import Column


def _valid(columns: dict[str, Column]) -> np.ndarray | None:
    return columns["SIGMA"].values >= 0 if "SIGMA" in columns else None


COLUMNS = {
    "x": "COORDINATE_X",
    "y": "COORDINATE_Y",
    "u": "DISPLACEMENT_X",
    "v": "DISPLACEMENT_Y",
    **{name: f"VSG_STRAIN_{name[1:].upper()}" for name in STRAINS},
}
LAYOUT = Layout("DICe", COLUMNS, "px", "px", "down", "green_lagrange", _valid, comment="*")


def read_text(files: Sequence[Path]) -> Frames:
    """Read solution files, one a frame."""
    return read_frames(files, [LAYOUT])
