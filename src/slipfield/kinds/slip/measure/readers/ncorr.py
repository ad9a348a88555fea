"""Ncorr: one MATLAB file (v5 to v7.3) that holds all frames in ``data_dic_save``.

Maps are given at every ``spacing + 1``-th pixel of the reference image, y down; displacements are
in the unit of the calibration, ``pixtounits`` units a pixel; strains are Green-Lagrange and zero
outside the region of interest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import loadmat

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS
from slipfield.kinds.slip.measure.sizes import check_hdf5

NAME = "ncorr"
TITLE = "Ncorr"
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def recognises(head: Head) -> bool:
    """Whether a MATLAB file holds an analysis of Ncorr."""
    return "data_dic_save" in head.arrays


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read the one file of an analysis.

    Raises
    ------
    SlipfieldError
        If it cannot be read, holds no strains, is in an unknown unit, or its maps differ in shape.
    """
    if len(files) != 1:
        raise SlipfieldError(f"files: given {len(files)}; Ncorr keeps all frames in one .mat file")
    path = files[0]
    content = _load(path)
    try:
        strains, info = _listed(content["strains"]), _first(content["dispinfo"])
        maps = [np.stack([s[f"plot_{n}_ref_formatted"] for n in STRAINS]) for s in strains]
        pixel, unit = float(info["pixtounits"]), str(info["units"]).strip()
        spacing = int(info["spacing"])
        gauge = _gauge(info, content.get("straininfo"), spacing + 1)
        inside = [_region(s["roi_ref_formatted"], m) for s, m in zip(strains, maps, strict=True)]
        displacements = [
            [d[f"plot_{n}_ref_formatted"] for n in "uv"] for d in _listed(content["displacements"])
        ]
        strain = np.stack([np.where(i, m, np.nan) for i, m in zip(inside, maps, strict=True)])
        moved = np.array(displacements, dtype=float)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise SlipfieldError(
            f"{path}: no complete strain analysis of Ncorr in it ({error}); "
            "calculate strains and save again"
        ) from error
    if moved.shape != (len(strain), 2, *strain.shape[2:]):
        raise SlipfieldError(
            f"{path}: {len(strain)} strain maps of {strain.shape[2:]} points, but displacements "
            f"of shape {moved.shape}"
        )
    if not pixel > 0:
        raise SlipfieldError(f"{path}: {pixel:g} units a pixel; set the units in Ncorr again")
    scale = units.length(unit)
    calibrated = scale is not None
    if scale is None:
        if unit and not units.is_pixel(unit):
            raise SlipfieldError(
                f"{path}: unit {unit!r} of the file is unknown; set mm, um or inch in Ncorr"
            )
        if not 0.999 < pixel < 1.001:
            raise SlipfieldError(
                f"{path}: {pixel:g} units a pixel, but the unit is not named; set it in Ncorr"
            )
    scale = 1.0 if scale is None else scale
    pitch = (spacing + 1) * (pixel * scale if calibrated else 1.0)
    moved = np.where(np.stack(inside)[:, None], moved * scale, np.nan)
    return Frames(
        x=pitch * np.arange(strain.shape[3]),
        y=pitch * np.arange(strain.shape[2]),
        strain=strain,
        u=moved[:, 0],
        v=moved[:, 1],
        position_unit="mm" if calibrated else "px",
        displacement_unit="mm" if calibrated else "px",
        y_axis="down",
        measure="green_lagrange",
        gauge=gauge,
    )


def _gauge(info: dict, strain: Any, step: int) -> tuple[float, float, float] | None:
    """Subset, step and full width of the strain fit, pixels: circles, the latter's in points."""
    radius = _first(strain).get("radius") if isinstance(strain, dict | list) and strain else None
    if radius is None or "radius" not in info:
        return None
    return 2 * float(info["radius"]) + 1, float(step), (2 * float(radius) + 1) * step


def _load(path: Path) -> dict[str, Any]:
    """``data_dic_save`` as nested dictionaries, whatever the version of the file."""
    try:
        with open(path, "rb") as handle:
            head = handle.read(1024)
        if HDF5_SIGNATURE in head:
            with h5py.File(path) as file:
                check_hdf5(file, path)
                return _from_hdf5(file, file["data_dic_save"])
        return loadmat(path, simplify_cells=True)["data_dic_save"]
    except (OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise SlipfieldError(f"{path}: not a readable file of Ncorr: {error}") from error


def _from_hdf5(file: h5py.File, item: h5py.Group | h5py.Dataset) -> Any:
    """Plain Python value of a MATLAB v7.3 object; arrays of structs become lists."""
    if isinstance(item, h5py.Group):
        fields = {name: _from_hdf5(file, item[name]) for name in item}
        lengths = {len(v) for v in fields.values() if isinstance(v, list)}
        if len(lengths) == 1 and all(isinstance(v, list) for v in fields.values()):
            return [{name: v[i] for name, v in fields.items()} for i in range(lengths.pop())]
        return fields
    if item.dtype == h5py.ref_dtype:
        return [_from_hdf5(file, file[reference]) for reference in np.ravel(item[()])]
    values = np.asarray(item[()])
    if item.attrs.get("MATLAB_class") == b"char":
        return "".join(map(chr, values.ravel()))
    return values.T if values.size > 1 else values.ravel()[0]


def _listed(value: Any) -> list[dict[str, Any]]:
    return [value] if isinstance(value, dict) else list(value)


def _first(value: Any) -> dict[str, Any]:
    return _listed(value)[0]


def _region(region: Any, maps: np.ndarray) -> np.ndarray:
    """Points inside the region of interest: its mask, or where any strain is not zero."""
    mask = region.get("mask") if isinstance(region, dict) else None
    return (maps != 0).any(axis=0) if mask is None else np.asarray(mask, dtype=bool)
