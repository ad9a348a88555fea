"""Orientation maps that orix reads: from its crystal map to a scan."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from orix.crystal_map import CrystalMap, Phase

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.scans import Scan, gridded
from slipfield.kinds.slip.measure.readers.tables import read_lines

MILLIMETRES = {"um": 1e-3, "nm": 1e-6, "px": 1e-3}
CUBIC_POINT_GROUPS = {"m-3m", "432", "-43m", "m-3", "23"}


def read_with_orix(path: Path, reader: Callable[[str], CrystalMap], header: str) -> Scan:
    """Read a text map; ``header`` is a word that its first lines must hold.

    Raises
    ------
    SlipfieldError
        If the file cannot be read, is of another kind, or holds no square map of a cubic crystal.
    """
    lines = read_lines(path)
    if not any(header in line for line in lines[:200]):
        raise SlipfieldError(
            f"{path}: no line with {header!r} at the start; not a {path.suffix} map"
        )
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            found = reader(str(path))
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SlipfieldError(f"{path}: not a readable {path.suffix} map: {reason}") from error
    scale = MILLIMETRES[found.scan_unit]
    cubic = {
        int(number): phase.name
        for number, phase in found.phases
        if number >= 0 and _is_cubic(phase)
    }
    if found.x is None or found.y is None:
        raise SlipfieldError(f"{path}: a single line of pixels; expected a map")
    return gridded(
        path,
        scale * np.asarray(found.x),
        scale * np.asarray(found.y),
        found.rotations.to_euler().reshape(-1, 3),
        np.where(found.phase_id < 0, 0, found.phase_id + 1),
        {number + 1: name for number, name in cubic.items()},
    )


def _is_cubic(phase: Phase) -> bool:
    return phase.point_group is not None and phase.point_group.name in CUBIC_POINT_GROUPS
