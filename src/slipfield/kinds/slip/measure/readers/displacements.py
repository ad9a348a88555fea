"""Strain from displacements, for programs that export no strain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import correlate, minimum_filter

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Direction, Frames, Maps, Unit, numbered
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, on_any_grid, points
from slipfield.kinds.slip.measure.readers.tables import Column, read_table

HALF_WINDOW = 2
LEAST_KNOWN = 0.5
"""Share of a window that must be measured."""

LARGEST_JUMP = 2.0
"""From a vector of zero to its neighbours, in typical differences between neighbours."""

NOTE = "the files hold no strains: Green-Lagrange strain from planes through 5 x 5 displacements"


@dataclass(frozen=True)
class DisplacementLayout:
    """Columns of x, y, u, v, and what they mean, as in :class:`Layout`."""

    program: str
    columns: dict[str, str]
    position_unit: Unit
    displacement_unit: Unit
    y_axis: Direction


def read_displacements(
    files: Sequence[Path], layout: DisplacementLayout, gaps: bool = False
) -> Frames:
    """Read tables of displacements, one a frame, and differentiate them.

    Raises
    ------
    SlipfieldError
        If a file cannot be read, lacks a column, or the points are on no regular grid.
    """
    files = numbered(files, gaps)
    wanted = set(layout.columns.values())
    tables = [read_table(path, knows=lambda names: wanted <= set(names)) for path in files]
    return from_tables(files, tables, layout)


def from_tables(
    files: Sequence[Path], tables: Sequence[dict[str, Column]], layout: DisplacementLayout
) -> Frames:
    """Frames from the tables of a series in order; positions and displacements share a unit.

    Raises
    ------
    SlipfieldError
        As :func:`read_displacements`.
    """
    columns = {**layout.columns, **{name: f"\0{name}" for name in STRAINS}}
    inner = Layout(
        layout.program, columns, layout.position_unit, layout.displacement_unit, layout.y_axis, None
    )
    frames = []
    for path, table in zip(files, tables, strict=True):
        missing = sorted(set(layout.columns.values()) - table.keys())
        if missing:
            raise SlipfieldError(f"{path}: no column {', '.join(map(repr, missing))}")
        blank = np.zeros(len(table[layout.columns["u"]].values))
        extra = {f"\0{name}": Column(f"\0{name}", "", "", blank) for name in STRAINS}
        frames.append(points(path, {**table, **extra}, inner))
    maps = on_any_grid(frames)
    return Frames(
        **vars(differentiated(maps)),
        position_unit=layout.position_unit,
        displacement_unit=layout.displacement_unit,
        y_axis=layout.y_axis,
        measure="green_lagrange",
        notes=(NOTE,),
    )


def differentiated(maps: Maps) -> Maps:
    """Maps with the Green-Lagrange strain of their displacements, in the unit of positions.

    The gradient at a point is that of planes fitted to the displacements of the 5 x 5 points
    around it (B. Pan, Meas. Sci. Technol. 29, 2018, section 5); less at edges and gaps.
    """
    assert maps.u is not None and maps.v is not None
    known = np.stack([_measured(u, v) for u, v in zip(maps.u, maps.v, strict=True)])
    steps = [(axis[-1] - axis[0]) / (len(axis) - 1) for axis in (maps.x, maps.y)]
    strain = np.full_like(maps.strain, np.nan)
    for frame, there in enumerate(known):
        (ux, uy), (vx, vy) = (gradient(values[frame], there, steps) for values in (maps.u, maps.v))
        strain[frame, 0] = ux + 0.5 * (ux**2 + vx**2)
        strain[frame, 1] = vy + 0.5 * (uy**2 + vy**2)
        strain[frame, 2] = 0.5 * (uy + vx + ux * uy + vx * vy)
    u, v = (np.where(known, values, np.nan) for values in (maps.u, maps.v))
    return Maps(maps.x, maps.y, strain, u, v)


def _measured(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Points (ny, nx) with a vector; zeros unlike their neighbours stand for none."""
    known = np.isfinite(u) & np.isfinite(v)
    zero = known & (u == 0) & (v == 0)
    if not zero.any() or zero[known].all():
        return known
    size = np.where(known & ~zero, np.hypot(u, v), np.inf)
    around = minimum_filter(size, 3, mode="constant", cval=np.inf)
    with np.errstate(invalid="ignore"):
        steps = [
            np.abs(np.diff(np.where(known, each, np.nan), axis=i))
            for each in (u, v)
            for i in (0, 1)
        ]
    typical = max(np.nanmedian(each) for each in steps)
    return known & ~(zero & (around > LARGEST_JUMP * typical))


def gradient(
    values: np.ndarray, known: np.ndarray, steps: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes along x and y of planes fitted to the known ``values`` (ny, nx) around each point."""
    offset = np.arange(-HALF_WINDOW, HALF_WINDOW + 1.0)
    ones, weight = np.ones_like(offset), known.astype(float)
    filled = np.where(known, values, 0.0)

    def moment(array: np.ndarray, along_y: np.ndarray, along_x: np.ndarray) -> np.ndarray:
        kernel = np.outer(along_y, along_x)
        return correlate(array, kernel, mode="constant")

    n = moment(weight, ones, ones)
    sx, sy = moment(weight, ones, offset), moment(weight, offset, ones)
    sxx, syy = moment(weight, ones, offset**2), moment(weight, offset**2, ones)
    sxy = moment(weight, offset, offset)
    f = moment(filled, ones, ones)
    fx, fy = moment(filled, ones, offset), moment(filled, offset, ones)
    with np.errstate(divide="ignore", invalid="ignore"):
        cxx, cyy, cxy = sxx - sx * sx / n, syy - sy * sy / n, sxy - sx * sy / n
        bx, by = fx - sx * f / n, fy - sy * f / n
        determinant = cxx * cyy - cxy**2
        along_x = (cyy * bx - cxy * by) / determinant / steps[0]
        along_y = (cxx * by - cxy * bx) / determinant / steps[1]
    corner = (HALF_WINDOW + 1) ** 2
    usable = known & (n >= LEAST_KNOWN * corner) & (determinant > 1e-6 * n**2)
    return np.where(usable, along_x, np.nan), np.where(usable, along_y, np.nan)
