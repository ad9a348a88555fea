"""DICe (Sandia): text tables ``DICe_solution_N.txt``, one file a frame, pixels, y down.

The virtual strain gauge (VSG) gives Green-Lagrange strain (DICe_PostProcessor.cpp), as does the
nonlocal vector calculus (NLVC), which goes before. SIGMA is -1 where a subset was lost; MATCH is
-1, and the strains are zero, where a gauge had too few neighbours.

Of stereo results positions, displacements and strains are those of MODEL_COORDINATES, mm, on no
grid (set_stereo_field_names there). How their axes lie in the picture the pixels tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Direction, Frames, numbered
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import (
    STRAINS,
    Layout,
    from_first,
    table_of,
)

NAME = "dice"
TITLE = "DICe"
COLUMNS = {
    "x": "COORDINATE_X",
    "y": "COORDINATE_Y",
    "u": "DISPLACEMENT_X",
    "v": "DISPLACEMENT_Y",
}
GAUGES = ("NLVC", "VSG")
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
    for gauge in GAUGES
)
MODEL = {
    "x": "MODEL_COORDINATES_X",
    "y": "MODEL_COORDINATES_Y",
    "u": "MODEL_DISPLACEMENT_X",
    "v": "MODEL_DISPLACEMENT_Y",
}
STEREO = tuple(
    replace(
        layout,
        columns=layout.columns | MODEL,
        position_unit="mm",
        displacement_unit="mm",
        mesh=True,
    )
    for layout in LAYOUTS
)
TURNED = "MODEL_COORDINATES_X points left in the picture: the maps are upside down (--load-axis -y)"


def recognises(head: Head) -> bool:
    """Whether a file has the coordinates of DICe."""
    return head.has("COORDINATE_X", "COORDINATE_Y") or head.has(MODEL["x"], MODEL["y"])


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read solution files, one a frame.

    Raises
    ------
    SlipfieldError
        If a file cannot be read, lacks a column, or holds no pixels beside stereo coordinates.
    """
    files = numbered(files, gaps)
    first = table_of(files[0], (*STEREO, *LAYOUTS))
    values = {name: column.values for name, column in first.items()}
    if not (set(MODEL.values()) <= values.keys() and np.ptp(values[MODEL["x"]]) > 0):
        return from_first(files, first, LAYOUTS)
    axis, notes = _axes(files[0], values)
    found = from_first(files, first, [replace(layout, y_axis=axis) for layout in STEREO])
    return replace(found, notes=(*found.notes, *notes))


def _axes(path: Path, table: dict[str, np.ndarray]) -> tuple[Direction, tuple[str, ...]]:
    """Direction of y if x points right, by the pixels of the points, and a note if it does not."""
    if not {COLUMNS["x"], COLUMNS["y"]} <= table.keys():
        raise SlipfieldError(
            f"{path}: stereo coordinates without pixels, which tell how their axes lie in the "
            "picture; write COORDINATE_X and COORDINATE_Y, too"
        )
    matched = table.get("SIGMA", np.ones(len(table[MODEL["x"]]))) >= 0
    model, pixels = (
        np.stack([table[names[n]][matched] for n in "xy"], axis=1) for names in (MODEL, COLUMNS)
    )
    design = np.column_stack([pixels - pixels.mean(axis=0), np.ones(len(pixels))])
    slopes = np.linalg.lstsq(design, model, rcond=None)[0][:2]
    notes = (TURNED,) if slopes[0, 0] < 0 else ()
    return ("down" if np.linalg.det(slopes) > 0 else "up"), notes
