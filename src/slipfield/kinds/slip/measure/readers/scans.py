"""What a reader of grain maps returns: orientations or labels on a regular grid of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from slipfield.core.errors import SlipfieldError

LARGEST_UNEVENNESS = 0.02
ROUNDING = 1e-4
"""Positions are written with five digits: their error, as a share of the largest."""

HEXAGON = np.sqrt(0.75)
"""Step between rows of a hexagonal grid, in steps within a row."""

FULL_TURNS = 4 * np.pi
"""What EDAX writes for the angles of a pixel that was not indexed."""


@dataclass(frozen=True)
class Scan:
    """Orientation map in the axes of the file, row 0 first.

    Attributes
    ----------
    x, y : (nx,), (ny,) ascending centres of the pixels, mm.
    euler : (ny, nx, 3) Bunge angles, rad.
    indexed : (ny, nx) whether the pixel has an orientation of the crystal in question.
    phase : name of that crystal.
    other_phases : share of the indexed pixels that belong to other crystals.
    notes, warnings : what a user should know, and what may be wrong, one sentence each.
    """

    x: np.ndarray
    y: np.ndarray
    euler: np.ndarray
    indexed: np.ndarray
    phase: str
    other_phases: float
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labels:
    """Labelled image: (ny, nx) labels, row 0 at the top, -1 for none, and angles by label."""

    label: np.ndarray
    euler: dict[int, tuple[float, float, float]] | None


@dataclass(frozen=True)
class Crystal:
    """A phase: its name in the file, and whether it is cubic."""

    name: str
    cubic: bool


@dataclass(frozen=True)
class Pixels:
    """Pixels of a map as a file lists them.

    Attributes
    ----------
    path : the file.
    euler : (n, 3) Bunge angles, rad.
    phase : (n,) number of the phase from 1, 0 where not indexed.
    crystals : phases by number.
    x, y : (n,) positions, mm, or None if the pixels fill the grid row by row.
    shape : rows and columns, or None if the file does not say.
    steps : steps along x and y, mm, or None.
    notes, warnings : as in :class:`Scan`.
    """

    path: Path
    euler: np.ndarray
    phase: np.ndarray
    crystals: dict[int, Crystal]
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    shape: tuple[int, int] | None = None
    steps: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Grid:
    """Grid of a map, and for each of its cells (ny, nx) the pixel that is there, or -1."""

    x: np.ndarray
    y: np.ndarray
    pixel: np.ndarray


def scan_of(pixels: Pixels) -> Scan:
    """Put the pixels of a map on their grid; the most frequent cubic phase is the crystal.

    Cells without a pixel are not indexed. A hexagonal grid is resampled on a square one: each cell
    is the nearest pixel.

    Raises
    ------
    SlipfieldError
        If the pixels fill no grid, none is indexed as a cubic phase, or angles are degrees.
    """
    _check_radians(pixels)
    phase = np.where(_has_angles(pixels.euler), pixels.phase, 0)
    number, others, warnings = _crystal(pixels, phase)
    grid = _grid(pixels)
    there = grid.pixel >= 0
    euler = np.zeros((*there.shape, 3))
    euler[there] = pixels.euler[grid.pixel[there]]
    indexed = there & (phase[grid.pixel] == number)
    name = pixels.crystals[number].name
    warnings = [*pixels.warnings, *warnings, *_odd_places(pixels, grid)]
    return Scan(grid.x, grid.y, euler, indexed, name, others, pixels.notes, tuple(warnings))


def _odd_places(pixels: Pixels, grid: _Grid) -> list[str]:
    """Warnings of positions that do not go with the header, or whose y may point up."""
    if pixels.x is None or pixels.y is None:
        return []
    found = []
    if pixels.y.max() <= 0 and pixels.x.min() >= 0:
        found.append(
            f"Y of the pixels runs from {1e3 * pixels.y.min():g} to 0 um: it may point up; look at "
            "`import check --overlay`, and use --y-axis up"
        )
    given, steps = pixels.steps, [np.diff(axis).mean() for axis in (grid.x, grid.y)]
    if given is None or not min(given) > 0:
        return found
    odd = any(abs(a / b - 1) > LARGEST_UNEVENNESS for a, b in zip(steps, given, strict=True))
    if odd and not _is_hexagonal(pixels.x, pixels.y):
        found.append(
            f"the header says steps of {1e3 * given[0]:g} and {1e3 * given[1]:g} um, the pixels "
            f"lie {1e3 * steps[0]:g} and {1e3 * steps[1]:g} um apart, which was taken"
        )
    return found


def _check_radians(pixels: Pixels) -> None:
    """Refuse angles of indexed pixels that are beyond those that stand for none."""
    given = pixels.euler[(pixels.phase > 0) & np.isfinite(pixels.euler).all(axis=1)]
    largest = np.abs(given).max(initial=0.0)
    if largest > FULL_TURNS + 0.1:
        raise SlipfieldError(
            f"{pixels.path}: Euler angles up to {largest:.4g} where this format has radians; the "
            "file holds degrees"
        )


def _has_angles(euler: np.ndarray) -> np.ndarray:
    """Pixels whose angles are not those that stand for none."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(euler).all(axis=1) & ~(np.abs(euler) > FULL_TURNS - 1e-3).any(axis=1)


