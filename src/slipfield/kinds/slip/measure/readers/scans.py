"""What a reader of grain maps returns: orientations or labels on a regular grid of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError

LARGEST_UNEVENNESS = 0.02


@dataclass(frozen=True)
class Scan:
    """Orientation map in the axes of the file, y down.

    Attributes
    ----------
    x, y : (nx,), (ny,) ascending centres of the pixels, mm.
    euler : (ny, nx, 3) Bunge angles, rad.
    indexed : (ny, nx) whether the pixel has an orientation of the crystal in question.
    phase : name of that crystal.
    other_phases : share of the indexed pixels that belong to other crystals.
    """

    x: np.ndarray
    y: np.ndarray
    euler: np.ndarray
    indexed: np.ndarray
    phase: str
    other_phases: float


@dataclass(frozen=True)
class Labels:
    """Labelled image: (ny, nx) labels, row 0 at the top, -1 for none, and angles by label."""

    label: np.ndarray
    euler: dict[int, tuple[float, float, float]] | None


def gridded(
    path: Path,
    x: np.ndarray,
    y: np.ndarray,
    euler: np.ndarray,
    phase: np.ndarray,
    cubic: dict[int, str],
) -> Scan:
    """Put the pixels of a scan on their grid; the most frequent cubic phase is the crystal.

    Parameters
    ----------
    x, y : (n,) mm.  euler : (n, 3) rad.
    phase : (n,) number of the phase, below 1 where not indexed.
    cubic : names of the cubic phases by number.

    Raises
    ------
    SlipfieldError
        If the pixels fill no square grid or none belongs to a cubic phase.
    """
    columns, rows = (_axis(path, values, name) for values, name in ((x, "X"), (y, "Y")))
    if len(columns) * len(rows) != len(x):
        raise SlipfieldError(
            f"{path}: {len(x)} pixels do not fill a grid of {len(rows)} x {len(columns)}; "
            "the file is truncated or the grid hexagonal (convert it to a square one)"
        )
    order = np.lexsort((x, y))
    shape = len(rows), len(columns)
    count = {number: int((phase == number).sum()) for number in cubic}
    number = max(count, key=lambda each: count[each], default=0)
    if count.get(number, 0) == 0:
        raise SlipfieldError(f"{path}: no pixel of a cubic crystal; the model is for cubic metals")
    return Scan(
        columns,
        rows,
        euler[order].reshape(*shape, 3),
        (phase == number)[order].reshape(shape),
        cubic[number],
        1 - count[number] / max(int((phase > 0).sum()), 1),
    )


def _axis(path: Path, values: np.ndarray, name: str) -> np.ndarray:
    if not np.isfinite(values).all():
        raise SlipfieldError(f"{path}: {name} is not a number in some pixel")
    found = np.unique(np.round(values, 9))
    if len(found) < 2:
        raise SlipfieldError(f"{path}: all pixels have the same {name}; expected a map")
    steps = np.diff(found)
    if np.ptp(steps) > LARGEST_UNEVENNESS * steps.mean():
        raise SlipfieldError(
            f"{path}: steps along {name} run from {steps.min():g} to {steps.max():g} mm; "
            "the grid must be square, not hexagonal"
        )
    return np.linspace(found[0], found[-1], len(found))
