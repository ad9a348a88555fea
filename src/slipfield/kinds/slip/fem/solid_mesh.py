"""The sheet as a body: layers of hexahedra between its two faces."""

from __future__ import annotations

from dataclasses import dataclass, replace

import basix.ufl
import numpy as np
from dolfinx import cpp, fem, mesh
from mpi4py import MPI

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.fem.sheet import Microstructure, Sheet


@dataclass(frozen=True)
class SolidMicrostructure(Microstructure):
    """A grain map with what lies below it.

    Attributes
    ----------
    element_grain : (ny, nx) grain of each element on the face, that of the top layer.
    layer_grain : (layers, ny, nx) grain of each element, from z = 0 to the face.
    thickness_mm : of the sheet.
    euler, size : of all grains, those on the face first.
    """

    layer_grain: np.ndarray
    thickness_mm: float

    @classmethod
    def columns(
        cls, micro: Microstructure, layers: int, thickness_mm: float
    ) -> SolidMicrostructure:
        """Grains that reach through the sheet."""
        grain = np.repeat(micro.element_grain[None], layers, axis=0)
        facts = (micro.index, micro.x_mm, micro.y_mm, micro.element_grain, micro.euler, micro.size)
        return cls(*facts, grain, thickness_mm)


def as_solid(micro: Microstructure) -> SolidMicrostructure:
    """The grain map itself, which must know what lies below its face.

    Raises
    ------
    TypeError
        If it does not.
    """
    if not isinstance(micro, SolidMicrostructure):
        raise TypeError("a solid needs grains in three dimensions")
    return micro


def refined(micro: SolidMicrostructure) -> SolidMicrostructure:
    """The same grains, stairs included, on elements of half the size."""
    grain = micro.layer_grain
    for axis in range(3):
        grain = np.repeat(grain, 2, axis=axis)
    nodes = []
    for values in (micro.x_mm, micro.y_mm):
        for axis in range(2):
            values = np.moveaxis(values, axis, 0)
            finer = np.empty((2 * len(values) - 1, *values.shape[1:]))
            finer[::2], finer[1::2] = values, 0.5 * (values[1:] + values[:-1])
            values = np.moveaxis(finer, 0, axis)
        nodes.append(values)
    return replace(micro, x_mm=nodes[0], y_mm=nodes[1], element_grain=grain[-1], layer_grain=grain)


