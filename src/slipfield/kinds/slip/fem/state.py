"""Point states and the element kernel's face: residual, tangent and sensitivities."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from slipfield.kinds.slip.crystal.build import Precision, load_kernel
from slipfield.kinds.slip.crystal.law import (
    SYSTEMS,
    Parameters,
    hardening_modulus,
    initial_crss,
    make_law,
)
from slipfield.kinds.slip.fem.kernels import ELEMENTS
from slipfield.kinds.slip.fem.precision import DTYPES, LEAST_POINT_TOLERANCE
from slipfield.kinds.slip.fem.sheet import Microstructure, Sheet
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.study import Material

COMPONENTS = ("a", "P", "g", "L", "s")  # in the order of struct State


class _Elements(ctypes.Structure):
    _fields_ = [
        ("cells", ctypes.c_int64),
        ("blocks", ctypes.c_int64),
        ("points", ctypes.c_int),
        ("nodes", ctypes.c_void_p),
        ("gradients", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
    ]


class StateArrays(ctypes.Structure):
    """Addresses of point states as the kernel takes them (``struct State``)."""

    _fields_ = [
        (name, ctypes.c_void_p)
        for name in (*"a_n P_n g_n g_old L_n s_n s_old h".split(), *COMPONENTS)
    ]


class Counters(ctypes.Structure):
    """Point updates and their iterations; seconds in the point law and around it in some blocks."""

    _fields_ = [
        ("kernel_s", ctypes.c_double),
        ("assembly_s", ctypes.c_double),
        ("updates", ctypes.c_int64),
        ("iterations", ctypes.c_int64),
    ]


def aligned(shape: Sequence[int], dtype: DTypeLike = np.float64) -> np.ndarray:
    """Zeros whose first byte lies on a cache line, as the vector loads of the kernel need."""
    count, size = int(np.prod(shape)), np.dtype(dtype).itemsize
    raw: np.ndarray = np.zeros(count + 64 // size, dtype)
    offset = (-raw.ctypes.data % 64) // size
    return raw[offset : offset + count].reshape(shape)


def address(array: np.ndarray | None) -> ctypes.c_void_p | None:
    """Address of the first element, None for None."""
    return None if array is None else ctypes.c_void_p(array.ctypes.data)


class Blocks:
    """Cells in blocks of one lane each; the last block is padded with copies of a cell.

    Parameters
    ----------
    sheet : the specimen.
    law, precision : variants of the kernels.

    Attributes
    ----------
    kernel, prefix : the kernels' source, and what the names of its functions begin with.
    crss : how many of them a point has: one for each system, or one for all.
    """

    kernel = ELEMENTS
    prefix = "slipfield"

    def __init__(self, sheet: Sheet, law: Sequence[str], precision: Precision = "double"):
        self.precision, self.dtype = precision, DTYPES[precision]
        self.library = load_kernel(self.kernel, *law, precision)
        self.crss = 1 if "alike" in law else SYSTEMS
        self.lanes = self.library.slipfield_lanes()
        count = len(sheet.cells)
        blocks = -(-count // self.lanes)
        padded = np.minimum(np.arange(blocks * self.lanes), count - 1)
        self.order = padded.reshape(blocks, self.lanes)
        self.valid = (np.arange(blocks * self.lanes) < count).reshape(blocks, self.lanes)
        gradients, weights = sheet.shape_gradients()
        self.points, self.area = weights.shape[1], weights.sum()
        self.nodes = np.ascontiguousarray(sheet.cells[self.order], np.int32)
        self.gradients = self.spread(gradients.reshape(count, gradients.shape[1], -1))
        self.weights = self.spread(weights[..., None])
        self.struct = _Elements(
            count,
            blocks,
            self.points,
            address(self.nodes),
            address(self.gradients),
            address(self.weights),
        )

    def zeros(self, components: int, dtype: DTypeLike | None = None) -> np.ndarray:
        """An array [block][point][component][lane] in the kernels' precision, or another."""
        return aligned((len(self.order), self.points, components, self.lanes), dtype or self.dtype)

    def spread(self, values: np.ndarray, dtype: DTypeLike | None = None) -> np.ndarray:
        """(cells, points, n) -> [block][point][n][lane], in the kernels' precision or another."""
        shape = (len(self.order), values.shape[1], values.shape[2], self.lanes)
        out = aligned(shape, dtype or self.dtype)
        out[:] = values[self.order].transpose(0, 2, 3, 1)
        return out

    def strain_square(self, x: np.ndarray) -> float:
        """Integral of |sym grad x|^2 over this rank's cells for a nodal vector (axes * nodes,)."""
        integral = self.library[f"{self.prefix}_strain_square"]
        integral.restype = ctypes.c_double
        return integral(ctypes.byref(self.struct), address(np.ascontiguousarray(x)))

    def corner_gradients(self, coordinates: np.ndarray, u: np.ndarray, total: np.ndarray) -> None:
        """Add the displacement gradient at the cells' corners to ``total`` (4 * nodes,)."""
        self.library.slipfield_corner_gradients(
            ctypes.byref(self.struct), address(coordinates), address(u), address(total)
        )

    def collect(self, values: np.ndarray) -> np.ndarray:
        """[block][point][n][lane] -> (cells, points, n), in double precision."""
        flat = values.transpose(0, 3, 1, 2).reshape(-1, *values.shape[1:3])
        return flat[self.valid.ravel()].astype(float)


