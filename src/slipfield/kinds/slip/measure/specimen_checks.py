"""Checks of the values in a specimen file; each yields one line per problem, with its remedy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError
from slipfield.core.numbers import percent
from slipfield.kinds.slip.measure.gauge import NAMES as GAUGE
from slipfield.kinds.slip.measure.strain_measures import MEASURES, stretch_along_y

LARGEST_STRAIN = 1.0
LARGEST_MASKED = 0.5
LARGEST_UNEVENNESS = 0.01
LARGEST_ELONGATION_MISMATCH = 0.25
STRESS_RANGE_MPA = (1.0, 5000.0)
SMALLEST_TELLING_STRETCH = 2e-3
FEWEST_POINTS = 4
SMALLEST_COVER = 0.5
LARGEST_MAP = 20
CLEAR_RISE = 0.1
"""Rise of the load from one frame to the next, relative to the largest load, that no metal bears
without becoming longer."""

MOST_AGAINST = 0.25
"""Share of the steps between frames that may show that."""
LARGEST_WIDTH_MISMATCH = 0.2


def strain_problems(data: xr.Dataset) -> Iterator[str]:
    """Problems of positions, times, strains, displacement and load."""
    for name in ("x_mm", "y_mm"):
        yield from _axis_problems(name, data[name].values)
    measure = data.attrs.get("strain_measure")
    if measure not in MEASURES:
        yield f"attribute 'strain_measure' is {measure!r}, expected one of {', '.join(MEASURES)}"
        return
    time = data["time"].values
    if not np.isfinite(time).all():
        yield "time: not finite"
    elif np.any(np.diff(time) <= 0):
        frame = int(np.flatnonzero(np.diff(time) <= 0)[0])
        yield (
            f"time: {time[frame + 1]:g} s of frame {frame + 1} does not follow "
            f"{time[frame]:g} s of frame {frame}; sort the frames by time"
        )
    elif time[0] < 0 or time[-1] == 0:
        yield f"time: runs from {time[0]:g} to {time[-1]:g} s; it counts from the start of loading"
    else:
        yield from _field_problems(data, measure)


def _axis_problems(name: str, values: np.ndarray) -> Iterator[str]:
    if len(values) < FEWEST_POINTS:
        yield f"{name}: {len(values)} points, expected {FEWEST_POINTS} or more"
        return
    steps = np.diff(values)
    if not np.all(steps > 0):
        yield f"{name}: must ascend"
    elif np.ptp(steps) > LARGEST_UNEVENNESS * steps.mean():
        low, high = steps.min(), steps.max()
        yield f"{name}: points must be evenly spaced; steps run from {low:g} to {high:g}"


def strain_problem(strain: np.ndarray, names: Sequence[str]) -> str:
    """What is wrong with strains (frames, 3, y, x); ``names`` are of the frames. Empty: nothing."""
    masked = np.isnan(strain)
    if not np.all(masked.all(axis=1) == masked.any(axis=1)):
        return "a point must have all three components or none (NaN)"
    if np.isinf(strain).any():
        return "infinite values; mask a point without strain by NaN"
    share = masked[:, 0].mean(axis=(1, 2))
    frame = int(share.argmax())
    if share[frame] > LARGEST_MASKED:
        return f"{100 * share[frame]:.0f} % of {names[frame]} is masked; allowed are 50 %"
    largest = float(np.nanmax(np.abs(strain)))
    if largest > LARGEST_STRAIN:
        return (
            f"values up to {largest:.3g}; strains are plain numbers, "
            "use --strain-unit percent or microstrain"
        )
    return ""


def _field_problems(data: xr.Dataset, measure: str) -> Iterator[str]:
    strain = data["strain"].values
    problem = strain_problem(strain, [f"frame {number}" for number in range(len(strain))])
    if problem:
        yield f"strain: {problem}"
        return
    if not np.nanmax(np.abs(strain)):
        yield "strain: zero everywhere"
        return
    yield from _stretch_problems(data, measure)


def _stretch_problems(data: xr.Dataset, measure: str) -> Iterator[str]:
    """Check mean strains, elongation and load against each other, in the most strained frame."""
    strain = data["strain"].values
    try:
        stretch = np.nanmean(stretch_along_y(strain, measure, axis=1), axis=(1, 2)) - 1
    except SlipfieldError as error:
        yield str(error)
        return
    frame = int(np.abs(stretch).argmax())
    across, along = np.nanmean(strain[frame, :2], axis=(1, 2))
    if abs(across) > 1.2 * abs(along):
        yield (
            f"strain: the mean along x ({across:.3g}) exceeds that along y ({along:.3g}) in frame "
            f"{frame}; the load must lie along y. If the camera was turned, use --load-axis x (or "
            "-x, if the specimen then hangs the other way); if the columns of x and y are "
            "exchanged in the file, use --load-axis -x --y-axis up; a wrong one of these fits no "
            "grain map, and `invert` says which does"
        )
        return
    if "displacement" in data:
        yield from _displacement_problems(data, stretch, frame)
    if "load" in data:
        telling = abs(stretch[frame]) > SMALLEST_TELLING_STRETCH
        yield from _load_problems(data, stretch[frame], frame, telling)
        yield from _order_problems(data)


def _displacement_problems(data: xr.Dataset, stretch: np.ndarray, frame: int) -> Iterator[str]:
    displacement = data["displacement"].values
    if not np.isfinite(displacement).all():
        yield "displacement: not finite"
        return
    height = data.attrs.get("sheet_height_mm")
    if height is None:
        return
    given, seen = displacement[frame] / height, stretch[frame]
    telling = max(abs(given), abs(seen)) > SMALLEST_TELLING_STRETCH
    if telling and abs(given - seen) > LARGEST_ELONGATION_MISMATCH * abs(seen):
        yield (
            f"displacement: {displacement[frame]:.4g} mm over {height:g} mm is "
            f"{percent(given, 3)}, but the strain maps show {percent(seen, 3)}; check its unit and "
            "that of the strains, the sheet's height and the frames' order"
        )


def against_load(data: xr.Dataset) -> np.ndarray:
    """Numbers of the frames after which the load rises clearly, but the elongation does not."""
    if not {"load", "displacement"} <= set(data.variables):
        return np.empty(0, dtype=int)
    load, displacement = data["load"].values, data["displacement"].values
    rises = np.diff(load) > CLEAR_RISE * np.abs(load).max()
    return np.flatnonzero(rises & (np.diff(displacement) <= 0))


def _order_problems(data: xr.Dataset) -> Iterator[str]:
    """Elongations that do not go with the load: increments, or frames in another order."""
    frames = against_load(data)
    if len(frames) > max(1, MOST_AGAINST * (data.sizes["time"] - 1)):
        load, moved = (data[name].values[frames[0] :][:2] for name in ("load", "displacement"))
        yield (
            f"displacement: from frame {frames[0]} to the next the load rises from {load[0]:.4g} "
            f"to {load[1]:.4g} N, but the elongation goes from {moved[0]:.4g} to {moved[1]:.4g} "
            f"mm, and so in {len(frames)} places; strains and displacements must be those since "
            "the first image, not since the frame before: export sums, or check the frames' order"
        )


def _load_problems(data: xr.Dataset, stretch: float, frame: int, telling: bool) -> Iterator[str]:
    load = data["load"].values
    if not np.isfinite(load).all():
        yield "load: not finite"
        return
    width, thickness = (data.attrs.get(f"{name}_mm") for name in ("sheet_width", "thickness"))
    if thickness is None:
        yield "attribute 'thickness_mm' is missing; a load needs the section: use --thickness"
        return
    if not telling or width is None:
        return
    stress = load[frame] / (width * thickness)
    if stress * stretch < 0:
        yield (
            f"load: {load[frame]:.4g} N while the sheet is stretched by {percent(stretch, 3)}; "
            "tension must be positive"
        )
    elif not STRESS_RANGE_MPA[0] < abs(stress) < STRESS_RANGE_MPA[1]:
        yield (
            f"load: {load[frame]:.4g} N over {width:g} mm x {thickness:g} mm is {stress:.3g} MPa, "
            "which no metal shows at this strain; check --load-unit and --thickness"
        )


def grain_problems(data: xr.Dataset) -> Iterator[str]:
    """Problems of the grain map, grain sizes and orientations."""
    for name in ("grain_x_mm", "grain_y_mm"):
        yield from _axis_problems(name, data[name].values)
    count = data.sizes["grain"]
    found = np.unique(data["grain_id"].values)
    expected = np.arange(count)
    if found[0] < -1 or not np.array_equal(found[found >= 0], expected):
        yield f"grain_id: must hold every grain from 0 to {count - 1}, and -1 for none"
    long_axis, short_axis = data["ellipse"].values.T
    if not np.all((long_axis >= short_axis) & (short_axis > 0)):
        yield "ellipse: expected d1 >= d2 > 0"
    elif not np.allclose(data["size"].values, np.hypot(long_axis, short_axis), rtol=1e-6):
        yield "size: D is not sqrt(d1^2 + d2^2) of the ellipse"
    if data["affine"].shape != (2, 3) or not np.linalg.det(data["affine"].values[:, :2]) > 0:
        yield "affine: expected 2 x 3 numbers that do not mirror the map"
    elif not np.isfinite(data["affine"].values).all():
        yield "affine: not finite"
    else:
        yield from _place_problems(data)
    if "euler" in data and not np.isfinite(data["euler"].values).all():
        grain = int(np.flatnonzero(~np.isfinite(data["euler"].values).all(axis=1))[0])
        yield f"euler: not finite for grain {grain}"


def _place_problems(data: xr.Dataset) -> Iterator[str]:
    """Problems of where the grain map lies, seen by its bounding box."""
    names = ("sheet_width_mm", "sheet_height_mm")
    if not data.attrs.keys() >= set(names):
        return
    sheet = [data.attrs[name] for name in names]
    corners = np.array([[data[f"grain_{name}_mm"].values[end] for name in "xy"] for end in (0, -1)])
    box = np.array(np.meshgrid(*corners.T)).reshape(2, -1)
    affine = data["affine"].values
    placed = affine[:, :2] @ box + affine[:, 2:]
    low, high = placed.min(axis=1), placed.max(axis=1)
    extent = (
        f"grain map: reaches from ({low[0]:.4g}, {low[1]:.4g}) to ({high[0]:.4g}, {high[1]:.4g}) "
        f"mm, the sheet from (0, 0) to ({sheet[0]:.4g}, {sheet[1]:.4g}) mm"
    )
    if np.any(high - low > LARGEST_MAP * np.array(sheet)):
        yield f"{extent}; check the size of its pixels, its --affine, and --scale of the maps"
    elif np.any(np.minimum(high, sheet) - np.maximum(low, 0) < SMALLEST_COVER * np.array(sheet)):
        yield (
            f"{extent}; shift or scale it (--origin, --affine, --control-points)"
            f"{_scale_hint(high - low, np.array(sheet))}"
        )


def _scale_hint(map_size: np.ndarray, sheet: np.ndarray) -> str:
    """What sizes say that differ alike along both axes."""
    ratio = sheet / map_size
    if abs(np.log(ratio[0] / ratio[1])) > 0.1 or abs(np.log(ratio.mean())) < 0.3:
        return ""
    return (
        f". The sheet is {ratio.mean():.2g} times as large as the map both ways: if the map's "
        f"pixels are right, --scale of `import dic` is {ratio.mean():.2g} times what it should be"
    )


def sheet_problems(data: xr.Dataset) -> Iterator[str]:
    """Problems of the sheet's outline and thickness, and of the noise levels."""
    for name in ("sheet_width_mm", "sheet_height_mm", "thickness_mm"):
        value = data.attrs.get(name)
        if value is not None and not value > 0:
            yield f"attribute {name!r} is {value}, expected a positive number"
        if value is None and name != "thickness_mm" and "strain" in data:
            yield f"attribute {name!r} is missing"
    for name in GAUGE:
        value = data.attrs.get(name, 0.0)
        if not 0 <= value < math.inf:
            yield f"attribute {name!r} is {value}, expected mm, 0 or more"
    for name in ("strain_noise", "load_noise"):
        value = data.attrs.get(name, 0.0)
        if not 0 <= value < 0.1:
            yield f"attribute {name!r} is {value}, expected a number from 0 to 0.1"
    if "outline_y" in data:
        yield from _outline_problems(data)
    if "strain" in data:
        yield from _cover_problems(data)