def _crystal(pixels: Pixels, phase: np.ndarray) -> tuple[int, float, list[str]]:
    """Number of the crystal, share of other phases, and warnings of them."""
    path, crystals = pixels.path, pixels.crystals
    indexed = int((phase > 0).sum())
    count = {number: int((phase == number).sum()) for number in crystals}
    cubic = [number for number, crystal in crystals.items() if crystal.cubic]
    if indexed == 0:
        names = ", ".join(crystal.name for crystal in crystals.values()) or "none"
        raise SlipfieldError(f"{path}: no pixel is indexed (phases in the header: {names})")
    number = max(cubic, key=lambda each: count[each], default=0)
    if count.get(number, 0) == 0:
        names = ", ".join(crystals[n].name for n in crystals if count[n]) or "unknown"
        raise SlipfieldError(
            f"{path}: no pixel of a cubic crystal; the model is for cubic metals, the map shows "
            f"{names}"
        )
    others = 1 - count[number] / indexed
    warnings = []
    if others > 0:
        names = ", ".join(
            f"{crystals[n].name} ({100 * count[n] / indexed:.0f} %)"
            for n in sorted(crystals, key=lambda each: -count[each])
            if n != number and count[n]
        )
        warnings.append(
            f"two phases: {crystals[number].name} ({100 * (1 - others):.0f} % of the indexed "
            f"pixels) is the crystal; pixels of {names or 'unknown phases'} have no grain, and the "
            "model knows one phase alone"
        )
    return number, others, warnings


def _grid(pixels: Pixels) -> _Grid:
    count = len(pixels.phase)
    if pixels.shape is not None and min(pixels.shape) == 1 < max(pixels.shape):
        raise SlipfieldError(f"{pixels.path}: a line of {count} pixels; expected a map")
    if pixels.x is None or pixels.y is None:
        if pixels.shape is None or pixels.steps is None or count != np.prod(pixels.shape):
            raise SlipfieldError(
                f"{pixels.path}: {pixels.shape} pixels in the header, but {count} in the file"
            )
        return _full(pixels.shape, pixels.steps, (0.0, 0.0))
    for name, values in (("X", pixels.x), ("Y", pixels.y)):
        if not np.isfinite(values).all():
            raise SlipfieldError(f"{pixels.path}: {name} is not a number in some pixel")
    stated = _stated_grid(pixels, pixels.x, pixels.y)
    if stated is not None:
        return stated
    if _is_hexagonal(pixels.x, pixels.y):
        return _from_hexagons(pixels.x, pixels.y)
    return _found_grid(pixels.path, pixels.x, pixels.y)


def _full(shape: tuple[int, int], steps: tuple[float, float], start: tuple[float, float]) -> _Grid:
    rows, columns = shape
    x, y = (s + d * np.arange(n) for s, d, n in zip(start, steps, (columns, rows), strict=True))
    return _Grid(x, y, np.arange(rows * columns).reshape(shape))