class PointStates:
    """Histories of all points of this rank's cells, and their update by the kernel.

    Parameters
    ----------
    sheet, blocks, micro : the specimen.
    material : elastic constants and slip rule.
    k : k1 (MPa mm^0.5), k2 (MPa), k3 (MPa mm^0.5).
    tolerance : strain residual of the point problem.
    """

    def __init__(
        self,
        sheet: Sheet,
        blocks: Blocks,
        micro: Microstructure,
        material: Material,
        k: Parameters,
        tolerance: float,
    ):
        self.blocks, self.counters = blocks, Counters()
        self.law = make_law(material, max(tolerance, LEAST_POINT_TOLERANCE[blocks.precision]))
        grain = self.grain_of(micro)[sheet.cell_index]
        self.grain_size = micro.size[grain]
        start = self.start_of(matrix_of_euler(micro.euler[grain]))
        self._first_columns = blocks.spread(start["a"][:, None])
        crss = np.repeat(initial_crss(k, self.grain_size)[:, None], blocks.crss, axis=1)
        per_cell = start | {"g": crss, "L": np.zeros((len(grain), 9))}
        self.h = self._at_points(hardening_modulus(material, k, self.grain_size)[:, None])
        self.start = {name: self._at_points(value) for name, value in per_cell.items()}
        self.end = {name: blocks.zeros(value.shape[1]) for name, value in per_cell.items()}
        self.before = {name: self._at_points(per_cell[name]) for name in ("g", "s")}

    def grain_of(self, micro: Microstructure) -> np.ndarray:
        """Grain of every cell of the specimen."""
        return micro.element_grain.ravel()

    def start_of(self, rotation: np.ndarray) -> dict[str, np.ndarray]:
        """First columns of Fp, their P and stress of every cell, for its matrix H (cells, 3, 3)."""
        columns = rotation[:, :, :2].transpose(0, 2, 1).reshape(-1, 6)
        return {"a": columns, "P": _stretch(columns), "s": np.zeros((len(rotation), 3))}

    def _at_points(self, per_cell: np.ndarray) -> np.ndarray:
        shape = (len(per_cell), self.blocks.points, per_cell.shape[1])
        return self.blocks.spread(np.broadcast_to(per_cell[:, None], shape))

    def struct(self) -> StateArrays:
        """Addresses of the arrays as the kernel takes them."""
        before, start, end = self.before, self.start, self.end
        arrays = [start["a"], start.get("P"), start["g"], before["g"], start["L"]]
        arrays += [start["s"], before["s"], self.h, *map(end.get, COMPONENTS)]
        return StateArrays(*map(address, arrays))

    def options(self) -> tuple[int, ...]:
        """What the kernel's evaluation takes beside arrays and step."""
        return ()

    def evaluate(
        self,
        u: np.ndarray,
        dt: float,
        ratio: float,
        residual: np.ndarray,
        tangent: np.ndarray | None,
        first: bool,
    ) -> int:
        """Update all points for displacements u and add to the residual.

        Parameters
        ----------
        u, residual : (axes * nodes,) mm and, of two axes, N per mm of thickness, of three, N.
        dt, ratio : step in s and its ratio to the last one (0: backward Euler).
        tangent : element triangles [block][36 or, of three axes, 300][lane] to fill, or None.
        first : of two axes, start the point iterations from extrapolated states, end them sooner
            and keep stress and crss only: another evaluation must follow before :meth:`accept`;
            of three, start them from the states at the start of the step.

        Returns
        -------
        Number of point blocks without convergence on this rank.
        """
        return self.blocks.library[f"{self.blocks.prefix}_evaluate"](
            ctypes.byref(self.law),
            ctypes.byref(self.blocks.struct),
            ctypes.byref(self.struct()),
            *self.options(),
            ctypes.c_double(dt),
            ctypes.c_double(ratio),
            int(first),
            address(u),
            address(residual),
            address(tangent),
            ctypes.byref(self.counters),
        )

    def lattice_rotation(self, u: np.ndarray, vectors: np.ndarray | None = None) -> float:
        """Integral of the lattice's rotation angle since the start over this rank's cells.

        Parameters
        ----------
        u : (axes * nodes,) displacements in mm after a step, ghosts up to date.
        vectors : rotation vectors [block][point][3][lane] to fill, rad, in sample axes.

        Returns
        -------
        rad mm^2, of three axes rad mm^3.
        """
        integral = self.blocks.library[f"{self.blocks.prefix}_lattice_rotation"]
        integral.restype = ctypes.c_double
        return integral(
            ctypes.byref(self.law),
            ctypes.byref(self.blocks.struct),
            address(self.start["a"]),
            address(self.start["s"]),
            address(self._first_columns),
            address(u),
            address(vectors),
        )

    def accept(self) -> None:
        """Make the end of the step the start of the next one."""
        for name in self.start:
            kept, self.start[name] = self.start[name], self.end[name]
            if name in self.before:
                kept, self.before[name] = self.before[name], kept
            self.end[name] = kept


def _stretch(columns: np.ndarray) -> np.ndarray:
    """P11, P22, 2 P12 (n, 3) of columns of Fp (n, 6), see point.hpp."""
    a, b = columns[:, :3], columns[:, 3:]
    squares = [0.5 * ((x * x).sum(axis=1) - 1) for x in (a, b)]
    return np.stack([*squares, (a * b).sum(axis=1)], axis=1)