class Solid(Sheet):
    """A distributed mesh of trilinear hexahedra; the pixels are the nodes of the face z = t.

    Collective over ``comm``. Attributes as in :class:`Sheet`, but for three dimensions:

    Attributes
    ----------
    cells : (n, 8) local node numbers; ``cell_index`` (n,) counts layer by layer from z = 0.
    pixel : (nodes,) number of each local node in the grid: (iz * (ny + 1) + iy) * (nx + 1) + ix.
    grid : (layers + 1, ny + 1, nx + 1).  coordinates : (nodes, 3) mm.
    top, bottom : local nodes of the faces y = height and y = 0.
    pin, second_pin : local nodes in the middle of the edge y = 0, z = 0 and at its end x = width.
    """

    dimension = 3

    def __init__(self, micro: SolidMicrostructure, comm: MPI.Intracomm):
        layers, ny, nx = micro.layer_grain.shape
        self.comm, self.shape = comm, (ny + 1, nx + 1)
        self.grid = (layers + 1, ny + 1, nx + 1)
        self.mesh = self._make_solid(micro)
        self.space = fem.functionspace(self.mesh, ("Lagrange", 1, (3,)))
        index_map = self.space.dofmap.index_map
        self.owned = index_map.size_local
        self.nodes = index_map.size_local + index_map.num_ghosts
        owned_cells = self.mesh.topology.index_map(3).size_local
        self.cells = np.ascontiguousarray(self.space.dofmap.list[:owned_cells], np.int32)
        self.cell_index = self._original_cells()[:owned_cells]
        self.pixel = self._pixels()
        self.coordinates = np.ascontiguousarray(self._by_geometry(self.mesh.geometry.x.copy()))
        layer, row, column = np.unravel_index(self.pixel, self.grid)
        self.bottom, self.top = np.flatnonzero(row == 0), np.flatnonzero(row == ny)
        edge = (row == 0) & (layer == 0)
        self.pin = np.flatnonzero(edge & (column == nx // 2))
        self.second_pin = np.flatnonzero(edge & (column == nx))
        middle = micro.x_mm[0, nx // 2], micro.y_mm[0, nx // 2]
        self.coordinates_of_pin = np.array([*middle, 0.0])

    def _make_solid(self, micro: SolidMicrostructure) -> mesh.Mesh:
        """Mesh made on rank 0 and distributed over the ranks by DOLFINx."""
        layers, ny, nx = micro.layer_grain.shape
        depth = np.linspace(0, micro.thickness_mm, layers + 1)
        plane = np.column_stack([micro.x_mm.ravel(), micro.y_mm.ravel()])
        points = np.column_stack([np.tile(plane, (layers + 1, 1)), np.repeat(depth, len(plane))])
        layer, row, column = np.unravel_index(np.arange(layers * ny * nx), (layers, ny, nx))
        first = (layer * (ny + 1) + row) * (nx + 1) + column
        face = np.column_stack([first, first + 1, first + nx + 1, first + nx + 2])
        cells = np.column_stack([face, face + len(plane)])
        if self.comm.rank:
            points, cells = points[:0], cells[:0]
        element = basix.ufl.element("Lagrange", "hexahedron", 1, shape=(3,))
        partitioner = cpp.mesh.create_cell_partitioner(mesh.GhostMode.none)
        return mesh.create_mesh(
            self.comm, cells.astype(np.int64), np.ascontiguousarray(points), element, partitioner
        )

    def shape_gradients(self) -> tuple[np.ndarray, np.ndarray]:
        """Gradients at the 2 x 2 x 2 Gauss points of this rank's cells and at their centres.

        Returns
        -------
        (cells, 9, 8 nodes, 3) dN/dX in 1/mm, the centre last, and (cells, 8) weights in mm^3.
        """
        element = self.space.element.basix_element
        points, weights = basix.make_quadrature(basix.CellType.hexahedron, 2)
        points = np.vstack([points, np.full((1, 3), 0.5)])
        derivatives = element.tabulate(1, points)[1:, :, :, 0]
        corners = self.coordinates[self.cells]
        jacobian = np.einsum("dqn,eni->eqid", derivatives, corners)
        gradients = np.einsum("dqn,eqdi->eqni", derivatives, np.linalg.inv(jacobian))
        determinant = np.linalg.det(jacobian)
        if determinant.size and determinant.min() <= 0:
            raise SlipfieldError("the mesh has folded cells: reduce specimen.neck_depth_mm")
        return gradients, weights * determinant[:, :-1]

    def grid_position(self) -> np.ndarray:
        """Place (nodes, 3) of each local node in the grid: column, row and layer."""
        return np.column_stack(np.unravel_index(self.pixel, self.grid)[::-1])

    def image(self, values: np.ndarray) -> np.ndarray:
        """Nodal values (nodes, ...) of all ranks on the face z = t as an image. Collective.

        Returns
        -------
        (ny + 1, nx + 1, ...) on rank 0, empty on the others.
        """
        return self._face_image(values, self.grid[0] - 1)

    def back_image(self, values: np.ndarray) -> np.ndarray:
        """As :meth:`image`, on the face z = 0."""
        return self._face_image(values, 0)

    def _face_image(self, values: np.ndarray, layer: int) -> np.ndarray:
        size = self.shape[0] * self.shape[1]
        mine = np.flatnonzero(self.pixel[: self.owned] // size == layer)
        parts = self.comm.gather((self.pixel[mine] % size, values[mine]))
        if self.comm.rank:
            return np.empty((0, 0, *values.shape[1:]))
        out = np.empty((size, *values.shape[1:]))
        for pixel, part in parts:
            out[pixel] = part
        return out.reshape(*self.shape, *values.shape[1:])
