"""DICe (Sandia): text tables ``DICe_solution_N.txt``, one file a frame, pixels, y down.

The virtual strain gauge (VSG) gives Green-Lagrange strain (DICe_PostProcessor.cpp), as does the
nonlocal vector calculus (NLVC), which goes before. SIGMA is -1 where a subset was lost; MATCH is
-1, and the strains are zero, where a gauge had too few neighbours.
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
}
LAYOUTS = tuple(
    Layout(
        TITLE,
        {**COLUMNS, **{name: f"{gauge}_STRAIN_{name[1:].upper()}" for name in STRAINS}},
        "px",
        "px",
        "down",
        "green_lagrange",
        comment="*",
    )
    for gauge in ("NLVC", "VSG")
)


def recognises(head: Head) -> bool:
    """Whether a file has the coordinates of DICe."""
    return head.has("COORDINATE_X", "COORDINATE_Y")


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read solution files, one a frame."""
    return read_frames(files, LAYOUTS, gaps)
