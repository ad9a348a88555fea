"""pyALDIC (al-dic): CSV, one file a frame, or one MATLAB file for all frames.

Positions ``x_px, y_px`` are pixels with y down, while displacements and strains are in axes with y
up (export/export_utils.py, ``world_disp``): v and the shear are turned back here. Displacements
are multiplied by ``um2px``, 1 unless it was set. Which measure the strains are of, only the MATLAB
file tells (``strain_type``: 0 infinitesimal, 1 Euler-Almansi, 2 Green-Lagrange). Nodes of a
refined mesh lie on no grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Frames, Points
from slipfield.kinds.slip.measure.readers.head import Head, head_of
from slipfield.kinds.slip.measure.readers.matlab import load_mat
from slipfield.kinds.slip.measure.readers.point_tables import (
    STRAINS,
    Layout,
    on_any_grid,
    read_frames,
)

NAME = "pyaldic"
TITLE = "pyALDIC"
MEASURES = {0: "engineering", 1: "almansi", 2: "green_lagrange"}
FIELDS = {"u": "disp_u", "v": "disp_v", **{name: f"strain_{name}" for name in STRAINS}}


def _y_down(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Values of a frame with components that refer to y down, as the positions do."""
    return values | {name: -values[name] for name in ("v", "exy") if name in values}


COLUMNS = {"x": "x_px", "y": "y_px", **FIELDS}
LAYOUT = Layout(TITLE, COLUMNS, "px", "px", "down", None, mesh=True, change=_y_down)


def recognises(head: Head) -> bool:
    """Whether a file is an export of pyALDIC."""
    return head.has("x_px", "y_px") or {"coordinates", "DICpara", "n_nodes"} <= head.arrays


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported files: CSV, one a frame, or the one MATLAB file.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or holds no strains.
    """
    if files and head_of(files[0]).arrays:
        return _read_mat(files)
    return read_frames(files, [LAYOUT], gaps)


def _read_mat(files: Sequence[Path]) -> Frames:
    if len(files) != 1:
        raise SlipfieldError(
            f"files: given {len(files)}; pyALDIC keeps all frames in one .mat file"
        )
    path = files[0]
    content = load_mat(path)
    try:
        x, y = np.asarray(content["coordinates"], dtype=float).T
        fields = {
            name: np.asarray(content[array], dtype=float).reshape(len(x), -1).T
            for name, array in FIELDS.items()
        }
        settings = content["DICpara"]
        scale, kind = float(settings.get("um2px", 1.0)), int(settings["strain_type"])
        gauge = _gauge(settings)
    except (ValueError, KeyError, TypeError) as error:
        raise SlipfieldError(
            f"{path}: no displacements and strains of pyALDIC in it ({error}); export disp_u, "
            "disp_v, strain_exx, strain_eyy and strain_exy"
        ) from error
    frames: list[Points] = []
    for row in zip(*fields.values(), strict=True):
        values = _y_down(dict(zip(fields, row, strict=True)))
        values["u"], values["v"] = values["u"] / scale, values["v"] / scale
        known = np.isfinite(sum(values.values()))
        if not known.any():
            raise SlipfieldError(f"{path}: no point with a result in frame {len(frames)}")
        frames.append(Points(path, x[known], y[known], {n: v[known] for n, v in values.items()}))
    return Frames(
        **vars(on_any_grid(frames)),
        position_unit="px",
        displacement_unit="px",
        y_axis="down",
        measure=MEASURES.get(kind),
        gauge=gauge,
    )


def _gauge(settings: dict) -> tuple[float, float, float] | None:
    """Subset, step and full width of the plane fit, pixels; ``winsize`` is the subset less one."""
    names = ("winsize", "winstepsize", "strain_plane_fit_rad")
    if not settings.keys() >= set(names):
        return None
    subset, step, radius = (float(settings[name]) for name in names)
    return subset + 1, step, 2 * radius
