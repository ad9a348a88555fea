"""muDIC: CSV of ``exportCSV``, one file a frame, pixels, y down.

Columns ``id, x, y, ux, uy, true_strain_xx ... eng_strain_xy, F_xx ...`` (muDIC/IO/readWriteUtils.py
in github.com/PolymerGuy/muDIC). Positions are those of the frame. Its engineering strains are the
stretches of the axes less one, and half the change of the angle between them; its true strains the
logarithm of each component plus one, which is no tensor. So Hencky strain is computed here from
the engineering ones, of which the Green-Lagrange components follow exactly:
1 + 2 E_xx = (1 + e_xx)^2, 2 E_xy = sin(2 e_xy) (1 + e_xx) (1 + e_yy).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.measure.readers.frames import Frames, Maps, Points, numbered, on_grid
from slipfield.kinds.slip.measure.readers.head import Head
from slipfield.kinds.slip.measure.readers.point_tables import STRAINS, Layout, points, table_of
from slipfield.kinds.slip.measure.readers.scattered import resampled
from slipfield.kinds.slip.measure.strain_measures import convert

NAME = "mudic"
TITLE = "muDIC"
COLUMNS = {"x": "x", "y": "y", "u": "ux", "v": "uy"}
COLUMNS |= {name: f"eng_strain_{name[1:]}" for name in STRAINS}


def _hencky(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Values of a frame with Hencky strain in place of muDIC's engineering strain."""
    xx, yy, xy = (values[name] for name in STRAINS)
    across, along = 1 + xx, 1 + yy
    green = np.array(
        [
            0.5 * (across**2 - 1),
            0.5 * (along**2 - 1),
            0.5 * np.sin(2 * xy) * across * along,
        ]
    )
    hencky = convert(green, "green_lagrange", "hencky", axis=0)
    return values | dict(zip(STRAINS, hencky, strict=True))


LAYOUT = Layout(TITLE, COLUMNS, "px", "px", "down", "hencky", change=_hencky)


def recognises(head: Head) -> bool:
    """Whether a file has the columns of muDIC."""
    return head.has("ux", "uy", "true_strain_xx") or head.has("ux", "uy", "eng_strain_xx")


def read(files: Sequence[Path], gaps: bool = False) -> Frames:
    """Read exported CSV files, one a frame.

    Raises
    ------
    SlipfieldError
        If a file cannot be read or lacks a column.
    """
    files = numbered(files, gaps)
    frames = [points(path, table_of(path, [LAYOUT]), LAYOUT) for path in files]
    return Frames(
        **vars(_maps(frames)),
        position_unit="px",
        displacement_unit="px",
        y_axis="down",
        measure="hencky",
    )


def _maps(frames: Sequence[Points]) -> Maps:
    """Frames on one grid; positions on no grid are deformed ones, and are brought back."""
    try:
        return on_grid(frames)
    except SlipfieldError:
        back = [replace(f, x=f.x - f.values["u"], y=f.y - f.values["v"]) for f in frames]
    try:
        return on_grid(back)
    except SlipfieldError:
        return resampled(back)
