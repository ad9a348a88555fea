"""Outline and mapped mesh of the double-hourglass sheet.

The sheet occupies 0 <= y <= height and is symmetric about x = width / 2; each side edge carries
``necks_per_side`` shallow necks of equal length.
"""

from __future__ import annotations

import numpy as np
import shapely

from slipfield.kinds.slip.study import Specimen

OUTLINE_POINTS_PER_NECK = 64


def half_width(specimen: Specimen, y: np.ndarray) -> np.ndarray:
    """Half width of the sheet at height ``y``, mm (any shape, mm).

    A neck of depth a and length L is a (1 - cos^4(pi y / L)): a flat waist with smooth shoulders.
    At the default depth the necks remove 0.9 % of the sheet, as in the published mesh (39,622 of
    40,000 elements).
    """
    phase = np.pi * specimen.necks_per_side * np.asarray(y, dtype=float) / specimen.height_mm
    return 0.5 * specimen.width_mm - specimen.neck_depth_mm * (1 - np.cos(phase) ** 4)


def sheet_outline(specimen: Specimen) -> shapely.Polygon:
    """Outline of the sheet as a counter-clockwise polygon, mm; independent of the mesh."""
    pieces = OUTLINE_POINTS_PER_NECK * max(specimen.necks_per_side, 1)
    y = np.linspace(0, specimen.height_mm, pieces + 1)
    half = half_width(specimen, y)
    middle = 0.5 * specimen.width_mm
    right = np.column_stack((middle + half, y))
    left = np.column_stack((middle - half, y))
    return shapely.Polygon(np.concatenate((right, left[::-1])))


def into_sheet(specimen: Specimen, points: np.ndarray) -> np.ndarray:
    """Map points (..., 2), mm, of the width x height rectangle into the sheet, along x only."""
    x, y = points[..., 0], points[..., 1]
    across = 2 * x / specimen.width_mm - 1
    return np.stack((0.5 * specimen.width_mm + across * half_width(specimen, y), y), axis=-1)


def node_coordinates(specimen: Specimen) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of the mapped mesh: x and y, each (cells_y + 1, cells_x + 1), mm, row 0 at y = 0."""
    x = np.linspace(0, specimen.width_mm, specimen.cells_x + 1)
    y = np.linspace(0, specimen.height_mm, specimen.cells_y + 1)
    nodes = into_sheet(specimen, np.stack(np.meshgrid(x, y), axis=-1))
    return nodes[..., 0], nodes[..., 1]


def cell_centres(nodal: np.ndarray) -> np.ndarray:
    """Mean of the four nodes of every cell: (cells_y + 1, cells_x + 1) -> (cells_y, cells_x)."""
    return 0.25 * (nodal[1:, 1:] + nodal[1:, :-1] + nodal[:-1, 1:] + nodal[:-1, :-1])
