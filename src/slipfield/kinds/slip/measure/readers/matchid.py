"""MatchID 2D: CSV, one file a frame, with the column names of the 2023 or 2024 versions.

Positions on the grid are pixels with y down, displacements mm (or pixels when not calibrated).
MatchID offers several strain measures and its files do not name the one that was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, read_frames

IMAGE = "Coordinates.Image"
STRAIN = "strain.Strain-global frame:"
NEW = {
    "x": f"{IMAGE} X",
    "y": f"{IMAGE} Y",
    "u": "disp.Horizontal Displacement U",
    "v": "disp.Vertical Displacement V",
    **{name: f"{STRAIN} E{name[1:]}" for name in STRAINS},
}
OLD = {"x": "x_pic", "y": "y_pic", **{name: name for name in ("u", "v", *STRAINS)}}
LAYOUTS = tuple(Layout("MatchID", columns, "px", "mm", "down", None) for columns in (NEW, OLD))


def read_csv(files: Sequence[Path]) -> Frames:
    """Read exported CSV files, one a frame."""
    return read_frames(files, LAYOUTS)
