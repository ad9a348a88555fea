"""What a reader of strain maps returns, and the way from scattered points to a regular grid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from slipfield.core.errors import SlipfieldError

LARGEST_UNEVENNESS = 0.02
"""Distance of a point from its place on the grid, in steps of the grid."""

Unit = Literal["px", "mm"]
Direction = Literal["up", "down"]


@dataclass(frozen=True)
class Maps:
    """Maps on a regular grid.

    Attributes
    ----------
    x, y : (nx,), (ny,) ascending positions.
    strain : (time, 3, ny, nx) xx, yy, xy (tensor shear), NaN where there is none.
    u, v : (time, ny, nx) displacements, or None.
    """

    x: np.ndarray
    y: np.ndarray
    strain: np.ndarray
    u: np.ndarray | None = None
    v: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Frames(Maps):
    """Strain maps of one measurement, in the axes of the file.

    Attributes
    ----------
    position_unit, displacement_unit : "px" or "mm".
    y_axis : direction of the file's y axis in the picture.
    measure : strain measure, or None if the format does not say.
    strain_unit : unit of the strains in the file's header, which was applied; empty if none.
    times : (time,) s, or None if the files do not say.
    """

    position_unit: Unit
    displacement_unit: Unit
    y_axis: Direction
    measure: str | None
    strain_unit: str = ""
    times: np.ndarray | None = None


@dataclass(frozen=True)
class Points:
    """One frame as scattered points; ``values`` by name: exx, eyy, exy and perhaps u, v."""

    source: Path
    x: np.ndarray
    y: np.ndarray
    values: dict[str, np.ndarray]


def numbered(files: Sequence[Path]) -> list[Path]:
    """Sort the files of a series by the last number in their names.

    Raises
    ------
    SlipfieldError
        If a number is missing in the series or there twice, or there is no file.
    """
    if not files:
        raise SlipfieldError("files: none given; name one file for each frame")
    if len(files) == 1:
        return list(files)
    digits = [re.findall(r"\d+", path.stem) for path in files]
    if not all(digits):
        unnumbered = next(path for path, found in zip(files, digits, strict=True) if not found)
        raise SlipfieldError(f"{unnumbered}: no frame number in the name; number the frames")
    return in_order(files, [int(found[-1]) for found in digits])


def in_order(files: Sequence[Path], numbers: Sequence[int]) -> list[Path]:
    """Sort the files of a series by the ``numbers`` of their frames.

    Raises
    ------
    SlipfieldError
        If a number is missing in the series or there twice.
    """
    order = np.argsort(numbers, kind="stable")
    for one, other in zip(order, order[1:], strict=False):
        step = numbers[other] - numbers[one]
        if step == 0:
            raise SlipfieldError(f"{files[other]}: same frame number as {files[one].name}")
    steps = np.diff(np.sort(numbers))
    if len(steps) > 1 and np.ptp(steps) > 0:
        gap = int(steps.argmax())
        before, after = files[order[gap]], files[order[gap + 1]]
        raise SlipfieldError(
            f"{after}: does not follow {before.name}; frames in between are missing, "
            "leave no gap in the series or import the complete part"
        )
    return [files[i] for i in order]


def on_grid(frames: Sequence[Points]) -> Maps:
    """Put frames of scattered points on one regular grid.

    The maps have ``u`` and ``v`` if all frames have them, and are NaN where a frame has no point.

    Raises
    ------
    SlipfieldError
        If the points lie on no common regular grid, or two share a place.
    """
    x, y = (
        _axis(np.concatenate([getattr(frame, name) for frame in frames]), name, frames[0].source)
        for name in ("x", "y")
    )
    maps: list[dict[str, np.ndarray]] = []
    for frame in frames:
        column, row = _place(frame.x, x), _place(frame.y, y)
        flat = row * len(x) + column
        if len(np.unique(flat)) != len(flat):
            raise SlipfieldError(f"{frame.source}: two points at the same place; one frame a file")
        maps.append({name: np.full((len(y), len(x)), np.nan) for name in frame.values})
        for name, values in frame.values.items():
            maps[-1][name][row, column] = values
    return stacked(x, y, maps)


def stacked(x: np.ndarray, y: np.ndarray, maps: Sequence[dict[str, np.ndarray]]) -> Maps:
    """Join the maps (ny, nx) of each frame, by name; a point has all components or none."""
    names = [n for n in ("exx", "eyy", "exy", "u", "v") if all(n in each for each in maps)]
    arrays = {name: np.stack([each[name] for each in maps]) for name in names}
    strain = np.stack([arrays.pop(name) for name in ("exx", "eyy", "exy")], axis=1)
    incomplete = np.isnan(strain).any(axis=1, keepdims=True)
    return Maps(x, y, np.where(incomplete, np.nan, strain), **arrays)


def _axis(values: np.ndarray, name: str, source: Path) -> np.ndarray:
    """Positions of a regular grid that holds all ``values``."""
    ordered = np.unique(values)
    if len(ordered) < 2:
        raise SlipfieldError(f"{source}: all points have the same {name}; expected a map")
    gaps = np.diff(ordered)
    step = np.median(gaps[gaps > 1e-3 * gaps.max()])
    count = int(np.rint((ordered[-1] - ordered[0]) / step))
    if count > 20 * len(ordered):
        raise SlipfieldError(f"{source}: {name} of the points lies on no regular grid")
    step = (ordered[-1] - ordered[0]) / count
    grid = ordered[0] + step * np.arange(count + 1)
    away = np.abs(ordered - grid[_place(ordered, grid)])
    if away.max() > LARGEST_UNEVENNESS * step:
        raise SlipfieldError(
            f"{source}: {name} = {ordered[away.argmax()]:g} lies off a regular grid of step "
            f"{step:g}; export the points of the undeformed image"
        )
    return grid


def _place(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    step = (grid[-1] - grid[0]) / (len(grid) - 1)
    return np.clip(np.rint((values - grid[0]) / step).astype(int), 0, len(grid) - 1)
