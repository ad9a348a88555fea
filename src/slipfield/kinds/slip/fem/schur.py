"""A symmetric matrix shared by several ranks: each eliminates what is its own, all the rest.

A rank orders the rows that it shares last. The end of its factor gives the Schur complement of its
part, L_ss L_ss^T less the shift of the diagonal; the sum over the ranks is small and dense, and
every rank factorises it.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from scipy.linalg import LinAlgError, cho_factor, cho_solve, get_lapack_funcs

from slipfield.kinds.slip.crystal.build import Precision
from slipfield.kinds.slip.fem.cholesky import Cholesky, NotPositiveDefinite


class SchurFactor:
    """Cholesky factor of a sum of the ranks' symmetric matrices. Collective.

    Parameters
    ----------
    comm : the ranks.
    size : rows of this rank's matrix, the shared ones last.
    rows, columns : (n,) positions of this rank's entries, as :class:`Cholesky` takes them; each
        shared row needs one on the diagonal.
    shared : (m,) numbers of the shared rows, the same on all ranks that have the row.
    precision : of entries, factors and solutions.
    """

    def __init__(
        self,
        comm: MPI.Intracomm,
        size: int,
        rows: np.ndarray,
        columns: np.ndarray,
        shared: np.ndarray,
        precision: Precision,
    ):
        self.comm = comm
        self._local = Cholesky(size, rows, columns, precision, len(shared))
        self._inner = size - len(shared)
        every = np.unique(np.concatenate(comm.allgather(shared)))
        self._place, self._total = np.searchsorted(every, shared), len(every)

    def factorise(self, values: np.ndarray) -> None:
        """Sum the entries' values (n,) and factorise.

        Raises
        ------
        NotPositiveDefinite
            On all ranks, if the sum is not.
        """
        total: np.ndarray = np.zeros((self._total, self._total), self._local.dtype)
        failed = False
        try:
            self._local.factorise(values)
            self._lower, shift = self._local.last_block()
            part = lower_times_transpose(self._lower)
            part[np.diag_indices_from(part)] -= shift
            total[np.ix_(self._place, self._place)] = part
        except NotPositiveDefinite:
            failed = True
        if self.comm.allreduce(failed, op=MPI.LOR):
            raise NotPositiveDefinite
        self.comm.Allreduce(MPI.IN_PLACE, total)
        try:
            self._dense = cho_factor(total, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError as error:
            raise NotPositiveDefinite from error

    def solve(self, rights: np.ndarray) -> np.ndarray:
        """Solutions (count, size) on this rank's rows.

        Parameters
        ----------
        rights : (count, size); the ranks' parts of a shared row are added.
        """
        found = self._local.solve_triangle(rights, transposed=False)
        total: np.ndarray = np.zeros((len(rights), self._total), self._local.dtype)
        total[:, self._place] = found[:, self._inner :] @ self._lower.T
        self.comm.Allreduce(MPI.IN_PLACE, total)
        shared = cho_solve(self._dense, total.T, check_finite=False).T[:, self._place]
        found[:, self._inner :] = shared @ self._lower
        return self._local.solve_triangle(found, transposed=True)


def lower_times_transpose(lower: np.ndarray) -> np.ndarray:
    """Lower triangle of L L^T (n, n) for a lower triangle L (n, n), zero above.

    LAPACK multiplies an upper triangle by its transpose, for a third of a full product: L with its
    rows and columns in reverse is one.
    """
    (multiply,) = get_lapack_funcs(["lauum"], [lower])
    product, _ = multiply(np.asfortranarray(lower[::-1, ::-1]), overwrite_c=True)
    return product[::-1, ::-1]
