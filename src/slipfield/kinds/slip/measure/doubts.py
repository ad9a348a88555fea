"""What in a specimen file is valid and yet hardly right, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import xarray as xr

from slipfield.kinds.slip.measure.gauge import gauge_doubt
from slipfield.kinds.slip.measure.loads import displacement_note
from slipfield.kinds.slip.measure.specimen_checks import against_load
from slipfield.kinds.slip.measure.specimen_file import OUTERMOST, remarks
from slipfield.kinds.slip.study.plausible import thickness_doubts

LARGEST_MARGIN = 1.5
"""Steps of the strain maps that may be missing at an edge before somebody is asked."""

FEWEST_ALIKE, ALIKE = 4, 0.1
"""Frames whose elongations, relative to the largest, differ so little that somebody is asked."""

SIMILAR_SIZE = 0.01
"""Difference of grain map and sheet, relative to the sheet, that pixels explain."""


def doubts(data: xr.Dataset) -> Iterator[str]:
    """Sentences on sheet, place of the maps, grain map and displacements, and of the readers."""
    if "strain" in data:
        yield from _sheet(data)
        yield from _frames(data)
        yield from _repeated(data["strain"].values)
    wide = gauge_doubt(data)
    if wide:
        yield wide
    yield from remarks(data, "warnings")
    note = displacement_note(data)
    if note and note.startswith("warning: "):
        yield "displacement of the load table: " + note.removeprefix("warning: ")


def _frames(data: xr.Dataset) -> Iterator[str]:
    """Elongations that may be increments, or frames that may be in another order."""
    moved = data["displacement"].values if "displacement" in data else np.zeros(0)
    moved = moved[data["time"].values[: len(moved)] > 0]
    if len(moved) >= FEWEST_ALIKE and np.ptp(moved) < ALIKE * np.abs(moved).max():
        yield (
            f"displacement: {moved.min():.3g} to {moved.max():.3g} mm in all frames; if strains "
            "and displacements are those since the frame before, export sums since the first image"
        )
    frames = against_load(data)
    if len(frames):
        yield (
            f"displacement: falls from frame {frames[0]} to the next, while the load rises; check "
            "the order of the frames and --time-offset"
        )


def repeats(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether a strain map is that of the frame before, as of a camera that stands.

    No two measurements are alike, but before the test all strain may be zero.
    """
    alike = np.array_equal(before, after, equal_nan=True)
    return alike and bool(np.nanmax(np.abs(after), initial=0.0))


def _repeated(strain: np.ndarray) -> Iterator[str]:
    """Frames that repeat the one before."""
    for number, (before, after) in enumerate(pairwise(strain), start=1):
        if repeats(before, after):
            yield (
                f"strain: frame {number} holds the values of frame {number - 1} again; take out "
                "what was saved twice"
            )


def _sheet(data: xr.Dataset) -> Iterator[str]:
    facts = data.attrs
    ends = [f"sheet_{name}_mm" for name in ("width", "height")]
    sizes = [float(facts[name]) for name in ends if facts.get(name) is not None]
    if len(sizes) < len(ends):
        return
    yield from thickness_doubts("--thickness", facts.get("thickness_mm", 0.0), sizes[0])
    places = [data[name].values for name in ("x_mm", "y_mm")]
    if facts.get("sheet_source") == OUTERMOST:
        text = (
            f"sheet: taken to end at the outermost points, {sizes[0]:.4g} x {sizes[1]:.4g} mm; "
            "correlation does not reach the edges of a sheet. Give its size (--sheet) and its "
            "lower left corner (--corner in pixels, or --origin)"
        )
        larger = _grain_excess(data, sizes)
        yield text + (f". The grain map is {larger}" if larger else "")
        return
    names = ("right", "left"), ("top", "bottom")
    for (far, near), at, size in zip(names, places, sizes, strict=True):
        step = (at[-1] - at[0]) / (len(at) - 1)
        missing = (size - at[-1]) / step
        if abs(at[0]) < 1e-6 * size and missing > LARGEST_MARGIN and not facts.get("placed", 0):
            yield (
                f"sheet: the points begin at the {near} edge and end {size - at[-1]:.3g} mm "
                f"before the {far} one; if the maps have margins on both sides, give --corner or "
                "--origin"
            )


def _grain_excess(data: xr.Dataset, sizes: list[float]) -> str:
    """By how much the grain map is larger than the sheet; empty if it is not."""
    if "grain_id" not in data:
        return ""
    affine = data["affine"].values[:, :2]
    spans = [np.ptp(data[f"grain_{name}_mm"].values) for name in "xy"]
    steps = [span / (len(data[f"grain_{n}_mm"]) - 1) for span, n in zip(spans, "xy", strict=True)]
    extent = np.abs(affine) @ (np.array(spans) + steps)
    if np.all(extent <= (1 + SIMILAR_SIZE) * np.array(sizes)):
        return ""
    return f"{extent[0]:.4g} x {extent[1]:.4g} mm"
