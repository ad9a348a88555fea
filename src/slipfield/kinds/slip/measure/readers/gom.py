"""GOM Correlate, ARAMIS and ZEISS INSPECT: CSV of a surface component, one file a stage.

Lines with the units and the stage come before the table of points::

    # Units: length:mm angle:deg time:s
    # Stage: Stage 2
    stage;index;relative_time;date
    "Stage 2";2;21.5551;"2023-02-10T13:54:18.404"
    # Name : Surface component 1
    id;x;y;z;displacement_x;displacement_y;displacement_z;epsilon_x;epsilon_y;epsilon_xy

Positions are those of the deformed component, with y up; less its displacement, a point is where it
was in the reference stage. Points are the nodes of a triangle mesh, on no grid. An entry is empty
where there is no result. Strains are plain numbers, unless the units name another; which measure
was chosen in the project (technical, logarithmic or Green) the files do not say. File names hold
the time, so the index of the stage gives the order; files without the lines of the stage are in
the order of their numbers.

The layout is that of published exports (github.com/gerlachjan/OperateOnDIC) and, for the subtracted
displacement and the name of the shear, of the exporter of DLR for ARAMIS
(github.com/dlr-wf/aramis-data-exporter).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.frames import Frames, Points, in_order, numbered
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, points
from slipfield.kinds.slip.measure.readers.scattered import resampled
from slipfield.kinds.slip.measure.readers.tables import read_table
from slipfield.kinds.slip.measure.readers.text_files import read_lines

NAME = "gom"
TITLE = "GOM Correlate"
COLUMNS = {
    "x": "x",
    "y": "y",
    "u": "displacement_x",
    "v": "displacement_y",
    "exx": "epsilon_x",
    "eyy": "epsilon_y",
    "exy": "epsilon_xy",
}
LENGTHS = tuple(COLUMNS[name] for name in ("x", "y", "u", "v"))


LAYOUT = Layout(TITLE, COLUMNS, "mm", "mm", "up", None, mesh=True)


@dataclass(frozen=True)
class Stage:
    """What comes before the points: units, index, and time since the first stage, s."""

    length: str
    strain: str
    index: int | None = None
    time: float = float("nan")


def recognises(head: Head) -> bool:
    """Whether a text has the line of the stage, or its columns without units in brackets."""
    return head.says("relative_time") or (head.has(*COLUMNS.values()) and not head.says("[mm]"))


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported CSV files, one a stage, in the order of their stages.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or lacks a column, or a stage is missing.
    """
    stages = {path: _stage(path) for path in files}
    indices = [stage.index for stage in stages.values() if stage.index is not None]
    staged = len(indices) == len(files)
    files = in_order(files, indices, gaps) if staged else numbered(files, gaps)
    return Frames(
        **vars(resampled([_undeformed(path, stages[path]) for path in files])),
        position_unit=LAYOUT.position_unit,
        displacement_unit=LAYOUT.displacement_unit,
        y_axis=LAYOUT.y_axis,
        measure=LAYOUT.measure,
        times=np.array([stages[path].time for path in files]) if staged else None,
    )


def _stage(path: Path) -> Stage:
    """Read the lines before the points."""
    lines = read_lines(path)
    given = dict(re.findall(r"(\w+):(\S+)", next((n for n in lines if "Units:" in n), "")))
    start = next((i for i, line in enumerate(lines) if "relative_time" in line), len(lines))
    length, strain = given.get("length", "mm"), given.get("strain", "")
    if start + 1 >= len(lines):
        if not any(line.startswith("id") for line in lines):
            raise SlipfieldError(
                f"{path}: no table of the stage and no header that starts with 'id'; not an export "
                f"of {LAYOUT.program} with one file a stage"
            )
        return Stage(length, strain)
    delimiter = ";" if ";" in lines[start] else ","
    names, values = csv.reader(lines[start : start + 2], delimiter=delimiter)
    stage = dict(zip(names, values, strict=False))
    unit = given.get("time", "s")
    factor = units.time(unit)
    if factor is None:
        raise SlipfieldError(f"{path}: unit {unit!r} of the time; expected s, ms, min or h")
    try:
        time = factor * float(stage["relative_time"].replace(",", "."))
        return Stage(length, strain, int(stage["index"]), time)
    except (KeyError, ValueError):
        raise SlipfieldError(
            f"{path}: no index and time of the stage in {lines[start + 1]!r}; export the file again"
        ) from None


def _undeformed(path: Path, stage: Stage) -> Points:
    """Points of a stage at their places in the reference stage, mm."""
    table = read_table(path, start="id")
    missing = [name for name in COLUMNS.values() if name not in table]
    if missing:
        raise SlipfieldError(
            f"{path}: no column {', '.join(map(repr, missing))}; inspect the component for "
            "displacement X and Y and strain X, Y and XY, and export it again"
        )
    table |= {name: replace(table[name], unit=stage.length) for name in LENGTHS}
    strains = [COLUMNS[name] for name in STRAINS]
    table |= {n: replace(table[n], unit=table[n].unit or stage.strain) for n in strains}
    deformed = points(path, table, LAYOUT)
    x, y = deformed.x - deformed.values["u"], deformed.y - deformed.values["v"]
    return replace(deformed, x=x, y=y)
