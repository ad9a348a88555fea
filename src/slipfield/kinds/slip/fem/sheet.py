"""The specimen as a DOLFINx mesh: partition, function space, boundary nodes, image numbering.

Nodes are the pixels of the image, with the axes of docs/conventions.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import basix.ufl
import numpy as np
import xarray as xr
from dolfinx import cpp, fem, mesh
from mpi4py import MPI

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import open_netcdf


@dataclass(frozen=True)
class Microstructure:
    """What the simulation needs of a grain map.

    Attributes
    ----------
    index : number of the grain map in the study.
    x_mm, y_mm : (ny + 1, nx + 1) nodal coordinates.
    element_grain : (ny, nx) grain of each element.
    euler : (grains, 3) Bunge angles, rad.  size : (grains,) D in mm.
    """

    index: int
    x_mm: np.ndarray
    y_mm: np.ndarray
    element_grain: np.ndarray
    euler: np.ndarray
    size: np.ndarray

    @classmethod
    def from_dataset(cls, data: xr.Dataset, source: str) -> Microstructure:
        """Take the arrays of a microstructure file; ``source`` names it in errors."""
        names = ("x_mm", "y_mm", "element_grain", "euler", "size")
        missing = [name for name in names if name not in data]
        if missing or "microstructure_index" not in data.attrs:
            raise SlipfieldError(f"{source}: not a microstructure file (missing {missing})")
        arrays = {name: data[name].values for name in names}
        return cls(index=int(data.attrs["microstructure_index"]), **arrays)

    @classmethod
    def read(cls, path: Path) -> Microstructure:
        """Read a microstructure file."""
        with open_netcdf(path) as data:
            return cls.from_dataset(data, str(path))


class Sheet:
    """A distributed mesh of bilinear quadrilaterals whose nodes are the pixels of the image.

    Collective over ``comm``.

    Attributes
    ----------
    dimension : displacements of a node.
    mesh, space : DOLFINx mesh and vector Lagrange space of degree 1.
    cells : (n, 4) local node numbers of this rank's cells; ``cell_index`` (n,) their number in
        the specimen, row by row from y = 0.
    nodes : local nodes, owned ones first; ``owned`` of them belong to this rank.
    pixel : (nodes,) image pixel iy * (nx + 1) + ix of each local node.
    coordinates : (nodes, 2) mm.
    top, bottom, pin : local nodes of the edges y = height, y = 0 and of the middle of y = 0.
    """

    dimension = 2

    def __init__(self, micro: Microstructure, comm: MPI.Intracomm):
        ny, nx = micro.element_grain.shape
        self.comm, self.shape = comm, (ny + 1, nx + 1)
        self.mesh = self._make_mesh(micro, nx, ny)
        self.space = fem.functionspace(self.mesh, ("Lagrange", 1, (2,)))
        index_map = self.space.dofmap.index_map
        self.owned = index_map.size_local
        self.nodes = index_map.size_local + index_map.num_ghosts
        owned_cells = self.mesh.topology.index_map(2).size_local
        self.cells = np.ascontiguousarray(self.space.dofmap.list[:owned_cells], np.int32)
        self.cell_index = self._original_cells()[:owned_cells]
        self.pixel = self._pixels()
        self.coordinates = self._coordinates()
        row, column = np.divmod(self.pixel, nx + 1)
        self.bottom = np.flatnonzero(row == 0)
        self.top = np.flatnonzero(row == ny)
        self.pin = np.flatnonzero((row == 0) & (column == nx // 2))
        self.coordinates_of_pin = np.array([micro.x_mm[0, nx // 2], micro.y_mm[0, nx // 2]])

    def _make_mesh(self, micro: Microstructure, nx: int, ny: int) -> mesh.Mesh:
        """Mesh made on rank 0 and distributed over the ranks by DOLFINx."""
        points = np.column_stack([micro.x_mm.ravel(), micro.y_mm.ravel()])
        row, column = np.divmod(np.arange(nx * ny), nx)
        first = row * (nx + 1) + column
        cells = np.column_stack([first, first + 1, first + nx + 1, first + nx + 2])
        if self.comm.rank:
            points, cells = points[:0], cells[:0]
        element = basix.ufl.element("Lagrange", "quadrilateral", 1, shape=(2,))
        partitioner = cpp.mesh.create_cell_partitioner(mesh.GhostMode.none)
        return mesh.create_mesh(
            self.comm, cells.astype(np.int64), np.ascontiguousarray(points), element, partitioner
        )

    def _original_cells(self) -> np.ndarray:
        return np.asarray(self.mesh.topology.original_cell_index, np.int64)

    def _by_geometry(self, values: np.ndarray) -> np.ndarray:
        """Values at geometry nodes brought into the order of the space's nodes."""
        out = np.zeros((self.nodes, *values.shape[1:]), values.dtype)
        count = self.cells.shape[0]
        out[self.cells] = values[self.mesh.geometry.dofmap[:count]]
        missing = np.ones(self.nodes, bool)
        missing[self.cells] = False
        if missing.any():
            every = self.space.dofmap.list
            out[every] = values[self.mesh.geometry.dofmap]
        return out

    def _pixels(self) -> np.ndarray:
        return self._by_geometry(np.asarray(self.mesh.geometry.input_global_indices, np.int64))

    def _coordinates(self) -> np.ndarray:
        return np.ascontiguousarray(self._by_geometry(self.mesh.geometry.x[:, :2].copy()))

    def shape_gradients(self) -> tuple[np.ndarray, np.ndarray]:
        """Gradients and weights at the 2 x 2 Gauss points of this rank's cells.

        Returns
        -------
        (cells, 4 points, 4 nodes, 2) dN/dX in 1/mm and (cells, 4 points) weights in mm^2.
        """
        element = self.space.element.basix_element
        points, weights = basix.make_quadrature(basix.CellType.quadrilateral, 2)
        derivatives = element.tabulate(1, points)[1:, :, :, 0]
        corners = self.coordinates[self.cells]
        jacobian = np.einsum("dqn,eni->eqid", derivatives, corners)
        gradients = np.einsum("dqn,eqdi->eqni", derivatives, np.linalg.inv(jacobian))
        determinant = np.linalg.det(jacobian)
        if determinant.size and determinant.min() <= 0:
            raise SlipfieldError("the mesh has folded cells: reduce specimen.neck_depth_mm")
        return gradients, weights * determinant

    def grid_position(self) -> np.ndarray:
        """Place (nodes, 2) of each local node in the grid of pixels: column and row."""
        row, column = np.divmod(self.pixel, self.shape[1])
        return np.column_stack([column, row])

    def image(self, values: np.ndarray) -> np.ndarray:
        """Nodal values (nodes, ...) of all ranks as an image. Collective.

        Returns
        -------
        (ny + 1, nx + 1, ...) on rank 0, empty on the others.
        """
        parts = self.comm.gather((self.pixel[: self.owned], values[: self.owned]))
        if self.comm.rank:
            return np.empty((0, 0, *values.shape[1:]))
        out = np.empty((self.shape[0] * self.shape[1], *values.shape[1:]))
        for pixel, part in parts:
            out[pixel] = part
        return out.reshape(*self.shape, *values.shape[1:])
