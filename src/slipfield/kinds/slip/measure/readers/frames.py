"""What a reader of strain maps returns, and the way from scattered points to a regular grid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from slipfield.core.errors import SlipfieldError

LARGEST_UNEVENNESS = 0.02
"""Distance of a point from its place on the grid, in steps of the grid."""

ZERO = 1e-7
"""Largest strain of a frame without deformation; no camera resolves it."""

IMPOSSIBLE = 0.5
"""Strain that stands for no result, where all three components have it to the last digit."""

Unit = Literal["px", "mm"]
Direction = Literal["up", "down"]
NUMBER = re.compile(r"[0-9]+(?:(?:[.,]|(?<=[0-9])p(?=[0-9]))[0-9]+)?")
"""A number in a file name; ``0p25`` stands for 0.25 where a point is not allowed."""


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
    measure_word : what the file calls its measure, if that is none of ours.
    strain_unit : unit of the strains in the file's header, which was applied; empty if none.
    times : (time,) s, or None if the files do not say.
    notes : what a user should know, one sentence each.
    gauge : subset, step and full width of the strain fit, pixels, if the files say them.
    """

    position_unit: Unit
    displacement_unit: Unit
    y_axis: Direction
    measure: str | None
    measure_word: str = ""
    strain_unit: str = ""
    times: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    gauge: tuple[float | None, float | None, float | None] | None = None


@dataclass(frozen=True)
class Points:
    """One frame as scattered points; ``values`` by name: exx, eyy, exy and perhaps u, v."""

    source: Path
    x: np.ndarray
    y: np.ndarray
    values: dict[str, np.ndarray]


def numbered(files: Sequence[Path], gaps: bool = False) -> list[Path]:
    """Sort the files of a series by the number in their names that varies.

    Parameters
    ----------
    gaps : whether numbers may be missing in the series, as their times are given.

    Raises
    ------
    SlipfieldError
        If a number is missing in the series or there twice, or there is no file.
    """
    if not files:
        raise SlipfieldError("files: none given; name one file for each frame")
    if len(files) == 1:
        return list(files)
    return in_order(files, frame_numbers(files), gaps)


def name_pattern(path: Path) -> str:
    """Name of a file in small letters, without its suffix, with # for its numbers."""
    return NUMBER.sub("#", path.stem).lower()


def frame_numbers(files: Sequence[Path]) -> np.ndarray:
    """Numbers (files,) in the names of a series that order its frames.

    Raises
    ------
    SlipfieldError
        If a name has none, or two numbers order the frames in two ways.
    """
    found = [NUMBER.findall(path.stem) for path in files]
    if not all(found):
        unnumbered = next(path for path, numbers in zip(files, found, strict=True) if not numbers)
        raise SlipfieldError(f"{unnumbered}: no frame number in the name; number the frames")
    if len({NUMBER.sub("#", path.stem) for path in files}) > 1:
        found = [numbers[-1:] for numbers in found]
    table = [[float(n.replace(",", ".").replace("p", ".")) for n in numbers] for numbers in found]
    clock = [all(len(n) == 2 and n < "60" for n in place) for place in zip(*found, strict=True)]
    return _ordering_numbers(files, np.array(table), np.array(clock))


def _ordering_numbers(files: Sequence[Path], table: np.ndarray, clock: np.ndarray) -> np.ndarray:
    """Numbers (files,) that order the files, from all numbers (files, places) in their names.

    ``clock`` are the places that may be hours, minutes or seconds.
    """
    varying = np.flatnonzero(np.ptp(table, axis=0) > 0)
    if not len(varying):
        return table[:, -1]
    single = [i for i in varying if len(np.unique(table[:, i])) == len(table)]
    if not single or (len(varying) > 1 and clock[varying[-2:]].all() and varying[-1] in single):
        # No place tells all files apart, as in a date and a time: they count in their order.
        _, rank = np.unique(table[:, varying], axis=0, return_inverse=True)
        return rank.reshape(-1) if len(varying) > 1 else table[:, varying[0]]
    orders = {tuple(np.argsort(table[:, i])) for i in single}
    if len(orders) > 1:
        first, last = (f"{table[0, i]:g}" for i in (single[0], single[-1]))
        raise SlipfieldError(
            f"{files[0]}: two numbers of the name, {first} and {last}, order the frames in two "
            "ways; leave the number of the frame alone in the names"
        )
    even = [i for i in single if _uneven_at(table[:, i]) is None]
    return table[:, (even or single)[-1]]


def in_order(
    files: Sequence[Path], numbers: Sequence[float] | np.ndarray, gaps: bool = False
) -> list[Path]:
    """Sort the files of a series by the ``numbers`` of their frames.

    Raises
    ------
    SlipfieldError
        If a number is there twice or, unless ``gaps``, missing in the series.
    """
    order = np.argsort(numbers, kind="stable")
    for one, other in zip(order, order[1:], strict=False):
        if numbers[other] == numbers[one]:
            raise SlipfieldError(f"{files[other]}: same frame number as {files[one].name}")
    gap = _uneven_at(np.asarray(numbers))
    if gap is not None and not gaps:
        before, after = files[order[gap]], files[order[gap + 1]]
        raise SlipfieldError(
            f"{after}: does not follow {before.name}; frames in between are missing, leave no gap "
            "in the series or give the times of the frames (--times)"
        )
    return [files[i] for i in order]


