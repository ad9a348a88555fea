"""The tangent matrix and its Cholesky factor, renewed on demand.

CHOLMOD on rows numbered by nested dissection of the pixel grid (on a 200 x 200 sheet 40 % less
time in the factor and half in the solve than MUMPS with its own ordering). Several ranks join their
factors by a Schur complement. MUMPS takes over where that would be large, and with LDL^T where the
tangent is not positive definite.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from dolfinx import la

from slipfield.kinds.slip.crystal.build import Precision
from slipfield.kinds.slip.fem.cholesky import Cholesky, NotPositiveDefinite
from slipfield.kinds.slip.fem.petsc import MumpsFactor
from slipfield.kinds.slip.fem.precision import DTYPES
from slipfield.kinds.slip.fem.sheet import Sheet

if TYPE_CHECKING:
    from slipfield.kinds.slip.fem.schur import SchurFactor

    Factor = Cholesky | SchurFactor | MumpsFactor

LEAF_NODES = 30  # nested dissection stops at parts of this size
LARGEST_SCHUR = 4000  # rows that ranks share: more are left to MUMPS


class StepFailure(Exception):
    """A step without equilibrium; the message says why."""


def nested_dissection(position: np.ndarray, leaf: int = LEAF_NODES) -> np.ndarray:
    """Order of grid nodes (George 1973): halves first, then the line or plane between them.

    Parameters
    ----------
    position : (n, dimensions) integer grid positions.

    Returns
    -------
    (n,) node numbers in elimination order.
    """

    def dissect(nodes: np.ndarray) -> list[np.ndarray]:
        if len(nodes) <= leaf:
            return [nodes]
        widest = np.ptp(position[nodes], axis=0).argmax()
        across = position[nodes, widest]
        middle = (across.min() + across.max()) // 2
        between = nodes[across == middle]
        halves = dissect(nodes[across < middle]) + dissect(nodes[across > middle])
        others = np.delete(position[between], widest, axis=1)
        return [*halves, between[np.lexsort(others.T)]]

    return np.concatenate(dissect(np.arange(len(position))))


class TangentSolver:
    """Symmetric tangent assembled from element triangles, solved by a direct factorisation.

    Constrained displacements keep a diagonal entry; their right-hand sides are set to zero.
    Collective over the ranks of the sheet.

    Parameters
    ----------
    sheet : the specimen.
    nodes : (blocks, lanes, corners) local node numbers of the element blocks; padding lanes
        repeat a cell and are masked by ``valid`` (blocks, lanes).
    constrained : (dimension * nodes,) mask of prescribed displacements.
    precision : of the values.
    factor_precision : of the factor and its solutions; by default that of the values.

    Attributes
    ----------
    values : matrix entries to fill before :meth:`factorise`: first ``triangles`` entries
        [block][triangle][lane] from the element kernel.
    factorisations : how many were made so far.
    """

    def __init__(
        self,
        sheet: Sheet,
        nodes: np.ndarray,
        valid: np.ndarray,
        constrained: np.ndarray,
        precision: Precision = "double",
        factor_precision: Precision | None = None,
    ):
        self.sheet, self.factorisations = sheet, 0
        self._nodes, self._valid, self._constrained = nodes, valid, constrained
        self._owned = sheet.dimension * sheet.owned
        self._free = ~constrained[: self._owned]
        shared = self._shared()
        self._diagonal = np.concatenate([np.flatnonzero(constrained), shared])
        self._ones = np.arange(len(self._diagonal)) < len(self._diagonal) - len(shared)
        side = sheet.dimension * nodes.shape[-1]
        self.triangles = nodes.shape[0] * nodes.shape[1] * len(np.triu_indices(side)[0])
        self.values = np.zeros(self.triangles + len(self._diagonal), DTYPES[precision])
        self._factor_precision: Precision = factor_precision or precision
        self._factor = self._make_factor(shared)
        self._active: Factor = self._factor  # the one that factorised last

    def _shared(self) -> np.ndarray:
        """Free displacements of nodes that other ranks have, too, in the order of all ranks."""
        sheet = self.sheet
        if sheet.comm.size == 1:
            return np.empty(0, np.int64)
        ranks = la.vector(sheet.space.dofmap.index_map)
        ranks.array[:] = 1.0
        ranks.scatter_reverse(la.InsertMode.add)
        ranks.scatter_forward()
        shared = self._dofs(np.flatnonzero(ranks.array > 1.0)).ravel()
        shared = shared[~self._constrained[shared]]
        return shared[np.argsort(self._global()[shared])]

    def _global(self) -> np.ndarray:
        """Numbers of the local displacements over all ranks."""
        local = np.arange(self.sheet.nodes, dtype=np.int32)
        nodes = self.sheet.space.dofmap.index_map.local_to_global(local)
        return self._dofs(np.asarray(nodes, np.int64)).ravel()

    def _make_factor(self, shared: np.ndarray) -> Factor:
        """CHOLMOD, alone or joined by a Schur complement; MUMPS if that is large."""
        sheet, precision = self.sheet, self._factor_precision
        order = self._dofs(nested_dissection(sheet.grid_position())).ravel()
        self._order = np.concatenate([order[~np.isin(order, shared)], shared])
        self._row = np.argsort(self._order)
        size, pattern = len(order), self._pattern(self._row)
        if sheet.comm.size == 1:
            return Cholesky(size, *pattern, precision)
        if sheet.comm.allreduce(len(shared)) > 2 * LARGEST_SCHUR:
            return self._mumps
        numbers = self._global()[shared]
        from slipfield.kinds.slip.fem.schur import SchurFactor  # SciPy: a fifth of a second

        return SchurFactor(sheet.comm, size, *pattern, numbers, precision)

    def _dofs(self, nodes: np.ndarray) -> np.ndarray:
        """Numbers (..., dimension) of the displacements of nodes (...)."""
        size = self.sheet.dimension
        return size * nodes[..., None] + np.arange(size, dtype=nodes.dtype)

    def _pattern(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of ``values`` in the upper triangle, -1 where they do not count.

        Parameters
        ----------
        rows : (dimension * nodes,) matrix row of each local displacement.
        """
        nodes, rows = self._nodes, rows.astype(np.int32)
        dofs = self._dofs(nodes).reshape(*nodes.shape[:2], -1)
        dofs = np.where(self._valid[..., None] & ~self._constrained[dofs], rows[dofs], -1)
        a, b = np.triu_indices(dofs.shape[-1])
        i = np.minimum(dofs[..., a], dofs[..., b]).transpose(0, 2, 1).ravel()
        j = np.maximum(dofs[..., a], dofs[..., b]).transpose(0, 2, 1).ravel()
        diagonal = rows[self._diagonal]
        return np.concatenate([i, diagonal]), np.concatenate([j, diagonal])

    @cached_property
    def _mumps(self) -> MumpsFactor:
        """The factor of tangents that are not positive definite."""
        rows, columns = self._pattern(self._global())
        rows[self.triangles :][self._diagonal >= self._owned] = -1
        return MumpsFactor(self.sheet.comm, self._owned, rows, columns)

    def factorise(self) -> None:
        """Assemble ``values`` and factorise, by Cholesky or else by LDL^T.

        Raises
        ------
        StepFailure
            If the tangent has neither factor.
        """
        self.values[self.triangles :] = self._ones
        self.factorisations += 1
        try:
            self._active = self._factor
            self._factor.factorise(self.values)
        except NotPositiveDefinite:
            self._active = self._mumps
            try:
                self._mumps.factorise(self.values, definite=False)
            except NotPositiveDefinite:
                raise StepFailure("the tangent has no factor") from None

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Solution (dimension * owned,) for such a right-hand side with the last factor."""
        return self.solve_many(right[None])[0]

    def solve_many(self, rights: np.ndarray) -> np.ndarray:
        """Solutions (n, dimension * owned) for n right-hand sides with the last factor."""
        if isinstance(self._active, MumpsFactor):
            return self._active.solve(rights * self._free)
        dtype = DTYPES[self._factor_precision]
        whole: np.ndarray = np.zeros((len(rights), len(self._order)), dtype)
        np.multiply(rights, self._free, out=whole[:, : self._owned], casting="same_kind")
        found = self._active.solve(whole.take(self._order, axis=1))
        return found.take(self._row[: self._owned], axis=1).astype(float)
