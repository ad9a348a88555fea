"""The load curve of a specimen: loads at the frames, and what the machine says of elongation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.noise import FEWEST_READINGS, reading_noise
from slipfield.kinds.slip.measure.readers import load_formats
from slipfield.kinds.slip.measure.readers.load_table import LoadCurve
from slipfield.kinds.slip.measure.specimen_file import part, with_provenance
from slipfield.kinds.slip.measure.strain_maps import step

SAME_TIME_S = 1e-6
BENT = 3.0
"""Residual of that parabola, as a multiple of the curve's noise, at which it bends too much."""

SIMILAR_DISPLACEMENT = 0.02
"""Difference of crosshead and strain maps, relative, that is not worth a warning."""


def add_load(
    data: xr.Dataset,
    path: Path,
    unit: str | None,
    offset: float,
    thickness: float | None,
    use_displacement: bool = False,
) -> xr.Dataset:
    """Add the load curve, at the times of the frames.

    Parameters
    ----------
    unit : N, kN or MPa, if the header does not say.
    offset : added to the times of the curve, s.
    thickness : of the sheet, mm, if not known yet.
    use_displacement : take the elongation from the curve's displacement column; by default it is
        compared with that of the strain maps and noted.

    Raises
    ------
    SlipfieldError
        If the curve cannot be read, does not cover the frames, or the section is not known.
    """
    if not math.isfinite(offset):
        raise SlipfieldError(f"time-offset: given {offset}; expected seconds")
    curve, program = load_formats.read(path, unit)
    data = with_curve(data, path, curve, offset, thickness, use_displacement)
    options = {
        "unit": unit,
        "offset": offset,
        "thickness": data.attrs["thickness_mm"],
        "use_displacement": use_displacement,
    }
    return with_provenance(data, {**step("load", [path], options), "format": program})


def with_curve(
    data: xr.Dataset,
    path: Path,
    curve: LoadCurve,
    offset: float,
    thickness: float | None,
    use_displacement: bool = False,
) -> xr.Dataset:
    """Add a load curve read from ``path``, without provenance; else as :func:`add_load`."""
    frames = data["time"].values
    if curve.time is None and len(curve.load) != len(frames):
        raise SlipfieldError(
            f"{path}: {len(curve.load)} loads without times for {len(frames)} frames; name the "
            "column of times time_s"
        )
    time = frames if curve.time is None else curve.time + offset
    margin = 1e-6 * frames[-1] + SAME_TIME_S
    if time[0] > frames[0] + margin or time[-1] < frames[-1] - margin:
        raise SlipfieldError(
            f"{path}: covers {time[0]:g} to {time[-1]:g} s, but the frames lie at {frames[0]:g} to "
            f"{frames[-1]:g} s; check the clock (--time-offset) and its unit"
        )
    thickness = data.attrs.get("thickness_mm", thickness) if thickness is None else thickness
    if thickness is None:
        raise SlipfieldError("thickness: not known; use --thickness with mm")
    if not 0 < thickness < math.inf:
        raise SlipfieldError(f"thickness: given {thickness}; expected mm above 0")
    section = data.attrs["sheet_width_mm"] * thickness
    load = around_frames(frames, time, curve.load) * (section if curve.is_stress else 1.0)
    values = {"load": load}
    facts: dict[str, Any] = {"thickness_mm": float(thickness)}
    if curve.displacement is None and use_displacement:
        raise SlipfieldError(f"use-displacement: {path} has no column of displacements")
    if curve.displacement is not None:
        known = np.isfinite(curve.displacement)
        if known.any():
            crosshead = np.interp(frames, time[known], curve.displacement[known])
            facts["load_table_displacement_mm"] = float(crosshead[-1])
        if use_displacement:
            if not known.all():
                row = int(np.flatnonzero(~known)[0]) + 1
                raise SlipfieldError(f"{path}: displacement: not finite in row {row}")
            values["displacement"] = crosshead
            facts["displacement_source"] = f"column of {path.name}"
    return data.assign(part(values)).assign_attrs(facts)


def around_frames(frames: np.ndarray, time: np.ndarray, load: np.ndarray) -> np.ndarray:
    """Loads (frames,) at the frames: parabolas through the readings around each of them.

    A parabola reaches half way to the frames beside, and averages the readings' noise. Where there
    are few readings, or the curve bends within them, as at yield or unloading, the load is
    interpolated.

    Parameters
    ----------
    frames : (frames,) s.
    time, load : (n,) of the readings, s and N.
    """
    plain = np.interp(frames, time, load)
    noise = reading_noise(time, load)
    if not np.isfinite(noise):
        return plain
    inner = 0.5 * np.diff(frames, prepend=0.0)
    reach = np.append(inner, inner[-1])
    found = plain.copy()
    for number, (at, before, after) in enumerate(zip(frames, reach, reach[1:], strict=False)):
        near = (time >= at - before) & (time <= at + after)
        if near.sum() < FEWEST_READINGS or not before > 0:
            continue
        scale = max(before, after)
        design = np.vander((time[near] - at) / scale, 3, increasing=True)
        fitted, *_ = np.linalg.lstsq(design, load[near], rcond=None)
        rest = load[near] - design @ fitted
        if np.sqrt(rest @ rest / (near.sum() - 3)) <= BENT * noise:
            found[number] = fitted[0]
    return found


def displacement_note(data: xr.Dataset) -> str | None:
    """What the displacement column of the load table says beside the strain maps; None: nothing."""
    machine = data.attrs.get("load_table_displacement_mm")
    if machine is None or "displacement" not in data:
        return None
    used = str(data.attrs["displacement_source"]).startswith("column of")
    elongation = float(data["displacement"].values[-1])
    if used:
        return f"{machine:.4g} mm at the end, used as the elongation of the sheet"
    ratio = machine / elongation
    text = f"{machine:.4g} mm at the end, the strain maps show {elongation:.4g} mm"
    if abs(ratio - 1) <= SIMILAR_DISPLACEMENT:
        return f"{text}: they agree"
    why = (
        "the travel of a crosshead holds the machine's compliance and is not used"
        if ratio > 1
        else "an extensometer on a part of the sheet shows less, a crosshead cannot: check --scale "
        "and the order of the frames"
    )
    if not 0.4 < ratio < 2.5:
        return f"warning: {text}, another size altogether; {why}"
    difference = f"{100 * abs(1 / ratio - 1):.0f} % {'less' if ratio > 1 else 'more'}"
    return f"warning: {text}, {difference}; {why}"
