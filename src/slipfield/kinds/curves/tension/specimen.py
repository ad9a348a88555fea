"""Flat tensile specimen with shoulders: a quarter in the plane, or an eighth in space.

GB/T 228.1 (ISO 6892-1, annex D), non-proportional flat specimen P5: width 12.5 mm, gauge length 50
mm, parallel length 75 mm, transition radius at least 20 mm. The paper's figure 2 gives its own only
as a picture; grip width and thickness are assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from dolfinx import mesh
from mpi4py import MPI


@dataclass(frozen=True)
class Geometry:
    """Measures of the whole specimen, mm; ``taper``: relative loss of width at its middle, 1."""

    width_mm: float = 12.5
    thickness_mm: float = 3.0
    gauge_length_mm: float = 50.0
    parallel_length_mm: float = 75.0
    radius_mm: float = 20.0
    grip_width_mm: float = 20.0
    grip_length_mm: float = 5.0
    taper: float = 0.002

    @property
    def area_mm2(self) -> float:
        """Least cross-section, mm²: at the middle."""
        return self.width_mm * (1 - self.taper) * self.thickness_mm

    @property
    def transition_mm(self) -> float:
        """Length of the arc between parallel length and grip, mm."""
        rise = (self.grip_width_mm - self.width_mm) / 2
        return float(np.sqrt(self.radius_mm**2 - (self.radius_mm - rise) ** 2))

    @property
    def half_length_mm(self) -> float:
        """From the middle to the end, mm."""
        return self.parallel_length_mm / 2 + self.transition_mm + self.grip_length_mm

    def half_width(self, x: np.ndarray) -> np.ndarray:
        """Half width, mm, at distances from the middle, mm; the taper is a parabola."""
        half = self.parallel_length_mm / 2
        narrowing = 1 - np.clip(x / half, 0, 1) ** 2
        into = np.clip(x - half, 0, self.transition_mm)
        rise = self.radius_mm - np.sqrt(self.radius_mm**2 - into**2)
        return self.width_mm / 2 * (1 - self.taper * narrowing) + rise


@dataclass(frozen=True)
class Cells:
    """Elements along half the gauge length, from there to the arc, along arc and grip, across."""

    gauge: int = 8
    rest: int = 3
    shoulder: int = 3
    grip: int = 1
    width: int = 2
    thickness: int = 1

    def finer(self, factor: int) -> Cells:
        """``factor`` times as many in every direction."""
        counts = (self.gauge, self.rest, self.shoulder, self.grip, self.width, self.thickness)
        return Cells(*(factor * count for count in counts))


def make_mesh(geometry: Geometry, cells: Cells, dimension: int) -> mesh.Mesh:
    """Quadrilaterals (2) or hexahedra (3): x along the specimen from its middle, symmetry at 0."""
    stations = _stations(geometry, cells)
    counts = (len(stations) - 1, cells.width, cells.thickness)[:dimension]
    kind = mesh.CellType.quadrilateral if dimension == 2 else mesh.CellType.hexahedron
    corners = [np.zeros(dimension), np.ones(dimension)]
    make = mesh.create_rectangle if dimension == 2 else mesh.create_box
    domain = make(MPI.COMM_SELF, corners, counts, kind)
    points: npt.NDArray[np.float64] = domain.geometry.x
    x = np.interp(points[:, 0], np.linspace(0, 1, len(stations)), stations)
    points[:, 1] *= geometry.half_width(x)
    points[:, 2] *= geometry.thickness_mm / 2
    points[:, 0] = x
    return domain


def _stations(geometry: Geometry, cells: Cells) -> np.ndarray:
    """Ends of the elements along x, mm; one lies at the end of the gauge length."""
    half = geometry.parallel_length_mm / 2
    gauge, shoulder = geometry.gauge_length_mm / 2, half + geometry.transition_mm
    ends = (0.0, gauge, half, shoulder, geometry.half_length_mm)
    numbers = (cells.gauge, cells.rest, cells.shoulder, cells.grip)
    parts = [
        np.linspace(a, b, n, endpoint=False)
        for a, b, n in zip(ends[:-1], ends[1:], numbers, strict=True)
    ]
    return np.append(np.concatenate(parts), ends[-1])
