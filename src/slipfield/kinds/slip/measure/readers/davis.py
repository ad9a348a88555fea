"""DaVis (LaVision), StrainMaster: text export of vectors, one file a frame.

Strains are computed from them, unless the table has its own (``Exx [-];Eyy [-];Exy [-]``), whose
measure the file does not tell.

DaVis 8 writes one line, ``#DaVis 8.4.0 2D-vector STEP ROWS COLUMNS`` and the units of x, y and the
vectors in quotes, then x, y, u, v with tabs (as DefDAP reads it: defdap/file_readers.py). DaVis 10
writes ``#DaVis 10.x 2C vector field STEP ROWS COLUMNS "x [mm]";"y [mm]";...``, or a plain header
``x [mm];y [mm];Displacement x [mm];...;isValid``. Zeros stand for no vector. y points down where
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
from slipfield.kinds.slip.measure.readers.frames import Direction, Frames, Unit, numbered
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.headers import parts_of
from slipfield.kinds.slip.measure.readers.point_tables import (
    STRAINS,
    Layout,
    from_points,
    points,
)
from slipfield.kinds.slip.measure.readers.tables import Column, read_table
from slipfield.kinds.slip.measure.readers.text_files import read_text

NAME = "davis"
TITLE = "DaVis"
NAMES = ("x", "y", "u", "v")
CALLED = {
    "u": ("vx", "dx", "displacement x", "displacement_x", "displacement vx"),
    "v": ("vy", "dy", "displacement y", "displacement_y", "displacement vy"),
    **{name: (f"strain {name}",) for name in STRAINS},
}
"""Other names of vectors and strains, in small letters."""


def recognises(head: Head) -> bool:
    """Whether a text names DaVis in its first line, or has the columns of its vectors."""
    first = head.lines[0] if head.lines else ""
    names = {name.lower() for name in head.columns}
    vectors = bool(names & {"isvalid", "vx"}) and "exx" not in head.columns
    vectors |= bool(names & {"displacement x", "displacement vx"})
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
    lengths: tuple[Unit, Unit] = (
        "mm" if calibrated["x"] else "px",
        "mm" if calibrated["u"] else "px",
    )
    y_axis: Direction = "up" if calibrated["x"] else "down"
    if not set(STRAINS) <= tables[0].keys():
        layout = DisplacementLayout(TITLE, {name: name for name in NAMES}, *lengths, y_axis)
        return from_tables(files, tables, layout)
    columns = {name: name for name in (*NAMES, *STRAINS)}
    strained = Layout(TITLE, columns, *lengths, y_axis, None)
    frames = [points(path, table, strained) for path, table in zip(files, tables, strict=True)]
    return from_points(frames, tables[0], strained)


def _table(path: Path) -> dict[str, Column]:
    text = read_text(path)
    first, _, body = text.partition("\n")
    if not first.lstrip("# ").lower().startswith("davis"):
        return _called(path, read_table(path))
    if "vector" not in first.lower():
        raise SlipfieldError(
            f"{path}: DaVis, but no 2-D vectors: {first.strip()[:60]!r}; export the displacements"
        )
    body = body if "." in body else body.replace(",", ".")
    try:
        rows = np.array(
            [line.replace(";", " ").split() for line in body.split("\n") if line.strip()],
            dtype=float,
        )
    except ValueError:
        raise SlipfieldError(f"{path}: a line of DaVis's vectors is not x, y, u, v") from None
    if rows.ndim != 2 or rows.shape[1] < len(NAMES):
        raise SlipfieldError(f"{path}: a line of DaVis's vectors is not x, y, u, v")
    return _called(
        path,
        {
            name: Column(name, unit, "", rows[:, i])
            for i, (name, unit) in enumerate(_heads(first)[: rows.shape[1]])
        },
    )


def _heads(line: str) -> list[tuple[str, str]]:
    """Names and units of the columns in the first line of a text."""
    quoted = re.findall(r'"([^"]*)"', line)
    if any("[" in entry for entry in quoted):
        return [parts_of(entry)[:2] for entry in quoted]
    # In the order: name and unit of x, name and unit of y, name and unit of the vectors.
    return [
        (n, quoted[i] if i < len(quoted) else "pixel")
        for n, i in zip(NAMES, (1, 3, 5, 5), strict=True)
    ]


def _called(path: Path, table: dict[str, Column]) -> dict[str, Column]:
    """Columns by names in small letters, vectors called u and v."""
    found = {name.lower(): column for name, column in table.items()}
    for name, others in CALLED.items():
        given = [found[other] for other in others if other in found]
        if given:
            found[name] = given[0]
    missing = [name for name in NAMES if name not in found]
    if missing:
        shown = ", ".join(map(repr, list(table)[:8]))
        raise SlipfieldError(
            f"{path}: no column {missing[0]!r} among {shown}; export displacements of DaVis"
        )
    return found