def _uneven_at(numbers: np.ndarray) -> int | None:
    """Place of the widest step between numbers in order, or None if all steps are equal."""
    steps = np.diff(np.sort(numbers))
    if len(steps) < 2 or np.ptp(steps) <= 1e-6 * steps.max():
        return None
    return int(steps.argmax())


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
    names = [n for n in ("exx", "eyy", "exy", "u", "v") if all(n in f.values for f in frames)]
    maps = np.full((len(frames), len(names), len(y) * len(x)), np.nan)
    for frame, place in zip(frames, maps, strict=True):
        flat = _place(frame.y, y) * len(x) + _place(frame.x, x)
        if np.bincount(flat).max(initial=0) > 1:
            raise SlipfieldError(f"{frame.source}: two points at the same place; one frame a file")
        for number, name in enumerate(names):
            place[number, flat] = frame.values[name]
    fields = maps.reshape(len(frames), len(names), len(y), len(x))
    return stacked(x, y, dict(zip(names, np.moveaxis(fields, 1, 0), strict=True)))


def stacked(x: np.ndarray, y: np.ndarray, maps: dict[str, np.ndarray]) -> Maps:
    """Join maps (time, ny, nx) by name; a point has all components of strain or none."""
    rest = {name: maps[name] for name in ("u", "v") if name in maps}
    strain = np.stack([maps[name] for name in ("exx", "eyy", "exy")], axis=1)
    incomplete = np.isnan(strain).any(axis=1, keepdims=True)
    np.copyto(strain, np.nan, where=incomplete)
    return Maps(x, y, strain, **rest)


def without_zeros(frames: Frames, files: Sequence[Path]) -> tuple[Frames, bool]:
    """Mask points that stand for no result, and tell whether the first frame is the reference.

    Programs write zeros where they have no result, or a number such as -999 in all components;
    displacements of zero there are none either. The first frame may be all zeros, as it is compared
    with itself; any other frame without deformation was lost.

    Raises
    ------
    SlipfieldError
        If a later frame is zero everywhere while others are not.
    """
    frames = _without_marks(frames)
    strain = frames.strain
    size = np.abs(strain)
    largest = np.array([np.nanmax(each, initial=0.0) for each in size])
    still = largest < ZERO
    if still.all():
        return frames, False
    lost = int(np.flatnonzero(still)[1 if still[0] else 0]) if still[1:].any() else None
    if lost is not None:
        where = files[lost] if len(files) == len(strain) else f"{files[0]}: frame {lost}"
        raise SlipfieldError(
            f"{where}: no strain anywhere, while other frames show up to {largest.max():.3g}; the "
            "correlation was lost, leave this frame out"
        )
    zero = (size == 0).all(axis=1) & ~still[:, None, None]
    for number in np.flatnonzero(zero.any(axis=(1, 2))):
        zero[number] &= not _by_rounding(size[number], zero[number])
    if zero.any():
        np.copyto(strain, np.nan, where=zero[:, None])
    if frames.u is not None and frames.v is not None:
        none = np.isnan(strain[:, 0]) & (frames.u == 0) & (frames.v == 0) & ~still[:, None, None]
        for field in (frames.u, frames.v):
            np.copyto(field, np.nan, where=none)
    return frames, bool(still[0])


def _without_marks(frames: Frames) -> Frames:
    """Mask points that hold the same impossible number in all components of strain."""
    strain = frames.strain
    marked = (np.abs(strain[:, 0]) >= IMPOSSIBLE) & (strain == strain[:, :1]).all(axis=1)
    if not marked.any() or marked.all():
        return frames
    values = ", ".join(f"{value:g}" for value in np.unique(strain[:, 0][marked])[:3])
    np.copyto(strain, np.nan, where=marked[:, None])
    for field in (frames.u, frames.v):
        if field is not None:
            np.copyto(field, np.nan, where=marked)
    note = f"{int(marked.sum())} points hold {values} in all components: taken for no result"
    return replace(frames, notes=(*frames.notes, note))


def _by_rounding(size: np.ndarray, zero: np.ndarray) -> bool:
    """Whether so many points (ny, nx) are zero because strains (3, ny, nx) are rounded coarsely.

    Then single components are zero elsewhere too, and all three by chance.
    """
    elsewhere = np.isfinite(size[0]) & ~zero
    chance = np.prod([(each[elsewhere] == 0).mean() for each in size]) if elsewhere.any() else 0.0
    return bool(zero.sum() <= 3 * chance * np.isfinite(size[0]).sum())


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
