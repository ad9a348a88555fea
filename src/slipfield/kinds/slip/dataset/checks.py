"""Checks of the values in the project's files, beyond the structure that the contract names.

Each function gets an open dataset whose structure is right, and the study recorded in it; it
yields one line per problem.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from slipfield.kinds.slip.study import PARAMETERS, Study

FIELDS = ("strain", "load", "mean_lattice_rotation")
"""Results of a sample: finite if it is ok, NaN if it failed."""


def shard_problems(data: xr.Dataset, study: Study) -> Iterator[str]:
    """Problems of sample numbers, parameters, status, time and fields of a shard."""
    yield from _time_problems(data, study)
    numbers = data["sample"].values
    if len(np.unique(numbers)) != len(numbers):
        yield "sample: numbers are not unique"
    if numbers.min() < 0:
        yield f"sample: number {numbers.min()} is negative"
    for name in PARAMETERS:
        bad = numbers[~(data[name].values > 0)]
        if bad.size:
            yield f"{name}: not positive in sample {bad[0]}"
    index = np.unique(data["microstructure"].values)
    if len(index) > 1:
        yield f"microstructure: one shard holds one grain map, got {index.tolist()}"
    yield from _index_problems(int(index[0]), study)
    for name in ("steps", "rejected_steps", "factorisations", "cpu_seconds", "peak_memory_mb"):
        if not np.all(data[name].values >= 0):
            yield f"{name}: negative or not a number"
    for row in range(len(numbers)):
        yield from _sample_problems(data.isel(sample=row))


def _sample_problems(sample: xr.Dataset) -> Iterator[str]:
    """Problems of status and fields of one sample."""
    number, status = int(sample["sample"]), int(sample["status"])
    reason = str(sample["reason"].values)
    fields = {name: sample[name].values for name in FIELDS if name in sample}
    if status == 0:
        if reason:
            yield f"reason: sample {number} is ok but gives the reason {reason!r}"
        finite = {name: np.isfinite(values).all() for name, values in fields.items()}
        for name in (name for name, fine in finite.items() if not fine):
            yield f"{name}: not finite in sample {number}, whose status is ok"
        rotation = fields.get("mean_lattice_rotation", np.zeros(1))
        if rotation.min() < 0 or rotation.max() > np.pi:
            yield f"mean_lattice_rotation: sample {number} leaves [0, pi] rad"
    elif status == 1:
        if not reason:
            yield f"reason: sample {number} failed without a reason"
        if not all(np.isnan(values).all() for values in fields.values()):
            yield f"{', '.join(fields)}: sample {number} failed, so they must be NaN"
    else:
        yield f"status: {status} in sample {number}, expected 0 (ok) or 1 (failed)"


def reference_problems(data: xr.Dataset, study: Study) -> Iterator[str]:
    """Problems of time, expansion point, fields and sensitivities of a reference run."""
    yield from _time_problems(data, study)
    yield from _index_problems(int(data.attrs["microstructure_index"]), study)
    for name in PARAMETERS:
        if not data.attrs[name] > 0:
            yield f"attribute {name}: {data.attrs[name]}, expected a positive number"
    for name in ("strain", "load", "dstrain_dlnk", "dload_dlnk"):
        if not np.isfinite(data[name].values).all():
            yield f"{name}: not finite"


def microstructure_problems(data: xr.Dataset, study: Study) -> Iterator[str]:
    """Problems of grain ids, sizes, orientations, nodes and polygons of a grain map."""
    yield from _index_problems(int(data.attrs["microstructure_index"]), study)
    grains = data.sizes["grain"]
    for name in ("grain_id", "element_grain"):
        values = data[name].values
        if values.min() < 0 or values.max() >= grains:
            yield f"{name}: grain ids in [{values.min()}, {values.max()}], expected 0..{grains - 1}"
    bands = len(study.specimen.bands)
    if not np.isin(data["band"].values, np.arange(bands)).all():
        yield f"band: expected 0..{bands - 1}"
    angles = data["euler"].values
    if not np.all((angles >= 0) & (angles <= 2 * np.pi)):
        yield "euler: angles must lie in [0, 2 pi] rad"
    long_axis, short_axis = data["ellipse"].values.T
    if not np.all((long_axis >= short_axis) & (short_axis > 0)):
        yield "ellipse: expected d1 >= d2 > 0"
    if not np.allclose(data["size"].values, np.hypot(long_axis, short_axis), rtol=1e-6, atol=0):
        yield "size: D is not sqrt(d1^2 + d2^2) of the ellipse"
    if not np.all(np.diff(data["x_mm"].values, axis=1) > 0):
        yield "x_mm: must grow along dimension x"
    if not np.all(np.diff(data["y_mm"].values, axis=0) > 0):
        yield "y_mm: must grow along dimension y"
    if all(np.isfinite(data[name].values).all() for name in ("polygon_x", "polygon_y")):
        yield from _polygon_problems(data)
    else:
        yield "polygon_x, polygon_y: not finite"


def _polygon_problems(data: xr.Dataset) -> Iterator[str]:
    """Problems of the ragged polygons: at least three vertices, counter-clockwise."""
    start = data["polygon_start"].values
    end = np.append(start[1:], data.sizes["vertex"])
    if start[0] != 0 or np.any(end - start < 3):
        yield "polygon_start: must begin at 0 and leave at least 3 vertices to each grain"
        return
    x, y = data["polygon_x"].values, data["polygon_y"].values
    following = np.arange(1, len(x) + 1)
    following[end - 1] = start
    doubled_area = np.add.reduceat(x * y[following] - x[following] * y, start)
    if not np.all(doubled_area > 0):
        grain = int(np.flatnonzero(~(doubled_area > 0))[0])
        yield f"polygon_x, polygon_y: the polygon of grain {grain} is not counter-clockwise"


def statistics_problems(data: xr.Dataset, study: Study) -> Iterator[str]:
    """Problems of the dataset's statistics: finite numbers, ordered bounds."""
    yield from _time_problems(data, study)
    for name, values in data.variables.items():
        if values.dtype.kind == "f" and not np.isfinite(values.values).all():
            yield f"{name}: not finite"
    if np.any(data["parameter_min"].values > data["parameter_max"].values):
        yield "parameter_min: above parameter_max"


def _time_problems(data: xr.Dataset, study: Study) -> Iterator[str]:
    """Check that time increases to the end of the loading path, with that path's displacement."""
    time = data["time"].values
    if not np.all(np.diff(time) > 0):
        yield "time: must increase"
        return
    path_time, path_displacement = np.array(study.loading.path).T
    if not np.isclose(time[-1], path_time[-1]):
        yield f"time: ends at {time[-1]:g} s, but loading.path ends at {path_time[-1]:g} s"
    expected = np.interp(time, path_time, path_displacement)
    if not np.allclose(data["displacement"].values, expected, rtol=1e-6, atol=1e-12):
        yield "displacement: does not follow loading.path"


def _index_problems(index: int, study: Study) -> Iterator[str]:
    """Check that the index of the grain map is one of the study's."""
    count = study.specimen.microstructures
    if not 0 <= index < count:
        yield f"microstructure index {index}, but specimen.microstructures is {count}"
