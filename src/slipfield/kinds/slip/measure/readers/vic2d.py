"""VIC-2D (Correlated Solutions): CSV, one file a frame.

Columns ``x, y, u, v`` are pixels with y down; newer versions add calibrated ones (``x_c`` and so
on, or ``X``), mm with y up; where these are on no grid they are interpolated on one. ``sigma`` is
the confidence of the match, -1 where there is none. Strains are tensor components, Lagrangian
unless the header names another tensor (``engr.``, ``Hencky``): Correlated Solutions, knowledge
base, articles 2 (strain tensors) and 28 (output variables).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipfield.kinds.slip.measure.readers.frames import Direction, Frames, Unit
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, read_frames

NAME = "vic2d"
TITLE = "VIC-2D"


def _layout(positions: dict[str, str], calibrated: bool) -> Layout:
    unit: Unit = "mm" if calibrated else "px"
    columns = {**positions, **{name: name for name in STRAINS}}
    y_axis: Direction = "up" if calibrated else "down"
    return Layout(TITLE, columns, unit, unit, y_axis, "green_lagrange", calibrated, "up")


LAYOUTS = (
    _layout({"x": "x_c", "y": "y_c", "u": "u_c", "v": "v_c"}, True),
    _layout({"x": "X", "y": "Y", "u": "U", "v": "V"}, True),
    _layout({"x": "x", "y": "y", "u": "u", "v": "v"}, False),
)


def recognises(head: Head) -> bool:
    """Whether a file has the columns of VIC."""
    return any(layout.required <= head.columns for layout in LAYOUTS)


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported CSV files, one a frame."""
    return read_frames(files, LAYOUTS, gaps)
