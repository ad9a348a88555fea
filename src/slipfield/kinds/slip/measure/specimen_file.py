"""The specimen file: what was measured on one specimen, as laid down in docs/specimen.md.

Three parts, each of which may be absent until it is imported: strain maps on a regular grid,
grains on a grid of their own, the load curve. Units are mm, s, N and rad; arrays are (y, x), x to
the right, y up and along the load, the origin at the lower left corner of the sheet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield import __version__
from slipfield.core.errors import SlipfieldError
from slipfield.core.files import CONVENTIONS, complete_file, open_netcdf
from slipfield.kinds.slip.dataset.contract import ANGLES, AXES, COMPONENTS, Variable
from slipfield.kinds.slip.measure import specimen_checks as checks
from slipfield.kinds.slip.measure.sizes import too_large

KIND = "measured specimen"
OUTERMOST = "outermost points"
"""Source of the sheet's size where nobody gave it."""

FIELD = ("time", "y", "x")

STRAIN_PART = {
    "strain": Variable(
        ("time", "component", "y", "x"), "float32", "1", "measured in-plane strain, NaN: none"
    ),
    "x_mm": Variable(("x",), "float64", "mm", "x of the measured points"),
    "y_mm": Variable(("y",), "float64", "mm", "y of the measured points, along the load"),
    "time": Variable(("time",), "float64", "s", "time since the start of the loading"),
    "component": Variable(("component",), "string", None, "strain component (xy: tensor shear)"),
}
STRAIN_EXTRAS = {
    "u": Variable(FIELD, "float32", "mm", "measured displacement along x"),
    "v": Variable(FIELD, "float32", "mm", "measured displacement along y"),
    "displacement": Variable(("time",), "float64", "mm", "top edge relative to bottom edge"),
    "load": Variable(("time",), "float64", "N", "load along y, tension positive"),
}
GRAIN_PART = {
    "grain_id": Variable(("grain_y", "grain_x"), "int32", "1", "grain of the pixel, -1: none"),
    "grain_x_mm": Variable(("grain_x",), "float64", "mm", "x of the pixels, in the map's axes"),
    "grain_y_mm": Variable(("grain_y",), "float64", "mm", "y of the pixels, in the map's axes"),
    "affine": Variable(("row", "column"), "float64", None, "map axes to specimen axes, mm"),
    "size": Variable(("grain",), "float64", "mm", "grain size D = sqrt(d1^2 + d2^2)"),
    "ellipse": Variable(("grain", "axis"), "float64", "mm", "axes of the enclosing ellipse"),
    "axis": Variable(("axis",), "string", None, "axis of the ellipse, the longer one first"),
}
GRAIN_EXTRAS = {
    "euler": Variable(
        ("grain", "angle"), "float64", "rad", "Bunge angles, passive, specimen axes to crystal"
    ),
    "angle": Variable(("angle",), "string", None, "Bunge angle"),
}
OUTLINE_PART = {
    "outline_y": Variable(("outline",), "float64", "mm", "heights at which the outline is given"),
    "outline_left": Variable(("outline",), "float64", "mm", "x of the left edge"),
    "outline_right": Variable(("outline",), "float64", "mm", "x of the right edge"),
}
PARTS = (STRAIN_PART, GRAIN_PART, OUTLINE_PART)
VARIABLES = {**STRAIN_PART, **STRAIN_EXTRAS, **GRAIN_PART, **GRAIN_EXTRAS, **OUTLINE_PART}
LABELS = {"component": COMPONENTS, "axis": AXES, "angle": ANGLES}
LARGEST = {
    **dict.fromkeys(("x", "y", "grain_x", "grain_y", "outline", "time"), 100_000),
    "grain": 1_000_000,
}
"""Most entries of a dimension: ten times what the finest cameras and maps give."""

PAIRS = (("u", "v"), ("euler", "angle"))
"""Variables that only make sense together."""


def variable(name: str, values: Any) -> xr.Variable:
    """Variable ``name`` of a specimen file, with its dims, dtype and attributes."""
    entry = VARIABLES[name]
    units = {} if entry.units is None else {"units": entry.units}
    found = xr.Variable(entry.dims, values, {**units, "long_name": entry.long_name})
    return found.astype(object if entry.dtype == "string" else entry.dtype)


def part(values: dict[str, Any]) -> dict[str, xr.Variable]:
    """Variables of a specimen file from arrays, with the labels that they need."""
    found = {name: variable(name, array) for name, array in values.items()}
    needed = {str(dim) for entry in found.values() for dim in entry.dims} & LABELS.keys()
    return {**found, **{name: variable(name, list(LABELS[name])) for name in needed}}


