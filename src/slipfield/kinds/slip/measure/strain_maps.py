"""From measurement files to a specimen file: strain maps, then grains, then the load curve."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.axes import Axes
from slipfield.kinds.slip.measure.consistency import check_gradient
from slipfield.kinds.slip.measure.elongation import with_elongation
from slipfield.kinds.slip.measure.gauge import gauge_facts
from slipfield.kinds.slip.measure.readers import load_table
from slipfield.kinds.slip.measure.readers.coordinates import read_coordinates
from slipfield.kinds.slip.measure.readers.frames import Frames, without_zeros
from slipfield.kinds.slip.measure.readers.strain_formats import reader_named, recognised
from slipfield.kinds.slip.measure.readers.tables import read_table
from slipfield.kinds.slip.measure.readers.text_files import read_lines
from slipfield.kinds.slip.measure.specimen_file import OUTERMOST, part, with_provenance
from slipfield.kinds.slip.measure.strain_measures import check_measure

STRAIN_UNITS = {"one": 1.0, "percent": 1e-2, "permille": 1e-3, "microstrain": 1e-6}
UPWARD = "y of the pixels is below 0, so it was taken to point up (--y-axis down if not)"
AT_REST = "the first frame shows no deformation: it is the reference image, at {time:g} s"
Name = TypeVar("Name", bound=str)


@dataclass(frozen=True)
class StrainOptions:
    """What the files do not say about strain maps; lengths in mm, times in s.

    Attributes
    ----------
    format : one of :data:`slipfield.kinds.slip.measure.readers.strain_formats.NAMES`, or "auto".
    scale : mm per pixel, where positions are pixels.
    y_axis, load_axis, measure : override what the format implies; load_axis defaults to y.
    strain_unit, engineering_shear : unit of the strains, and whether xy is twice the tensor's.
    interval, start, times : seconds between frames and time of the first one (by default one
        interval, or 0 if that frame shows no deformation), or a file of times; where the files
        hold times, these by default.
    origin : specimen coordinates of the lower left measured point, (0, 0) by default.
    corner : pixel of the sheet's lower left corner, in the axes of the file; instead of ``origin``.
    sheet : width and height of the sheet between the grips; by default the measured points
        span it, with equal margins.
    outline : CSV with y, left, right of the side edges.
    thickness, strain_noise : of the sheet; standard deviation of the strains, 1.
    subset, step, strain_window : width of a subset, distance of the points, and full width of the
        strain fit, pixels; by default what the files say.
    """

    format: str = "auto"
    scale: float | None = None
    y_axis: str | None = None
    load_axis: str = "y"
    measure: str | None = None
    strain_unit: str = "one"
    engineering_shear: bool = False
    interval: float | None = None
    start: float | None = None
    times: Path | None = None
    origin: tuple[float, float] | None = None
    corner: tuple[float, float] | None = None
    sheet: tuple[float, float] | None = None
    outline: Path | None = None
    thickness: float | None = None
    strain_noise: float | None = None
    subset: float | None = None
    step: float | None = None
    strain_window: float | None = None


def import_strain(files: Sequence[Path], options: StrainOptions) -> xr.Dataset:
    """Turn the strain maps of a test into the first part of a specimen.

    Raises
    ------
    SlipfieldError
        If a file cannot be read, or an option is missing or does not fit.
    """
    frames = read_strain(files, options.format, gaps=options.times is not None)
    data, notes = strain_part(frames, files, options)
    return with_provenance(data, {**step("dic", files, vars(options)), "notes": notes})


def strain_part(
    frames: Frames, files: Sequence[Path], options: StrainOptions
) -> tuple[xr.Dataset, list[str]]:
    """First part of a specimen from frames that were read, and notes on them.

    Its provenance is left to the caller. Raises as :func:`import_strain`.
    """
    frames, starts_at_rest = without_zeros(frames, files)
    axes = Axes(
        choice("y-axis", options.y_axis or _upward(frames) or frames.y_axis, "up", "down"),
        choice("load-axis", options.load_axis, "x", "y", "-x", "-y"),
    )
    scale, moved = _scales(frames, options.scale)
    x, y = axes.grid(scale * frames.x, scale * frames.y)
    if frames.strain_unit and options.strain_unit != "one":
        raise SlipfieldError(
            f"strain-unit: given {options.strain_unit}; the header of {files[0]} says "
            f"{frames.strain_unit!r} and counts"
        )
    strain = _unit(options.strain_unit) * frames.strain
    if options.engineering_shear:
        strain = strain * np.array([1, 1, 0.5])[:, None, None]
    strain = axes.array(axes.tensors(strain, axis=1))
    window = _window(strain, frames.u, axes)
    x, y, strain = x[window[1]], y[window[0]], strain[(..., *window)]
    x, y = _placed(x, y, axes, None if frames.position_unit != "px" else scale, options)
    width, height = options.sheet or (x[-1] + x[0], y[-1] + y[0])
    _check_sheet(x, y, width, height)
    time = frame_times(len(strain), options, frames.times, starts_at_rest)
    values = {"strain": strain, "x_mm": x, "y_mm": y, "time": time}
    if frames.u is not None and frames.v is not None:
        u, v = (
            axes.array(moved * each)[(..., *window)] for each in axes.vectors(frames.u, frames.v)
        )
        values |= {"u": u, "v": v}
    values |= _outline(options.outline, height)
    measure = options.measure or frames.measure
    if measure is None and frames.measure_word:
        raise SlipfieldError(
            f"{files[0]}: the header calls the strains {frames.measure_word!r}, no measure that is "
            "known here; use --strain-measure"
        )
    if measure is None:
        raise SlipfieldError(
            f"{files[0]}: the format does not tell the strain measure; use --strain-measure"
        )
    check_measure(measure)
    if "u" in values:
        check_gradient(strain, values["u"], values["v"], x, y, measure)
    facts = {
        "strain_measure": measure,
        "sheet_width_mm": float(width),
        "sheet_height_mm": float(height),
        "sheet_source": "--sheet" if options.sheet else OUTERMOST,
        "placed": int(options.origin is not None or options.corner is not None),
        **_given(thickness_mm=options.thickness, strain_noise=options.strain_noise),
        **gauge_facts(
            (options.subset, options.step, options.strain_window),
            frames.gauge,
            float(np.diff(x).mean()),
            scale if frames.position_unit == "px" else None,
        ),
    }
    data = xr.Dataset(part(values), attrs=facts)
    data = with_elongation(data)
    notes = [*frames.notes, *([AT_REST.format(time=time[0])] if starts_at_rest else [])]
    notes += [UPWARD] if options.y_axis is None and _upward(frames) else []
    return data, notes


def _upward(frames: Frames) -> str | None:
    """``up`` for pixels with y below 0: a program turned the rows of the image upside down."""
    below = frames.position_unit == "px" and frames.y_axis == "down" and frames.y[-1] <= 0
    return "up" if below and frames.y[0] < 0 else None


def read_strain(files: Sequence[Path], form: str, gaps: bool = False) -> Frames:
    """Read strain maps of a named format, or of the one that the first file shows.

    ``gaps`` allows numbers to be missing in the names of a series.
    """
    if not files:
        raise SlipfieldError("files: none given; name one file for each frame")
    reader = recognised(files[0]) if form == "auto" else reader_named(form)
    return reader.read(list(files), gaps)


def choice(name: str, value: str, *allowed: Name) -> Name:
    """Return an option's value if it is allowed."""
    for one in allowed:
        if one == value:
            return one
    raise SlipfieldError(f"{name}: given {value!r}; expected one of {', '.join(allowed)}")


