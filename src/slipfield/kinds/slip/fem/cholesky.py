"""A sparse Cholesky factor on one process, by CHOLMOD, whose pattern is analysed once."""

from __future__ import annotations

import ctypes
import weakref

import numpy as np

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.crystal.build import Precision, load_kernel
from slipfield.kinds.slip.fem.kernels import CHOLESKY
from slipfield.kinds.slip.fem.precision import DTYPES

NOT_POSITIVE_DEFINITE = 1


class NotPositiveDefinite(Exception):
    """The matrix has no Cholesky factor."""


class Cholesky:
    """Factor of a symmetric matrix that is a sum of entries, in the order of its rows.

    Parameters
    ----------
    size : number of rows.
    rows, columns : (n,) positions of the entries in the upper triangle; entries at negative rows
        or columns are left out.
    precision : of entries, factor and solutions.
    last : rows at the end whose diagonals, of which each must have an entry, are doubled, so that
        a matrix that is singular there has a factor.

    Raises
    ------
    SlipfieldError
        If memory does not suffice.
    """

    def __init__(
        self,
        size: int,
        rows: np.ndarray,
        columns: np.ndarray,
        precision: Precision,
        last: int = 0,
    ):
        self.size, self.last, self.dtype = size, last, DTYPES[precision]
        self._library = load_kernel(CHOLESKY, precision)
        make, free = self._library.slipfield_cholesky, self._library.slipfield_cholesky_free
        make.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        rows, columns = (np.ascontiguousarray(x, np.int32) for x in (rows, columns))
        sizes = [ctypes.c_int64(number) for number in (size, len(rows), last)]
        handle = make(*sizes[:2], *map(_address, (rows, columns)), sizes[2])
        if handle is None:
            raise SlipfieldError(f"not enough memory for a factor of {size} rows; use fewer cells")
        self._handle = ctypes.c_void_p(handle)
        weakref.finalize(self, free, self._handle)

    def factorise(self, values: np.ndarray) -> None:
        """Sum the entries' values (n,) and factorise.

        Raises
        ------
        NotPositiveDefinite
            If the matrix is not.
        SlipfieldError
            If memory does not suffice.
        """
        values = np.ascontiguousarray(values, self.dtype)
        self._check(self._library.slipfield_cholesky_factorise(self._handle, _address(values)))

    def solve(self, rights: np.ndarray) -> np.ndarray:
        """Solutions (count, size) for right-hand sides (count, size), in the factor's precision."""
        found: np.ndarray = np.array(rights, self.dtype, order="C", copy=True)
        count = ctypes.c_int64(len(found))
        self._library.slipfield_cholesky_solve(self._handle, count, _address(found))
        return found

    def solve_triangle(self, rights: np.ndarray, transposed: bool) -> np.ndarray:
        """Solve (count, size) with the lower triangle L of the factor, or with its transpose."""
        found: np.ndarray = np.array(rights, self.dtype, order="C", copy=True)
        count, solve = ctypes.c_int64(len(found)), self._library.slipfield_cholesky_triangle
        solve(self._handle, int(transposed), count, _address(found))
        return found

    def last_block(self) -> tuple[np.ndarray, np.ndarray]:
        """The last rows and columns (last, last) of L, and what was added to the diagonal there.

        L is stored column by column.
        """
        lower: np.ndarray = np.zeros((self.last, self.last), self.dtype)
        shift: np.ndarray = np.zeros(self.last, self.dtype)
        self._library.slipfield_cholesky_last(self._handle, *map(_address, (lower, shift)))
        return lower.T, shift

    def _check(self, status: int) -> None:
        if status == NOT_POSITIVE_DEFINITE:
            raise NotPositiveDefinite
        if status:
            raise SlipfieldError(
                f"CHOLMOD: status {status} for {self.size} rows: not enough memory; use fewer cells"
            )


def _address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