def with_provenance(data: xr.Dataset, step: dict[str, Any]) -> xr.Dataset:
    """Add one step (verb, files, options) to the record of where the data come from."""
    steps = [*provenance(data), step]
    return data.assign_attrs(provenance=json.dumps(steps))


def provenance(data: xr.Dataset) -> list[dict[str, Any]]:
    """List the steps that made a specimen file, the first one first."""
    return json.loads(data.attrs.get("provenance", "[]"))


def remarks(data: xr.Dataset, kind: str) -> Iterator[str]:
    """Sentences of the readers: ``notes``, or ``warnings``, of the last import of each part."""
    last = {step.get("import"): step for step in provenance(data)}
    for verb, step in last.items():
        yield from (f"{verb}: {text}" for text in step.get(kind, ()))


def write_specimen(data: xr.Dataset, path: Path) -> None:
    """Check and write a specimen file.

    Raises
    ------
    SlipfieldError
        If something in it is wrong or ``path`` is there already: nothing is overwritten.
    """
    refuse_existing(path)
    _raise_first(list(problems(data)), "import")
    data = data.assign_attrs(Conventions=CONVENTIONS, title=KIND, slipfield_version=__version__)
    packed = {"zlib": True, "shuffle": True, "complevel": 3}
    encoding = {
        name: packed for name, v in data.variables.items() if v.ndim and v.dtype.kind in "fi"
    }
    with complete_file(path) as temporary:
        data.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)


def refuse_existing(path: Path) -> None:
    """Refuse to overwrite a file."""
    if path.exists():
        raise SlipfieldError(f"output: {path} exists already; choose another name")


def read_specimen(path: Path) -> xr.Dataset:
    """Read a specimen file whole.

    Raises
    ------
    SlipfieldError
        One line that names the first thing wrong with it.
    """
    data = open_netcdf(path)
    try:
        with data:
            _raise_first(list(_sizes(data)), str(path))
            loaded = data.load()
    except (OSError, RuntimeError) as error:
        raise SlipfieldError(f"{path}: cannot be read (truncated or damaged): {error}") from error
    _raise_first(list(problems(loaded)), str(path))
    return loaded


def _sizes(data: xr.Dataset) -> Iterator[str]:
    """Name dimensions beyond :data:`LARGEST`, and files whose values take too much memory.

    The values are not read: a file of some kilobytes can stand for terabytes.
    """
    for name, size in data.sizes.items():
        if size > (most := LARGEST.get(str(name), size)):
            yield f"dimension {name!r} has {size:,} entries; at most {most:,} are read"
    yield from too_large(sum(entry.nbytes for entry in data.variables.values()))


def _raise_first(found: list[str], source: str) -> None:
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise SlipfieldError(f"{source}: {found[0]}{more}")


def problems(data: xr.Dataset) -> Iterator[str]:
    """Name each way in which a dataset breaks the specimen contract."""
    if not any(set(members) & data.variables.keys() for members in PARTS):
        yield "no variables of a specimen file; make one with `import dic`"
        return
    structure = list(_structure(data))
    yield from structure
    if structure:
        return
    if "strain" in data:
        yield from checks.strain_problems(data)
    if "grain_id" in data:
        yield from checks.grain_problems(data)
    yield from checks.sheet_problems(data)


def _structure(data: xr.Dataset) -> Iterator[str]:
    """Variables that are missing, unknown, or of other dims, dtype, units or labels."""
    names = {str(name) for name in data.variables}
    for members in PARTS:
        if set(members) & names:
            there = min(members.keys() & names)
            for missing in sorted(members.keys() - names):
                yield f"variable {missing!r} is missing beside {there!r}"
    for one, other in PAIRS:
        if (one in names) != (other in names):
            yield f"variable {other if one in names else one!r} is missing beside its partner"
    for name in sorted(names - VARIABLES.keys()):
        yield f"variable {name!r} is not part of a specimen file"
    for name in sorted(names & VARIABLES.keys()):
        yield from _differences(name, data.variables[name])


def _differences(name: str, found: xr.Variable) -> Iterator[str]:
    entry = VARIABLES[name]
    if found.dims != entry.dims:
        yield f"{name}: dims {found.dims}, expected {entry.dims}"
    wanted = "OSTU" if entry.dtype == "string" else np.dtype(entry.dtype).kind
    if found.dtype.kind not in wanted:
        yield f"{name}: dtype {found.dtype}, expected {entry.dtype}"
    units = found.attrs.get("units")
    if units != entry.units:
        yield f"{name}: units {units!r}, expected {entry.units!r}"
    if name in LABELS and tuple(map(str, found.values.ravel())) != LABELS[name]:
        yield f"{name}: labels {found.values.ravel().tolist()}, expected {list(LABELS[name])}"
