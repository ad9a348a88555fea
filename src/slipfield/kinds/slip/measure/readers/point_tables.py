"""Strain maps from one table of points per frame: what the text formats share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.frames import (
    Direction,
    Frames,
    Maps,
    Points,
    Unit,
    numbered,
    on_grid,
)
from slipfield.kinds.slip.measure.readers.measures import measure_in
from slipfield.kinds.slip.measure.readers.quality import STRAIN_TESTS, valid_points
from slipfield.kinds.slip.measure.readers.scattered import resampled
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

STRAINS = ("exx", "eyy", "exy")
LENGTHS = ("x", "y", "u", "v")
LEAST_FILLED = 0.5
"""Share of a grid that points on it fill; else they are the nodes of a mesh."""

SAME_MOVE = 1e-3
"""Places of points that differ by this share of their displacements are the same."""

Change = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Layout:
    """Names of the columns of one format.

    Attributes
    ----------
    program : name of the program, for messages.
    columns : column of x, y, exx, eyy, exy and, if the format has them, u, v.
    position_unit, displacement_unit : where the header names no unit.
    y_axis, measure : as in :class:`Frames`.
    mesh : whether points may lie on no grid and are interpolated on one.
    scaled_y_axis : direction of y where the header says that pixels were scaled to a length; None
        if the program does not do so.
    comment : what lines before the header start with.
    change : applied to the values of a frame by name, in the file's units.
    """

    program: str
    columns: dict[str, str]
    position_unit: Unit
    displacement_unit: Unit
    y_axis: Direction
    measure: str | None
    mesh: bool = False
    scaled_y_axis: Direction | None = None
    comment: str = "#"
    change: Change = field(default=lambda values: values)

    @property
    def required(self) -> set[str]:
        """Columns without which a file is not of this format."""
        return {self.columns[name] for name in ("x", "y", *STRAINS)}

    def knows(self, names: Sequence[str]) -> bool:
        """Whether names of columns are those of this format."""
        return self.required <= set(names)


def read_frames(files: Sequence[Path], layouts: Sequence[Layout], gaps: bool = False) -> Frames:
    """Read the frames of a series; the first file decides which layout it is.

    Parameters
    ----------
    gaps : whether numbers may be missing in the series.

    Raises
    ------
    SlipfieldError
        If a file cannot be read, lacks a column, or the points are on no regular grid.
    """
    files = numbered(files, gaps)
    return from_first(files, table_of(files[0], layouts), layouts)


def from_first(
    files: Sequence[Path], first: dict[str, Column], layouts: Sequence[Layout]
) -> Frames:
    """Frames of the files of a series in order, whose first table was read.

    Raises
    ------
    SlipfieldError
        As :func:`read_frames`.
    """
    layout = next((each for each in layouts if each.knows(list(first))), None)
    if layout is None:
        missing = sorted(layouts[-1].required - first.keys())
        raise SlipfieldError(
            f"{files[0]}: no column {', '.join(map(repr, missing))}; "
            f"not an export of {layouts[-1].program} with strains"
        )
    layout = _with_units(files[0], first, layout)
    frames = [points(files[0], first, layout)]
    frames += [points(path, table_of(path, [layout]), layout) for path in files[1:]]
    return from_points(frames, first, layout)


def from_points(frames: Sequence[Points], first: dict[str, Column], layout: Layout) -> Frames:
    """Frames of the points of a series in a layout, whose ``first`` table tells the measure.

    Raises
    ------
    SlipfieldError
        If the points are on no regular grid, or the components are of different measures.
    """
    measure, word = measure_of(frames[0].source, [first[layout.columns[name]] for name in STRAINS])
    if layout.mesh and layout.position_unit == layout.displacement_unit:
        frames = undeformed(frames)
    return Frames(
        **vars(on_any_grid(frames) if layout.mesh else on_grid(frames)),
        position_unit=layout.position_unit,
        displacement_unit=layout.displacement_unit,
        y_axis=layout.y_axis,
        measure=None if word else measure or layout.measure,
        measure_word=word,
        strain_unit=first[layout.columns["exx"]].unit,
    )


def undeformed(frames: Sequence[Points]) -> Sequence[Points]:
    """Frames with points where they were in the reference image.

    Where the places move from frame to frame as the displacements say, they are those of the
    deformed points. Two frames of the same points tell.
    """
    first = frames[0]
    last = next((f for f in frames[:0:-1] if len(f.x) == len(first.x)), None)
    if last is None or not {"u", "v"} <= first.values.keys() & last.values.keys():
        return frames
    moved = np.array([last.x - first.x, last.y - first.y])
    told = np.array([last.values[name] - first.values[name] for name in "uv"])
    largest = np.nanmax(np.abs(told), initial=0.0)
    if not largest or np.nanmax(np.abs(moved - told)) > SAME_MOVE * largest:
        return frames
    return [replace(f, x=f.x - f.values["u"], y=f.y - f.values["v"]) for f in frames]


def columns_like(names: Iterable[str], patterns: Mapping[str, str]) -> dict[str, str]:
    """Column of each quantity whose name, in small letters, is a pattern; undeformed ones first."""
    found = {}
    for quantity, pattern in patterns.items():
        fitting = [name for name in names if re.fullmatch(pattern, name.strip("_ ").lower())]
        if fitting:
            found[quantity] = max(fitting, key=lambda name: ("undef" in name.lower(), name))
    return found


def table_of(path: Path, layouts: Sequence[Layout]) -> dict[str, Column]:
    """Table of a frame; its header is that of one of the layouts, if there is such a line."""
    return read_table(
        path, layouts[0].comment, knows=lambda names: any(each.knows(names) for each in layouts)
    )


def measure_of(path: Path, columns: Sequence[Column]) -> tuple[str | None, str]:
    """Strain measure in the headers of the strains, and the words of one that is not known.

    Raises
    ------
    SlipfieldError
        If the components are of different measures.
    """
    found = {measure_in(column.remark) for column in columns}
    if len(found) > 1:
        raise SlipfieldError(
            f"{path}: strains of different measures: "
            f"{', '.join(repr(column.remark) for column in columns)}"
        )
    return found.pop()


def _with_units(path: Path, table: dict[str, Column], layout: Layout) -> Layout:
    """Layout whose lengths are pixels or mm, as the headers of the columns say."""
    found = [layout.position_unit, layout.displacement_unit]
    for i, names in enumerate((("x", "y"), ("u", "v"))):
        given = {
            table[layout.columns[name]].unit
            for name in names
            if layout.columns.get(name) in table and table[layout.columns[name]].unit
        }
        if not given:
            continue
        pixel = {units.is_pixel(unit) for unit in given}
        if len(pixel) > 1:
            raise SlipfieldError(
                f"{path}: {' and '.join(sorted(given))} for {names[0]} and {names[1]}; expected "
                "one unit"
            )
        found[i] = "px" if pixel.pop() else "mm"
    scaled = layout.position_unit == "px" and found[0] == "mm"
    if scaled and layout.scaled_y_axis is None:
        unit = table[layout.columns["x"]].unit
        raise SlipfieldError(f"{path}: positions in {unit}; expected px of {layout.program}")
    return replace(
        layout,
        position_unit=found[0],
        displacement_unit=found[1],
        y_axis=(layout.scaled_y_axis or layout.y_axis) if scaled else layout.y_axis,
        mesh=layout.mesh or scaled,
    )


def on_any_grid(frames: Sequence[Points]) -> Maps:
    """Frames on the grid of their points or, for the nodes of a mesh, on one as fine."""
    try:
        maps = on_grid(frames)
    except SlipfieldError as error:
        if "same place" in str(error):
            raise
        return resampled(frames)
    filled = np.isfinite(maps.strain[:, 0]).any(axis=0).mean()
    return maps if filled > LEAST_FILLED else resampled(frames)


def points(path: Path, table: dict[str, Column], layout: Layout) -> Points:
    """Points of one frame that hold a result, in the layout's units.

    Raises
    ------
    SlipfieldError
        If a column is missing, there twice or in an unknown unit, or no point holds a result.
    """
    missing = sorted(layout.required - table.keys())
    if missing:
        raise SlipfieldError(f"{path}: no column {', '.join(map(repr, missing))}, as before it")
    values = {
        name: _in_unit(path, table[column], name, layout)
        for name, column in layout.columns.items()
        if column in table
    }
    used = set(layout.columns.values())
    others = {n: c.values for n, c in table.items() if n not in used}
    strained = valid_points(others, STRAIN_TESTS)
    if strained is not None:
        values |= {name: np.where(strained, values[name], np.nan) for name in STRAINS}
    result = np.isfinite(sum(values[name] for name in STRAINS))
    valid = valid_points(others)
    result = result if valid is None else result & valid
    if not result.any():
        raise SlipfieldError(f"{path}: no point with a result in this frame")
    keep = np.full(len(result), True) if valid is None else valid
    keep = result if layout.mesh else keep & np.isfinite(values["x"] + values["y"]) | result
    if not keep.all():
        values = {name: array[keep] for name, array in values.items()}
    values = layout.change(values)
    x, y = values.pop("x"), values.pop("y")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise SlipfieldError(f"{path}: a point without position")
    return Points(path, x, y, values)


def _in_unit(path: Path, column: Column, name: str, layout: Layout) -> np.ndarray:
    """Values of a column in the layout's unit, or plain strains, from the unit in its header."""
    if column.repeated > 1:
        raise SlipfieldError(
            f"{path}: column {column.name!r} is there {column.repeated} times; leave one of them"
        )
    if name in STRAINS:
        factor, wanted = units.strain(column.unit), "1, %, mm/m or um/m"
    else:
        unit = layout.position_unit if name in ("x", "y") else layout.displacement_unit
        wanted = f"{unit} or a metric unit" if unit == "mm" else unit
        if unit == "mm":
            factor = units.length(column.unit) if column.unit else 1.0
        else:
            factor = 1.0 if units.is_pixel(column.unit) or not column.unit else None
    if factor is None:
        raise SlipfieldError(
            f"{path}: unit {column.unit!r} of column {column.name!r}; expected {wanted}"
        )
    return column.values if factor == 1.0 else factor * column.values
