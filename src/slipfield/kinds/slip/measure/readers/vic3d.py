"""VIC-3D (Correlated Solutions): CSV, one file a frame.

``X, Y, Z [mm]`` are reconstructed positions in the reference image, with y up, ``U, V, W`` the
displacements; strains are tensor components along X and Y, Lagrangian unless the header names
another tensor. The positions lie on no grid and are interpolated on one. ``sigma`` is -1 where
there is no match. Correlated Solutions, knowledge base, articles 2 and 28.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, read_frames

NAME = "vic3d"
TITLE = "VIC-3D"
COLUMNS = {"x": "X", "y": "Y", "u": "U", "v": "V", **{name: name for name in STRAINS}}
LAYOUT = Layout(TITLE, COLUMNS, "mm", "mm", "up", "green_lagrange", mesh=True)


def recognises(head: Head) -> bool:
    """Whether a file has positions in space and strains."""
    return head.has("Z", "W") and LAYOUT.required <= head.columns


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported CSV files, one a frame."""
    return read_frames(files, [LAYOUT], gaps)
