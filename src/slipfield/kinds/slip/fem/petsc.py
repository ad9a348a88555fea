"""A distributed symmetric matrix in PETSc, factorised by MUMPS."""

from __future__ import annotations

import ctypes

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.fem.cholesky import NotPositiveDefinite

INSERT = int(PETSc.InsertMode.INSERT_VALUES)


def _petsc_library() -> ctypes.CDLL:
    """PETSc's C functions; petsc4py 3.22 has no face for COO assembly."""
    library = ctypes.CDLL(PETSc.__file__)
    library.MatSetPreallocationCOO.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    library.MatSetValuesCOO.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    return library


def check(function: str, code: int) -> None:
    """Turn PETSc's error code into an exception.

    Raises
    ------
    SlipfieldError
        If it is not 0.
    """
    if code:
        remedy = "not enough memory: use fewer cells" if code == 55 else "see PETSc's message above"
        raise SlipfieldError(f"PETSc: {function} returned error {code} ({remedy})")


class MumpsFactor:
    """Factor of a symmetric matrix that is a sum of entries of all ranks. Collective.

    Parameters
    ----------
    comm : the ranks.
    owned : rows of this rank.
    rows, columns : (n,) global positions of this rank's entries in the upper triangle; entries at
        negative rows or columns are left out.

    Raises
    ------
    SlipfieldError
        If PETSc does not take the pattern.
    """

    def __init__(self, comm: MPI.Intracomm, owned: int, rows: np.ndarray, columns: np.ndarray):
        self._library, self.comm = _petsc_library(), comm
        self.matrix = PETSc.Mat().create(comm)
        total = comm.allreduce(owned)
        self.matrix.setSizes(((owned, total), (owned, total)))
        self.matrix.setType("aij")
        rows, columns = (np.array(x, PETSc.IntType) for x in (rows, columns))
        code = self._library.MatSetPreallocationCOO(
            self.matrix.handle, len(rows), rows.ctypes.data, columns.ctypes.data
        )
        check("MatSetPreallocationCOO", code)
        self._solvers: dict[bool, PETSc.KSP] = {}
        self._active: PETSc.KSP  # the one that factorised last

    def factorise(self, values: np.ndarray, definite: bool = True) -> None:
        """Sum the entries' values (n,) and factorise, as a positive definite matrix or any other.

        Raises
        ------
        NotPositiveDefinite
            If there is no such factor.
        SlipfieldError
            If PETSc does not take the values.
        """
        values = np.ascontiguousarray(values, PETSc.ScalarType)
        code = self._library.MatSetValuesCOO(self.matrix.handle, values.ctypes.data, INSERT)
        check("MatSetValuesCOO", code)
        self.matrix.stateIncrease()
        self.matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        self.matrix.setOption(PETSc.Mat.Option.SPD, definite)
        if definite not in self._solvers:
            self._solvers[definite] = self._make_solver()
        self._active = self._solvers[definite]
        try:
            self._active.setOperators(self.matrix)
            self._active.setUp()
            failed = bool(self._active.getPC().getFailedReason())
        except PETSc.Error:
            failed = True
        if failed:
            del self._solvers[definite]
            raise NotPositiveDefinite

    def _make_solver(self) -> PETSc.KSP:
        """A direct solver whose symbolic phase is done once."""
        ksp = PETSc.KSP().create(self.comm)
        ksp.setType("preonly")
        pc = ksp.getPC()
        pc.setType("cholesky")
        pc.setFactorSolverType("mumps")
        return ksp

    def solve(self, rights: np.ndarray) -> np.ndarray:
        """Solutions (count, owned) for right-hand sides (count, owned) with the last factor."""
        count, owned = rights.shape
        size = ((owned, self.matrix.getSize()[0]), (PETSc.DECIDE, count))
        columns, solutions = np.ascontiguousarray(rights, float), np.empty((count, owned))
        right, solution = (
            PETSc.Mat().createDense(size, array=array.T, comm=self.comm)
            for array in (columns, solutions)
        )
        self._active.matSolve(right, solution)
        right.destroy()
        solution.destroy()
        return solutions
