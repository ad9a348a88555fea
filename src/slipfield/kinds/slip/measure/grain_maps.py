"""Grains of a specimen file, from an orientation map or a labelled image."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.axes import (
    Axes,
    check_affine,
    euler_axes,
    fit_affine,
    rotation_of,
    turn_orientations,
)
from slipfield.kinds.slip.measure.cubic import mean_orientations
from slipfield.kinds.slip.measure.grains import (
    GrainMap,
    clean,
    connected_parts,
    large_parts,
    outlines,
    segment,
    sizes,
)
from slipfield.kinds.slip.measure.readers import label_image
from slipfield.kinds.slip.measure.readers.coordinates import read_coordinates
from slipfield.kinds.slip.measure.readers.scan_formats import recognised
from slipfield.kinds.slip.measure.specimen_file import (
    GRAIN_EXTRAS,
    GRAIN_PART,
    part,
    with_provenance,
)
from slipfield.kinds.slip.measure.strain_maps import choice, step
from slipfield.kinds.slip.specimen.size import grain_size

WIDEST_GAP = 100
CONTROL_COLUMNS = ("map_x", "map_y", "specimen_x", "specimen_y")


@dataclass(frozen=True)
class GrainOptions:
    """What the files do not say about grain maps.

    Attributes
    ----------
    y_axis, load_axis : axes of the map; y points as the format implies by default.
    euler_axes : reference axes of the angles as seen in the upright map, e.g. "x,y"; by default
        those of the format.
    threshold_deg : smallest misorientation of a boundary.
    fewest_pixels, gap : smallest grain and widest filled gap, pixels.
    origin : specimen coordinates of the map's lower left corner, mm.
    affine : the map's x, y (mm from its lower left corner) to specimen x, y: a, b, c, d, e, f in
        x' = a x + b y + c, y' = d x + e y + f; goes before ``origin``.
    control_points : CSV with map_x, map_y, specimen_x, specimen_y (mm); goes before both.
    """

    y_axis: str | None = None
    load_axis: str = "y"
    euler_axes: str | None = None
    threshold_deg: float = 5.0
    fewest_pixels: int = 10
    gap: int = 3
    origin: tuple[float, float] = (0.0, 0.0)
    affine: tuple[float, ...] | None = None
    control_points: Path | None = None


def add_orientation_map(data: xr.Dataset, path: Path, options: GrainOptions) -> xr.Dataset:
    """Segment an orientation map into grains and add them.

    Raises
    ------
    SlipfieldError
        If the map cannot be read or an option does not fit.
    """
    reader = recognised(path)
    _check_options(options)
    if not 0 < options.threshold_deg < 62.8:
        raise SlipfieldError(
            f"threshold: given {options.threshold_deg}; cubic crystals differ by 0 to 62.8 degrees"
        )
    scan = reader.read(path)
    part_of = segment(scan.euler, scan.indexed, np.radians(options.threshold_deg))
    axes = _axes(options, reader.Y_AXIS)
    x, y = axes.grid(scan.x, scan.y)
    part_of = axes.array(part_of)
    grain = clean(part_of, options.fewest_pixels, options.gap)
    angles = axes.array(np.moveaxis(scan.euler, -1, 0))
    owned = large_parts(part_of, options.fewest_pixels)
    euler = mean_orientations(angles[:, owned].T, grain[owned])
    data = _add(data, GrainMap(x, y, grain, euler), axes, options, reader.EULER_AXES)
    facts = {
        "phase": scan.phase,
        "indexed": float(scan.indexed.mean()),
        "other_phases": float(scan.other_phases),
        "format": reader.TITLE,
        "notes": list(scan.notes),
        "warnings": list(scan.warnings),
    }
    return with_provenance(data, {**step("ebsd", [path], vars(options)), **facts})


def add_labelled_image(
    data: xr.Dataset,
    path: Path,
    pixel: float,
    table: Path | None,
    background: int | None,
    degrees: bool,
    options: GrainOptions,
) -> xr.Dataset:
    """Add the grains of a labelled image, with their orientations if there is a table.

    Parameters
    ----------
    pixel : size of a pixel, mm.
    table, background, degrees : as in
        :func:`slipfield.kinds.slip.measure.readers.label_image.read`.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or an option does not fit.
    """
    _check_options(options)
    if not 0 < pixel < np.inf:
        raise SlipfieldError(f"pixel: given {pixel}; expected mm above 0")
    labels = label_image.read(path, table, background, degrees)
    axes = _axes(options, "down")
    rows, columns = labels.label.shape
    x, y = axes.grid(pixel * np.arange(columns), pixel * np.arange(rows))
    label = axes.array(labels.label)
    parts = connected_parts(label)
    grain = clean(parts, options.fewest_pixels, options.gap)
    euler = None
    if labels.euler is not None:
        real = large_parts(parts, options.fewest_pixels)
        _, first = np.unique(np.where(real, grain, -1), return_index=True)
        owners = label.ravel()[first][-(grain.max() + 1) :]
        euler = np.array([labels.euler[int(owner)] for owner in owners])
    data = _add(data, GrainMap(x, y, grain, euler), axes, options, label_image.EULER_AXES)
    files = [path] if table is None else [path, table]
    settings = {**vars(options), "pixel": pixel, "background": background, "degrees": degrees}
    return with_provenance(data, step("grains", files, settings))


def _check_options(options: GrainOptions) -> None:
    if options.fewest_pixels < 1:
        raise SlipfieldError(f"fewest-pixels: given {options.fewest_pixels}; expected 1 or more")
    if not 0 <= options.gap <= WIDEST_GAP:
        raise SlipfieldError(f"gap: given {options.gap}; expected 0 to {WIDEST_GAP} pixels")
    if not np.isfinite(options.origin).all():
        raise SlipfieldError(f"origin: given {options.origin}; expected two numbers, mm")


def _axes(options: GrainOptions, y_axis: str) -> Axes:
    """Axes of a map; ``y_axis`` is that of its format."""
    return Axes(
        choice("y-axis", options.y_axis or y_axis, "up", "down"),
        choice("load-axis", options.load_axis, "x", "y", "-x", "-y"),
    )


def _add(
    data: xr.Dataset, grains: GrainMap, axes: Axes, options: GrainOptions, default_axes: str
) -> xr.Dataset:
    """Add grains, in map axes that start at the map's lower left corner."""
    steps = [(values[-1] - values[0]) / (len(values) - 1) for values in (grains.x, grains.y)]
    x, y = (v - v[0] + 0.5 * s for v, s in zip((grains.x, grains.y), steps, strict=True))
    placed = GrainMap(x, y, grains.grain, grains.euler)
    ellipse = sizes(outlines(placed))
    affine, named = _affine(options), options.euler_axes or default_axes
    values = {
        "grain_id": grains.grain,
        "grain_x_mm": x,
        "grain_y_mm": y,
        "affine": affine,
        "ellipse": ellipse * np.sqrt(np.linalg.det(affine[:, :2])),
    }
    values["size"] = grain_size(values["ellipse"])
    if grains.euler is not None:
        values["euler"] = turn_orientations(grains.euler, from_specimen(axes, named, affine))
    old = [name for name in {**GRAIN_PART, **GRAIN_EXTRAS} if name in data.variables]
    facts = {"y_axis": axes.y_axis, "load_axis": axes.load_axis, "euler_axes": named}
    return data.drop_vars(old).assign(part(values)).assign_attrs(grain_axes=json.dumps(facts))


def from_specimen(axes: Axes, reference: str, affine: np.ndarray) -> np.ndarray:
    """Matrix (3, 3), specimen axes -> reference axes of the angles.

    The reference axes are named as seen in the map before it is turned to put the load upright.
    """
    return euler_axes(reference) @ axes.turn.T @ rotation_of(affine)


def _affine(options: GrainOptions) -> np.ndarray:
    if options.control_points is not None:
        points = read_coordinates(options.control_points, CONTROL_COLUMNS)
        if not np.isfinite(points).all():
            raise SlipfieldError(f"{options.control_points}: a coordinate is missing")
        return fit_affine(points[:, :2], points[:, 2:])[0]
    if options.affine is not None:
        if len(options.affine) != 6:
            raise SlipfieldError(f"affine: given {len(options.affine)} numbers; expected 6")
        return check_affine(np.reshape(options.affine, (2, 3)))
    return np.column_stack([np.eye(2), options.origin])