def step(verb: str, files: Sequence[Path], options: dict[str, Any]) -> dict[str, Any]:
    """Record of one import: files with their digests, and the options that were set."""
    digests = [
        {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in files
    ]
    kept = {name: value for name, value in options.items() if value is not None}
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in kept.items()}
    return {"import": verb, "files": digests, "options": plain}


def _given(**facts: float | None) -> dict[str, float]:
    return {name: float(value) for name, value in facts.items() if value is not None}


def _scales(frames: Frames, scale: float | None) -> tuple[float, float]:
    """Factors that turn positions and displacements into mm."""
    units = {"positions": frames.position_unit, "displacements": frames.displacement_unit}
    pixels = [name for name, unit in units.items() if unit == "px"]
    if scale is None:
        if pixels:
            raise SlipfieldError(f"scale: {pixels[0]} are in pixels; use --scale with mm per pixel")
        return 1.0, 1.0
    if not (scale > 0 and math.isfinite(scale)):
        raise SlipfieldError(f"scale: given {scale}; expected mm per pixel above 0")
    if not pixels:
        raise SlipfieldError("scale: positions are in mm already; leave --scale out")
    positions, displacements = (scale if unit == "px" else 1.0 for unit in units.values())
    return positions, displacements


def _unit(name: str) -> float:
    return STRAIN_UNITS[choice("strain-unit", name, *STRAIN_UNITS)]


