"""MatchID: CSV, one file a frame; pixels with y down, displacements in mm or, uncalibrated, pixels.

The strain measure is a choice in MatchID's strain calculation that the file does not tell, so it
has to be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, read_frames

NAME = "matchid"
TITLE = "MatchID"
NEWER = {
    "x": "Coordinates.Image X",
    "y": "Coordinates.Image Y",
    "u": "disp.Horizontal Displacement U",
    "v": "disp.Vertical Displacement V",
    **{name: f"strain.Strain-global frame: E{name[1:]}" for name in STRAINS},
}
OLDER = {"x": "x_pic", "y": "y_pic", "u": "u", "v": "v", **{name: name for name in STRAINS}}
LAYOUTS = tuple(Layout(TITLE, names, "px", "mm", "down", None) for names in (OLDER, NEWER))


def recognises(head: Head) -> bool:
    """Whether a file has the columns of MatchID."""
    return head.has("x_pic", "y_pic") or head.has(NEWER["x"], NEWER["y"])


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported CSV files, one a frame."""
    return read_frames(files, LAYOUTS, gaps)
