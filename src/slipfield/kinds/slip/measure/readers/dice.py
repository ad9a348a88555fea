"""DICe (Sandia): text tables ``DICe_solution_N.txt``, one file a frame, pixels, y down.

The virtual strain gauge gives Green-Lagrange strain (DICe_PostProcessor.cpp). SIGMA is -1 where a
subset was lost; MATCH is -1, and the strains are zero, where a gauge had too few neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, read_frames

NAME = "dice"
TITLE = "DICe"
COLUMNS = {
    "x": "COORDINATE_X",
    "y": "COORDINATE_Y",
    "u": "DISPLACEMENT_X",
    "v": "DISPLACEMENT_Y",
    **{name: f"VSG_STRAIN_{name[1:].upper()}" for name in STRAINS},
}
LAYOUT = Layout(TITLE, COLUMNS, "px", "px", "down", "green_lagrange", comment="*")


def recognises(head: Head) -> bool:
    """Whether a file has the coordinates of DICe."""
    return head.has("COORDINATE_X", "COORDINATE_Y")


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read solution files, one a frame."""
    return read_frames(files, [LAYOUT], gaps)
