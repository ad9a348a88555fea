"""MatchID: CSV, one file a frame; pixels with y down, displacements in mm or, uncalibrated, pixels.

Newer versions write ``Coordinates.Image X [Pixel];...;strain.Strain-global frame: Exx [ ];`` or
these names without the group before the point, older ones ``x_pic``. The strain measure is a choice
in MatchID's strain calculation that the file does not tell, so it has to be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head, head_of
from slipfield.kinds.slip.measure.readers.point_tables import (
    STRAINS,
    Layout,
    columns_like,
    read_frames,
)

NAME = "matchid"
TITLE = "MatchID"
NAMES = {
    "x": r"(coordinates\.)?image x(-coordinate)?|x_pic",
    "y": r"(coordinates\.)?image y(-coordinate)?|y_pic",
    "u": r"(disp\.)?horizontal displacement u|u",
    "v": r"(disp\.)?vertical displacement v|v",
    **{name: rf"(strain\.)?strain-global frame: {name}|{name}" for name in STRAINS},
}
"""Names of columns in small letters, without their units."""


def recognises(head: Head) -> bool:
    """Whether a file has the columns of MatchID."""
    return head.has("x_pic", "y_pic") or any("Strain-global frame" in c for c in head.columns)


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported CSV files, one a frame.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or lacks a column.
    """
    columns = columns_like(head_of(files[0]).columns, NAMES) if files else {}
    missing = [name for name in ("x", "y", *STRAINS) if name not in columns]
    if missing:
        raise SlipfieldError(
            f"{files[0]}: no column of {missing[0]} of {TITLE}; export Image X and Image Y, "
            "displacements U and V, and the strains Exx, Eyy, Exy of the global frame"
        )
    return read_frames(files, [Layout(TITLE, columns, "px", "mm", "down", None)], gaps)