def _stated_grid(pixels: Pixels, x: np.ndarray, y: np.ndarray) -> _Grid | None:
    """Grid of the header, or None if it has none or the pixels lie on another one.

    Raises
    ------
    SlipfieldError
        If the last pixels are missing, or two share a place.
    """
    if pixels.shape is None or pixels.steps is None or not min(*pixels.shape, *pixels.steps) > 0:
        return None
    if min(pixels.shape) < 2:
        return None
    rows, columns = pixels.shape
    dx, dy = pixels.steps
    start = _start(x, columns, dx), _start(y, rows, dy)
    if len(x) == rows * columns:
        row, column = np.divmod(np.arange(len(x)), columns)
        if _lies_at(x, start[0] + dx * column, dx) and _lies_at(y, start[1] + dy * row, dy):
            return _full(pixels.shape, pixels.steps, start)
    places = [(v - s) / d for v, s, d in zip((x, y), start, pixels.steps, strict=True)]
    if any(np.abs(place - np.rint(place)).max() > 0.25 for place in places):
        return None
    column, row = (np.rint(place).astype(int) for place in places)
    if column.max() >= columns or row.max() >= rows or min(column.min(), row.min()) < 0:
        return None
    return _Grid(
        start[0] + pixels.steps[0] * np.arange(columns),
        start[1] + pixels.steps[1] * np.arange(rows),
        _placed(pixels.path, row, column, pixels.shape),
    )


def _lies_at(values: np.ndarray, places: np.ndarray, step: float) -> bool:
    """Whether positions are those of ``places``, but for the rounding of the file."""
    return bool(np.abs(values - places).max() < 0.25 * step + ROUNDING * np.abs(values).max())


def _start(values: np.ndarray, count: int, step: float) -> float:
    """First position of a grid: 0, if the grid of the header starts there, or the first pixel."""
    inside = values.min() > -0.25 * step and values.max() < (count - 0.75) * step
    even = np.abs(values / step - np.rint(values / step)).max() < 0.1
    return 0.0 if inside and even else float(values.min())


def _placed(path: Path, row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pixel of each cell (ny, nx), or -1."""
    place = row * shape[1] + column
    pixel = np.full(shape[0] * shape[1], -1)
    pixel[place] = np.arange(len(place))
    filled = int((pixel >= 0).sum())
    if filled < len(place):
        raise SlipfieldError(f"{path}: {len(place) - filled + 1} pixels share a place in the map")
    if filled < len(pixel) and place.max() == filled - 1:
        raise SlipfieldError(
            f"{path}: {filled} pixels do not fill a grid of {shape[0]} x {shape[1]}; the file is "
            "truncated"
        )
    return pixel.reshape(shape)


def _found_grid(path: Path, x: np.ndarray, y: np.ndarray) -> _Grid:
    """Grid that the positions of the pixels fill."""
    columns, rows = (_axis(path, values, name) for values, name in ((x, "X"), (y, "Y")))
    if len(columns) * len(rows) != len(x):
        raise SlipfieldError(
            f"{path}: {len(x)} pixels do not fill a grid of {len(rows)} x {len(columns)}; "
            "the file is truncated, or the map is none of a square or hexagonal grid"
        )
    order = np.lexsort((x, y))
    return _Grid(columns, rows, order.reshape(len(rows), len(columns)))


def _axis(path: Path, values: np.ndarray, name: str) -> np.ndarray:
    found = np.unique(np.round(values, 9))
    if len(found) < 2:
        raise SlipfieldError(f"{path}: all pixels have the same {name}; expected a map")
    steps = np.diff(found)
    if np.ptp(steps) > LARGEST_UNEVENNESS * steps.mean():
        raise SlipfieldError(
            f"{path}: steps along {name} run from {steps.min():g} to {steps.max():g} mm; "
            "not a map on a square or hexagonal grid"
        )
    return np.linspace(found[0], found[-1], len(found))


def _is_hexagonal(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether every other row is shifted by half a step."""
    rows = np.unique(np.round(y, 9))
    if len(rows) < 2:
        return False
    first, second = (np.sort(x[np.abs(y - row) < 1e-8]) for row in rows[:2])
    if len(first) < 2 or len(second) < 1:
        return False
    step = np.median(np.diff(first))
    shift = abs(second[0] - first[0]) / step
    return bool(0.4 < shift < 0.6 and 0.6 < (rows[1] - rows[0]) / step < 1.2)


def _from_hexagons(x: np.ndarray, y: np.ndarray) -> _Grid:
    """Square grid of as many cells as there are hexagons; each takes the nearest pixel."""
    rows = np.unique(np.round(y, 9))
    across = np.median(np.diff(np.sort(x[np.abs(y - rows[0]) < 1e-8])))
    step = np.sqrt(across * np.diff(rows).mean())
    axes = [v.min() + step * np.arange(int(np.ptp(v) / step + 0.5) + 1) for v in (x, y)]
    cells = np.stack(np.meshgrid(*axes), axis=-1)
    distance, nearest = cKDTree(np.column_stack([x, y])).query(cells)
    return _Grid(axes[0], axes[1], np.where(distance < across, nearest, -1))
