"""Products of a few rows with a large matrix, as fast as the processor multiplies.

An LSTM multiplies twenty rows by 800 x 3200 weights at every step. The weights are more than a
core's own caches hold, and libraries wait for them: they reach half of the rate that they have with
many rows. Here the weights lie in panels of sixteen columns, in the order in which they are read,
and while one piece of a panel is multiplied the next one is fetched. The sums of five rows and
sixteen columns stay in registers (Goto & van de Geijn, ACM Trans. Math. Softw. 34, 12, 2008).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = 5
"""Rows that are multiplied together, 1."""

LANES, VECTORS = 8, 2
COLUMNS = LANES * VECTORS
"""Columns of a panel, 1."""

FLOAT_BYTES = 4
DEPTH = 800
"""Rows of a panel that are multiplied before the next group of rows has its turn, 1."""


def panelled(matrix: np.ndarray) -> np.ndarray:
    """Matrix (depth, n) as panels (n / 16, depth, 16); n a multiple of :data:`COLUMNS`.

    NumPy asks for large pages where memory is large, which Numba and PyTorch do not.
    """
    depth, width = matrix.shape
    panels = np.empty((width // COLUMNS, depth, COLUMNS), matrix.dtype)
    if matrix.strides[0] < matrix.strides[1]:
        _cut_transposed(matrix.T, panels)
    else:
        _cut(matrix, panels)
    return panels


@numba.njit
def _cut(matrix: np.ndarray, panels: np.ndarray) -> None:
    for panel in range(len(panels)):
        for row in range(len(matrix)):
            for column in range(COLUMNS):
                panels[panel, row, column] = matrix[row, panel * COLUMNS + column]


@numba.njit
def _cut_transposed(matrix: np.ndarray, panels: np.ndarray) -> None:
    for panel in range(len(panels)):
        for row in range(matrix.shape[1]):
            for column in range(COLUMNS):
                panels[panel, row, column] = matrix[panel * COLUMNS + column, row]


@numba.njit
def add_product(groups: np.ndarray, panels: np.ndarray, total: np.ndarray) -> None:
    """Add rows times matrix to ``total`` (rows, columns); all of them float32.

    Parameters
    ----------
    groups : rows (rows / 5, depth, 5), five of them beside each other at every depth.
    panels : matrix (columns / 16, depth, 16) as :func:`panelled` lays it.
    """
    count, depth, _ = groups.shape
    stride = total.shape[1]
    for panel in range(panels.shape[0]):
        for first in range(0, depth, DEPTH):
            steps = min(DEPTH, depth - first)
            piece = panels.ctypes.data + FLOAT_BYTES * COLUMNS * (panel * depth + first)
            size = FLOAT_BYTES * COLUMNS * steps
            for group in range(count):
                _add_tile(  # type: ignore[call-arg]
                    groups.ctypes.data + FLOAT_BYTES * ROWS * (group * depth + first),
                    piece,
                    piece + size + group * size // count,
                    total.ctypes.data + FLOAT_BYTES * (group * ROWS * stride + panel * COLUMNS),
                    steps,
                    stride,
                )


@intrinsic
def _add_tile(
    context: Any, group: Any, panel: Any, ahead: Any, total: Any, steps: Any, stride: Any
) -> Any:
    """Add five rows times sixteen columns: addresses of the four, steps and floats in a row.

    ``ahead`` is where the next piece is fetched from, one quarter of a cache line a step.
    """
    return types.void(*[types.intp] * 6), _tile_code


def _tile_code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """LLVM code of a tile: load the sums, add outer products step by step, store the sums."""
    group, panel, ahead, total, steps, stride = arguments
    vector = ir.VectorType(ir.FloatType(), LANES)
    multiply_add = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{LANES}f32"
    )

    def place(address: Any, floats: Any, kind: Any) -> Any:
        offset = builder.mul(floats, ir.Constant(floats.type, FLOAT_BYTES))
        return builder.inttoptr(builder.add(address, offset), kind.as_pointer())

    def number(value: int) -> Any:
        return ir.Constant(steps.type, value)

    tile = []
    for row in range(ROWS):
        for part in range(VECTORS):
            start = builder.add(builder.mul(stride, number(row)), number(LANES * part))
            where = place(total, start, vector)
            sums = cgutils.alloca_once(builder, vector)
            builder.store(builder.load(where, align=FLOAT_BYTES), sums)
            tile.append((row, part, where, sums))
    with cgutils.for_range(builder, steps) as loop:
        _fetch(builder, place(ahead, builder.mul(loop.index, number(4)), ir.IntType(8)))
        start = builder.mul(loop.index, number(COLUMNS))
        weights = [
            builder.load(
                place(panel, builder.add(start, number(LANES * part)), vector), align=FLOAT_BYTES
            )
            for part in range(VECTORS)
        ]
        start = builder.mul(loop.index, number(ROWS))
        values = [
            _spread(
                builder,
                builder.load(place(group, builder.add(start, number(row)), ir.FloatType())),
                vector,
            )
            for row in range(ROWS)
        ]
        for row, part, _, sums in tile:
            added = builder.call(multiply_add, [values[row], weights[part], builder.load(sums)])
            builder.store(added, sums)
    for _, _, where, sums in tile:
        builder.store(builder.load(sums), where, align=FLOAT_BYTES)
    return context.get_dummy_value()


def _fetch(builder: Any, where: Any) -> None:
    """Ask for a cache line ahead of its use."""
    whole = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [where.type, whole, whole, whole])
    fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    read, keep, data = (ir.Constant(whole, value) for value in (0, 3, 1))
    builder.call(fetch, [where, read, keep, data])


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    """A number in every lane of a vector."""
    none = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(none, value, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, none, lanes)
