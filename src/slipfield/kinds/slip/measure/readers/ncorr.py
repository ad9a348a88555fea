"""Ncorr: one MATLAB file (v5 to v7.3) that holds all frames in ``data_dic_save``.

Maps are given at every ``spacing + 1``-th pixel of the reference image, y down; displacements are
in the unit of the calibration, ``pixtounits`` units a pixel; strains are Green-Lagrange and zero
outside the region of interest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure import units
from slipfield.kinds.slip.measure.readers.frames import Frames
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.matlab import load_mat
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS

NAME = "ncorr"
TITLE = "Ncorr"


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
    content = load_mat(path, ["data_dic_save"])["data_dic_save"]
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


def _listed(value: Any) -> list[dict[str, Any]]:
    return [value] if isinstance(value, dict) else list(value)


def _first(value: Any) -> dict[str, Any]:
    return _listed(value)[0]


def _region(region: Any, maps: np.ndarray) -> np.ndarray:
    """Points inside the region of interest: its mask, or where any strain is not zero."""
    mask = region.get("mask") if isinstance(region, dict) else None
    return (maps != 0).any(axis=0) if mask is None else np.asarray(mask, dtype=bool)