def _window(strain: np.ndarray, displacement: np.ndarray | None, axes: Axes) -> tuple[slice, slice]:
    """Rows and columns that hold a measured strain or displacement in any frame."""
    seen = np.isfinite(strain[:, 0]).any(axis=0)
    if not seen.any():
        raise SlipfieldError("strain: no measured point in any frame")
    if displacement is not None:
        seen |= axes.array(np.isfinite(displacement).any(axis=0))
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _placed(
    x: np.ndarray, y: np.ndarray, axes: Axes, scale: float | None, options: StrainOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Specimen coordinates of the points, from the sheet's corner; ``scale`` is None for mm."""
    if options.corner is None:
        return tuple(
            values - values[0] + start
            for values, start in zip((x, y), options.origin or (0.0, 0.0), strict=True)
        )
    if options.origin is not None:
        raise SlipfieldError("corner: give --corner or --origin, not both")
    if scale is None:
        raise SlipfieldError("corner: positions are in mm, not in pixels; use --origin")
    if options.sheet is None:
        raise SlipfieldError("corner: give the size of the sheet, too (--sheet)")
    if not np.isfinite(options.corner).all():
        raise SlipfieldError(f"corner: given {options.corner}; expected two pixels")
    across, along = axes.matrix @ (scale * np.array(options.corner))
    return x - across, y - along


def _check_sheet(x: np.ndarray, y: np.ndarray, width: float, height: float) -> None:
    for name, values, size in (("width", x, width), ("height", y, height)):
        step_mm = values[-1] - values[-2] if len(values) > 1 else 0.0
        if not size > 0:
            raise SlipfieldError(f"sheet: {name} {size:g} mm; expected a positive number")
        if values[0] < -0.5 * step_mm or values[-1] > size + 0.5 * step_mm:
            raise SlipfieldError(
                f"sheet: points from {values[0]:.4g} to {values[-1]:.4g} mm do not fit into its "
                f"{name} of {size:.4g} mm; check --scale, --sheet and --origin or --corner"
            )


def frame_times(
    count: int,
    options: StrainOptions,
    known: np.ndarray | None = None,
    starts_at_rest: bool = False,
) -> np.ndarray:
    """Give the times (count,) of the frames, s.

    ``known`` are those in the files; a first frame without deformation (``starts_at_rest``) is the
    reference, at time 0 unless another is given.
    """
    if options.times is not None:
        if options.interval is not None:
            raise SlipfieldError("times: give --times or --interval, not both")
        return _times_in(options.times, count)
    if options.interval is None and known is not None:
        return known if options.start is None else options.start + known - known[0]
    if options.interval is None or not 0 < options.interval < math.inf:
        raise SlipfieldError("interval: give the seconds between frames (--interval) or --times")
    first = 0.0 if starts_at_rest else options.interval
    start = first if options.start is None else options.start
    return start + options.interval * np.arange(count)


def _times_in(path: Path, count: int) -> np.ndarray:
    """Read times from a file: a column named time, or one number a line."""
    lines = [line.strip() for line in read_lines(path) if line.strip()]
    try:
        times = np.array([line.replace(",", ".") for line in lines], dtype=float)
    except ValueError:
        column = load_table.read_times(path, list(read_table(path).values()))
        if column is None:
            raise SlipfieldError(f"{path}: no column 'time', and not one number a line") from None
        times = column
    if len(times) != count:
        raise SlipfieldError(f"{path}: {len(times)} times for {count} frames")
    return times


def _outline(path: Path | None, height: float) -> dict[str, np.ndarray]:
    """Side edges of the sheet from a CSV with y, left, right, mm."""
    if path is None:
        return {}
    names = ("y", "left", "right")
    edges = read_coordinates(path, names)
    return {f"outline_{name}": edges[:, i] for i, name in enumerate(names)}
