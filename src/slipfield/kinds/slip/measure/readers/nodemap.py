"""Nodemaps of crackpy and the DLR exporter for ARAMIS: text, one file a stage, mm, y up.

The header is a comment: ``# ID; x_undeformed [mm]; ...; u [mm]; ...; eps_x [%]; ...``; units differ
between columns. The measure is that of the GOM project, which the file does not name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head, head_of
from slipfield.kinds.slip.measure.readers.point_tables import Layout, columns_like, read_frames

NAME = "nodemap"
TITLE = "ARAMIS nodemap"
NAMES = {
    "x": r"x(_?undeformed|_?undef|_?coord\w*)?|coor_?x",
    "y": r"y(_?undeformed|_?undef|_?coord\w*)?|coor_?y",
    "u": r"u|u_?x|d_?x|disp\w*_?x|displacement_x",
    "v": r"v|u_?y|d_?y|disp\w*_?y|displacement_y",
    "exx": r"eps_?xx?|epsilon_xx?|strain_xx?",
    "eyy": r"eps_?yy?|epsilon_yy?|strain_yy?",
    "exy": r"eps_?xy|epsilon_xy|strain_xy",
}
LAYOUT = Layout(TITLE, {}, "mm", "mm", "up", None, mesh=True)


def recognises(head: Head) -> bool:
    """Whether a text has strains called ``eps_x`` and so on."""
    columns = columns_like(head.columns, NAMES)
    if not {"exx", "eyy", "exy", "x", "y"} <= columns.keys():
        return False
    return columns["exx"].startswith("eps") and (head.says("[mm]") or "undef" in columns["x"])


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read nodemaps, one a stage.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or lacks a column.
    """
    columns = columns_like(head_of(files[0]).columns, NAMES) if files else {}
    missing = sorted({"x", "y", "exx", "eyy", "exy"} - columns.keys())
    if missing:
        raise SlipfieldError(f"{files[0]}: no column of {missing[0]}; not a nodemap of ARAMIS")
    return read_frames(files, [replace(LAYOUT, columns=columns)], gaps)
