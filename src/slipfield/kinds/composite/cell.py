"""The quarter cell on DOLFINx: the six effective stiffnesses and their gradients.

Reflection symmetry turns the periodic cell into a quarter of it with prescribed displacements:
normal ones for C11, C12, C22 and C23, tangential ones for C44, axial ones for C55. C_ij is the
mutual energy of the solutions i and j, so its derivative needs no further solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from slipfield.kinds.composite import effective, loads
from slipfield.kinds.composite.constants import all_constants, twelve
from slipfield.kinds.composite.defaults import DEGREE
from slipfield.kinds.composite.effective import Products, phase_moduli
from slipfield.kinds.composite.mesh import Discretisation
from slipfield.kinds.composite.parameters import PARAMETERS, check_parameters

TINY = 1e-9
AXIAL = np.array([1.0, 0.0, 0.0])
"""Strain along the fibres of the three normal loads."""


@dataclass(frozen=True)
class Fields:
    """Solutions for unit macroscopic strains: total nodal displacements.

    Attributes
    ----------
    normal : (3, 2, n) for strains 11, 22, 33.  shear : (1, 2, n) for 2 e23.
    axial : (1, n) displacement along the fibres for 2 e12.
    """

    normal: np.ndarray
    shear: np.ndarray
    axial: np.ndarray


class Described(Protocol):
    """What says which cell is meant: a question, or the settings of a study's cell."""

    @property
    def array(self) -> str:
        """Name of the fibre array."""

    @property
    def void(self) -> bool:
        """Whether holes stand in the matrix."""

    @property
    def degree(self) -> int:
        """Degree of shape functions and curved cells."""


class Cell:
    """The cell of one array, to be solved for any phases and fraction.

    Parameters
    ----------
    array : "square" or "hexagonal".  void : holes instead of fibres.
    degree : of shape functions and curved cells.  divisions : of every block in each direction.
    """

    def __init__(
        self, array: str = "square", void: bool = False, degree: int = DEGREE, divisions: int = 1
    ):
        self.mesh = Discretisation(array, void, degree, divisions)
        self.array, self.void, self.degree = array, void, degree
        self._fraction = np.nan
        self._grams: np.ndarray
        outline = self.mesh.outline
        x, y = self.mesh.points.T
        self.on_x = (x < TINY) | (x > outline.width - TINY)
        self.on_y = (y < TINY) | (y > outline.height - TINY)
        self.free = {
            "normal": np.flatnonzero(~np.concatenate([self.on_x, self.on_y])),
            "shear": np.flatnonzero(~np.concatenate([self.on_y, self.on_x])),
            "axial": np.flatnonzero(~self.on_x),
        }

    @classmethod
    def of(cls, meant: Described) -> Cell:
        """Cell that a question or a study's settings describe."""
        return cls(meant.array, meant.void, meant.degree)

    def grams(self, fraction: float) -> np.ndarray:
        """Gram matrices (phases, 3, n, n) at a fraction; kept until another one is asked for."""
        if fraction != self._fraction:
            self.mesh.move(fraction)
            self._fraction, self._grams = fraction, self.mesh.grams()
        return self._grams

    def uniform(self) -> Fields:
        """Fields of uniform strain, which the solutions start from."""
        x, y = self.mesh.points.T
        nil = np.zeros_like(x)
        normal = np.array([[nil, nil], [x, nil], [nil, y]])
        return Fields(normal, np.array([[y / 2, x / 2]]), x[None])

    def solve(self, parameters: Sequence[float]) -> Fields:
        """Fields of equilibrium for parameters (5,) in the order of :data:`PARAMETERS`.

        Raises
        ------
        SlipfieldError
            If a parameter is out of its range.
        """
        values = dict(zip(PARAMETERS, map(float, parameters), strict=True))
        check_parameters(values, self.mesh.outline.packing, self.void)
        grams = self.grams(values["fraction"])
        moduli, _ = phase_moduli(parameters, len(grams))
        n, start = self.mesh.size, self.uniform()
        matrix = loads.plane_matrix(grams, moduli).reshape(2 * n, 2 * n)
        plane = start.normal.reshape(3, -1)
        right = -(plane @ matrix)
        rows = loads.stretch_rows(grams, self.mesh.points)
        right[0] -= np.tensordot(moduli[:, 0], rows, 1).ravel()
        normal = plane + loads.solve_prescribed(matrix, self.free["normal"], right)
        plane = start.shear.reshape(1, -1)
        shear = plane + loads.solve_prescribed(matrix, self.free["shear"], -(plane @ matrix))
        matrix = np.tensordot(moduli[:, 1], grams[:, 0] + grams[:, 2], 1)
        axial = start.axial + loads.solve_prescribed(
            matrix, self.free["axial"], -(start.axial @ matrix)
        )
        return Fields(normal.reshape(3, 2, n), shear.reshape(1, 2, n), axial)

    def products(self, fields: Fields, axial: np.ndarray = AXIAL) -> Products:
        """Energies (phases, 2, m, m) per unit area for the three kinds of load.

        ``fields`` may hold any number of fields, with the strains ``axial`` of the normal ones;
        they are on the mesh as :meth:`grams` left it.
        """
        grams, area = self._grams, self.mesh.outline.width * self.mesh.outline.height
        return (
            loads.normal_products(grams, self.mesh.points, fields.normal, axial) / area,
            loads.plane_products(grams, fields.shear) / area,
            loads.axial_products(grams, fields.axial) / area,
        )

    def products_moved(self, fields: Fields, axial: np.ndarray = AXIAL) -> Products:
        """Derivatives of :meth:`products` in the fraction, at fixed nodal displacements."""
        mesh, grams, moved = self.mesh, self._grams, self.mesh.grams(moved=True)
        area = mesh.outline.width * mesh.outline.height
        factor = mesh.radius / (2 * self._fraction) / area  # d radius / d fraction
        normal = loads.normal_products_moved(
            grams, moved, mesh.points, mesh.velocity, fields.normal, axial
        )
        shear, along = (
            loads.plane_products(moved, fields.shear),
            loads.axial_products(moved, fields.axial),
        )
        return normal * factor, shear * factor, along * factor

    def stiffness(self, parameters: Sequence[float]) -> np.ndarray:
        """Stiffnesses (6,), GPa, in the order of ``constants.STIFFNESSES``.

        Raises
        ------
        SlipfieldError
            If a parameter is out of its range.
        """
        return effective.stiffness(parameters, self.products(self.solve(parameters)))

    def with_gradient(self, parameters: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Stiffnesses (6,) and gradients (6, 5) in the order of :data:`PARAMETERS`."""
        fields = self.solve(parameters)
        products = self.products(fields)
        gradient = effective.gradient(parameters, products, self.products_moved(fields))
        return effective.stiffness(parameters, products), gradient

    def constants(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Twelve constants (n, 12) and their gradients (n, 12, 5) at parameters (n, 5)."""
        pairs = [self.with_gradient(point) for point in np.atleast_2d(points)]
        return all_constants(np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))

    def values(self, points: np.ndarray) -> np.ndarray:
        """Twelve constants (n, 12) at parameters (n, 5)."""
        return twelve(np.array([self.stiffness(point) for point in np.atleast_2d(points)]))
