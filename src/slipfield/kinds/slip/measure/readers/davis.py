"""DaVis (LaVision): text export of vectors, one file a frame; strains are computed from them.

DaVis 8 writes one line, ``#DaVis 8.4.0 2D-vector STEP ROWS COLUMNS`` and the units of x, y and the
vectors in quotes, then x, y, u, v with tabs (as DefDAP reads it: defdap/file_readers.py). DaVis 10
writes a header ``x [mm];y [mm];u [mm];...;isValid``. Zeros stand for no vector. y points down where
positions are pixels, and up where they are scaled.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.displacements import DisplacementLayout, from_tables
from slipfield.kinds.slip.measure.readers.frames import Frames, numbered
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.tables import Column, read_table
from slipfield.kinds.slip.measure.readers.text_files import read_text

NAME = "davis"
TITLE = "DaVis"
NAMES = ("x", "y", "u", "v")


def recognises(head: Head) -> bool:
    """Whether a text names DaVis in its first line, or has the columns of its vectors."""
    first = head.lines[0] if head.lines else ""
    vectors = bool(head.columns & {"isValid", "Vx", "Vy"}) and "exx" not in head.columns
    return "davis" in first.lower() or vectors


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported vectors, one file a frame.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or its vectors lie on no grid.
    """
    files = numbered(files, gaps)
    tables = [_table(path) for path in files]
    unit = {name: tables[0][name].unit for name in ("x", "u")}
    calibrated = {name: not units.is_pixel(text) and bool(text) for name, text in unit.items()}
    layout = DisplacementLayout(
        TITLE,
        {name: name for name in NAMES},
        "mm" if calibrated["x"] else "px",
        "mm" if calibrated["u"] else "px",
        "up" if calibrated["x"] else "down",
    )
    return from_tables(files, tables, layout)


def _table(path: Path) -> dict[str, Column]:
    text = read_text(path)
    first, _, body = text.partition("\n")
    if not first.lstrip("# ").lower().startswith("davis"):
        return _named(path)
    if "vector" not in first.lower():
        raise SlipfieldError(f"{path}: DaVis, but no 2-D vectors: {first.strip()[:60]!r}")
    body = body if "." in body else body.replace(",", ".")
    try:
        rows = np.array([line.split() for line in body.splitlines() if line.strip()], dtype=float)
    except ValueError:
        raise SlipfieldError(f"{path}: a line of DaVis's vectors is not x, y, u, v") from None
    if rows.ndim != 2 or rows.shape[1] < len(NAMES):
        raise SlipfieldError(f"{path}: a line of DaVis's vectors is not x, y, u, v")
    quoted = [text for text in re.findall(r'"([^"]*)"', first)]
    # In the order: name and unit of x, name and unit of y, name and unit of the vectors.
    given = [quoted[i] if i < len(quoted) else "pixel" for i in (1, 3, 5, 5)]
    return {
        name: Column(name, unit, "", rows[:, i])
        for i, (name, unit) in enumerate(zip(NAMES, given, strict=True))
    }


def _named(path: Path) -> dict[str, Column]:
    """Table with a header: names in small letters, vectors called u, v or Vx, Vy."""
    table = {name.lower(): column for name, column in read_table(path).items()}
    for old, new in (("vx", "u"), ("vy", "v"), ("displacement x", "u"), ("displacement y", "v")):
        if old in table:
            table[new] = table.pop(old)
    missing = [name for name in NAMES if name not in table]
    if missing:
        raise SlipfieldError(f"{path}: no column {missing[0]!r}; not vectors of DaVis")
    return table