def _cover_problems(data: xr.Dataset) -> Iterator[str]:
    """Strain maps that see too little of the sheet."""
    for name, axis in (("width", "x_mm"), ("height", "y_mm")):
        size, places = data.attrs.get(f"sheet_{name}_mm"), data[axis].values
        if size is None or len(places) < FEWEST_POINTS:
            continue
        if not np.ptp(places) > SMALLEST_COVER * size:
            yield (
                f"strain: the maps span {np.ptp(places):.4g} mm of the sheet's {name} of "
                f"{size:.4g} mm; check --scale, --sheet and --origin"
            )


def _outline_problems(data: xr.Dataset) -> Iterator[str]:
    y, left, right = (data[f"outline_{name}"].values for name in ("y", "left", "right"))
    if len(y) < 2 or not np.all(np.diff(y) > 0):
        yield "outline_y: must ascend"
    elif not np.all(right > left):
        yield "outline_right: must lie right of outline_left"
    height = data.attrs.get("sheet_height_mm")
    if height is not None and (y[0] > 1e-3 * height or y[-1] < 0.999 * height):
        yield f"outline_y: runs from {y[0]:g} to {y[-1]:g} mm, expected 0 to {height:g} mm"
    width = data.attrs.get("sheet_width_mm")
    mean = float(np.mean(right - left))
    if width is not None and not abs(mean - width) <= LARGEST_WIDTH_MISMATCH * width:
        yield (
            f"outline_right: the outline is {mean:.4g} mm wide on average, the sheet "
            f"{width:.4g} mm; check its unit and --sheet"
        )
