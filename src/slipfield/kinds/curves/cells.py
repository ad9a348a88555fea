"""One step of an LSTM's cells and its derivatives, elementwise, in single precision.

Numba's own exponential runs number by number; :func:`_growth` is one that LLVM runs on whole
vectors: an integer power of two times a Taylor series on half of its spacing.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from slipfield.kinds.curves.products import ROWS

LARGEST = np.float32(80)
"""Beyond, gates are open or shut to the last digit; the exponential of it is still a number."""

LOG2_E = np.float32(1.4426950408889634)
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
ROUNDER = np.float32(1.5 * 2**23)
"""Added and taken away, it rounds to an integer."""

C2, C3, C4, C5, C6, C7 = (np.float32(1 / n) for n in (2, 6, 24, 120, 720, 5040))
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@numba.njit(inline="always")
def _growth(x: Any) -> Any:
    """exp(x) - 1, to 2e-7 of exp(x), and of x where that is small."""
    x = min(max(x, -LARGEST), LARGEST)
    count = (x * LOG2_E + ROUNDER) - ROUNDER
    r = (x - count * LN2_HIGH) - count * LN2_LOW
    series = r * (ONE + r * (C2 + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * C7))))))
    power: Any = np.int32((np.int32(count) + 127) << 23).view(np.float32)
    return power * series + (power - ONE)


@numba.njit(inline="always")
def _gate(x: Any) -> Any:
    """The logistic function of x."""
    return ONE / (TWO + _growth(-x))


@numba.njit(inline="always")
def _bend(x: Any) -> Any:
    """The hyperbolic tangent of x."""
    grown = _growth(TWO * x)
    return grown / (grown + TWO)


@numba.njit(error_model="numpy", fastmath={"contract"})
def step_on(
    gates: np.ndarray,
    past: np.ndarray,
    cells: np.ndarray,
    bent: np.ndarray,
    hidden: np.ndarray,
    groups: np.ndarray,
) -> None:
    """One step of the cells.

    Parameters
    ----------
    gates : (batch, 4 hidden), what drives input, forget, cell and output gate; becomes the gates.
    past, cells : (batch, hidden) states before and, on return, after the step.
    bent, hidden : (batch, hidden) their hyperbolic tangent, and what the cells show of it.
    groups : (batch / 5, hidden, 5) the hidden states again, for the next product.
    """
    batch, size = past.shape
    for row in range(batch):
        admit, keep, offer, emit = _quarters(gates[row], size)
        before, after, curved, shown = past[row], cells[row], bent[row], hidden[row]
        for unit in range(size):
            admit[unit] = _gate(admit[unit])
        for unit in range(size):
            keep[unit] = _gate(keep[unit])
        for unit in range(size):
            offer[unit] = _bend(offer[unit])
        for unit in range(size):
            emit[unit] = _gate(emit[unit])
        for unit in range(size):
            after[unit] = keep[unit] * before[unit] + admit[unit] * offer[unit]
        for unit in range(size):
            curved[unit] = _bend(after[unit])
        for unit in range(size):
            shown[unit] = emit[unit] * curved[unit]
        group, place = row // ROWS, row % ROWS
        for unit in range(size):
            groups[group, unit, place] = shown[unit]


@numba.njit
def step_back(
    gates: np.ndarray,
    past: np.ndarray,
    bent: np.ndarray,
    by_hidden: np.ndarray,
    by_cell: np.ndarray,
    groups: np.ndarray,
) -> None:
    """Put derivatives by what drives the gates in their place, and in groups for the next product.

    Shapes are those of :func:`step_on`; ``groups`` is (batch / 5, 4 hidden, 5). ``by_cell`` goes on
    to the step before.
    """
    batch, size = past.shape
    for row in range(batch):
        admit, keep, offer, emit = _quarters(gates[row], size)
        before, curved, slope, onward = past[row], bent[row], by_hidden[row], by_cell[row]
        for unit in range(size):
            a, k, o, e = admit[unit], keep[unit], offer[unit], emit[unit]
            inner = onward[unit] + slope[unit] * e * (ONE - curved[unit] * curved[unit])
            admit[unit] = inner * o * a * (ONE - a)
            keep[unit] = inner * before[unit] * k * (ONE - k)
            offer[unit] = inner * a * (ONE - o * o)
            emit[unit] = slope[unit] * curved[unit] * e * (ONE - e)
            onward[unit] = inner * k
        group, place = row // ROWS, row % ROWS
        for column in range(4 * size):
            groups[group, column, place] = gates[row, column]


@numba.njit
def _quarters(row: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    """The four gates of a row."""
    return row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
