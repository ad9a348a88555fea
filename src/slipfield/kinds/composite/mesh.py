"""Curved meshes of a quarter cell on DOLFINx, and the Gram matrices of its phases."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import basix
import basix.ufl
import numpy as np
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI
from scipy.spatial import KDTree

from slipfield.core.errors import SlipfieldError
from slipfield.core.files import STORAGE_ERRORS, alone, cache_folder
from slipfield.kinds.composite.defaults import DEGREE
from slipfield.kinds.composite.geometry import CELLS, FIBRE, MATRIX, make_nodes

LAGRANGE = {"lagrange_variant": basix.LagrangeVariant.gll_warped}
UNWRITABLE = STORAGE_ERRORS | {errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}
JIT = {"cffi_extra_compile_args": ["-O3", "-ffast-math"]}


@contextmanager
def compiling() -> Iterator[dict[str, Any]]:
    """Let no other process compile forms in the block; yields the options that keep them.

    FFCx waits ten seconds for a source file without a result, as one that another process is at
    work on, and gives up: so it does on a busy machine, and for ever where that process was killed.

    Raises
    ------
    SlipfieldError
        If the folder of compiled forms cannot be written.
    """
    folder = cache_folder() / "cells"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            for source in folder.glob("*.c"):
                if not Path(f"{source}.cached").exists():
                    source.unlink()
            yield {**JIT, "cache_dir": str(folder)}
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise SlipfieldError(
            f"{folder}: cannot be written: {error.strerror}; set SLIPFIELD_CACHE to another folder"
        ) from error


class Discretisation:
    """Mesh, space and Gram matrices of a quarter cell whose fibre radius can change.

    Parameters
    ----------
    array : "square" or "hexagonal".  void : holes instead of fibres.
    degree : of the shape functions and of the curved cells.
    divisions : every block becomes divisions x divisions cells.

    Attributes
    ----------
    size : number n of nodes.  radius : of the fibres, in units of their spacing.
    points : (n, 2) nodes as :meth:`move` left them.  velocity : (n, 2), of the nodes in the radius.
    """

    def __init__(
        self, array: str = "square", void: bool = False, degree: int = DEGREE, divisions: int = 1
    ):
        self.outline, self.degree = CELLS[array], degree
        element = basix.ufl.element("Lagrange", "quadrilateral", degree, **LAGRANGE)
        self.nodes = make_nodes(array, void, element.basix_element.points, divisions)
        self.phases = (MATRIX,) if void else (MATRIX, FIBRE)
        at = self.nodes.at(self.outline.radius(0.3))
        shape = basix.ufl.element("Lagrange", "quadrilateral", degree, shape=(2,), **LAGRANGE)
        self.mesh = mesh.create_mesh(MPI.COMM_SELF, self.nodes.cells.astype(np.int64), at, shape)
        self._number = np.asarray(self.mesh.geometry.input_global_indices)
        self.space = fem.functionspace(self.mesh, element)
        self._of_dof = KDTree(at).query(self.space.tabulate_dof_coordinates()[:, :2])[1]
        self.velocity = self.nodes.moving[self._of_dof]
        self.size = len(at)
        self.move(0.3)
        with compiling() as options:
            self._forms = self._compile(options)
        self._sparse = fem.create_matrix(self._forms["gram", MATRIX][0])
        sparse = self._sparse.to_scipy()
        self._columns = sparse.indices
        self._rows = np.repeat(np.arange(self.size), np.diff(sparse.indptr))
        if not void:
            fibre = [fem.assemble_matrix(form) for form in self._forms["gram", FIBRE]]
            self._fibre = np.stack([matrix.to_scipy().toarray() for matrix in fibre])[None]

    def _compile(self, options: dict[str, Any]) -> dict[tuple[str, int], list[fem.Form]]:
        """Forms of the Gram matrices and of their derivatives in the radius, phase by phase."""
        phase = self.nodes.phase[self.mesh.topology.original_cell_index]
        cells = np.arange(len(phase), dtype=np.int32)
        tags = mesh.meshtags(self.mesh, 2, cells, phase)
        metadata = {"quadrature_degree": 2 * self.degree}
        dx = ufl.Measure("dx", self.mesh, subdomain_data=tags, metadata=metadata)
        u, v = ufl.TrialFunction(self.space), ufl.TestFunction(self.space)
        moving = [fem.Function(self.space) for _ in range(2)]
        for function, values in zip(moving, self.velocity.T, strict=True):
            function.x.array[:] = values
        gradient = ufl.as_matrix([[f.dx(0), f.dx(1)] for f in moving])  # d_b V_a
        spread = gradient[0, 0] + gradient[1, 1]

        def gram(a: int, b: int) -> ufl.core.expr.Expr:
            return v.dx(a) * u.dx(b)

        def moved(a: int, b: int) -> ufl.core.expr.Expr:
            change = gram(a, b) * spread
            for k in range(2):
                change -= gradient[k, a] * v.dx(k) * u.dx(b) + gradient[k, b] * v.dx(a) * u.dx(k)
            return change

        pairs = ((0, 0), (0, 1), (1, 1))
        return {
            (name, tag): [fem.form(term(a, b) * dx(tag), jit_options=options) for a, b in pairs]
            for name, term, tag in (
                ("gram", gram, MATRIX),
                ("moved", moved, MATRIX),
                *([("gram", gram, FIBRE)] if FIBRE in self.phases else []),
            )
        }

    def move(self, fraction: float) -> None:
        """Give the fibres the radius of a fibre fraction.

        Raises
        ------
        SlipfieldError
            If the fibres of this fraction do not fit.
        """
        self.radius = self.outline.radius(fraction)
        at = self.nodes.at(self.radius)
        self.mesh.geometry.x[:, :2] = at[self._number]
        self.points = at[self._of_dof]

    def _assemble(self, name: str) -> np.ndarray:
        """Gram matrices (3, n, n) of the matrix, or their derivatives in the radius."""
        found = np.zeros((3, self.size, self.size))
        for target, form in zip(found, self._forms[name, MATRIX], strict=True):
            self._sparse.set_value(0.0)
            fem.assemble_matrix(self._sparse, form)
            target[self._rows, self._columns] = self._sparse.data
        return found

    def grams(self, moved: bool = False) -> np.ndarray:
        """Gram matrices (phases, 3, n, n) for (a, b) = xx, xy, yy, or their radius derivatives.

        A fibre keeps its shape, and in the plane these integrals do not depend on size: those of
        the fibre are constant.
        """
        name = "moved" if moved else "gram"
        found = self._assemble(name)[None]
        if FIBRE in self.phases:
            fibre = np.zeros_like(found) if moved else self._fibre
            found = np.concatenate([found, fibre])
        return found
