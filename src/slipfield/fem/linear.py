"""The tangent matrix in PETSc and its Cholesky factor (MUMPS), factorised on demand."""

from __future__ import annotations

import ctypes

import numpy as np
from petsc4py import PETSc

from slipfield.fem.sheet import Sheet

INSERT = int(PETSc.InsertMode.INSERT_VALUES)
PETSC_DECIDE = PETSc.DECIDE


def _petsc_library() -> ctypes.CDLL:
    """PETSc's C functions; petsc4py 3.22 has no face for COO assembly."""
    library = ctypes.CDLL(PETSc.__file__)
    library.MatSetPreallocationCOO.argtypes = [ctypes.c_void_p, ctypes.c_int64] + [
        ctypes.c_void_p
    ] * 2
    library.MatSetValuesCOO.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    return library


class TangentSolver:
    """Symmetric tangent assembled from element triangles, solved by a direct factorisation.

    Constrained displacements keep a unit diagonal; their right-hand sides must be zero. Cholesky
    is tried first; where the matrix is not positive definite, LDL^T takes over for that matrix.

    Parameters
    ----------
    sheet : the specimen.
    nodes : (blocks, lanes, 4) local node numbers of the element blocks; padding lanes repeat
        a cell and are masked by ``valid`` (blocks, lanes).
    constrained : (2 * nodes,) mask of prescribed displacements.
    """

    def __init__(
        self, sheet: Sheet, nodes: np.ndarray, valid: np.ndarray, constrained: np.ndarray
    ):
        self.sheet, self.constrained = sheet, constrained
        self.factorisations = 0
        self._library = _petsc_library()
        index_map = sheet.space.dofmap.index_map
        local = np.arange(sheet.nodes, dtype=np.int32)
        to_global = np.asarray(index_map.local_to_global(local), np.int64)
        self._global = (2 * to_global[:, None] + np.arange(2)).astype(PETSc.IntType).ravel()
        owned, total = 2 * index_map.size_local, 2 * index_map.size_global
        self.matrix = PETSc.Mat().create(sheet.comm)
        self.matrix.setSizes(((owned, total), (owned, total)))
        self.matrix.setType("aij")
        self._preallocate(nodes, valid, owned)
        self._solvers: dict[bool, PETSc.KSP] = {}
        self._active: PETSc.KSP | None = None
        self._right, self._solution = self.matrix.createVecs()

    def _preallocate(self, nodes: np.ndarray, valid: np.ndarray, owned: int) -> None:
        """COO pattern in the order of the element kernel: [block][triangle entry][lane]."""
        dofs = (2 * nodes[..., None] + np.arange(2)).reshape(*nodes.shape[:2], -1)
        upper_row, upper_column = np.triu_indices(dofs.shape[-1])
        rows, columns = dofs[..., upper_row], dofs[..., upper_column]
        drop = self.constrained[rows] | self.constrained[columns] | ~valid[..., None]
        rows, columns = self._global[rows], self._global[columns]
        rows, columns = np.minimum(rows, columns), np.maximum(rows, columns)
        rows[drop] = columns[drop] = -1
        diagonal = self._global[:owned][self.constrained[:owned]]
        order = (0, 2, 1)
        i = np.concatenate([rows.transpose(order).ravel(), diagonal]).astype(PETSc.IntType)
        j = np.concatenate([columns.transpose(order).ravel(), diagonal]).astype(PETSc.IntType)
        self.triangles = rows.size
        self.values = np.zeros(len(i))
        self._library.MatSetPreallocationCOO(
            self.matrix.handle, len(i), i.ctypes.data, j.ctypes.data
        )

    def factorise(self) -> None:
        """Assemble ``values`` (first ``triangles`` entries: the kernel's) and factorise."""
        diagonal = np.abs(self.values[: self.triangles]).max(initial=1.0)
        self.values[self.triangles :] = self.sheet.comm.allreduce(diagonal)
        self._library.MatSetValuesCOO(
            self.matrix.handle, self.values.ctypes.data, INSERT
        )
        self.factorisations += 1
        for definite in (True, False):
            self._active = self._solver(definite)
            self._active.setOperators(self.matrix)
            self._active.setUp()
            if not self._active.getPC().getFailedReason():
                return

    def _solver(self, definite: bool) -> PETSc.KSP:
        """The direct solver, Cholesky or LDL^T; its symbolic phase is done once."""
        self.matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        self.matrix.setOption(PETSc.Mat.Option.SPD, definite)
        if definite not in self._solvers:
            ksp = PETSc.KSP().create(self.sheet.comm)
            ksp.setType("preonly")
            pc = ksp.getPC()
            pc.setType("cholesky")
            pc.setFactorSolverType("mumps")
            ksp.setErrorIfNotConverged(False)
            self._solvers[definite] = ksp
        return self._solvers[definite]

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Solution (2 * owned,) for a right-hand side (2 * owned,) with the last factor."""
        self._right.array_w[:] = np.where(self.constrained[: len(right)], 0.0, right)
        self._active.solve(self._right, self._solution)
        return self._solution.array_r.copy()

    def solve_many(self, rights: np.ndarray) -> np.ndarray:
        """Solutions (n, 2 * owned) for n right-hand sides with the last factor."""
        owned = rights.shape[1]
        total = self.matrix.getSize()[0]
        columns = np.asfortranarray(np.where(self.constrained[:owned], 0.0, rights).T)
        solutions = np.zeros_like(columns)
        size = ((owned, total), (PETSC_DECIDE, len(rights)))
        dense = [
            PETSc.Mat().createDense(size, array=array, comm=self.sheet.comm)
            for array in (columns, solutions)
        ]
        self._active.matSolve(*dense)
        result = dense[1].getDenseArray(readonly=True).T.copy()
        for matrix in dense:
            matrix.destroy()
        return result
