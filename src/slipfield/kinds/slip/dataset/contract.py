"""The NetCDF contract: one table of variables per kind of file, shared by writers and validator.

A writer builds its dataset with :func:`variable` (or takes the attributes alone from
:func:`attributes`); :func:`violations` checks a file against the same table and against the study
that the file carries. Axes, units and measures are those of docs/conventions.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.files import open_netcdf
from slipfield.kinds.slip.dataset import checks
from slipfield.kinds.slip.study import PARAMETER_UNITS, PARAMETERS, Study
from slipfield.kinds.slip.study.constants import CONSTANTS
from slipfield.kinds.slip.study.recorded import study_of

COMPONENTS = ("xx", "yy", "xy")
ANGLES = ("phi1", "Phi", "phi2")
AXES = ("d1", "d2")
SENSITIVITY_PARAMETERS = tuple(f"ln_{name}" for name in PARAMETERS)
STATUS_ATTRIBUTES = {"flag_values": [0, 1], "flag_meanings": "ok failed"}


@dataclass(frozen=True)
class Variable:
    """One variable of a file: its dimensions, dtype ("string" for text), units and meaning.

    A file may lack an ``optional`` one: older versions did not write it.
    """

    dims: tuple[str, ...]
    dtype: str
    units: str | None
    long_name: str
    optional: bool = False


@dataclass(frozen=True)
class FileKind:
    """One kind of file: its variables, the labels along its named dimensions, its attributes.

    ``more`` are labels that may follow those of ``labels``.
    """

    name: str
    variables: dict[str, Variable]
    labels: dict[str, tuple[str, ...]]
    attributes: tuple[str, ...] = ()
    more: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def has_labels(self, dimension: str, found: tuple[str, ...]) -> bool:
        """Whether these are labels of a dimension: all of ``labels``, then some of ``more``."""
        expected, more = self.labels[dimension], self.more.get(dimension, ())
        rest = found[len(expected) :]
        unique = len(set(rest)) == len(rest)
        return found[: len(expected)] == expected and unique and set(rest) <= set(more)


def _label(dimension: str, long_name: str) -> dict[str, Variable]:
    return {dimension: Variable((dimension,), "string", None, long_name)}


_FIELD = ("time", "component", "y", "x")
_TIME = {
    "time": Variable(("time",), "float64", "s", "time of the output"),
    "displacement": Variable(("time",), "float64", "mm", "displacement of the top edge along y"),
}
_COMPONENT = _label("component", "in-plane strain component (xy is the tensor shear)")

MICROSTRUCTURE = FileKind(
    "microstructure",
    {
        "grain_id": Variable(("y", "x"), "int32", "1", "grain at the node"),
        "element_grain": Variable(
            ("cell_y", "cell_x"), "int32", "1", "grain at the centre of the element"
        ),
        "euler": Variable(
            ("grain", "angle"), "float64", "rad", "Bunge angles, passive, sample to crystal"
        ),
        "size": Variable(("grain",), "float64", "mm", "grain size D = sqrt(d1^2 + d2^2)"),
        "ellipse": Variable(
            ("grain", "axis"), "float64", "mm", "axis lengths of the minimum-area ellipse"
        ),
        "band": Variable(("grain",), "int32", "1", "index of the band in the study"),
        "x_mm": Variable(("y", "x"), "float64", "mm", "x of the node"),
        "y_mm": Variable(("y", "x"), "float64", "mm", "y of the node"),
        "polygon_x": Variable(("vertex",), "float64", "mm", "x of the grain polygons' vertices"),
        "polygon_y": Variable(("vertex",), "float64", "mm", "y of the grain polygons' vertices"),
        "polygon_start": Variable(("grain",), "int32", "1", "first vertex of the grain's polygon"),
        **_label("angle", "Bunge angle"),
        **_label("axis", "axis of the enclosing ellipse, the longer one first"),
    },
    {"angle": ANGLES, "axis": AXES},
    ("microstructure_index",),
)

SHARD = FileKind(
    "shard",
    {
        "strain": Variable(("sample", *_FIELD), "float32", "1", "in-plane strain at the nodes"),
        "load": Variable(("sample", "time"), "float64", "N", "reaction of the top edge along y"),
        "mean_lattice_rotation": Variable(
            ("sample", "time"),
            "float64",
            "rad",
            "mean rotation angle of the crystal lattice since the start",
            optional=True,
        ),
        "roughness": Variable(
            ("sample", "time"),
            "float64",
            "mm",
            "root mean square height of the face about its plane (solid only)",
            optional=True,
        ),
        **_TIME,
        "sample": Variable(("sample",), "int64", "1", "number of the sample in the design"),
        "k1": Variable(
            ("sample",), "float64", PARAMETER_UNITS["k1"], "size coefficient of the hardening"
        ),
        "k2": Variable(("sample",), "float64", PARAMETER_UNITS["k2"], "size-free slip resistance"),
        "k3": Variable(
            ("sample",), "float64", PARAMETER_UNITS["k3"], "size coefficient of the resistance"
        ),
        "microstructure": Variable(("sample",), "int32", "1", "index of the grain map"),
        "status": Variable(("sample",), "int8", "1", "outcome of the simulation"),
        "reason": Variable(("sample",), "string", None, "why the sample failed, empty when ok"),
        "steps": Variable(("sample",), "int32", "1", "accepted time steps"),
        "rejected_steps": Variable(("sample",), "int32", "1", "rejected time steps"),
        "factorisations": Variable(("sample",), "int32", "1", "matrix factorisations"),
        "cpu_seconds": Variable(("sample",), "float64", "s", "CPU time over all ranks"),
        "peak_memory_mb": Variable(("sample",), "float64", "MB", "peak resident memory of a rank"),
        **_COMPONENT,
    },
    {"component": COMPONENTS},
    ("strain_measure",),
)

REFERENCE = FileKind(
    "reference",
    {
        "strain": Variable(_FIELD, "float32", "1", "in-plane strain at the expansion point"),
        "load": Variable(("time",), "float64", "N", "reaction of the top edge along y"),
        **_TIME,
        "dstrain_dlnk": Variable(
            ("parameter", *_FIELD), "float32", "1", "derivative of the strain to ln k"
        ),
        "dload_dlnk": Variable(
            ("parameter", "time"), "float64", "N", "derivative of the load to ln k"
        ),
        **_COMPONENT,
        **_label("parameter", "parameter of the derivative"),
    },
    {"component": COMPONENTS, "parameter": SENSITIVITY_PARAMETERS},
    ("strain_measure", "microstructure_index", *PARAMETERS),
    {"parameter": tuple(f"ln_{name}" for name in CONSTANTS)},
)

# Older versions wrote it beside the manifest; nothing reads it.
STATISTICS = FileKind(
    "statistics",
    {
        "samples": Variable((), "int64", "1", "number of samples that did not fail"),
        "strain_mean": Variable(("component",), "float64", "1", "mean strain"),
        "strain_std": Variable(("component",), "float64", "1", "standard deviation of the strain"),
        "load_mean": Variable((), "float64", "N", "mean load"),
        "load_std": Variable((), "float64", "N", "standard deviation of the load"),
        "angle_mean": Variable(("angle",), "float64", "rad", "mean Bunge angle over nodes"),
        "angle_std": Variable(
            ("angle",), "float64", "rad", "standard deviation of the Bunge angle over nodes"
        ),
        "parameter_min": Variable(("parameter",), "float64", None, "smallest value in the dataset"),
        "parameter_max": Variable(("parameter",), "float64", None, "largest value in the dataset"),
        **_TIME,
        "strain_time_mean": Variable(("time", "component"), "float64", "1", "mean strain in time"),
        "strain_time_std": Variable(
            ("time", "component"), "float64", "1", "standard deviation of the strain in time"
        ),
        "load_time_mean": Variable(("time",), "float64", "N", "mean load in time"),
        "load_time_std": Variable(
            ("time",), "float64", "N", "standard deviation of the load in time"
        ),
        **_COMPONENT,
        **_label("angle", "Bunge angle"),
        **_label("parameter", "parameter of the slip law; units as in the shards"),
    },
    {"component": COMPONENTS, "angle": ANGLES, "parameter": PARAMETERS},
)

KINDS = (MICROSTRUCTURE, SHARD, REFERENCE, STATISTICS)
_CONTENT_CHECKS = {
    MICROSTRUCTURE.name: checks.microstructure_problems,
    REFERENCE.name: checks.reference_problems,
    STATISTICS.name: checks.statistics_problems,
}


def attributes(kind: FileKind, name: str) -> dict[str, Any]:
    """Attributes that a writer gives to variable ``name`` of a file of ``kind``."""
    entry = kind.variables[name]
    units = {} if entry.units is None else {"units": entry.units}
    flags = STATUS_ATTRIBUTES if name == "status" else {}
    return {**units, "long_name": entry.long_name, **flags}


def variable(kind: FileKind, name: str, values: Any) -> xr.Variable:
    """Variable ``name`` of a file of ``kind``, with its dims, dtype and attributes."""
    entry = kind.variables[name]
    found = xr.Variable(entry.dims, values, attributes(kind, name))
    return found.astype(object if entry.dtype == "string" else entry.dtype)


def label_variables(kind: FileKind, **more: Sequence[str]) -> dict[str, xr.Variable]:
    """Coordinate variables that name the entries along the labelled dimensions of ``kind``.

    ``more`` gives labels that follow those of a dimension, see :class:`FileKind`.
    """
    return {
        name: variable(kind, name, [*labels, *more.get(name, ())])
        for name, labels in kind.labels.items()
    }


def violations(path: str | Path) -> list[str]:
    """Name each way in which the file at ``path`` breaks the contract; an empty list if none.

    The kind of the file (microstructure, shard, reference or statistics) is recognised by its
    variables. Large fields are read sample by sample.
    """
    try:
        data = open_netcdf(path)
    except SlipfieldError as error:
        return [str(error).removeprefix(f"{path}: ")]
    with data:
        kind = file_kind(data)
        if kind is None:
            return ["no variables of a file of ours (microstructure, shard or reference)"]
        try:
            study = study_of(data, path)
            found = [*_structure(data, kind), *_provenance(data, study, kind), *_shape(data, study)]
            if found:
                return found
            if kind is SHARD:
                return list(checks.shard_problems(data, study))
            return list(_CONTENT_CHECKS[kind.name](data, study))
        except SlipfieldError as error:
            return [str(error).removeprefix(f"{path}: ")]
        except Exception as error:  # what a damaged file makes the libraries raise is not listed
            return [f"data cannot be read (truncated or damaged): {one_line(error)}"]


def file_kind(data: xr.Dataset) -> FileKind | None:
    """Kind of file that shares most variables with ``data``; None if it shares fewer than half."""
    best = max(KINDS, key=lambda kind: len(kind.variables.keys() & data.variables.keys()))
    shared = len(best.variables.keys() & data.variables.keys())
    return best if 2 * shared >= len(best.variables) else None


def _structure(data: xr.Dataset, kind: FileKind) -> Iterator[str]:
    """Variables, dims, dtypes, units, labels and attributes that differ from the table."""
    names = {str(name) for name in data.variables}
    required = {name for name, entry in kind.variables.items() if not entry.optional}
    for name in required - names:
        yield f"variable {name!r} is missing"
    for name in names - kind.variables.keys():
        yield f"variable {name!r} is not part of a {kind.name} file"
    for name in kind.variables.keys() & names:
        entry, found = kind.variables[name], data.variables[name]
        if found.dims != entry.dims:
            yield f"{name}: dims {found.dims}, expected {entry.dims}"
        is_text = found.dtype.kind in "OSTU"
        if is_text != (entry.dtype == "string") or not is_text and found.dtype != entry.dtype:
            yield f"{name}: dtype {found.dtype}, expected {entry.dtype}"
        units = found.attrs.get("units")
        if units != entry.units:
            yield f"{name}: units {units!r}, expected {entry.units!r}"
        if name not in kind.labels and not found.attrs.get("long_name"):
            yield f"{name}: attribute 'long_name' is missing"
    for name, labels in kind.labels.items():
        if name not in data.variables:
            continue
        if not kind.has_labels(name, tuple(map(str, data[name].values.ravel()))):
            yield f"{name}: labels {data[name].values.ravel().tolist()}, expected {list(labels)}"
    for name in kind.attributes:
        if name not in data.attrs:
            yield f"attribute {name!r} is missing"
        elif name != "strain_measure" and not _is_number(data.attrs[name]):
            yield f"attribute {name!r} is {data.attrs[name]!r}, expected a number"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))


def _provenance(data: xr.Dataset, study: Study, kind: FileKind) -> Iterator[str]:
    """Attributes that contradict the study recorded in the file."""
    given, expected = data.attrs.get("physics_hash"), study.physics_hash()
    if given != expected:
        yield f"physics_hash {given!r} does not belong to the study recorded here ({expected!r})"
    if "slipfield_version" not in data.attrs:
        yield "attribute 'slipfield_version' is missing"
    expected = study.solver.strain_measure
    given = data.attrs.get("strain_measure", expected)
    model = data.attrs.get("forward_model", "membrane")
    if kind is SHARD and model != study.forward_model:
        yield f"forward_model is {model!r}, but the study here is that of a {study.forward_model}"
    if given != expected:
        yield f"strain_measure is {given!r}, but the study's solver.strain_measure {expected!r}"


def _shape(data: xr.Dataset, study: Study) -> Iterator[str]:
    """Sizes of dimensions that contradict the study recorded in the file."""
    specimen = study.specimen
    expected = {
        "x": (specimen.cells_x + 1, "specimen.cells_x + 1"),
        "y": (specimen.cells_y + 1, "specimen.cells_y + 1"),
        "cell_x": (specimen.cells_x, "specimen.cells_x"),
        "cell_y": (specimen.cells_y, "specimen.cells_y"),
        "grain": (specimen.grains, "specimen.grains"),
        "time": (study.loading.outputs, "loading.outputs"),
    }
    for name, (size, source) in expected.items():
        if name in data.sizes and data.sizes[name] != size:
            yield f"dimension {name!r} has {data.sizes[name]} entries, but {source} is {size}"
    if data.sizes.get("sample") == 0:
        yield "no samples"
